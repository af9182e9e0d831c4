"""What a position is, from what moved it: shares, cost and realised profit, by average cost and first in, first out.

The ledger books by average cost; the lots are a second account of the same money. Both say the same of what came in and
went out, and differ in which shares it was that left.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from live_trading.nouns.money import Shares, Usd, total_shares, total_usd


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionMove:
    """One booking of a strategy's token: shares and cost as they change it, the profit that it realised, and its fee.

    `takes_back` is True for the reversal of an earlier one, which undoes the newest that it can.
    """

    at: datetime
    shares: Shares
    cost: Usd
    realised: Usd
    fee: Usd
    takes_back: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Lot:
    """Shares that came together, and what is still held of them at what they cost."""

    at: datetime
    shares: Shares
    cost: Usd


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionBook:
    """A position. `realised` is by average cost, `realised_fifo` by lots, both without `fees`.

    `opened_at` is when the oldest shares that are held came, None where none are.
    """

    shares: Shares
    cost: Usd
    realised: Usd
    realised_fifo: Usd
    fees: Usd
    lots: tuple[Lot, ...]

    @property
    def opened_at(self) -> datetime | None:
        return self.lots[0].at if self.lots else None


def position_book(moves: Iterable[PositionMove]) -> PositionBook:
    """The position that moves in the order of their booking make."""
    booked = list(moves)
    lots: list[Lot] = []
    realised_fifo = Usd.zero()
    for move in booked:
        if move.shares.is_negative:
            # What came in for the shares, whichever of them they were, is their average cost and the profit on it.
            proceeds = move.realised - move.cost
            realised_fifo += proceeds - _take(lots, -move.shares, newest_first=move.takes_back)
        elif move.shares.is_positive:
            lots.append(Lot(at=move.at, shares=move.shares, cost=move.cost))
            realised_fifo += move.realised
        else:
            realised_fifo += _correct(lots, move)
    return PositionBook(
        shares=total_shares([move.shares for move in booked]),
        cost=total_usd([move.cost for move in booked]),
        realised=total_usd([move.realised for move in booked]),
        realised_fifo=realised_fifo,
        fees=total_usd([move.fee for move in booked]),
        lots=tuple(lots),
    )


def _take(lots: list[Lot], shares: Shares, *, newest_first: bool) -> Usd:
    """Takes shares out of the lots and returns what they had cost; more than there are cost nothing."""
    left, cost = shares, Usd.zero()
    while left.is_positive and lots:
        place = -1 if newest_first else 0
        lot = lots[place]
        if lot.shares <= left:
            cost += lot.cost
            left -= lot.shares
            del lots[place]
        else:
            part = Usd.of_base_units(lot.cost.base_units * left.base_units // lot.shares.base_units)
            lots[place] = replace(lot, shares=lot.shares - left, cost=lot.cost - part)
            cost += part
            left = Shares.zero()
    return cost


def _correct(lots: list[Lot], move: PositionMove) -> Usd:
    """A correction without shares: of what the newest lot cost, or of the profit where none is held."""
    change = move.cost - move.realised
    if lots:
        lots[-1] = replace(lots[-1], cost=lots[-1].cost + change)
        return Usd.zero()
    return -change
