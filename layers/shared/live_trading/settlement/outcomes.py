"""How the orders of a position ended: what it was paid, shared out so that the parts sum to the whole. Pure.

A position is what one strategy bought of one token. What left it early (sales, merged pairs) and what the chain pays
for the rest belong to all its entries in proportion to their shares.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from live_trading.nouns.markets import PayoutVector
from live_trading.nouns.money import Shares, Usd, total_shares
from live_trading.nouns.wallets import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One settled BUY: its shares, what they cost, and its fee on top. Shares that a person booked have no order."""

    lt_order_id: UUID | None
    shares: Shares
    cost: Usd
    fee: Usd


@dataclass(frozen=True, slots=True, kw_only=True)
class Departure:
    """What left the position before its end: shares, what they brought, and the fees taken out of that."""

    shares: Shares
    proceeds: Usd
    fee: Usd


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderOutcome:
    """How one order ended: its outcome and its profit after all fees."""

    lt_order_id: UUID
    outcome: Outcome
    pnl: Usd


def label_of(vector: PayoutVector, outcome_index: int) -> Outcome:
    """WON for a full payout, LOST for none, SPLIT for any other share of a dollar."""
    numerator = vector.numerators[outcome_index]
    if numerator == 0:
        return Outcome.LOST
    return Outcome.WON if numerator == vector.denominator else Outcome.SPLIT


def shared_out(total: Usd, weights: Sequence[Shares]) -> list[Usd]:
    """`total` in parts by weight that sum to it exactly; all of it goes to the last where no weight is positive."""
    whole = sum(weight.base_units for weight in weights)
    parts: list[Usd] = []
    seen = 0
    given = 0
    for place, weight in enumerate(weights, start=1):
        seen += weight.base_units
        due = total.base_units if place == len(weights) else total.base_units * seen // whole if whole else 0
        parts.append(Usd.of_base_units(due - given))
        given = due
    return parts


def is_sold_out(entries: Sequence[Entry], left: Departure) -> bool:
    """Whether everything that was bought has left, so that no resolution is awaited."""
    return bool(entries) and total_shares([entry.shares for entry in entries]) == left.shares


def ended(entries: Sequence[Entry], left: Departure, payout: Usd, label: Outcome) -> list[OrderOutcome]:
    """Each order's outcome: SOLD where everything had left before, else `label`; `payout` is for what remained."""
    outcome = Outcome.SOLD if is_sold_out(entries, left) else label
    weights = [entry.shares for entry in entries]
    incomes = shared_out(left.proceeds - left.fee + payout, weights)
    return [
        OrderOutcome(lt_order_id=entry.lt_order_id, outcome=outcome, pnl=income - entry.cost - entry.fee)
        for entry, income in zip(entries, incomes, strict=True)
        if entry.lt_order_id is not None
    ]
