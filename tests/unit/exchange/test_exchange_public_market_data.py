"""Public books, prices and market descriptions of the CLOB."""

from __future__ import annotations

import pytest

from tests.unit.exchange.exchange_traders import UP
from tests.unit.exchange.exchange_venue import CONDITION, DOWN, END_MS, START_MS, Snapshot, Venue

BOOK = Snapshot(bids={"0.48": "100", "0.47": "50.5"}, asks={"0.52": "100", "0.53": "200"})
LATER = Snapshot(at_s=60, bids={"0.58": "1"}, asks={"0.60": "1"})


def test_a_book_has_its_best_prices_last_on_both_sides() -> None:
    book = Venue(BOOK).get("/book", token_id=UP)

    assert book["bids"] == [{"price": "0.47", "size": "50.5"}, {"price": "0.48", "size": "100"}]
    assert book["asks"] == [{"price": "0.53", "size": "200"}, {"price": "0.52", "size": "100"}]
    assert (book["market"], book["asset_id"], book["timestamp"]) == (CONDITION, UP, str(START_MS))
    assert (book["min_order_size"], book["tick_size"], book["neg_risk"]) == ("5", "0.01", False)


def test_resting_orders_show_in_the_books_of_both_outcomes() -> None:
    venue = Venue(BOOK)
    venue.trader().place(price="0.49", shares="7")
    venue.trader().place(price="0.48", shares="6")

    up, down = venue.get("/book", token_id=UP), venue.get("/book", token_id=DOWN)

    assert up["bids"][-2:] == [{"price": "0.48", "size": "106"}, {"price": "0.49", "size": "7"}]
    assert down["asks"][-1] == {"price": "0.51", "size": "7"}


def test_the_hash_of_a_book_changes_with_its_content_only() -> None:
    venue = Venue(BOOK)
    before, again = venue.get("/book", token_id=UP)["hash"], venue.get("/book", token_id=UP)["hash"]

    venue.trader().place(price="0.49", shares="7")

    assert before == again != venue.get("/book", token_id=UP)["hash"]


def test_many_books_come_at_once_without_the_unknown() -> None:
    venue = Venue(BOOK)

    books = venue.http.post("/books", json=[{"token_id": DOWN}, {"token_id": "123"}, {"token_id": UP}]).json()

    assert [book["asset_id"] for book in books] == [DOWN, UP]


def test_prices_are_the_side_that_an_order_would_take() -> None:
    venue = Venue(BOOK)

    asked = [{"token_id": UP, "side": "BUY"}, {"token_id": UP, "side": "SELL"}, {"token_id": DOWN, "side": "BUY"}]
    prices = venue.http.post("/prices", json=asked).json()

    assert venue.get("/price", token_id=UP, side="BUY") == {"price": "0.52"}
    assert venue.get("/price", token_id=UP, side="SELL") == {"price": "0.48"}
    assert prices == {UP: {"BUY": "0.52", "SELL": "0.48"}, DOWN: {"BUY": "0.52"}}


def test_midpoint_and_spread_follow_from_the_best_prices() -> None:
    venue = Venue(BOOK)
    asked = [{"token_id": UP}]

    assert venue.get("/midpoint", token_id=UP) == {"mid": "0.5"}
    assert venue.get("/spread", token_id=UP) == {"spread": "0.04"}
    assert venue.http.post("/midpoints", json=asked).json() == {UP: "0.5"}
    assert venue.http.post("/spreads", json=asked).json() == {UP: "0.04"}


def test_the_last_trade_is_told_once_it_has_settled() -> None:
    venue = Venue(BOOK)
    trader = venue.trader()
    nothing = venue.get("/last-trade-price", token_id=UP)

    trader.place(side="SELL", price="0.48", shares="10", order_type="FAK")
    venue.advance(3)

    assert nothing == {"price": "0.5", "side": ""}
    assert venue.get("/last-trade-price", token_id=UP) == {"price": "0.48", "side": "SELL"}
    several = venue.http.post("/last-trades-prices", json=[{"token_id": UP}, {"token_id": DOWN}]).json()
    assert several == [{"token_id": UP, "price": "0.48", "side": "SELL"}]


