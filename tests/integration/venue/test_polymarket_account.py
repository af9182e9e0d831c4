"""A trading wallet at the exchange: signed plans are posted, found again, filled, settled and cancelled."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from live_trading.chain.abi import MAX_UINT256
from live_trading.nouns.errors import GiveUp
from live_trading.nouns.money import Price, Shares, Usd, notional, total_shares, total_usd
from live_trading.nouns.orders import (
    AcceptedStatus,
    Fill,
    FillStatus,
    LiquidityRole,
    OrderType,
    RejectionCode,
    SignedOrder,
)
from live_trading.nouns.wallets import SignatureType
from live_trading.polymarket.clob.account import VenueAccount
from live_trading.polymarket.clob.account_rows import VenueOrderStatus
from live_trading.polymarket.clob.outcomes import Accepted, AlreadyKnown, Rejected
from live_trading.wiring.chance import SYSTEM
from local.chain import NEG_RISK_EXCHANGE, STANDARD_EXCHANGE
from local.exchange.identity.contracts import EXCHANGE_V3
from tests.integration.exchange_fixtures import RunningExchange, running_exchange
from tests.integration.polymarket_accounts import Trading, post_one, trading

pytestmark = pytest.mark.integration

ABSENT = "0x" + "12" * 32


@pytest.fixture(scope="module")
def exchange(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningExchange]:
    """One open market whose book is replayed from its first snapshot."""
    directory: Path = tmp_path_factory.mktemp("exchange")
    with running_exchange(directory, markets=1, traders=0) as exchange:
        yield exchange


@pytest.fixture
def desk(exchange: RunningExchange) -> Iterator[Trading]:
    with trading(exchange) as desk:
        yield desk
    exchange.clear_faults()


def fills_of(desk: Trading, account: VenueAccount, signed: SignedOrder) -> list[Fill]:
    since = datetime.fromtimestamp(desk.exchange.now_ms() // 1000, UTC) - timedelta(minutes=5)
    return account.own_fills(account.trades_since(since), signed.order_hash, desk.market.fees, signed)


def test_a_buy_is_matched_at_once_and_becomes_money_when_it_settles(desk: Trading) -> None:
    signed = desk.account.sign(desk.buy("5"))

    outcome = post_one(desk.account, signed)
    matched: list[Fill] = []
    while not matched:
        desk.exchange.advance(0.5)
        matched = fills_of(desk, desk.account, signed)
    desk.exchange.advance(10)
    confirmed = fills_of(desk, desk.account, signed)

    assert isinstance(outcome, Accepted)
    assert outcome.status is AcceptedStatus.MATCHED
    assert {fill.status for fill in matched} == {FillStatus.MATCHED}
    assert {fill.status for fill in confirmed} == {FillStatus.CONFIRMED}
    assert {fill.venue_trade_id for fill in confirmed} == set(outcome.trade_ids)
    assert {fill.role for fill in confirmed} == {LiquidityRole.TAKER}
    assert all(fill.transaction_hash is not None for fill in confirmed)
    spent = total_usd([fill.usd for fill in confirmed])
    assert spent == outcome.matched_usd
    assert total_shares([fill.shares for fill in confirmed]) == outcome.matched_shares
    chain = desk.exchange.chain
    assert chain.token_balance(desk.wallet.address, desk.token_id) == outcome.matched_shares
    fees = total_usd([fill.fee for fill in confirmed])
    assert chain.collateral_balance(desk.wallet.address) == Usd(100) - spent - fees


def test_a_fill_over_several_levels_costs_exactly_what_the_chain_moved(desk: Trading) -> None:
    first, second = desk.book().asks[:2]
    stake = notional(first.price, first.shares) + Usd(3)
    desk.exchange.chain.mint_collateral(desk.wallet.address, Usd(10_000))
    before = desk.exchange.chain.collateral_balance(desk.wallet.address)
    signed = desk.account.sign(desk.buy(str(stake), limit=second.price))

    post_one(desk.account, signed)
    desk.exchange.advance(10)
    fills = fills_of(desk, desk.account, signed)

    since = datetime.fromtimestamp(desk.exchange.now_ms() // 1000, UTC) - timedelta(minutes=5)
    trades = desk.account.trades_since(since).trades
    assert len({maker.price for trade in trades for maker in trade.makers}) > 1
    spent = total_usd([fill.usd + fill.fee for fill in fills])
    assert desk.exchange.chain.collateral_balance(desk.wallet.address) == before - spent
    truth = {trade["trade_id"]: trade for trade in desk.truth()["trades"]}
    for fill in fills:
        venue = truth[fill.venue_trade_id]
        assert (str(fill.shares), str(fill.usd), str(fill.fee)) == (venue["shares"], venue["usd"], venue["fee"])


def test_the_same_stored_order_is_one_order_however_often_it_is_posted(desk: Trading) -> None:
    signed = desk.account.sign(desk.buy("5"))
    stored = SignedOrder(order_hash=signed.order_hash, payload=dict(reversed(signed.payload.items())))
    later = desk.another_process()

    first = post_one(desk.account, signed)
    second = post_one(later, stored)
    later.close()

    assert isinstance(first, Accepted)
    assert isinstance(second, AlreadyKnown)
    assert desk.posts_seen()[signed.order_hash] == 2
    assert len(desk.truth()["orders"]) == 1


def test_a_killed_fok_answered_duplicated_is_not_resent(desk: Trading) -> None:
    signed = desk.account.sign(desk.buy("5", limit=Price("0.01"), order_type=OrderType.FOK))

    first, second = post_one(desk.account, signed), post_one(desk.account, signed)

    assert isinstance(first, Rejected)
    assert first.code is RejectionCode.FOK_NOT_FILLED
    assert isinstance(second, AlreadyKnown)
    assert fills_of(desk, desk.account, signed) == []


def test_a_fak_that_meets_nobody_is_refused_with_its_reason(desk: Trading) -> None:
    outcome = post_one(desk.account, desk.account.sign(desk.buy("5", limit=Price("0.01"))))

    assert isinstance(outcome, Rejected)
    assert (outcome.code, outcome.may_try_again) == (RejectionCode.NO_MATCH, False)


def test_more_than_the_wallet_has_is_refused(desk: Trading) -> None:
    outcome = post_one(desk.account, desk.account.sign(desk.buy("500")))

    assert isinstance(outcome, Rejected)
    assert outcome.code is RejectionCode.NOT_ENOUGH_BALANCE


def test_what_was_bought_is_sold_again_and_the_fee_comes_out_of_the_proceeds(desk: Trading) -> None:
    bought = post_one(desk.account, desk.account.sign(desk.buy("20")))
    assert isinstance(bought, Accepted)
    desk.exchange.advance(10)
    before = desk.exchange.chain.collateral_balance(desk.wallet.address)
    signed = desk.account.sign(desk.sell(bought.matched_shares))

    sold = post_one(desk.account, signed)
    desk.exchange.advance(10)
    fills = fills_of(desk, desk.account, signed)

    assert isinstance(sold, Accepted)
    assert total_shares([fill.shares for fill in fills]) == sold.matched_shares
    proceeds = total_usd([fill.usd for fill in fills]) - total_usd([fill.fee for fill in fills])
    assert desk.exchange.chain.collateral_balance(desk.wallet.address) == before + proceeds


def test_a_resting_order_is_found_listed_and_cancelled(desk: Trading) -> None:
    signed = desk.account.sign(desk.rest())

    outcome = post_one(desk.account, signed)
    desk.exchange.advance(1)
    found = desk.account.find_order(signed.order_hash, signed)
    listed = desk.account.open_orders()
    cancelled = desk.account.cancel([signed.order_hash])
    again = desk.account.cancel([signed.order_hash])
    after = desk.account.find_order(signed.order_hash, signed)

    assert isinstance(outcome, Accepted)
    assert (outcome.status, outcome.matched_usd) == (AcceptedStatus.LIVE, Usd(0))
    assert found is not None
    assert (found.status, found.matched, found.price) == (VenueOrderStatus.LIVE, Shares(0), Price("0.02"))
    assert [order.order_hash for order in listed] == [signed.order_hash]
    assert cancelled.cancelled == (signed.order_hash,)
    assert signed.order_hash in again.refused
    assert after is not None
    assert after.status is VenueOrderStatus.CANCELLED
    assert desk.account.open_orders() == []


def test_an_order_that_the_venue_never_saw_is_absent(desk: Trading) -> None:
    assert desk.account.find_order(ABSENT) is None


def test_a_dollar_sized_order_has_matched_at_least_what_the_look_up_says(desk: Trading) -> None:
    signed = desk.account.sign(desk.buy("5"))
    post_one(desk.account, signed)

    found = desk.account.find_order(signed.order_hash, signed)
    unaided = desk.account.find_order(signed.order_hash)

    if found is not None:
        assert found == unaided
        assert Shares(0) < found.matched <= total_shares([f.shares for f in fills_of(desk, desk.account, signed)])


def test_the_venues_view_of_the_account_is_read(desk: Trading) -> None:
    desk.exchange.chain.mint_collateral(desk.wallet.address, Usd("1.25"))
    desk.account.refresh_balance()

    assert desk.account.venue_collateral() == Usd("101.25")
    assert desk.account.closed_only() is False
    desk.exchange.arm("closed_only")
    assert desk.account.closed_only() is True


def test_the_venue_says_which_spenders_it_checks_for_each_kind_of_asset(desk: Trading) -> None:
    position = str((1 << 248) + (5 << 104))

    dollars = desk.account.venue_allowances()
    tokens = desk.account.venue_allowances(desk.token_id)
    positions = desk.account.venue_allowances(position)
    desk.account.refresh_balance(desk.token_id)
    desk.account.refresh_balance(position)

    assert {STANDARD_EXCHANGE, NEG_RISK_EXCHANGE} <= dollars.keys()
    assert dollars[STANDARD_EXCHANGE] == tokens[STANDARD_EXCHANGE] == MAX_UINT256
    assert EXCHANGE_V3 in positions


def test_signing_needs_no_network(desk: Trading) -> None:
    plan = desk.buy("5")
    offline = VenueAccount(desk.wallet, desk.secret, replace(desk.endpoints, clob_url="http://127.0.0.1:1"), SYSTEM)

    signed = offline.sign(plan)
    offline.close()

    assert isinstance(post_one(desk.account, signed), Accepted)


def test_an_api_key_that_the_venue_does_not_know_is_not_replaced(desk: Trading) -> None:
    stranger = VenueAccount(
        desk.wallet, replace(desk.secret, api_key="00000000-0000-4000-8000-000000000000"), desk.endpoints, SYSTEM
    )
    signed = stranger.sign(desk.buy("5"))

    with pytest.raises(GiveUp):
        stranger.prime()
    outcome = post_one(stranger, signed)
    stranger.close()

    assert isinstance(outcome, Rejected)
    assert outcome.code is RejectionCode.UNAUTHORIZED
    assert signed.order_hash not in desk.posts_seen()


def test_a_priced_order_is_filled_to_the_unit_of_its_plan_at_most(desk: Trading) -> None:
    plan = desk.buy("7.77")
    signed = desk.account.sign(plan)

    outcome = post_one(desk.account, signed)

    assert isinstance(outcome, Accepted)
    assert outcome.matched_usd.value <= plan.usd.value
    assert outcome.matched_usd.value / outcome.matched_shares.value <= plan.limit_price.value + Decimal("0.000001")


@pytest.mark.parametrize("kind", list(SignatureType), ids=lambda kind: kind.name.lower())
def test_every_kind_of_wallet_trades_with_its_own_signature(exchange: RunningExchange, kind: SignatureType) -> None:
    with trading(exchange, kind) as desk:
        signed = desk.account.sign(desk.buy("5"))

        outcome = post_one(desk.account, signed)
        exchange.advance(10)
        fills = fills_of(desk, desk.account, signed)

        assert isinstance(outcome, Accepted)
        assert {fill.status for fill in fills} == {FillStatus.CONFIRMED}
        assert exchange.chain.token_balance(desk.wallet.address, desk.token_id) == outcome.matched_shares
        assert desk.account.venue_collateral() == exchange.chain.collateral_balance(desk.wallet.address)


def test_a_wallet_of_another_kind_than_registered_is_refused(exchange: RunningExchange) -> None:
    with trading(exchange, SignatureType.SAFE) as desk:
        mistaken = VenueAccount(
            replace(desk.wallet, signature_type=SignatureType.PROXY), desk.secret, desk.endpoints, SYSTEM
        )

        with pytest.raises(GiveUp, match="GNOSIS_SAFE"):
            mistaken.prime()
        mistaken.close()
