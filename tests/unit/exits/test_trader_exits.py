"""How much of ours is sold when the trader sells theirs, over partial sales and later entries."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from live_trading.exits.trader_exits import OwnEntry, TraderReduction, due, reduction
from live_trading.nouns.money import Shares, total_shares
from tests.unit.exits.exit_builders import NOON, fractions, sizes

pytestmark = pytest.mark.exits


def entry(minute: int, shares: str) -> OwnEntry:
    return OwnEntry(at=NOON + timedelta(minutes=minute), shares=Shares(shares))


def sale(minute: int, fraction: str) -> TraderReduction:
    return TraderReduction(at=NOON + timedelta(minutes=minute), fraction=Decimal(fraction))


@pytest.mark.parametrize(
    ("held", "sold", "fraction"),
    [("100", "25", "0.25"), ("100", "100", "1"), ("100", "100.000001", "0.6"), ("0", "5", "0.6"), ("10", "0", "0")],
)
def test_the_part_that_was_given_up_is_known_only_where_all_of_what_was_sold_is(
    held: str, sold: str, fraction: str
) -> None:
    assert reduction(Shares(held), Shares(sold), Decimal("0.6")) == Decimal(fraction)


def test_partial_sales_add_up_each_of_what_was_left() -> None:
    sales = [sale(1, "0.5"), sale(2, "0.5"), sale(3, "1")]

    assert [due([entry(0, "100")], sales[:number], Shares(0)) for number in (1, 2, 3)] == [
        Shares(50),
        Shares(75),
        Shares(100),
    ]


def test_what_was_bought_after_the_sale_stays() -> None:
    assert due([entry(0, "100"), entry(2, "40")], [sale(1, "0.5")], Shares(0)) == Shares(50)


def test_what_was_sold_for_it_already_is_not_due_again() -> None:
    assert due([entry(0, "100")], [sale(1, "0.5")], Shares("49.5")) == Shares("0.5")
    assert due([entry(0, "100")], [sale(1, "0.5")], Shares(60)) == Shares(0)


def test_a_sale_before_our_entry_is_none_of_ours() -> None:
    assert due([entry(2, "100")], [sale(1, "1")], Shares(0)) == Shares(0)


@given(
    entries=st.lists(st.tuples(st.integers(0, 9), sizes), max_size=5),
    sales=st.lists(st.tuples(st.integers(0, 9), fractions), max_size=5),
)
def test_no_more_is_due_than_was_bought_and_no_sale_makes_it_less(
    entries: list[tuple[int, Decimal]], sales: list[tuple[int, Decimal]]
) -> None:
    own = [entry(minute, str(shares)) for minute, shares in entries]
    reductions = [sale(minute, str(fraction)) for minute, fraction in sorted(sales)]

    amounts = [due(own, reductions[:number], Shares(0)) for number in range(len(reductions) + 1)]

    assert amounts == sorted(amounts)
    assert amounts[-1] <= total_shares([each.shares for each in own])
