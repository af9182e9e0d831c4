"""Recorded rows with one field broken in every way: each is read, or set aside alone, and its neighbours are kept."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest

from live_trading.polymarket.clob.account_lists import read_open_orders, read_trade_rows
from live_trading.polymarket.clob.market_data import read_books, read_history
from live_trading.polymarket.data.feed_rows import read_rows, read_sizes
from live_trading.polymarket.data.payments import read_payments
from live_trading.polymarket.data.trader_history import (
    PositionStatus,
    positions_page,
    read_positions,
    read_resolutions,
)
from live_trading.polymarket.gamma.gamma_rows import read_markets
from live_trading.polymarket.wire.json_text import parse_json
from live_trading.signals.trader_record import RecordUnavailable, stats_as_of
from tests.recorded import recorded_case, recorded_text
from tests.unit.venue.polymarket_builders import YES, order_row, trade_row

pytestmark = [pytest.mark.money_faults, pytest.mark.venue_facts]

Row = dict[str, Any]
Path = tuple[str | int, ...]

DEEP = "[" * 50_000 + "]" * 50_000
# JSON as it could arrive, well-formed or nearly: numbers that no program holds, times at the edges of the calendar.
BROKEN = [
    *("null", "true", "false", '""', '"x"', "[]", "{}", "[null]", '[["x"]]', DEEP),
    *("0", "-1", "1e400", "-1e400", "1E-400", "1e999999999999999999999", "9" * 40, "9" * 5_000),
    *("NaN", "Infinity", "-Infinity", '"NaN"', '"Infinity"', '"1e999"', '"1_000"', '" 1 "', '"+1"', '"\\uff11"'),
    *('"0001-01-01T00:00:00+14:00"', '"9999-12-31T23:59:59-14:00"', '"1970-01-01"', '"2026-02-30"', '"0"', "0.5"),
    *("253402300800", "99999999999999999999", "-62135596800", '"2026-11-26T12:00:00+23:59:59.999999"'),
    *('"\\ud800"', '"\\u0000"', '"0x"', '"0x' + "00" * 32 + '"', '"0x' + "ab" * 20 + '"', '"' + "7" * 78 + '"'),
    *('"[\\"a\\", \\"b\\"]"', '"' + "[" * 20_000 + "]" * 20_000 + '"', '"' + "y" * 5_000 + '"', '"\xff"'),
]
MARK = "a place for the broken value"


def paths(value: Any, so_far: Path = ()) -> Iterator[Path]:
    """Every place in a row, one element of each list."""
    inside = value.items() if isinstance(value, dict) else list(enumerate(value))[:1] if isinstance(value, list) else ()
    for key, each in inside:
        yield (*so_far, key)
        yield from paths(each, (*so_far, key))


def broken(row: Row, path: Path, text: str) -> str:
    """The row's JSON text with `text` in this place."""
    found = copy.deepcopy(row)
    holder: Any = found
    for step in path[:-1]:
        holder = holder[step]
    holder[path[-1]] = MARK
    return json.dumps(found).replace(json.dumps(MARK), text)


def missing(row: Row, path: Path) -> str:
    """The row's JSON text without this place."""
    found = copy.deepcopy(row)
    holder: Any = found
    for step in path[:-1]:
        holder = holder[step]
    del holder[path[-1]]
    return json.dumps(found)


def every_break(rows: list[Row], thorough: int) -> Iterator[tuple[int, str]]:
    """Each row with each of its places broken: in every way for the first few, in a way that moves on for the rest."""
    turn = 0
    for number, row in enumerate(rows):
        for path in paths(row):
            yield number, missing(row, path)
            if number < thorough:
                ways = BROKEN
            else:
                turn += 1
                ways = [BROKEN[turn % len(BROKEN)]]
            for text in ways:
                yield number, broken(row, path, text)


def demand_that_one_row_costs_one_row(
    rows: list[Row], read: Callable[[list[object]], tuple[int, int]], *, neighbour: Row, thorough: int = 1
) -> None:
    """`read` tells how many rows of a page were kept and how many were set aside."""
    good = json.dumps(neighbour)
    assert read([parse_json(good)]) == (1, 0)
    for number, text in every_break(rows, thorough):
        page = parse_json(f"[{text}, {good}]".encode())
        assert isinstance(page, list)
        kept, aside = read(page)
        assert kept >= 1, (number, text[:300])
        assert kept + aside == 2, (number, text[:300])


def recorded_rows(name: str) -> list[Row]:
    rows: list[Row] = json.loads(recorded_text(name))
    return rows


def test_a_trade_of_the_feed_with_a_bad_field_costs_no_other() -> None:
    trades = recorded_rows("data_api_trades_global_sample.json")
    odd = json.loads(recorded_case("v2_trades_outcome_index_999.json").read_text())["data"]

    def read(page: list[object]) -> tuple[int, int]:
        found = read_rows(page, "recorded")
        return len(found.trades) + found.other_activities, len(found.quarantined)

    neighbour = trades[-1]
    demand_that_one_row_costs_one_row([*odd, *trades[:-1]], read, neighbour=neighbour)


def test_an_activity_with_a_bad_field_costs_no_other_activity() -> None:
    rows = recorded_rows("activity_sample.json")

    def read(page: list[object]) -> tuple[int, int]:
        found = read_rows(page, "recorded")
        return len(found.trades) + found.other_activities, len(found.quarantined)

    demand_that_one_row_costs_one_row(rows[:-1], read, neighbour=rows[-1])


