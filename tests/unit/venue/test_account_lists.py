"""Lists of an account: pages that overlap or repeat, rows that come twice, rows that cannot be read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from live_trading.nouns.errors import MalformedAnswer
from live_trading.nouns.orders import FillStatus
from live_trading.polymarket.clob.account_lists import once_each, read_open_orders, read_trade_rows, walk
from tests.unit.venue.polymarket_builders import OTHER_ORDER, order_row, trade_row

pytestmark = pytest.mark.money_faults


def pages(*contents: list[Any]) -> Callable[[str | None], object]:
    """A list in pages, each with a cursor of its own."""

    def ask(cursor: str | None) -> object:
        number = int(cursor or 0)
        following = str(number + 1) if number + 1 < len(contents) else "LTE="
        return {"data": contents[number], "next_cursor": following}

    return ask


def test_an_order_with_a_price_above_one_is_set_aside_alone() -> None:
    found = read_open_orders([order_row(), order_row(id=OTHER_ORDER, price="1.5")])

    assert [order.order_hash for order in found.orders] == [order_row()["id"]]
    (row,) = found.malformed
    assert "1.5" in row.raw


@pytest.mark.parametrize(
    "row",
    [
        None,
        7,
        [],
        "order",
        order_row(price="NaN"),
        order_row(price="1e999"),
        order_row(original_size="9" * 60),
        order_row(price=None),
        order_row(id="0x"),
        order_row(order_type=None),
    ],
)
def test_whatever_is_wrong_with_a_resting_order_stops_no_other(row: Any) -> None:
    found = read_open_orders([row, order_row(id=OTHER_ORDER)])

    assert [order.order_hash for order in found.orders] == [OTHER_ORDER]
    assert len(found.malformed) == 1


@pytest.mark.parametrize("change", [{"size": "1e999"}, {"size": "NaN"}, {"match_time": "9" * 18}, {"maker_orders": 3}])
def test_whatever_is_wrong_with_a_trade_stops_no_other(change: dict[str, Any]) -> None:
    found = read_trade_rows([trade_row(id="odd", **change), trade_row(id="even")])

    assert [trade.venue_trade_id for trade in found.trades] == ["even"]
    assert len(found.malformed) == 1


def test_a_trade_that_is_listed_twice_is_one_trade_as_far_as_it_has_come() -> None:
    rows = [
        trade_row(id="t1", status="TRADE_STATUS_CONFIRMED"),
        trade_row(id="t2", status="TRADE_STATUS_MATCHED"),
        trade_row(id="t1", status="TRADE_STATUS_MATCHED"),
        trade_row(id="t2", status="TRADE_STATUS_MINED"),
    ]

    found = read_trade_rows(rows)

    assert [(trade.venue_trade_id, trade.status) for trade in found.trades] == [
        ("t1", FillStatus.CONFIRMED),
        ("t2", FillStatus.MINED),
    ]


def test_lists_that_overlap_hold_each_trade_once() -> None:
    first, second = read_trade_rows([trade_row(id="t1")]), read_trade_rows([trade_row(id="t1"), trade_row(id="t2")])

    assert [trade.venue_trade_id for trade in once_each([first, second]).trades] == ["t1", "t2"]


def test_an_order_on_two_pages_rests_once() -> None:
    assert len(read_open_orders(walk(pages([order_row()], [order_row(), order_row(id=OTHER_ORDER)]), "/l")).orders) == 2


def test_a_page_that_repeats_the_one_before_it_is_a_broken_walk() -> None:
    with pytest.raises(MalformedAnswer, match="repeats the one before it"):
        list(walk(pages(*[[trade_row()]] * 30), "/data/trades"))


def test_pages_without_rows_are_no_repetition() -> None:
    assert list(walk(pages([], [], [1]), "/data/trades")) == [1]
