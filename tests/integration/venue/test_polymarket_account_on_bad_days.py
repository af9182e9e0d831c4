"""What a post proves when the venue or the network fails, and that a look-up finds out the rest."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from live_trading.nouns.errors import OutcomeUnknown, RetryLater
from live_trading.nouns.money import Price
from live_trading.nouns.orders import AcceptedStatus, FillStatus, OrderType, RejectionCode
from live_trading.polymarket.clob.account import VenueAccount
from live_trading.polymarket.clob.account_rows import VenueOrderStatus
from live_trading.polymarket.clob.outcomes import Accepted, AlreadyKnown, Rejected, Unknown
from live_trading.wiring.chance import SYSTEM
from tests.integration.exchange_fixtures import RunningExchange, running_exchange
from tests.integration.polymarket_accounts import Trading, post_one, trading

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def exchange(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningExchange]:
    directory: Path = tmp_path_factory.mktemp("exchange")
    with running_exchange(directory, markets=1, traders=0) as exchange:
        yield exchange


@pytest.fixture
def desk(exchange: RunningExchange) -> Iterator[Trading]:
    with trading(exchange) as desk:
        desk.account.prime([desk.token_id])
        yield desk
    exchange.clear_faults()


@pytest.mark.parametrize("fault", ["accept_then_timeout", "accept_then_server_error", "accept_then_garbage"])
def test_an_order_whose_answer_is_lost_is_unknown_and_then_found(desk: Trading, fault: str) -> None:
    desk.exchange.arm(fault, count=1, seconds=0)
    signed = desk.account.sign(desk.rest())

    outcome = post_one(desk.account, signed)
    desk.exchange.advance(1)
    found = desk.account.find_order(signed.order_hash, signed)

    assert isinstance(outcome, Unknown)
    assert found is not None
    assert found.status is VenueOrderStatus.LIVE


@pytest.mark.parametrize("fault", ["drop_before_accept", "insert_failed", "execution_failed", "match_delayed"])
def test_an_order_that_may_have_been_lost_is_unknown_and_absent(desk: Trading, fault: str) -> None:
    desk.exchange.arm(fault, count=1, seconds=0)
    signed = desk.account.sign(desk.rest())

    outcome = post_one(desk.account, signed)

    assert isinstance(outcome, Unknown)
    assert desk.account.find_order(signed.order_hash, signed) is None


def test_a_lost_order_is_posted_again_as_the_same_order(desk: Trading) -> None:
    desk.exchange.arm("accept_then_timeout", count=1, seconds=0)
    signed = desk.account.sign(desk.rest())

    first, second = post_one(desk.account, signed), post_one(desk.account, signed)

    assert isinstance(first, Unknown)
    assert isinstance(second, AlreadyKnown)
    desk.exchange.advance(1)
    assert len(desk.account.open_orders()) == 1


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ("engine_restarting", RejectionCode.ENGINE_RESTARTING),
        ("rate_limited", RejectionCode.RATE_LIMITED),
        ("order_timed_out", RejectionCode.NOT_PLACED),
        ("post_only_mode", RejectionCode.POST_ONLY_MODE),
        ("cancel_only", RejectionCode.CANCEL_ONLY),
        ("trading_disabled", RejectionCode.TRADING_DISABLED),
        ("market_not_ready", RejectionCode.MARKET_NOT_READY),
    ],
)
def test_a_refusal_of_the_moment_leaves_the_same_order_free_to_be_taken_later(
    desk: Trading, fault: str, code: RejectionCode
) -> None:
    desk.exchange.arm(fault, endpoint="POST /order", seconds=30)
    signed = desk.account.sign(desk.rest())

    refused = post_one(desk.account, signed)
    desk.exchange.clear_faults()
    taken = post_one(desk.account, signed)

    assert isinstance(refused, Rejected)
    assert (refused.code, refused.may_try_again) == (code, True)
    assert isinstance(taken, Accepted)


@pytest.mark.parametrize("fault", ["rate_limited", "post_only_mode"])
def test_a_refusal_says_how_long_to_wait(desk: Trading, fault: str) -> None:
    desk.exchange.arm(fault, endpoint="POST /order", seconds=30)

    refused = post_one(desk.account, desk.account.sign(desk.rest()))

    assert isinstance(refused, Rejected)
    assert refused.retry_after_seconds == 30


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ("geoblocked", RejectionCode.GEOBLOCKED),
        ("closed_only", RejectionCode.CLOSED_ONLY),
        ("address_banned", RejectionCode.ADDRESS_BANNED),
        ("deposit_wallet_required", RejectionCode.MAKER_NOT_ALLOWED),
        ("crosses_book", RejectionCode.POST_ONLY_WOULD_CROSS),
        ("canceled_on_chain", RejectionCode.UNRECOGNISED),
    ],
)
def test_a_refusal_for_good_has_its_code(desk: Trading, fault: str, code: RejectionCode) -> None:
    desk.exchange.arm(fault, count=1)

    refused = post_one(desk.account, desk.account.sign(desk.rest()))

    assert isinstance(refused, Rejected)
    assert (refused.code, refused.may_try_again) == (code, False)


def test_a_block_on_the_way_there_is_a_refusal(desk: Trading) -> None:
    desk.exchange.arm("cloudflare_blocked", count=1)

    refused = post_one(desk.account, desk.account.sign(desk.rest()))

    assert isinstance(refused, Rejected)
    assert (refused.code, refused.may_try_again) == (RejectionCode.UNRECOGNISED, True)


def test_an_api_key_refused_for_a_moment_is_tried_again(desk: Trading) -> None:
    desk.exchange.arm("api_key_unknown", endpoint="POST /order", count=1)

    refused = post_one(desk.account, desk.account.sign(desk.rest()))

    assert isinstance(refused, Rejected)
    assert (refused.code, refused.may_try_again) == (RejectionCode.UNAUTHORIZED, True)


def test_a_server_error_is_unknown(desk: Trading) -> None:
    desk.exchange.arm("server_error", endpoint="POST /order", count=1)

    assert isinstance(post_one(desk.account, desk.account.sign(desk.rest())), Unknown)


def test_a_delayed_order_is_accepted_and_matches_later(desk: Trading) -> None:
    desk.exchange.arm("delayed", count=1, seconds=3)
    signed = desk.account.sign(desk.buy("5", limit=Price("0.99")))

    outcome = post_one(desk.account, signed)
    desk.exchange.advance(1)
    before = desk.account.find_order(signed.order_hash, signed)
    desk.exchange.advance(12)

    assert isinstance(outcome, Accepted)
    assert outcome.status is AcceptedStatus.DELAYED
    assert before is not None
    assert before.status is VenueOrderStatus.DELAYED
    since = datetime.fromtimestamp(desk.exchange.now_ms() // 1000, UTC) - timedelta(minutes=1)
    fills = desk.account.own_fills(desk.account.trades_since(since), signed.order_hash, desk.market.fees, signed)
    assert {fill.status for fill in fills} == {FillStatus.CONFIRMED}


def test_an_unmatched_order_is_not_taken_for_a_refusal(desk: Trading) -> None:
    desk.exchange.arm("unmatched", count=1)

    assert isinstance(post_one(desk.account, desk.account.sign(desk.buy("5", order_type=OrderType.FOK))), Unknown)


def test_a_settlement_that_fails_is_seen(desk: Trading) -> None:
    desk.exchange.arm("settlement_failure", count=1)
    signed = desk.account.sign(desk.buy("5"))

    post_one(desk.account, signed)
    desk.exchange.advance(10)

    since = datetime.fromtimestamp(desk.exchange.now_ms() // 1000, UTC) - timedelta(minutes=1)
    fills = desk.account.own_fills(desk.account.trades_since(since), signed.order_hash, desk.market.fees, signed)
    assert FillStatus.FAILED in {fill.status for fill in fills}


def test_a_venue_that_is_not_there_took_nothing(desk: Trading) -> None:
    gone = VenueAccount(desk.wallet, desk.secret, replace(desk.endpoints, clob_url="http://127.0.0.1:1"), SYSTEM)
    signed = gone.sign(desk.rest())

    outcome = post_one(gone, signed)
    gone.close()

    assert isinstance(outcome, Rejected)
    assert (outcome.code, outcome.may_try_again) == (RejectionCode.NOT_PLACED, True)
    assert isinstance(post_one(desk.account, signed), Accepted)


@pytest.mark.parametrize("fault", ["server_error", "rate_limited"])
def test_a_question_that_fails_is_never_an_absence(desk: Trading, fault: str) -> None:
    desk.exchange.arm(fault, endpoint="/data", count=2, seconds=4)

    with pytest.raises(RetryLater) as error:
        desk.account.find_order("0x" + "12" * 32)
    with pytest.raises(RetryLater):
        desk.account.trades_since(datetime.fromtimestamp(0, UTC) + timedelta(days=1))

    assert (error.value.retry_after_seconds == 4) == (fault == "rate_limited")


def test_a_cancel_that_gets_no_answer_is_unknown(desk: Trading) -> None:
    signed = desk.account.sign(desk.rest())
    post_one(desk.account, signed)
    desk.exchange.arm("server_error", endpoint="DELETE /orders", count=1)

    with pytest.raises(OutcomeUnknown):
        desk.account.cancel([signed.order_hash])

    assert desk.account.cancel([signed.order_hash]).cancelled == (signed.order_hash,)


def test_a_cancel_during_a_restart_is_for_later(desk: Trading) -> None:
    desk.exchange.arm("engine_restarting", seconds=30)

    with pytest.raises(RetryLater):
        desk.account.cancel(["0x" + "12" * 32])