@pytest.mark.parametrize(
    ("path", "query", "status", "text"),
    [
        ("/book", {}, 400, "Invalid token id"),
        ("/book", {"token_id": "abc"}, 400, "Invalid token id"),
        ("/book", {"token_id": "123"}, 404, "No orderbook exists for the requested token id"),
        ("/price", {"token_id": UP, "side": "HOLD"}, 400, "Invalid side"),
        ("/tick-size", {"token_id": "123"}, 404, "market not found"),
        ("/markets/0x12", {}, 400, "Invalid market"),
        ("/markets/0x" + "00" * 32, {}, 404, "market not found"),
        ("/clob-markets/0x" + "00" * 32, {}, 404, "market not found"),
    ],
)
def test_a_question_about_nothing_is_refused(path: str, query: dict[str, str], status: int, text: str) -> None:
    response = Venue(BOOK).http.get(path, params=query)

    assert (response.status_code, response.json()) == (status, {"error": text})


@pytest.mark.parametrize("body", ["{", "{}", '["1"]', '[{"token_id":1}]'])
def test_a_malformed_batch_is_refused(body: str) -> None:
    response = Venue(BOOK).http.post("/books", content=body)

    assert (response.status_code, response.json()) == (400, {"error": "Invalid payload"})


def test_a_batch_of_books_has_a_limit() -> None:
    response = Venue(BOOK).http.post("/books", json=[{"token_id": UP}] * 501)

    assert response.json() == {"error": "Payload exceeds the limit"}


def test_a_closed_market_has_no_book() -> None:
    venue = Venue(BOOK)
    venue.timeline.advance_to(END_MS + 1)

    assert venue.http.get("/book", params={"token_id": UP}).status_code == 404


def test_a_market_is_described_for_order_making() -> None:
    venue = Venue(BOOK, fine_after_s=10, neg_risk=True)

    market = venue.get(f"/clob-markets/{CONDITION}")
    venue.advance(10)

    assert market["t"] == [{"t": UP, "o": "Up"}, {"t": DOWN, "o": "Down"}]
    assert (market["mos"], market["mts"], market["nr"], market["ao"], market["v"]) == (5, 0.01, True, True, "v1")
    assert market["fd"] == {"r": 0.07, "e": 1, "to": True}
    assert venue.get("/tick-size", token_id=UP) == {"minimum_tick_size": 0.001}
    assert venue.get("/neg-risk", token_id=UP) == {"neg_risk": True}
    assert venue.get("/fee-rate", token_id=UP) == {"base_fee": 1000}
    assert venue.get(f"/markets-by-token/{DOWN}")["condition_id"] == CONDITION
    described = venue.get(f"/markets/{CONDITION}")
    assert (described["accepting_orders"], described["closed"]) == (True, False)
    assert [token["winner"] for token in described["tokens"]] == [False, False]


def test_history_is_midpoints_up_to_now() -> None:
    venue = Venue(BOOK, LATER)

    venue.advance(60)
    history = venue.get("/prices-history", market=UP, interval="max", fidelity=1)["history"]

    start_s = START_MS // 1000
    assert history == [{"t": start_s, "p": 0.5}, {"t": start_s + 60, "p": 0.59}]
    assert venue.get("/prices-history", market=UP, startTs=start_s + 1, endTs=start_s + 9)["history"] == [
        {"t": start_s + 1, "p": 0.5}
    ]
    assert venue.get("/prices-history", market="1", interval="1d") == {"history": []}
    assert venue.http.get("/prices-history", params={"market": UP, "interval": "2d"}).status_code == 400


def test_the_venue_tells_its_time_and_version() -> None:
    venue = Venue(BOOK)
    venue.advance(1.5)

    assert venue.get("/time") == START_MS // 1000 + 1
    assert venue.get("/version") == {"version": 2}
    assert venue.get("/ok") == "OK"
