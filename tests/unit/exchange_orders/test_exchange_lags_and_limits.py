"""What the venue tells late, and how fast it lets one signer go."""

from __future__ import annotations

from local.exchange.lags import Lags
from tests.unit.exchange.exchange_traders import Trader
from tests.unit.exchange.exchange_venue import Snapshot, Venue

BOOK = Snapshot(bids={"0.48": "500"}, asks={"0.52": "500"})
LATE = Lags(trade_earliest=1, trade_latest=6, order=2)


def statuses(trader: Trader) -> dict[str, str]:
    return {trade["id"]: trade["status"].removeprefix("TRADE_STATUS_") for trade in trader.trades()}


def test_trades_are_listed_late_in_parts_and_out_of_order() -> None:
    venue = Venue(BOOK, lags=LATE)
    trader = venue.trader()
    matched = [
        trade_id for _ in range(6) for trade_id in trader.place(price="0.52", usd="5.20", order_type="FAK")["tradeIDs"]
    ]

    at_once = statuses(trader)
    appeared: list[str] = []
    for _ in range(60):
        venue.advance(0.1)
        appeared += [trade_id for trade_id in statuses(trader) if trade_id not in appeared]

    assert at_once == {}
    assert sorted(appeared) == sorted(matched)
    assert appeared != matched


def test_a_trade_is_first_seen_as_matched_and_settles_in_the_list_as_late_as_it_appeared() -> None:
    venue = Venue(BOOK, lags=LATE)
    trader = venue.trader()
    (trade_id,) = trader.place(price="0.52", usd="5.20", order_type="FAK")["tradeIDs"]

    seen: list[str] = []
    for _ in range(110):
        venue.advance(0.1)
        status = statuses(trader).get(trade_id)
        if status is not None and status not in seen:
            seen.append(status)

    assert seen == ["MATCHED", "MINED", "CONFIRMED"]


def test_a_look_up_does_not_know_a_new_order_yet() -> None:
    venue = Venue(BOOK, lags=LATE)
    trader = venue.trader()
    order = trader.place(price="0.40", shares="10")["orderID"]

    before = (trader.find(order), trader.open_orders())
    venue.advance(2)

    assert before == (None, [])
    assert trader.find(order)["id"] == trader.open_orders()[0]["id"] == order


def test_a_look_up_shows_the_fills_of_a_resting_order_late() -> None:
    venue = Venue(BOOK, Snapshot(at_s=5, asks={"0.45": "100"}), lags=LATE)
    trader = venue.trader()
    order = trader.place(price="0.45", shares="10")["orderID"]

    venue.advance(5)
    early = trader.find(order)
    venue.advance(2)
    late = trader.find(order)

    assert (early["status"], early["size_matched"]) == ("ORDER_STATUS_LIVE", "0")
    assert (late["status"], late["size_matched"]) == ("ORDER_STATUS_MATCHED", "10")


def test_a_new_api_key_is_unknown_for_a_while() -> None:
    venue = Venue(BOOK, lags=Lags(api_key=50))
    trader = venue.trader()

    fresh = trader.call("GET", "/data/orders").status_code
    venue.advance(50)

    assert (fresh, trader.call("GET", "/data/orders").status_code) == (401, 200)


def test_a_signer_may_order_in_a_burst_and_then_at_a_rate() -> None:
    venue = Venue(BOOK)
    fast, other = venue.trader(), venue.trader()
    orders = [fast.order(price="0.40", shares="5") for _ in range(61)]

    answers = [fast.post(order) for order in orders]
    at_once = other.post(other.order(price="0.40", shares="5"))
    venue.advance(1)
    later = fast.post(orders[-1])

    assert [answer.status_code for answer in answers] == [200] * 60 + [429]
    assert answers[0].headers["Poly-RateLimit-Remaining"] == "59"
    assert (answers[-1].headers["Retry-After"], answers[-1].headers["Poly-RateLimit-Tier"]) == ("1", "standard")
    assert (at_once.status_code, later.status_code) == (200, 200)
    assert later.headers["Poly-RateLimit-Remaining"] == "39"


def test_cancels_have_a_limit_of_their_own_and_may_name_a_thousand_orders() -> None:
    venue = Venue(BOOK)
    trader = venue.trader()
    unknown = [f"0x{number:064x}" for number in range(1_001)]

    answers = [trader.call("DELETE", "/orders", unknown[:1_000]) for _ in range(121)]
    venue.advance(1)

    assert [answer.status_code for answer in answers] == [200] * 120 + [429]
    assert trader.call("DELETE", "/orders", unknown).status_code == 400
