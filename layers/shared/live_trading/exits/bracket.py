"""The bracket: a resting sale at the take-profit's price, kept at the venue while a position is held.

What rests is in a sale already, so that it has to end before another sale of the position is placed. An order that
rests lives for minutes: it is renewed by the looks that come after its end, and outlives a dead system by no more.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from live_trading.exits.triggers import take_level
from live_trading.nouns.exits import ExitDecision, ExitReason, ExitRules, HoldReason, OpenShares
from live_trading.nouns.money import Price, Shares
from live_trading.orders.rounding import GTD_VALID_FOR, ceil_to_tick


class CancelReason(StrEnum):
    """Why a bracket is taken from the venue before its end."""

    STOPPED = "stopped"
    OTHER_EXIT = "other_exit"
    SWITCHED_OFF = "switched_off"
    LEVEL_MOVED = "level_moved"


@dataclass(frozen=True, slots=True, kw_only=True)
class RestingBracket:
    """A bracket that has not ended: it may still sell `rest` at `limit`."""

    lt_order_id: UUID
    limit: Price
    rest: Shares


@dataclass(frozen=True, slots=True, kw_only=True)
class Venue:
    """What the venue asks of a resting order, and its best bid."""

    tick: Price
    minimum: Shares
    best_bid: Price | None


@dataclass(frozen=True, slots=True)
class Nothing:
    """No bracket rests, and none is placed."""


@dataclass(frozen=True, slots=True)
class Keep:
    """The bracket stays, and a take-profit is left to it."""


@dataclass(frozen=True, slots=True)
class Cancel:
    """The bracket has to end; until that is proved nothing else of the position is sold."""

    reason: CancelReason


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A GTD sale that rests."""

    limit: Price
    shares: Shares
    expires_at: datetime


BracketStep = Nothing | Keep | Cancel | Place


def bracket_step(
    position: OpenShares,
    rules: ExitRules,
    decision: ExitDecision,
    venue: Venue,
    resting: RestingBracket | None,
    now: datetime,
    *,
    may_rest: bool,
) -> BracketStep:
    """What to do about the bracket of a position at one look.

    The position's `sellable` is without what rests; `decision` is what the rules want of both together. Not
    `may_rest`: a lock wants nothing resting. One is placed only while no rule has fired.
    """
    limit = _limit(position, rules, venue.tick)
    if resting is not None:
        reason = _why_not(rules, decision, resting, limit, may_rest=may_rest)
        return Keep() if reason is None else Cancel(reason)
    if limit is None or not may_rest or decision.hold is not HoldReason.NOT_TRIGGERED:
        return Nothing()
    is_over = position.ends_at is not None and now >= position.ends_at
    is_marketable = venue.best_bid is not None and limit <= venue.best_bid
    if is_over or is_marketable or not position.sellable.is_positive or position.sellable < venue.minimum:
        return Nothing()
    return Place(limit=limit, shares=position.sellable, expires_at=now + GTD_VALID_FOR)


def _why_not(
    rules: ExitRules, decision: ExitDecision, resting: RestingBracket, limit: Price | None, *, may_rest: bool
) -> CancelReason | None:
    if not may_rest:
        return CancelReason.STOPPED
    if decision.exit is not None and decision.exit.reason is not ExitReason.TAKE_PROFIT:
        return CancelReason.OTHER_EXIT
    if not rules.bracket_take_profit:
        return CancelReason.SWITCHED_OFF
    return None if resting.limit == limit else CancelReason.LEVEL_MOVED


def _limit(position: OpenShares, rules: ExitRules, tick: Price) -> Price | None:
    """The take-profit's level on the grid, never under it; None where it is off or above every price of the grid."""
    level = take_level(rules, position.paid.value / position.shares.value) if rules.bracket_take_profit else None
    if level is None or level > Decimal(1) - tick.value:
        return None
    return ceil_to_tick(level, tick)
