"""Rows of the feed: recorded real ones, both shapes, quarantine and occurrence numbers."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from live_trading.nouns.errors import MalformedAnswer
from live_trading.nouns.money import Price, Shares, Usd
from live_trading.nouns.trades import Side
from live_trading.polymarket.data.feed_rows import read_feed, read_pages, read_rows, read_sizes
from live_trading.polymarket.wire.json_text import parse_json, raw_text
from live_trading.signals.trader_record import TradeSize
from tests.recorded import recorded_json, recorded_text
from tests.unit.venue.polymarket_builders import CONDITION, TRADER, TRANSACTION, UNHURRIED, YES, a_moment, feed_row

TRADES = "data_api_trades_global_sample.json"
ACTIVITY = "activity_sample.json"


@pytest.mark.venue_facts
def test_every_recorded_trade_is_read() -> None:
    rows = recorded_json(TRADES)
    page = read_feed(recorded_text(TRADES), "recorded")

    assert isinstance(rows, list)
    assert len(page.trades) == len(rows) == 500
    assert page.quarantined == []
    assert sum(trade.side is Side.BUY for trade in page.trades) == 302
    assert len({trade.key for trade in page.trades}) == 500
    for trade, row in zip(page.trades, rows, strict=True):
        assert abs(trade.price.value - row["price"]) <= Decimal("0.0000005")
        assert abs(trade.shares.value - row["size"]) <= Decimal("0.0000005")
        assert trade.trade_time == datetime.fromtimestamp(row["timestamp"], UTC)


def test_every_recorded_activity_is_read() -> None:
    page = read_feed(recorded_text(ACTIVITY), "recorded")

    assert len(page.trades) == 100
    assert page.quarantined == []
    assert {trade.side for trade in page.trades} == {Side.BUY}
    assert len({trade.trader for trade in page.trades}) == 1


def test_a_row_of_the_present_shape_is_read() -> None:
    (trade,) = read_rows([feed_row()], "feed").trades

    assert (trade.trader, trade.token_id, trade.condition_id) == (TRADER, YES, CONDITION)
    assert (trade.price, trade.shares) == (Price("0.4"), Shares("12.5"))
    assert (trade.outcome, trade.outcome_index, trade.occurrence) == ("Up", 0, 0)
    assert trade.trade_time == a_moment()
    assert trade.transaction_hash == TRANSACTION


def test_addresses_and_hashes_become_lower_case() -> None:
    row = feed_row(proxy_wallet="0x" + "AB" * 20, transaction_hash="0x" + "CD" * 32, condition_id="0x" + "EF" * 31)

    (trade,) = read_rows([row], "feed").trades

    assert trade.trader == "0x" + "ab" * 20
    assert trade.transaction_hash == "0x" + "cd" * 32
    assert trade.condition_id == "0x" + "ef" * 31


@pytest.mark.venue_facts
def test_an_envelope_and_a_bare_array_hold_the_same_rows() -> None:
    row = raw_text(feed_row())

    bare = read_feed(f"[{row}]", "feed")
    envelope = read_feed(f'{{"data": [{row}], "pagination": {{"has_more": false}}}}', "feed")

    assert bare == envelope


@pytest.mark.parametrize("text", ['"rows"', '{"rows": []}', "{", "", "NaN"])
def test_a_text_without_rows_is_malformed(text: str) -> None:
    with pytest.raises(MalformedAnswer):
        read_feed(text, "feed")


@pytest.mark.venue_facts
def test_more_digits_than_six_are_rounded_half_to_even() -> None:
    row = feed_row(price=Decimal("0.9929999999683085"), size=Decimal("1.0000005"))

    (trade,) = read_rows([row], "feed").trades

    assert trade.price == Price("0.993")
    assert trade.shares == Shares("1.000000")


BROKEN: list[dict[str, Any]] = [
    {"proxy_wallet": "0x12"},
    {"side": "HOLD"},
    {"token_id": "one"},
    {"token_id": ""},
    {"condition_id": "0xabc"},
    {"size": 0},
    {"size": Decimal("0.0000001")},
    {"size": -1},
    {"size": "many"},
    {"size": None},
    {"size": True},
    {"size": 1.5},
    {"size": Decimal("1e40")},
    {"price": Decimal("1.01")},
    {"price": Decimal("-0.01")},
    {"timestamp": "yesterday"},
    {"timestamp": 0},
    {"timestamp": True},
    {"timestamp": 10**17},
    {"timestamp": "0001-01-01T00:00:00+14:00"},
    {"size": Decimal("1e999999")},
    {"price": Decimal("1e-999999"), "size": Decimal("1e999999")},
    {"transaction_hash": ""},
    {"transaction_hash": None},
    {"transaction_hash": "0x" + "0" * 64},
    {"transaction_hash": "0xab"},
]


@pytest.mark.parametrize("changes", BROKEN, ids=[str(broken) for broken in BROKEN])
def test_a_row_that_cannot_be_read_is_quarantined_and_the_rest_goes_on(changes: dict[str, Any]) -> None:
    broken = feed_row(**changes)

    page = read_rows([feed_row(), broken, feed_row(price=Decimal("0.41"))], "feed")

    assert len(page.trades) == 2
    (row,) = page.quarantined
    assert row.source == "feed"
    assert row.reason
    assert row.raw == raw_text(broken)


@pytest.mark.parametrize("row", [None, 7, "text", [], {}])
def test_something_that_is_no_row_is_quarantined(row: object) -> None:
    assert len(read_rows([row], "feed").quarantined) == 1


UNUSED: list[dict[str, Any]] = [
    *({"outcome_index": index} for index in (999, "999", -1, 1.5, "", None, [], True)),
    *({name: value} for name in ("outcome", "title", "slug") for value in (None, 7, {}, ["x"])),
    {"event_slug": None, "name": 5, "profile_image": [1], "timestamp_of_nothing": "never"},
    {"type": None},
    {"type": ""},
    {"side": "buy"},
]


@pytest.mark.parametrize("changes", UNUSED, ids=[str(unused) for unused in UNUSED])
def test_a_field_that_nothing_is_decided_by_costs_no_row(changes: dict[str, Any]) -> None:
    page = read_rows([feed_row(**changes)], "feed")

    assert (len(page.trades), page.quarantined) == (1, [])
    assert page.trades[0].token_id == YES


def test_display_fields_and_the_outcomes_number_may_be_left_out() -> None:
    row = {key: value for key, value in feed_row().items() if key not in {"outcome", "outcome_index", "title", "slug"}}

    (trade,) = read_rows([row], "feed").trades

    assert (trade.outcome, trade.outcome_index, trade.title) == ("", None, "")


def test_a_number_that_no_decimal_holds_costs_its_own_row_only() -> None:
    good = raw_text(feed_row())
    endless = good.replace("0.4", "1e99999999999999999999")
    longest = good.replace("12.5", "9" * 5000)

    page = read_feed(f"[{good},{endless},{longest}]", "feed")

    assert len(page.trades) == 1
    assert [row.raw for row in page.quarantined] == [endless, longest]


def test_a_row_that_is_nested_without_end_costs_itself_only() -> None:
    nested: Any = []
    for _ in range(5_000):
        nested = [nested]

    page = read_rows([feed_row(size=nested), feed_row()], "feed")

    assert (len(page.trades), len(page.quarantined)) == (1, 1)


def test_a_row_set_aside_names_the_trader_it_is_of() -> None:
    theirs = read_rows([feed_row(size=None)], "feed", of_trader=TRADER)
    others = read_rows([feed_row(proxy_wallet="0x" + "99" * 20)], "feed", of_trader=TRADER)

    assert [row.trader for row in (*theirs.quarantined, *others.quarantined)] == [TRADER, None]


def test_a_size_is_read_from_a_row_that_is_no_whole_trade() -> None:
    sizes = read_sizes([feed_row(transaction_hash=None, token_id=None), feed_row(type="REDEEM")])

    assert sizes == [TradeSize(time=a_moment(), usd=Usd(5))]


def test_a_row_without_a_size_is_a_trade_of_unknown_size() -> None:
    assert read_sizes([feed_row(size="many")]) == [TradeSize(time=a_moment(), usd=None)]
    assert read_sizes([feed_row(timestamp=0)]) == [TradeSize(time=None, usd=Usd(5))]


def test_a_quarantined_row_keeps_its_digits() -> None:
    text = '[{"side": "HOLD", "price": 0.10000000000000000001, "title": "Ü \\"x\\""}]'

    (row,) = read_feed(text, "feed").quarantined

    assert '"price":0.10000000000000000001' in row.raw
    assert '"title":"Ü \\"x\\""' in row.raw


def test_a_row_of_another_wallet_is_quarantined() -> None:
    page = read_rows([feed_row(proxy_wallet="0x" + "99" * 20)], "feed", of_trader=TRADER)

    assert page.trades == []
    assert "another wallet" in page.quarantined[0].reason


@pytest.mark.venue_facts
def test_an_activity_that_is_no_trade_is_counted_and_left() -> None:
    page = read_rows([feed_row(type="REDEEM", side=""), feed_row(type="TRADE")], "feed")

    assert len(page.trades) == 1
    assert page.quarantined == []
    assert page.other_activities == 1


@pytest.mark.venue_facts
def test_equal_fills_of_one_transaction_are_told_apart() -> None:
    page = read_rows([feed_row(), feed_row(price=Decimal("0.41")), feed_row(), feed_row()], "feed")

    assert [trade.occurrence for trade in page.trades] == [0, 0, 1, 2]
    assert len({trade.key for trade in page.trades}) == 4


@pytest.mark.venue_facts
def test_fills_that_become_equal_by_rounding_are_told_apart() -> None:
    rows = [feed_row(price=Decimal("0.40000001")), feed_row(price=Decimal("0.40000002"))]

    assert [trade.occurrence for trade in read_rows(rows, "feed").trades] == [0, 1]


@UNHURRIED
@given(st.lists(st.sampled_from(["0.4", "0.41", "0.42"]), max_size=30), st.integers(0, 30))
def test_a_boundary_between_pages_invents_no_trade_and_tells_of_each_that_it_leaves_out(
    prices: list[str], cut: int
) -> None:
    rows = [feed_row(price=Decimal(price)) for price in prices]
    whole = read_rows(rows, "feed").trades

    found = read_pages([rows[:cut], rows[cut:]], "feed")

    assert {trade.key for trade in found.trades} <= {trade.key for trade in whole}
    assert {trade.price for trade in found.trades} == {trade.price for trade in whole}
    assert len(found.trades) + len(found.quarantined) == len(rows)


@UNHURRIED
@pytest.mark.money_faults
@given(st.lists(st.sampled_from(["0.4", "0.41", "0.42"]), max_size=30), st.integers(0, 30), st.integers(0, 30))
def test_pages_that_overlap_hold_the_trades_of_the_whole(prices: list[str], cut: int, overlap: int) -> None:
    rows = [feed_row(price=Decimal(price), size=number + 1) for number, price in enumerate(prices)]

    found = read_pages([rows[:cut], rows[max(0, cut - overlap) :]], "feed")

    assert found.trades == read_rows(rows, "feed").trades


@UNHURRIED
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text() | st.decimals(allow_nan=False, allow_infinity=False),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
        max_leaves=12,
    )
)
def test_raw_text_is_the_json_that_arrived(value: object) -> None:
    text = raw_text(value)

    assert raw_text(parse_json(text)) == text


@UNHURRIED
@given(st.dictionaries(st.sampled_from(sorted(feed_row())), st.text() | st.integers() | st.none()))
def test_no_row_crashes_the_feed(changes: dict[str, Any]) -> None:
    page = read_rows([feed_row(**changes)], "feed")

    assert len(page.trades) + len(page.quarantined) == 1
