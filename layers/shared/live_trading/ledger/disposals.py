"""What left a position lot by lot, first in, first out: when it came, when and how it left, cost, proceeds and fees.

The same moves as `lots`, told one by one. What is taken back is undone: a purchase that did not settle takes its
newest shares away, a sale that did not gives back what it took. Costs, proceeds and fees of all lots and disposals
together are those of the moves, to the last digit.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from live_trading.ledger.accounts import TransactionKind
from live_trading.ledger.lots import PositionMove
from live_trading.nouns.money import Shares, Usd, total_usd


class DisposalKind(StrEnum):
    """SOLD for dollars, REDEEMED for what the market's resolution or a merge paid, LOST for nothing."""

    SOLD = "SOLD"
    REDEEMED = "REDEEMED"
    LOST = "LOST"


@dataclass(frozen=True, slots=True, kw_only=True)
class BookedMove:
    """One booking of a position, by the number and the kind of its transaction."""

    ledger_transaction_id: int
    kind: TransactionKind
    move: PositionMove


@dataclass(frozen=True, slots=True, kw_only=True)
class Disposal:
    """Shares of one lot that left together; `acquired_at` is None for shares that no booking brought.

    `fees` are what was paid to buy and to sell them.
    """

    ledger_transaction_id: int
    acquired_at: datetime | None
    disposed_at: datetime
    kind: DisposalKind
    shares: Shares
    cost: Usd
    proceeds: Usd
    fees: Usd

    @property
    def gain(self) -> Usd:
        """What it brought beyond cost and fees."""
        return self.proceeds - self.cost - self.fees


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldLot:
    """Shares that are held, with what they cost and what was paid to buy them."""

    acquired_at: datetime
    shares: Shares
    cost: Usd
    fees: Usd


@dataclass(frozen=True, slots=True, kw_only=True)
class Disposed:
    """What has left, in the order of its leaving, and what is held."""

    disposals: tuple[Disposal, ...]
    held: tuple[HeldLot, ...]


def disposed(moves: Iterable[BookedMove]) -> Disposed:
    """The disposals that moves make, in the order of their booking."""
    account = _Account()
    for each in moves:
        account.take(each)
    return Disposed(disposals=tuple(account.disposals), held=tuple(account.held))


@dataclass
class _Account:
    held: list[HeldLot] = field(default_factory=list)
    disposals: list[Disposal] = field(default_factory=list)

    def take(self, booked: BookedMove) -> None:
        move = booked.move
        self._booked = booked
        is_undone = move.takes_back or booked.kind is TransactionKind.FILL_CORRECTION
        if move.shares.is_positive and is_undone and (move.takes_back or move.realised):
            self._give_back(move)
        elif move.shares.is_positive:
            self.held.append(HeldLot(acquired_at=move.at, shares=move.shares, cost=move.cost, fees=move.fee))
            self._correct(proceeds=move.realised, fees=Usd.zero())
        elif move.shares.is_negative and is_undone and (move.takes_back or not move.realised):
            self._undo_purchase(move)
        elif move.shares.is_negative:
            self._dispose(booked)
        else:
            self._correct_lots(move.cost)
            self._correct(proceeds=move.realised, fees=move.fee)

    def _dispose(self, booked: BookedMove) -> None:
        move = booked.move
        parts = _taken(self.held, -move.shares, newest_first=False)
        proceeds = move.realised - move.cost
        kind = _kind_of(booked.kind, proceeds)
        for part, brought, fee in zip(
            parts,
            _split(proceeds, [part.shares for part in parts]),
            _split(move.fee, [part.shares for part in parts]),
            strict=True,
        ):
            self.disposals.append(
                Disposal(
                    ledger_transaction_id=booked.ledger_transaction_id,
                    acquired_at=part.acquired_at,
                    disposed_at=move.at,
                    kind=kind,
                    shares=part.shares,
                    cost=part.cost,
                    proceeds=brought,
                    fees=part.fees + fee,
                )
            )

    def _undo_purchase(self, move: PositionMove) -> None:
        """Shares that never came: their lot is gone, and what it had cost otherwise than they is corrected."""
        parts = _taken(self.held, -move.shares, newest_first=True)
        cost, fees = total_usd([part.cost for part in parts]), total_usd([part.fees for part in parts])
        self._correct(proceeds=move.realised - move.cost - cost, fees=move.fee + fees)

    def _give_back(self, move: PositionMove) -> None:
        """Shares that never left: the newest disposals are undone, and their lots are the oldest again."""
        left, undone = move.shares, list[Disposal]()
        while left.is_positive and self.disposals:
            part, rest = _halves(self.disposals.pop(), left)
            if rest is not None:
                self.disposals.append(rest)
            undone.insert(0, part)
            left -= part.shares
        back = [
            HeldLot(acquired_at=part.acquired_at or move.at, shares=part.shares, cost=part.cost, fees=Usd.zero())
            for part in undone
        ]
        fees = move.fee + total_usd([part.fees for part in undone])
        rest_of = move.cost - move.realised - total_usd([part.proceeds for part in undone])
        if left.is_positive:
            back.append(HeldLot(acquired_at=move.at, shares=left, cost=rest_of, fees=Usd.zero()))
        else:
            self._correct(proceeds=-rest_of, fees=Usd.zero())
        # What was paid to buy them is theirs again, what was paid to sell them is given back with the move.
        back[-1] = replace(back[-1], fees=fees)
        self.held[:0] = back

    def _correct_lots(self, cost: Usd) -> None:
        """A cost that was found to be another: the newest lot's, else of what has left."""
        if self.held:
            self.held[-1] = replace(self.held[-1], cost=self.held[-1].cost + cost)
        else:
            self._correct(proceeds=-cost, fees=Usd.zero())

    def _correct(self, *, proceeds: Usd, fees: Usd) -> None:
        """What changes a gain without shares: the newest disposal's, else the newest lot's."""
        if not proceeds and not fees:
            return
        if self.disposals:
            last = self.disposals[-1]
            self.disposals[-1] = replace(last, proceeds=last.proceeds + proceeds, fees=last.fees + fees)
        elif self.held:
            last_lot = self.held[-1]
            self.held[-1] = replace(last_lot, cost=last_lot.cost - proceeds, fees=last_lot.fees + fees)
        else:
            self.disposals.append(nothing_left(self._booked, proceeds=proceeds, fees=fees))


