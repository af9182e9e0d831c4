"""How much of ours is sold when the trader sells theirs, over partial sales and later entries."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from live_trading.exits.trader_exits import (
    OwnBuy,
    OwnSale,
    TraderReduction,
    TraderTrade,
    due,
    reduction,
    reductions,
    still_held,
)
from live_trading.nouns.money import Shares, total_shares
from live_trading.nouns.trades import Side
from tests.unit.exits.exit_builders import NOON, fractions, sizes

pytestmark = pytest.mark.exits

ALICE, BOB = "0x" + "a" * 40, "0x" + "b" * 40
NONE = Shares(0)


def buy(minute: int, shares: str, trader: str = ALICE) -> OwnBuy:
    return OwnBuy(at=NOON + timedelta(minutes=minute), trader=trader, shares=Shares(shares))


def left(minute: int, shares: str) -> OwnSale:
    return OwnSale(at=NOON + timedelta(minutes=minute), shares=Shares(shares))


def sale(minute: int, fraction: str, trader: str = ALICE) -> TraderReduction:
    return TraderReduction(at=NOON + timedelta(minutes=minute), trader=trader, fraction=Decimal(fraction))


@pytest.mark.parametrize(
    ("held", "sold", "fraction"),
    [("100", "25", "0.25"), ("100", "100", "1"), ("100", "100.000001", "0.6"), ("0", "5", "0.6"), ("10", "0", "0")],
)
def test_the_part_that_was_given_up_is_known_only_where_all_of_what_was_sold_is(
    held: str, sold: str, fraction: str
) -> None:
    assert reduction(Shares(held), Shares(sold), Decimal("0.6")) == Decimal(fraction)


def test_a_traders_known_trades_tell_what_each_of_their_sales_gave_up() -> None:
    def traded(minute: int, side: Side, shares: str) -> TraderTrade:
        return TraderTrade(at=NOON + timedelta(minutes=minute), side=side, shares=Shares(shares))

    trades = [
        traded(0, Side.BUY, "80"),
        traded(1, Side.SELL, "20"),
        traded(2, Side.BUY, "40"),
        traded(3, Side.SELL, "100"),
        traded(4, Side.SELL, "5"),
    ]

    found = reductions(ALICE, trades, Decimal("0.3"))

    assert [each.fraction for each in found] == [Decimal("0.25"), Decimal(1), Decimal("0.3")]


def test_sales_of_shares_that_nobody_knew_of_leave_nothing_and_take_nothing_of_what_is_bought_later() -> None:
    def traded(minute: int, side: Side, shares: str) -> TraderTrade:
        return TraderTrade(at=NOON + timedelta(minutes=minute), side=side, shares=Shares(shares))

    assert still_held([traded(0, Side.SELL, "100"), traded(1, Side.BUY, "10")]) == Shares(10)
    assert still_held([traded(0, Side.BUY, "10"), traded(1, Side.SELL, "10.5")]) == NONE


def test_partial_sales_add_up_each_of_what_was_left() -> None:
    sales = [sale(1, "0.5"), sale(2, "0.5"), sale(3, "1")]

    assert [due([buy(0, "100")], [], sales[:number], NONE) for number in (1, 2, 3)] == [
        Shares(50),
        Shares(75),
        Shares(100),
    ]


def test_what_was_bought_after_the_sale_stays() -> None:
    assert due([buy(0, "100"), buy(2, "40")], [], [sale(1, "0.5")], NONE) == Shares(50)


def test_a_sale_before_our_entry_is_none_of_ours() -> None:
    assert due([buy(2, "100")], [], [sale(1, "1")], NONE) == NONE


def test_what_was_bought_after_another_trader_stays_when_this_one_sells() -> None:
    assert due([buy(0, "100"), buy(0, "40", BOB)], [], [sale(1, "1", BOB)], NONE) == Shares(40)


def test_what_was_sold_for_it_already_is_not_due_again() -> None:
    assert due([buy(0, "100")], [], [sale(1, "0.5")], Shares("49.5")) == Shares("0.5")
    assert due([buy(0, "100")], [], [sale(1, "0.5")], Shares(60)) == NONE


def test_what_a_stop_sold_is_given_up_no_second_time() -> None:
    # A stop sold the first 50; of the 30 that were bought after it half is due.
    assert due([buy(0, "50"), buy(2, "30")], [left(1, "50")], [sale(3, "0.5")], NONE) == Shares(15)


def test_what_a_person_sold_was_everybodys_in_proportion() -> None:
    bought = [buy(0, "60"), buy(0, "40", BOB)]

    assert due(bought, [left(1, "50")], [sale(2, "1", BOB)], NONE) == Shares(20)


@given(
    bought=st.lists(st.tuples(st.integers(0, 9), sizes), max_size=5),
    gone=st.lists(st.tuples(st.integers(0, 9), sizes), max_size=3),
    sales=st.lists(st.tuples(st.integers(0, 9), fractions), max_size=5),
)
def test_no_more_is_due_than_was_bought_and_no_later_sale_makes_it_less(
    bought: list[tuple[int, Decimal]], gone: list[tuple[int, Decimal]], sales: list[tuple[int, Decimal]]
) -> None:
    own = [buy(minute, str(shares)) for minute, shares in bought]
    others = [left(minute, str(shares)) for minute, shares in gone]
    given_up = [sale(minute, str(fraction)) for minute, fraction in sorted(sales)]

    amounts = [due(own, others, given_up[:number], NONE) for number in range(len(given_up) + 1)]

    assert amounts == sorted(amounts)
    assert amounts[-1] <= total_shares([each.shares for each in own])
