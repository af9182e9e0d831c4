"""Lots as they left, first in, first out: what is told of them comes to what was booked, whatever was taken back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from live_trading.ledger.accounts import TransactionKind
from live_trading.ledger.disposals import BookedMove, Disposal, DisposalKind, Disposed, disposed
from live_trading.ledger.lots import PositionMove, position_book
from live_trading.nouns.money import Shares, Usd, total_usd

pytestmark = pytest.mark.exits

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
FILL, REVERSAL, RESOLUTION = TransactionKind.FILL, TransactionKind.REVERSAL, TransactionKind.RESOLUTION


def move(
    minute: int,
    shares: str,
    cost: str,
    realised: str = "0",
    fee: str = "0",
    kind: TransactionKind = FILL,
) -> BookedMove:
    return BookedMove(
        ledger_transaction_id=minute,
        kind=kind,
        move=PositionMove(
            at=NOON + timedelta(minutes=minute),
            shares=Shares(shares),
            cost=Usd(cost),
            realised=Usd(realised),
            fee=Usd(fee),
            takes_back=kind is REVERSAL,
        ),
    )


def brief(each: Disposal) -> tuple[str, int | None, str, str, str, str]:
    minute = None if each.acquired_at is None else int((each.acquired_at - NOON).total_seconds()) // 60
    return (
        each.kind.value,
        minute,
        f"{each.shares.value:.0f}",
        f"{each.cost.value:.2f}",
        f"{each.proceeds.value:.2f}",
        f"{each.fees.value:.2f}",
    )


def test_a_sale_is_told_lot_by_lot_with_its_part_of_proceeds_and_fees() -> None:
    found = disposed(
        [move(0, "10", "4", fee="0.10"), move(1, "10", "6", fee="0.20"), move(2, "-15", "-7.5", "3", fee="0.30")]
    )

    assert [brief(each) for each in found.disposals] == [
        ("SOLD", 0, "10", "4.00", "7.00", "0.30"),
        ("SOLD", 1, "5", "3.00", "3.50", "0.20"),
    ]
    assert [(lot.shares, lot.cost, lot.fees) for lot in found.held] == [(Shares(5), Usd(3), Usd("0.1"))]
    assert found.disposals[0].gain == Usd("2.7")


@pytest.mark.parametrize(("payout", "kind"), [("10", DisposalKind.REDEEMED), ("0", DisposalKind.LOST)])
def test_a_resolution_redeems_or_loses(payout: str, kind: DisposalKind) -> None:
    found = disposed([move(0, "10", "4"), move(1, "-10", "-4", str(Usd(payout) - Usd(4)), kind=RESOLUTION)])

    assert [(each.kind, each.proceeds) for each in found.disposals] == [(kind, Usd(payout))]


def test_a_purchase_that_did_not_settle_is_no_disposal() -> None:
    found = disposed([move(0, "10", "4"), move(1, "5", "3", fee="0.1"), move(2, "-5", "-3", fee="-0.1", kind=REVERSAL)])

    assert found.disposals == ()
    assert [(lot.shares, lot.cost, lot.fees) for lot in found.held] == [(Shares(10), Usd(4), Usd(0))]


def test_a_sale_that_did_not_settle_leaves_the_lots_as_they_came() -> None:
    before = [move(0, "10", "4", fee="0.1"), move(1, "10", "6", fee="0.2")]
    sold = move(2, "-15", "-7.5", "3", fee="0.3")

    found = disposed([*before, sold, move(3, "15", "7.5", "-3", fee="-0.3", kind=REVERSAL)])

    assert found.disposals == ()
    assert (found.held[0].acquired_at, found.held[0].shares) == (NOON, Shares(10))
    assert total_usd([lot.cost for lot in found.held]) == Usd(10)
    assert total_usd([lot.fees for lot in found.held]) == Usd("0.3")


def test_what_a_receipt_corrects_of_a_purchase_is_the_lots() -> None:
    fewer = disposed([move(0, "10", "4"), move(1, "-1", "-0.4", kind=TransactionKind.FILL_CORRECTION)])
    dearer = disposed([move(0, "10", "4"), move(1, "0", "0.5", kind=TransactionKind.FILL_CORRECTION)])

    assert (fewer.disposals, [lot.shares for lot in fewer.held]) == ((), [Shares(9)])
    assert [lot.cost for lot in dearer.held] == [Usd("4.5")]


def test_what_a_receipt_corrects_of_a_sale_is_its_proceeds() -> None:
    found = disposed(
        [move(0, "10", "4"), move(1, "-10", "-4", "3"), move(2, "0", "0", "-0.5", kind=TransactionKind.FILL_CORRECTION)]
    )

    assert [brief(each) for each in found.disposals] == [("SOLD", 0, "10", "4.00", "6.50", "0.00")]


def test_shares_that_no_booking_brought_have_no_day_and_cost_nothing() -> None:
    found = disposed([move(0, "-3", "0", "2")])

    assert [brief(each) for each in found.disposals] == [("SOLD", None, "3", "0.00", "2.00", "0.00")]


EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["buy", "sell", "resolve", "correct", "unbuy", "unsell"]),
        st.integers(1, 10**9),
        st.integers(0, 10**9),
        st.integers(-(10**6), 10**6),
    ),
    max_size=25,
)


@given(EVENTS)
def test_lots_and_disposals_come_to_what_was_booked_whatever_happens(events: list[tuple[str, int, int, int]]) -> None:
    moves = list(history(events))

    found = disposed(moves)

    book = position_book([each.move for each in moves])
    gains = total_usd([each.proceeds - each.cost for each in found.disposals])
    assert total_usd([lot.cost for lot in found.held]) - gains == book.cost - book.realised
    fees = total_usd([each.fees for each in found.disposals]) + total_usd([lot.fees for lot in found.held])
    assert fees == book.fees
    assert shares_of(found) == book.shares


def shares_of(found: Disposed) -> Shares:
    total = Shares.zero()
    for lot in found.held:
        total += lot.shares
    return total


def history(events: list[tuple[str, int, int, int]]) -> list[BookedMove]:
    """Moves as the ledger books them, by average cost; only what has happened is taken back, and only once."""
    moves: list[BookedMove] = []
    shares = cost = 0
    bought: list[tuple[int, int, int]] = []
    sold: list[tuple[int, int, int, int]] = []
    for number, (what, amount, usd, fee) in enumerate(events):
        out = min(amount, shares)
        average = cost if out == shares else cost * out // shares if shares else 0
        if what == "buy":
            moves.append(units(number, amount, usd, 0, fee, FILL))
            bought.append((amount, usd, fee))
            shares, cost = shares + amount, cost + usd
        elif what in ("sell", "resolve") and out:
            kind = FILL if what == "sell" else RESOLUTION
            moves.append(units(number, -out, -average, usd - average, fee, kind))
            if what == "sell":
                sold.append((out, average, usd - average, fee))
            shares, cost = shares - out, cost - average
        elif what == "correct":
            moves.append(units(number, 0, fee, 0, 0, TransactionKind.FILL_CORRECTION))
            cost += fee
        elif what == "unbuy" and bought and bought[-1][0] <= shares:
            back, paid, fee_paid = bought.pop()
            moves.append(units(number, -back, -paid, 0, -fee_paid, REVERSAL))
            shares, cost = shares - back, cost - paid
        elif what == "unsell" and sold:
            back, average, realised, fee_paid = sold.pop()
            moves.append(units(number, back, average, -realised, -fee_paid, REVERSAL))
            shares, cost = shares + back, cost + average
    return moves


def units(number: int, shares: int, cost: int, realised: int, fee: int, kind: TransactionKind) -> BookedMove:
    return BookedMove(
        ledger_transaction_id=number,
        kind=kind,
        move=PositionMove(
            at=NOON + timedelta(minutes=number),
            shares=Shares.of_base_units(shares),
            cost=Usd.of_base_units(cost),
            realised=Usd.of_base_units(realised),
            fee=Usd.of_base_units(fee),
            takes_back=kind is REVERSAL,
        ),
    )
