"""Books are sorted by us, whatever order they come in."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from live_trading.nouns.errors import MalformedAnswer
from live_trading.nouns.markets import OrderBook
from live_trading.nouns.money import Price, Shares
from live_trading.polymarket.clob.market_data import BookRow, MidpointRow, TickRow
from live_trading.polymarket.wire.field_types import read
from tests.recorded import recorded_json
from tests.unit.venue.polymarket_builders import CONDITION, UNHURRIED, YES, a_moment, market


def book(**changes: Any) -> OrderBook:
    row = {
        "market": CONDITION,
        "asset_id": YES,
        "timestamp": "1790586000123",
        "hash": "abc",
        "bids": [{"price": "0.48", "size": "5"}, {"price": "0.5", "size": "3"}],
        "asks": [{"price": "0.55", "size": "7"}, {"price": "0.52", "size": "2"}],
        "min_order_size": "5",
        "tick_size": "0.01",
    }
    return read(BookRow, row | changes, "book").as_book()


@pytest.mark.venue_facts
def test_a_recorded_book_has_its_best_prices_first() -> None:
    row = recorded_json("clob_orderbook_sample.json")
    assert isinstance(row, dict)

    found = read(BookRow, row, "book").as_book()

    assert (len(found.bids), len(found.asks)) == (1, 93)
    assert found.best_ask == Price(min(Decimal(level["price"]) for level in row["asks"]))
    assert found.best_bid == Price("0.001")
    assert found.book_hash == row["hash"]
    assert found.tick_size == Price("0.001")
    assert found.minimum_order_shares == Shares(5)
    assert found.taken_at.timestamp() * 1000 == int(row["timestamp"])


def test_a_recorded_tick_and_midpoint_are_read_exactly() -> None:
    tick = read(TickRow, recorded_json("clob_tick_size_sample.json"), "tick")
    midpoint = read(MidpointRow, recorded_json("clob_midpoint_sample.json"), "midpoint")

    assert tick.minimum_tick_size == Decimal("0.01")
    assert midpoint.mid == Decimal("0.08")


@pytest.mark.venue_facts
def test_the_venue_sends_the_best_price_last() -> None:
    found = book()

    assert (found.best_bid, found.best_ask, found.midpoint) == (Price("0.5"), Price("0.52"), Price("0.51"))
    assert found.taken_at == a_moment().replace(microsecond=123_000)


LEVELS = st.dictionaries(st.integers(1, 999), st.integers(0, 10**9), max_size=30).flatmap(
    lambda levels: st.permutations(sorted(levels.items()))
)


@UNHURRIED
@given(bids=LEVELS, asks=LEVELS)
def test_sides_are_sorted_whatever_order_they_come_in(bids: list[tuple[int, int]], asks: list[tuple[int, int]]) -> None:
    found = book(bids=_rows(bids), asks=_rows(asks))

    assert [level.price for level in found.bids] == sorted((level.price for level in found.bids), reverse=True)
    assert [level.price for level in found.asks] == sorted(level.price for level in found.asks)
    assert len(found.asks) == sum(size > 0 for _, size in asks)


def _rows(levels: list[tuple[int, int]]) -> list[dict[str, str]]:
    return [{"price": str(Decimal(price).scaleb(-3)), "size": str(Decimal(size).scaleb(-6))} for price, size in levels]


@pytest.mark.venue_facts
def test_a_frame_of_the_stream_is_a_book_without_tick_and_minimum() -> None:
    frame = {"event_type": "book", "market": CONDITION, "asset_id": YES, "timestamp": "1790586000123"}
    sides = {"buys": [{"price": "0.48", "size": "5"}], "sells": [{"price": "0.52", "size": "2"}]}

    found = read(BookRow, frame | sides, "book").as_book()

    assert (found.best_bid, found.best_ask) == (Price("0.48"), Price("0.52"))
    assert (found.tick_size, found.minimum_order_shares) == (None, None)
    assert found.tick_in(market("0.001")) == Price("0.001")


@pytest.mark.parametrize("absent", ["", None])
def test_a_book_that_leaves_its_tick_empty_keeps_to_the_markets(absent: str | None) -> None:
    found = book(tick_size=absent, min_order_size=absent)

    assert (found.tick_size, found.minimum_order_shares) == (None, None)


def test_the_books_own_tick_counts_before_the_markets() -> None:
    assert book(tick_size="0.001").tick_in(market("0.01")) == Price("0.001")


@pytest.mark.parametrize(
    "changes",
    [
        {"asks": [{"price": "1.2", "size": "1"}]},
        {"bids": [{"price": "0.5", "size": "-1"}]},
        {"tick_size": "0"},
        {"tick_size": "0.0000001"},
        {"min_order_size": "1e400"},
        {"timestamp": ""},
        {"bids": None},
    ],
    ids=str,
)
def test_a_book_without_a_usable_field_is_malformed(changes: dict[str, Any]) -> None:
    with pytest.raises(MalformedAnswer):
        book(**changes)
