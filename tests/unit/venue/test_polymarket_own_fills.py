"""Our part of a venue trade: the complement's price, the maker's element, and the fees that nobody reports."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from live_trading.nouns.errors import MalformedAnswer
from live_trading.nouns.markets import FeeSchedule
from live_trading.nouns.money import Price, Shares, Usd, notional, total_usd
from live_trading.nouns.orders import Fill, FillStatus, LiquidityRole, OrderType
from live_trading.nouns.trades import Side
from live_trading.orders.fees import taker_fee, trade_fee
from live_trading.polymarket.clob.account_rows import read_trades
from live_trading.polymarket.clob.own_fills import fills_of_order
from live_trading.polymarket.signing.order_payload import OwnOrder
from tests.unit.venue.polymarket_builders import (
    CRYPTO_FEES,
    NO,
    ORDER,
    OTHER_ORDER,
    UNHURRIED,
    YES,
    a_moment,
    maker_row,
    own,
    trade_row,
)


def fills(*rows: Any, order_hash: str = ORDER, ours: OwnOrder | None = None) -> list[Fill]:
    return fills_of_order(read_trades(rows), order_hash, CRYPTO_FEES, ours)


def test_a_taker_fill_is_what_it_met() -> None:
    (fill,) = fills(trade_row(status="TRADE_STATUS_CONFIRMED", transaction_hash="0x" + "AB" * 32))

    assert fill == Fill(
        venue_trade_id="trade-1",
        order_hash=ORDER,
        token_id=YES,
        side=Side.BUY,
        shares=Shares(10),
        price=Price("0.5"),
        usd=Usd(5),
        fee=Usd("0.175"),
        role=LiquidityRole.TAKER,
        status=FillStatus.CONFIRMED,
        transaction_hash="0x" + "ab" * 32,
        match_time=a_moment(),
    )


def test_a_resting_buy_of_the_other_outcome_sells_ours_at_the_rest_of_a_dollar() -> None:
    met = maker_row(asset_id=NO, side="BUY", price="0.97", matched_amount="10")

    (fill,) = fills(trade_row(price="0.03", maker_orders=[met]))

    assert fill.price == Price("0.03")
    assert fill.usd == Usd("0.3")
    assert fill.fee == taker_fee(CRYPTO_FEES, Price("0.03"), Shares(10))


def test_a_fill_over_several_prices_costs_the_sum_and_not_the_top_level_price() -> None:
    met = [
        maker_row(price="0.48", matched_amount="4"),
        maker_row(asset_id=NO, side="BUY", price="0.51", matched_amount="5.5"),
        maker_row(price="0.5", matched_amount="0.5"),
    ]

    (fill,) = fills(trade_row(price="0.5", maker_orders=met))

    assert fill.usd == Usd("4.865")
    assert fill.shares == Shares(10)
    assert fill.price == Price("0.4865")


def test_a_trade_pays_one_fee_however_many_orders_it_met() -> None:
    met = [maker_row(price="0.5", matched_amount="0.0002") for _ in range(3)]

    (fill,) = fills(trade_row(size="0.0006", maker_orders=met))

    assert fill.fee == taker_fee(CRYPTO_FEES, Price("0.5"), Shares("0.0006")) == Usd("0.00001")


def test_as_maker_our_fill_is_our_element_and_free_of_fees() -> None:
    others = maker_row(matched_amount="90")
    ours = maker_row(order_id=ORDER, asset_id=NO, side="BUY", price="0.47", matched_amount="8")

    (fill,) = fills(trade_row(taker_order_id=OTHER_ORDER, size="98", price="0.53", maker_orders=[others, ours]))

    assert (fill.token_id, fill.side, fill.price) == (NO, Side.BUY, Price("0.47"))
    assert (fill.shares, fill.usd, fill.fee) == (Shares(8), Usd("3.76"), Usd(0))
    assert fill.role is LiquidityRole.MAKER


def test_a_trade_between_two_of_our_orders_is_a_fill_of_each() -> None:
    row = trade_row(maker_orders=[maker_row(order_id=OTHER_ORDER)])

    (taken,), (made,) = fills(row), fills(row, order_hash=OTHER_ORDER)

    assert (taken.role, taken.side) == (LiquidityRole.TAKER, Side.BUY)
    assert (made.role, made.side) == (LiquidityRole.MAKER, Side.SELL)


def test_trades_of_other_orders_are_none_of_ours() -> None:
    assert fills(trade_row(taker_order_id=OTHER_ORDER, maker_orders=[maker_row()])) == []


def test_fills_come_oldest_first() -> None:
    rows = [trade_row(id=name, match_time=str(1_790_586_000 + at)) for name, at in (("c", 9), ("b", 1), ("a", 1))]

    assert [fill.venue_trade_id for fill in fills(*rows)] == ["a", "b", "c"]


def test_amounts_in_base_units_are_recognised_by_our_order() -> None:
    row = trade_row(size="10000000", maker_orders=[maker_row(matched_amount="10000000")])

    assert fills(row, ours=own()) == fills(trade_row())


@pytest.mark.parametrize(
    "ours",
    [own(usd=Usd(3), shares=Shares(6)), own(order_type=OrderType.GTC, usd=Usd(3), shares=Shares(6))],
    ids=["dollar-sized", "share-sized"],
)
def test_a_fill_larger_than_our_order_is_loud(ours: OwnOrder) -> None:
    with pytest.raises(MalformedAnswer):
        fills(trade_row(), ours=ours)


def test_parts_that_do_not_add_up_to_the_trade_are_loud() -> None:
    with pytest.raises(MalformedAnswer):
        fills(trade_row(size="11"))


def test_a_taker_trade_without_makers_is_loud() -> None:
    with pytest.raises(MalformedAnswer):
        fills(trade_row(maker_orders=[]))


def test_a_broken_trade_of_our_order_is_loud() -> None:
    with pytest.raises(MalformedAnswer) as error:
        fills(trade_row(price="0.5", size=None))

    assert ORDER in error.value.raw


def test_a_broken_trade_of_another_order_stops_nothing() -> None:
    broken = trade_row(id="", taker_order_id=OTHER_ORDER)

    assert len(fills(broken, trade_row())) == 1


def test_a_market_without_fees_charges_none() -> None:
    free = FeeSchedule(rate=Decimal(0), exponent=Decimal(1))

    (fill,) = fills_of_order(read_trades([trade_row()]), ORDER, free)

    assert fill.fee == Usd(0)


LEGS = st.lists(st.tuples(st.integers(1, 999), st.integers(1, 10**10), st.booleans()), min_size=1, max_size=6)


@UNHURRIED
@given(LEGS)
def test_the_cost_is_the_sum_over_what_was_met(legs: list[tuple[int, int, bool]]) -> None:
    prices = [Price(Decimal(price).scaleb(-3)) for price, _, _ in legs]
    amounts = [Shares.of_base_units(amount) for _, amount, _ in legs]
    met = [
        maker_row(
            asset_id=NO if is_other else YES,
            price=str(1 - price.value if is_other else price.value),
            matched_amount=str(amount),
        )
        for price, amount, (_, _, is_other) in zip(prices, amounts, legs, strict=True)
    ]
    total = sum((amount.value for amount in amounts), Decimal(0))

    (fill,) = fills(trade_row(size=str(total), maker_orders=met))

    matched = list(zip(prices, amounts, strict=True))
    assert fill.shares == Shares(total)
    assert fill.usd == total_usd([notional(price, amount) for price, amount in matched])
    assert fill.fee == trade_fee(CRYPTO_FEES, matched)
