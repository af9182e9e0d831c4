"""Canceling, finding, listing and counting orders and trades."""

from __future__ import annotations

import pytest

from local.chain import NEG_RISK_EXCHANGE
from local.exchange.engine.trades import HOUSE_ACCOUNT
from local.exchange.faults.faults import FaultKind
from local.exchange.identity.contracts import STANDARD_DOMAIN
from local.exchange.wire.pages import page
from tests.unit.exchange.exchange_traders import UP
from tests.unit.exchange.exchange_venue import CONDITION, DOWN, START_MS, Snapshot, Venue

BOOK = Snapshot(bids={"0.48": "100", "0.47": "50"}, asks={"0.52": "100", "0.53": "200"})


def test_a_canceled_order_stays_known_and_cannot_be_canceled_twice() -> None:
    venue = Venue(BOOK)
    trader = venue.trader()
    order = trader.place(price="0.40", shares="10")["orderID"]

    first, second = (trader.call("DELETE", "/order", {"orderID": order}).json() for _ in range(2))

    assert first == {"canceled": [order], "not_canceled": {}}
    assert second["not_canceled"][order].endswith("already canceled or matched")
    assert trader.find(order)["status"] == "ORDER_STATUS_CANCELED"


def test_nobody_cancels_or_sees_another_accounts_orders() -> None:
    venue = Venue(BOOK)
    order = venue.trader().place(price="0.40", shares="10")["orderID"]
    stranger = venue.trader()

    assert list(stranger.call("DELETE", "/orders", [order]).json()["not_canceled"]) == [order]
    assert stranger.call("GET", f"/data/order/{order}").status_code == 404
    assert stranger.open_orders() == []


def test_orders_are_canceled_by_market_by_token_and_all_at_once() -> None:
    venue = Venue(BOOK)
    trader = venue.trader()
    up, down, last = (trader.place(price="0.40", shares="5", token_id=token)["orderID"] for token in (UP, DOWN, UP))

    by_token = trader.call("DELETE", "/cancel-market-orders", {"asset_id": DOWN}).json()
    by_market = trader.call("DELETE", "/cancel-market-orders", {"market": "0x" + "00" * 32}).json()
    everything = trader.call("DELETE", "/cancel-all").json()

    assert by_token["canceled"] == [down]
    assert by_market["canceled"] == []
    assert everything["canceled"] == [up, last]


def test_look_ups_tell_unknown_killed_and_malformed_ids_apart() -> None:
    venue = Venue(BOOK)
    trader = venue.trader()
    unknown = "0x" + "12" * 32

    assert trader.call("GET", f"/data/order/{unknown}").json() == {"error": "Order not found"}
    assert trader.call("GET", "/data/order/0x12").json() == {"error": "Invalid orderID"}
    assert trader.call("DELETE", "/order", {"orderID": "12"}).json() == {"error": "Invalid orderID"}


def test_a_look_up_can_miss_an_order_that_is_there() -> None:
    venue = Venue(BOOK)
    trader = venue.trader()
    order = trader.place(price="0.40", shares="10")["orderID"]
    venue.faults.arm(FaultKind.ORDER_LOOKUP_MISSING, seconds=5)

    missing = trader.find(order)
    venue.advance(5)

    assert missing is None
    assert trader.find(order)["id"] == order


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ({}, 2),
        ({"market": CONDITION}, 2),
        ({"market": "0x" + "00" * 32}, 0),
        ({"asset_id": DOWN}, 1),
        ({"after": START_MS // 1000 + 1}, 1),
        ({"before": START_MS // 1000}, 1),
        ({"maker_address": HOUSE_ACCOUNT}, 0),
    ],
)
def test_trades_are_listed_newest_first_by_what_is_asked(query: dict[str, object], count: int) -> None:
    venue = Venue(BOOK)
    trader = venue.trader()
    trader.place(price="0.52", usd="5", order_type="FAK")
    venue.advance(5)
    trader.place(price="0.52", usd="5", order_type="FAK", token_id=DOWN)

    trades = trader.trades(**query)

    assert len(trades) == count
    assert trades == sorted(trades, key=lambda trade: trade["match_time"], reverse=True)


def test_long_lists_come_in_pages_that_follow_one_another() -> None:
    rows = list(range(250))
    cursor, pages = "MA==", []
    while cursor != "LTE=":
        answer = page(rows, cursor)
        pages.append(answer["data"])
        cursor = answer["next_cursor"]

    assert [len(chunk) for chunk in pages] == [100, 100, 50]
    assert [row for chunk in pages for row in chunk] == rows


@pytest.mark.parametrize("cursor", ["%%%", "LTE=", "YWJj"])
def test_a_cursor_that_the_venue_never_gave_is_refused(cursor: str) -> None:
    response = Venue(BOOK).trader().call("GET", "/data/orders", next_cursor=cursor)

    assert (response.status_code, response.json()) == (400, {"error": "invalid next_cursor"})


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (FaultKind.TRADING_DISABLED, 503),
        (FaultKind.ENGINE_RESTARTING, 425),
        (FaultKind.CANCEL_ONLY, 200),
        (FaultKind.POST_ONLY_MODE, 200),
        (FaultKind.GEOBLOCKED, 200),
        (FaultKind.CLOSED_ONLY, 200),
    ],
)
def test_only_a_venue_that_does_nothing_at_all_refuses_cancels(kind: FaultKind, status: int) -> None:
    venue = Venue(BOOK)
    trader = venue.trader()
    order = trader.place(price="0.40", shares="10")["orderID"]
    venue.faults.arm(kind)

    assert trader.call("DELETE", "/order", {"orderID": order}).status_code == status


def test_a_fault_for_one_endpoint_leaves_the_others_alone() -> None:
    venue = Venue(BOOK)
    trader = venue.trader()
    order = trader.place(price="0.40", shares="10")["orderID"]
    venue.faults.arm(FaultKind.SERVER_ERROR, endpoint="/data/order")

    assert trader.call("GET", f"/data/order/{order}").status_code == 500
    assert trader.open_orders()[0]["id"] == order


def test_a_neg_risk_market_trades_through_its_own_exchange() -> None:
    venue = Venue(BOOK, neg_risk=True)
    trader = venue.trader()

    refusal = trader.refusal(price="0.52", usd="5", order_type="FAK", domain=STANDARD_DOMAIN)
    trader.place(price="0.52", usd="5", order_type="FAK")
    venue.advance(2)

    assert refusal == (400, "invalid signature")
    assert venue.chain.exchanges == [NEG_RISK_EXCHANGE]


def test_every_posted_body_is_counted_under_its_order() -> None:
    venue = Venue(BOOK)
    trader = venue.trader()
    body = trader.order(price="0.40", shares="10")
    other = trader.order(price="0.40", shares="1")

    for _ in range(3):
        trader.post(body)
    trader.call("POST", "/orders", [body, other])

    accepted, refused = venue.engine.all_orders()
    assert (accepted["accepted"], accepted["posts_seen"], accepted["status"]) == (True, 4, "LIVE")
    assert (refused["accepted"], refused["posts_seen"], refused["account"]) == (False, 1, None)
