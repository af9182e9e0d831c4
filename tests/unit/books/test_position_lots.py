"""A position by average cost and by lots: the same money in and out, whatever order things happen in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from live_trading.ledger.lots import Lot, PositionMove, position_book
from live_trading.nouns.money import Shares, Usd, total_shares, total_usd

pytestmark = pytest.mark.exits

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)


def move(minute: int, shares: str, cost: str, realised: str = "0", *, takes_back: bool = False) -> PositionMove:
    return PositionMove(
        at=NOON + timedelta(minutes=minute),
        shares=Shares(shares),
        cost=Usd(cost),
        realised=Usd(realised),
        fee=Usd("0.01"),
        takes_back=takes_back,
    )


def test_a_sale_takes_the_oldest_shares_and_the_average_their_mean_cost() -> None:
    # 10 at 0.40, 10 at 0.60; 10 sold at 0.70: the average says 7 - 5 = 2, the lots 7 - 4 = 3.
    book = position_book([move(0, "10", "4"), move(1, "10", "6"), move(2, "-10", "-5", "2")])

    assert (book.shares, book.cost, book.realised, book.fees) == (Shares(10), Usd(5), Usd(2), Usd("0.03"))
    assert book.realised_fifo == Usd(3)
    assert book.lots == (Lot(at=NOON + timedelta(minutes=1), shares=Shares(10), cost=Usd(6)),)


def test_several_entries_add_up_and_a_partial_exit_reduces_the_oldest() -> None:
    book = position_book([move(0, "10", "4"), move(1, "5", "3"), move(2, "-4", "-1.866666", "0.4")])

    assert [lot.shares for lot in book.lots] == [Shares(6), Shares(5)]
    assert book.opened_at == NOON


def test_a_fill_that_failed_is_taken_back_from_the_newest_lot() -> None:
    book = position_book([move(0, "10", "4"), move(1, "5", "3"), move(2, "-5", "-3", takes_back=True)])

    assert book.lots == (Lot(at=NOON, shares=Shares(10), cost=Usd(4)),)
    assert (book.realised, book.realised_fifo) == (Usd(0), Usd(0))


def test_a_sale_that_failed_comes_back_at_what_it_had_cost() -> None:
    book = position_book([move(0, "10", "4"), move(1, "-10", "-4", "3"), move(2, "10", "4", "-3", takes_back=True)])

    assert (book.shares, book.cost, book.realised) == (Shares(10), Usd(4), Usd(0))
    assert (book.lots[0].cost, book.realised_fifo) == (Usd(4), Usd(0))


def test_a_correction_of_the_price_is_the_newest_lots_or_the_profits() -> None:
    held = position_book([move(0, "10", "4"), move(1, "0", "0.000001")])
    sold = position_book([move(0, "10", "4"), move(1, "-10", "-4", "3"), move(2, "0", "0.000001", "-0.5")])

    assert held.lots[0].cost == Usd("4.000001")
    assert sold.realised_fifo == Usd(3) - Usd("0.500001")


def test_a_position_that_left_has_no_lots_and_no_age() -> None:
    book = position_book([move(0, "10", "4"), move(1, "-10", "-4", "-4")])

    assert (book.lots, book.opened_at, book.realised, book.realised_fifo) == ((), None, Usd(-4), Usd(-4))


@given(
    st.lists(
        st.tuples(st.booleans(), st.integers(1, 10**9), st.integers(0, 10**9), st.booleans()),
        max_size=20,
    )
)
def test_both_accounts_say_the_same_of_the_money(events: list[tuple[bool, int, int, bool]]) -> None:
    moves: list[PositionMove] = []
    shares = cost = 0
    for is_sale, amount, usd, takes_back in events:
        if not is_sale:
            moves.append(_units(amount, usd, 0))
            shares, cost = shares + amount, cost + usd
            continue
        sold = min(amount, shares)
        out = cost if sold == shares else cost * sold // shares if shares else 0
        moves.append(_units(-sold, -out, usd - out, takes_back=takes_back))
        shares, cost = shares - sold, cost - out

    book = position_book(moves)

    assert total_shares([lot.shares for lot in book.lots]) == book.shares == Shares.of_base_units(shares)
    assert total_usd([lot.cost for lot in book.lots]) - book.realised_fifo == book.cost - book.realised
    assert not any(lot.cost.is_negative for lot in book.lots)


def _units(shares: int, cost: int, realised: int, *, takes_back: bool = False) -> PositionMove:
    return PositionMove(
        at=NOON,
        shares=Shares.of_base_units(shares),
        cost=Usd.of_base_units(cost),
        realised=Usd.of_base_units(realised),
        fee=Usd.zero(),
        takes_back=takes_back,
    )
