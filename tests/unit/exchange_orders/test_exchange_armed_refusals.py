"""Refusals that only a fault brings about, over HTTP, in the venue's own words."""

from __future__ import annotations

import pytest

from local.exchange.faults.faults import FaultKind
from tests.unit.exchange.exchange_traders import Trader
from tests.unit.exchange.exchange_venue import Snapshot, Venue

BOOK = Snapshot(bids={"0.48": "100", "0.47": "50"}, asks={"0.52": "100", "0.53": "200"})


@pytest.fixture
def venue() -> Venue:
    return Venue(BOOK)


@pytest.fixture
def trader(venue: Venue) -> Trader:
    return venue.trader()


@pytest.mark.parametrize(
    ("kind", "status", "text"),
    [
        (FaultKind.ADDRESS_BANNED, 400, "'{address}' address banned"),
        (FaultKind.CLOSED_ONLY, 400, "'{address}' address in closed only mode"),
        (
            FaultKind.DEPOSIT_WALLET_REQUIRED,
            400,
            "maker address not allowed, please use the deposit wallet flow",
        ),
        (FaultKind.MARKET_NOT_READY, 400, "the market is not yet ready to process new orders"),
        (FaultKind.MATCH_DELAYED, 400, "order match delayed due to market conditions"),
        (FaultKind.CANCELED_ON_CHAIN, 400, "order canceled in the CTF exchange contract"),
        (FaultKind.CROSSES_BOOK, 400, "order {order} crosses the book"),
        (
            FaultKind.TICK_CHANGED,
            400,
            "order {order} is invalid. Price (0.4025) breaks minimum tick size rule: 0.001",
        ),
        (
            FaultKind.BALANCE_STALE,
            400,
            (
                "not enough balance / allowance: the balance is not enough -> "
                "balance: 0, order amount (inc. fees): 5000000"
            ),
        ),
        (FaultKind.API_KEY_UNKNOWN, 401, "Unauthorized/Invalid api key"),
        (FaultKind.GEOBLOCKED, 403, "Trading restricted in your region, please refer to available regions"),
        (FaultKind.ENGINE_RESTARTING, 425, "matching engine is restarting"),
        (FaultKind.RATE_LIMITED, 429, "Too Many Requests"),
        (FaultKind.SERVER_ERROR, 500, "Internal server error"),
        (FaultKind.ORDER_TIMED_OUT, 500, "order timed out"),
        (FaultKind.INSERT_FAILED, 500, "could not insert order"),
        (FaultKind.EXECUTION_FAILED, 500, "could not run the execution"),
        (FaultKind.TRADING_DISABLED, 503, "Trading is currently disabled. Check polymarket.com for updates"),
        (
            FaultKind.CANCEL_ONLY,
            503,
            "Trading is currently cancel-only. New orders are not accepted, but cancels are allowed.",
        ),
        (FaultKind.POST_ONLY_MODE, 503, "post-only mode: only post-only orders and cancels are allowed"),
    ],
)
def test_an_armed_fault_refuses_the_order_which_is_not_placed_and_may_come_again(
    venue: Venue, trader: Trader, kind: FaultKind, status: int, text: str
) -> None:
    venue.faults.arm(kind, count=1)
    body = trader.order(price="0.52", usd="5", order_type="FAK")

    refused = trader.post(body)

    expected = text.format(address=trader.address, order=venue.order_id(body))
    assert (refused.status_code, refused.json()["error"]) == (status, expected)
    assert venue.engine.records.order(venue.order_id(body)) is None
    assert trader.post(body).json()["status"] == "matched"
    assert venue.engine.records.posts_seen(venue.order_id(body)) == 2


def test_post_only_mode_says_for_how_long_and_lets_post_only_orders_pass(venue: Venue, trader: Trader) -> None:
    venue.faults.arm(FaultKind.POST_ONLY_MODE, seconds=90)

    refused = trader.post(trader.order(price="0.40", shares="10"))

    assert refused.json()["code"] == "post_only_mode"
    assert refused.json()["retry_after_seconds"] == 90
    assert trader.place(price="0.40", shares="10", post_only=True)["status"] == "live"


def test_a_rate_limit_says_when_to_come_again(venue: Venue, trader: Trader) -> None:
    venue.faults.arm(FaultKind.RATE_LIMITED, seconds=7, count=1)

    assert trader.post(trader.order(price="0.40")).headers["Retry-After"] == "7"


def test_closed_only_mode_lets_sells_pass_and_is_told(venue: Venue, trader: Trader) -> None:
    venue.faults.arm(FaultKind.CLOSED_ONLY)

    assert trader.refusal(price="0.52", usd="5", order_type="FAK")[0] == 400
    assert trader.place(side="SELL", price="0.48", shares="10", order_type="FAK")["status"] == "matched"
    assert trader.call("GET", "/auth/ban-status/closed-only").json() == {"closed_only": True}


def test_cloudflare_blocks_with_a_page(venue: Venue, trader: Trader) -> None:
    venue.faults.arm(FaultKind.CLOUDFLARE_BLOCKED, count=1)

    response = trader.post(trader.order(price="0.40"))

    assert (response.status_code, response.headers["Server"]) == (403, "cloudflare")
    assert response.headers["Content-Type"].startswith("text/html")
