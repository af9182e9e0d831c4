"""Every documented answer to a posted order, and what it proves."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from live_trading.nouns.money import Shares, Usd
from live_trading.nouns.orders import AcceptedStatus, OrderType, RejectionCode
from live_trading.nouns.trades import Side
from live_trading.polymarket.clob.outcomes import (
    Accepted,
    AlreadyKnown,
    PostOutcome,
    Rejected,
    Unknown,
    accepted,
    not_accepted,
    refused,
)
from tests.unit.venue.polymarket_builders import ORDER, UNHURRIED, own

INVALID_AMOUNTS = (
    "invalid amounts, the market buy orders maker amount supports a max accuracy of 2 decimals, "
    "taker amount a max of 4 decimals"
)
REFUSALS = [
    (400, "Invalid order payload", RejectionCode.INVALID_PAYLOAD, False),
    (400, "the order owner has to be the owner of the API KEY", RejectionCode.SIGNER_MISMATCH, False),
    (400, "the order signer address has to be the address of the API KEY", RejectionCode.SIGNER_MISMATCH, False),
    (400, "invalid signature", RejectionCode.SIGNER_MISMATCH, False),
    (400, "'0xab' address banned", RejectionCode.ADDRESS_BANNED, False),
    (400, "'0xab' address in closed only mode", RejectionCode.CLOSED_ONLY, False),
    (
        400,
        f"order {ORDER} is invalid. Price (0.505) breaks minimum tick size rule: 0.01",
        RejectionCode.TICK_SIZE,
        False,
    ),
    (
        400,
        f"order {ORDER} is invalid. Size (4) lower than the minimum: 5",
        RejectionCode.BELOW_MINIMUM_SIZE,
        False,
    ),
    (400, f"order {ORDER} crosses the book", RejectionCode.POST_ONLY_WOULD_CROSS, False),
    (400, "invalid post-only order: order crosses book", RejectionCode.POST_ONLY_WOULD_CROSS, False),
    (
        400,
        "not enough balance / allowance: the balance is not enough -> balance: 5, order amount: 9",
        RejectionCode.NOT_ENOUGH_BALANCE,
        False,
    ),
    (400, "not enough balance / allowance", RejectionCode.NOT_ENOUGH_BALANCE, False),
    (400, "invalid expiration", RejectionCode.INVALID_EXPIRATION, False),
    (
        400,
        "order couldn't be fully filled. FOK orders are fully filled or killed.",
        RejectionCode.FOK_NOT_FILLED,
        False,
    ),
    (
        400,
        "no orders found to match with FAK order. FAK orders are partially filled or killed if no match is found.",
        RejectionCode.NO_MATCH,
        False,
    ),
    (400, "the market is not yet ready to process new orders", RejectionCode.MARKET_NOT_READY, True),
    (
        400,
        INVALID_AMOUNTS,
        RejectionCode.INVALID_AMOUNTS,
        False,
    ),
    (
        400,
        "invalid amount for a marketable BUY order ($0.5), min size: $1",
        RejectionCode.BELOW_MINIMUM_AMOUNT,
        False,
    ),
    (400, "invalid amount for a marketable SELL order, min size: $1", RejectionCode.BELOW_MINIMUM_AMOUNT, False),
    (400, "order_version_mismatch", RejectionCode.VERSION_MISMATCH, False),
    (
        400,
        "maker address not allowed, please use the deposit wallet flow",
        RejectionCode.MAKER_NOT_ALLOWED,
        False,
    ),
    (400, "The orderbook 713 does not exist", RejectionCode.ORDERBOOK_MISSING, False),
    (404, "No orderbook exists for the requested token id", RejectionCode.ORDERBOOK_MISSING, False),
    (400, "order canceled in the CTF exchange contract", RejectionCode.UNRECOGNISED, False),
    (400, "something that no page documents", RejectionCode.UNRECOGNISED, False),
    (401, "Unauthorized/Invalid api key", RejectionCode.UNAUTHORIZED, True),
    (
        403,
        "Trading restricted in your region, please refer to available regions",
        RejectionCode.GEOBLOCKED,
        False,
    ),
    (403, "Request to http://x was blocked by Cloudflare with status 403", RejectionCode.UNRECOGNISED, True),
    (425, "matching engine is restarting", RejectionCode.ENGINE_RESTARTING, True),
    (429, "Too Many Requests", RejectionCode.RATE_LIMITED, True),
    (500, "order timed out", RejectionCode.NOT_PLACED, True),
    (
        503,
        "Trading is currently disabled. Check polymarket.com for updates",
        RejectionCode.TRADING_DISABLED,
        True,
    ),
    (
        503,
        "Trading is currently cancel-only. New orders are not accepted, but cancels are allowed.",
        RejectionCode.CANCEL_ONLY,
        True,
    ),
    (
        503,
        "post-only mode: only post-only orders and cancels are allowed",
        RejectionCode.POST_ONLY_MODE,
        True,
    ),
]


@pytest.mark.parametrize(
    ("status", "text", "code", "may_try_again"), REFUSALS, ids=[f"{each[0]} {each[1][:40]}" for each in REFUSALS]
)
def test_a_documented_refusal_has_its_code(status: int, text: str, code: RejectionCode, *, may_try_again: bool) -> None:
    outcome = refused(status, text)

    assert outcome == Rejected(code=code, text=text, may_try_again=may_try_again)


def test_a_refusal_says_when_to_come_back() -> None:
    outcome = refused(429, "Too Many Requests", retry_after=7)

    assert isinstance(outcome, Rejected)
    assert outcome.retry_after_seconds == 7


def test_the_post_only_mode_is_told_by_its_code_too() -> None:
    outcome = refused(503, "please wait", code="post_only_mode", retry_after=120)

    assert outcome == Rejected(
        code=RejectionCode.POST_ONLY_MODE, text="please wait", may_try_again=True, retry_after_seconds=120
    )


@pytest.mark.parametrize(
    ("status", "text"),
    [
        (500, "could not run the execution"),
        (500, "could not insert order"),
        (500, "Internal server error"),
        (502, "Request to http://x failed with status 502 and an unexpected HTML response body"),
        (503, "Request to http://x failed with status 503 and an unexpected HTML response body"),
        (503, "upstream connect error or disconnect/reset before headers"),
        (504, "gateway timeout"),
        (520, "web server returned an unknown error"),
        (408, "request timeout"),
        (400, "Request to http://x failed with status 400 and unreadable response body"),
        (400, "order match delayed due to market conditions"),
    ],
)
def test_what_proves_nothing_is_unknown(status: int, text: str) -> None:
    assert isinstance(refused(status, text), Unknown)


@pytest.mark.parametrize("answer", [refused(400, f"order {ORDER} is invalid. Duplicated."), not_accepted("Duplicated")])
def test_a_duplicate_is_neither_placed_nor_rejected(answer: PostOutcome) -> None:
    assert isinstance(answer, AlreadyKnown)


@UNHURRIED
@given(status=st.integers(400, 599), text=st.text(max_size=200))
def test_every_refusal_has_an_outcome(status: int, text: str) -> None:
    outcome = refused(status, text)

    assert isinstance(outcome, Rejected | AlreadyKnown | Unknown)
    if status >= 500 and isinstance(outcome, Rejected):
        assert outcome.may_try_again


def test_an_answer_that_accepts_nothing_is_believed_only_in_documented_words() -> None:
    documented = not_accepted("the market is not yet ready to process new orders")

    assert isinstance(documented, Rejected)
    assert documented.code is RejectionCode.MARKET_NOT_READY
    assert isinstance(not_accepted("Unknown order failure"), Unknown)


def accept(making: str, taking: str, **changes: object) -> PostOutcome:
    return accepted(
        own(**changes),
        status="matched",
        making=Decimal(making),
        taking=Decimal(taking),
        trade_ids=("t",),
        transaction_hashes=("0xAB",),
    )


def test_a_match_states_what_was_given_and_got() -> None:
    assert accept("4.9152", "10.24") == Accepted(
        status=AcceptedStatus.MATCHED,
        matched_usd=Usd("4.9152"),
        matched_shares=Shares("10.24"),
        trade_ids=("t",),
        transaction_hashes=("0xab",),
    )


def test_a_buy_may_get_more_shares_than_it_asked_for() -> None:
    outcome = accept("5", "12.5")

    assert isinstance(outcome, Accepted)
    assert outcome.matched_shares == Shares("12.5")


def test_a_sell_gives_shares_and_gets_dollars() -> None:
    outcome = accept("10", "5.2", side=Side.SELL)

    assert isinstance(outcome, Accepted)
    assert (outcome.matched_usd, outcome.matched_shares) == (Usd("5.2"), Shares(10))


def test_base_units_are_recognised_by_our_own_order() -> None:
    assert accept("4915200", "10240000") == accept("4.9152", "10.24")


def test_an_order_that_rests_has_matched_nothing() -> None:
    outcome = accept("0", "0", order_type=OrderType.GTC)

    assert isinstance(outcome, Accepted)
    assert not outcome.matched_usd
    assert not outcome.matched_shares


@pytest.mark.parametrize(
    ("making", "taking"),
    [("5.01", "10"), ("6000000", "12000000"), ("5", "10000000"), ("5000000", "10"), ("5", "0"), ("-5", "-10")],
    ids=["more than ours", "more in base units", "mixed units", "mixed otherwise", "for nothing", "negative"],
)
def test_amounts_that_are_not_ours_make_the_answer_unreadable(making: str, taking: str) -> None:
    assert isinstance(accept(making, taking), Unknown)


@UNHURRIED
@given(st.integers(10_000, 5_000_000), st.integers(500, 1000))
def test_both_units_mean_the_same_fill(spent: int, price_thousandths: int) -> None:
    shares = spent * 1000 // price_thousandths

    human = accept(str(Decimal(spent).scaleb(-6)), str(Decimal(shares).scaleb(-6)))
    base = accept(str(spent), str(shares))

    assert human == base