@pytest.mark.parametrize("field", ["title", "slug", "outcome", "outcomeIndex", "icon", "name", "eventSlug"])
def test_a_field_that_is_only_shown_costs_no_trade(field: str) -> None:
    row = recorded_rows("data_api_trades_global_sample.json")[0]

    for text in [missing(row, (field,)), *(broken(row, (field,), text) for text in BROKEN)]:
        page = parse_json(f"[{text}]")
        assert isinstance(page, list)
        found = read_rows(page, "recorded")
        assert (len(found.trades), found.quarantined) == (1, []), text[:300]
        found.trades[0].title.encode("utf-8")


def test_the_size_of_a_trade_with_a_bad_field_is_unknown_and_the_others_are_known() -> None:
    rows = recorded_rows("data_api_trades_global_sample.json")

    def read(page: list[object]) -> tuple[int, int]:
        sizes = read_sizes(page)
        other_activity = len(page) - len(sizes)
        assert sizes[-1].usd is not None
        return len(sizes), other_activity

    demand_that_one_row_costs_one_row(rows[:100], read, neighbour=rows[-1])


def test_a_position_with_a_bad_field_costs_no_other() -> None:
    rows = recorded_rows("data_api_positions_sample.json")
    trader = rows[0]["proxyWallet"]
    ours = [row for row in rows if row["proxyWallet"] == trader]
    odd = json.loads(recorded_case("v2_position_last_event_at_0.json").read_text())["data"]

    def read(page: list[object]) -> tuple[int, int]:
        found = read_positions(page, trader)
        finished = positions_page({PositionStatus.REDEEMABLE: found}, {})
        with suppress(RecordUnavailable):
            stats_as_of(trader, datetime(2026, 11, 1, tzinfo=UTC), finished.positions, [])
        return len(found.rows), len(found.quarantined)

    mine = [{**row, "proxy_wallet": trader} for row in odd]
    demand_that_one_row_costs_one_row([*mine, *ours[:-1]], read, neighbour=ours[-1])


def test_a_resolution_with_a_bad_field_costs_no_other() -> None:
    rows = [
        {
            "condition_id": f"0x{number:064x}",
            "status": "resolved",
            "resolved_at": moment,
            "last_update_timestamp": 1_790_000_000,
        }
        for number, moment in enumerate([1_790_000_000, "2026-11-01T00:00:00Z", 0], start=1)
    ]

    def read(page: list[object]) -> tuple[int, int]:
        found = read_resolutions(page)
        assert rows[-1]["condition_id"] in found
        return len(found), 2 - len(found) if len(page) == 2 else 0

    demand_that_one_row_costs_one_row(rows[:-1], read, neighbour=rows[-1])


def test_a_market_with_a_bad_field_costs_no_other() -> None:
    rows = recorded_rows("gamma_markets_categories_sample.json")
    slim = [{key: value for key, value in row.items() if key not in ("description", "rewards")} for row in rows]
    (fees,) = recorded_rows("gamma_market_crypto_fees_sample.json")[:1]

    def read(page: list[object]) -> tuple[int, int]:
        found = read_markets(page)
        return len(found.markets), len(found.malformed)

    demand_that_one_row_costs_one_row([fees, *slim[:10]], read, neighbour=slim[-1])


def test_a_book_with_a_bad_field_costs_no_other_book() -> None:
    book = json.loads(recorded_text("clob_orderbook_sample.json"))
    slim = {**book, "bids": book["bids"][-3:], "asks": book["asks"][-3:]}
    neighbour = {**slim, "asset_id": YES}

    def read(page: list[object]) -> tuple[int, int]:
        found = read_books(page, [book["asset_id"], YES])
        assert YES in found
        return len(found), len(page) - len(found)

    demand_that_one_row_costs_one_row([slim], read, neighbour=neighbour)


def test_a_price_of_a_history_with_a_bad_field_costs_no_other() -> None:
    rows = [{"t": 1_700_000_000, "p": 0.5}, {"t": "1700000000", "p": "0.125"}, {"t": 1_700_000_060, "p": 1}]

    def read(page: list[object]) -> tuple[int, int]:
        found = read_history(page)
        return len(found), len(page) - len(found)

    demand_that_one_row_costs_one_row(rows, read, neighbour=rows[0])


def test_a_payment_with_a_bad_field_costs_no_other() -> None:
    rows = [
        {**row, "type": "TAKER_REBATE", "transactionHash": f"0x{number:064x}"}
        for number, row in enumerate(recorded_rows("activity_sample.json"), start=1)
    ]

    def read(page: list[object]) -> tuple[int, int]:
        found = read_payments([page])
        assert rows[-1]["transactionHash"] in {each.transaction_hash for each in found}
        return len(found), len(page) - len(found)

    demand_that_one_row_costs_one_row(rows[:-1], read, neighbour=rows[-1])


def test_a_trade_of_the_account_with_a_bad_field_costs_no_other() -> None:
    def read(page: list[object]) -> tuple[int, int]:
        found = read_trade_rows(page)
        return len(found.trades), len(found.malformed)

    demand_that_one_row_costs_one_row([trade_row()], read, neighbour=trade_row(id="trade-2"))


def test_an_open_order_with_a_bad_field_costs_no_other() -> None:
    def read(page: list[object]) -> tuple[int, int]:
        found = read_open_orders(page)
        return len(found.orders), len(found.malformed)

    demand_that_one_row_costs_one_row([order_row()], read, neighbour=order_row(id="0x" + "11" * 32))