def nothing_left(booked: BookedMove, *, proceeds: Usd, fees: Usd) -> Disposal:
    """A gain or a loss without shares: money that was found to be more or less after they had left."""
    return Disposal(
        ledger_transaction_id=booked.ledger_transaction_id,
        acquired_at=None,
        disposed_at=booked.move.at,
        kind=_kind_of(booked.kind, proceeds),
        shares=Shares.zero(),
        cost=Usd.zero(),
        proceeds=proceeds,
        fees=fees,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    acquired_at: datetime | None
    shares: Shares
    cost: Usd
    fees: Usd


def _taken(held: list[HeldLot], shares: Shares, *, newest_first: bool) -> list[_Part]:
    """Takes shares out of the lots; what there is not has no time and cost nothing."""
    parts: list[_Part] = []
    left = shares
    while left.is_positive and held:
        place = -1 if newest_first else 0
        lot = held[place]
        took = min(lot.shares, left)
        cost, fees = _share_of(lot.cost, took, lot.shares), _share_of(lot.fees, took, lot.shares)
        parts.append(_Part(acquired_at=lot.acquired_at, shares=took, cost=cost, fees=fees))
        left -= took
        if took == lot.shares:
            del held[place]
        else:
            held[place] = replace(lot, shares=lot.shares - took, cost=lot.cost - cost, fees=lot.fees - fees)
    if left.is_positive:
        parts.append(_Part(acquired_at=None, shares=left, cost=Usd.zero(), fees=Usd.zero()))
    return parts


def _halves(whole: Disposal, most: Shares) -> tuple[Disposal, Disposal | None]:
    """The part of a disposal that has at most so many shares, and what is left of it."""
    if whole.shares <= most:
        return whole, None
    cost, proceeds, fees = (
        _share_of(amount, most, whole.shares) for amount in (whole.cost, whole.proceeds, whole.fees)
    )
    part = replace(whole, shares=most, cost=cost, proceeds=proceeds, fees=fees)
    rest = replace(
        whole,
        shares=whole.shares - most,
        cost=whole.cost - cost,
        proceeds=whole.proceeds - proceeds,
        fees=whole.fees - fees,
    )
    return part, rest


def _split(amount: Usd, shares: Sequence[Shares]) -> list[Usd]:
    """An amount by shares, to the base unit; the last part has what is left."""
    whole = sum(each.base_units for each in shares)
    parts: list[Usd] = []
    seen = given = 0
    for each in shares:
        seen += each.base_units
        upto = amount.base_units * seen // whole
        parts.append(Usd.of_base_units(upto - given))
        given = upto
    return parts


def _share_of(amount: Usd, part: Shares, whole: Shares) -> Usd:
    return amount if part == whole else Usd.of_base_units(amount.base_units * part.base_units // whole.base_units)


def _kind_of(kind: TransactionKind, proceeds: Usd) -> DisposalKind:
    if not proceeds.is_positive:
        return DisposalKind.LOST
    is_paid_out = kind in (TransactionKind.RESOLUTION, TransactionKind.REDEMPTION)
    return DisposalKind.REDEEMED if is_paid_out else DisposalKind.SOLD
