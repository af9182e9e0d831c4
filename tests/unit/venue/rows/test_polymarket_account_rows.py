"""The venue's view of our orders: every spelling of a status, both units, and pages of lists."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from live_trading.nouns.errors import MalformedAnswer
from live_trading.nouns.money import Shares, Usd
from live_trading.nouns.orders import FillStatus, OrderType
from live_trading.nouns.trades import Side
from live_trading.polymarket.clob.account_rows import (
    VenueOrderStatus,
    order_status,
    read_order,
    read_page,
    read_trades,
    trade_status,
)
from tests.unit.venue.polymarket_builders import ORDER, UNHURRIED, order_row, own, trade_row

GTC = own(order_type=OrderType.GTC)


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        ("LIVE", VenueOrderStatus.LIVE),
        ("ORDER_STATUS_LIVE", VenueOrderStatus.LIVE),
        ("live", VenueOrderStatus.LIVE),
        ("ORDER_STATUS_MATCHED", VenueOrderStatus.MATCHED),
        ("delayed", VenueOrderStatus.DELAYED),
        ("UNMATCHED", VenueOrderStatus.UNMATCHED),
        ("INVALID", VenueOrderStatus.INVALID),
        ("CANCELED", VenueOrderStatus.CANCELLED),
        ("ORDER_STATUS_CANCELED_MARKET_RESOLVED", VenueOrderStatus.CANCELLED),
        ("CANCELED_NOT_ENOUGH_BALANCE", VenueOrderStatus.CANCELLED),
        ("CANCELED_order couldn't be fully filled. FOK orders", VenueOrderStatus.CANCELLED),
        ("CANCELED_EXPIRED_ORDER", VenueOrderStatus.EXPIRED),
        ("ORDER_STATUS_ON_HOLIDAY", VenueOrderStatus.UNRECOGNISED),
        ("", VenueOrderStatus.UNRECOGNISED),
    ],
)
def test_an_order_status_is_read_in_every_spelling(raw: str, status: VenueOrderStatus) -> None:
    assert order_status(raw) is status


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        ("TRADE_STATUS_CONFIRMED", FillStatus.CONFIRMED),
        ("confirmed", FillStatus.CONFIRMED),
        ("MATCHED_NOT_BROADCASTED", FillStatus.MATCHED),
        ("TRADE_STATUS_RETRYING", FillStatus.RETRYING),
        ("MINED", FillStatus.MINED),
        ("FAILED", FillStatus.FAILED),
        ("TRADE_STATUS_TELEPORTED", FillStatus.MATCHED),
    ],
)
def test_a_trade_status_that_is_not_known_is_not_money(raw: str, status: FillStatus) -> None:
    assert trade_status(raw) is status


@UNHURRIED
@given(st.text())
def test_no_status_crashes(raw: str) -> None:
    assert order_status(raw) in VenueOrderStatus
    assert trade_status(raw) in FillStatus


def test_an_order_keeps_the_venues_own_word() -> None:
    found = read_order(order_row(status="ORDER_STATUS_ON_HOLIDAY"), GTC)

    assert found.order_hash == ORDER
    assert found.raw_status == "ORDER_STATUS_ON_HOLIDAY"
    assert found.status is VenueOrderStatus.UNRECOGNISED


@pytest.mark.parametrize(
    "sizes",
    [
        {"original_size": "10", "size_matched": "2.5"},
        {"original_size": "10.000000", "size_matched": "2.50"},
        {"original_size": "10000000", "size_matched": "2500000"},
    ],
    ids=["human", "with zeros", "base units"],
)
def test_the_matched_part_is_told_in_either_unit(sizes: dict[str, str]) -> None:
    assert read_order(order_row(**sizes), GTC).matched == Shares("2.5")


def test_an_empty_matched_size_is_none_and_not_stated() -> None:
    empty, zero = read_order(order_row(size_matched=""), GTC), read_order(order_row(size_matched="0"), GTC)

    assert (empty.matched, empty.states_matched) == (Shares(0), False)
    assert (zero.matched, zero.states_matched) == (Shares(0), True)


@pytest.mark.money_faults
def test_a_dollar_sized_order_tells_the_dollars_that_it_has_spent_and_its_trades() -> None:
    row = order_row(order_type="FAK", original_size="5", size_matched="3", associate_trades=["t1", 7, "t2"])

    found = read_order(row, own())

    assert (found.matched_usd, found.trade_ids) == (Usd(3), ("t1", "t2"))
    assert read_order(order_row(associate_trades=None), GTC).trade_ids == ()


@pytest.mark.money_faults
@pytest.mark.parametrize("order", [1, -1])
def test_a_trade_that_is_listed_twice_is_one_trade_as_far_as_it_has_come(order: int) -> None:
    rows = [trade_row(), trade_row(status="TRADE_STATUS_CONFIRMED"), trade_row(id="trade-2")]

    found = read_trades(rows[::order]).trades

    assert {trade.venue_trade_id: trade.status for trade in found} == {
        "trade-1": FillStatus.CONFIRMED,
        "trade-2": FillStatus.MATCHED,
    }
    assert len(found) == 2


def test_a_dollar_sized_order_has_matched_at_least_what_its_dollars_buy_at_the_limit() -> None:
    row = order_row(order_type="FAK", original_size="5", size_matched="3")

    assert read_order(row, own()).matched == Shares(6)
    assert read_order(row, None).matched == Shares(6)


def test_a_buy_may_have_matched_more_shares_than_the_fewest_it_asks_for() -> None:
    row = order_row(order_type="FAK", original_size="10", size_matched="12.5")

    assert read_order(row, own()).matched == Shares("12.5")


def test_a_sell_is_sized_in_shares() -> None:
    row = order_row(order_type="FAK", side="SELL", original_size="10", size_matched="3")

    assert read_order(row, own(side=Side.SELL)).matched == Shares(3)


@pytest.mark.parametrize(
    "sizes",
    [
        {"original_size": "11"},
        {"original_size": "11000000"},
        {"original_size": "10", "size_matched": "10.5"},
        {"original_size": "10", "size_matched": "10000000"},
    ],
)
def test_a_size_that_is_not_our_orders_is_loud(sizes: dict[str, str]) -> None:
    with pytest.raises(MalformedAnswer):
        read_order(order_row(**sizes), GTC)


@pytest.mark.parametrize(
    "broken",
    [{"id": "0x12"}, {"original_size": None}, {"side": "HOLD"}, {"price": "1.5"}, {"size_matched": 0.5}],
)
def test_an_order_without_a_usable_field_is_malformed(broken: dict[str, Any]) -> None:
    with pytest.raises(MalformedAnswer) as error:
        read_order(order_row(**broken), None)

    assert next(iter(broken)) in str(error.value)


def test_a_page_knows_the_next_one() -> None:
    assert read_page({"data": [1], "next_cursor": "abc"}, "list") == ([1], "abc")
    assert read_page({"data": [], "next_cursor": "LTE="}, "list") == ([], None)
    assert read_page({"data": []}, "list") == ([], None)


def test_a_trade_that_cannot_be_read_does_not_hide_the_others() -> None:
    found = read_trades([trade_row(size="many"), trade_row(id="trade-2"), "text"])

    assert [trade.venue_trade_id for trade in found.trades] == ["trade-2"]
    assert len(found.malformed) == 2
    assert '"size":"many"' in found.malformed[0].raw


def test_dollars_and_shares_of_an_order_are_told_apart_by_the_order() -> None:
    sold_for_five = own(order_type=OrderType.GTC, usd=Usd("9.9"), shares=Shares(10))

    assert read_order(order_row(original_size="10", size_matched="1"), sold_for_five).matched == Shares(1)
