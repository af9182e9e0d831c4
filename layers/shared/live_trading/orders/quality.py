"""How well an order was executed: what each share cost more than it might have, how much was filled, and how fast.

Slippage is signed so that positive is worse for us: paying more in a BUY, getting less in a SELL.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal
from enum import StrEnum

from live_trading.nouns.money import Price, Shares, Usd
from live_trading.nouns.trades import Side

_BASIS_POINTS = Decimal(10_000)
_MICROSECONDS_A_MILLISECOND = 1000


class Reference(StrEnum):
    """What a fill price is held against; all of them as of the decision."""

    SIGNAL = "signal"
    BEST = "best"
    MIDPOINT = "midpoint"
    LIMIT = "limit"


class Stage(StrEnum):
    """The way of a copied trade. The venue stamps trade and fill by its own clock, in whole seconds."""

    TRADE_TO_SEEN = "trade_to_seen"
    SEEN_TO_DECIDED = "seen_to_decided"
    DECIDED_TO_SENT = "decided_to_sent"
    SENT_TO_ANSWERED = "sent_to_answered"
    SENT_TO_FILLED = "sent_to_filled"
    FILLED_TO_CONFIRMED = "filled_to_confirmed"
    TRADE_TO_CONFIRMED = "trade_to_confirmed"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderTimes:
    """When each step of an order happened, as far as it has."""

    trade_time: datetime | None
    seen_at: datetime | None
    decided_at: datetime
    sent_at: datetime | None
    answered_at: datetime | None
    filled_at: datetime | None
    confirmed_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Slippage:
    """Against one reference: in basis points of it, and in dollars over the filled shares."""

    basis_points: Decimal
    usd: Usd


@dataclass(frozen=True, slots=True, kw_only=True)
class Percentiles:
    """Of `count` values, by nearest rank; all zero where there are none."""

    count: int
    p50: Decimal
    p90: Decimal
    p95: Decimal
    highest: Decimal


def slippage(side: Side, reference: Price | None, fill_price: Price | None, shares: Shares) -> Slippage | None:
    """None where one of the two prices is not known or the reference is nothing."""
    if reference is None or fill_price is None or not reference:
        return None
    worse = fill_price.value - reference.value
    if side is Side.SELL:
        worse = -worse
    basis_points = (worse / reference.value * _BASIS_POINTS).quantize(Decimal("0.01"), rounding=ROUND_HALF_EVEN)
    return Slippage(basis_points=basis_points, usd=Usd.nearest(worse * shares.value))


def fill_rate(side: Side, *, filled_usd: Usd, order_usd: Usd, filled: Shares, ordered: Shares) -> Decimal:
    """The filled part of the order, 0..1: of its dollars for a BUY, of its shares for a SELL."""
    part = filled_usd.value / order_usd.value if side is Side.BUY else filled.value / ordered.value
    return min(part, Decimal(1)).quantize(Decimal("0.0001"), rounding=ROUND_HALF_EVEN)


def latencies(times: OrderTimes) -> dict[Stage, int]:
    """Milliseconds of each stage that is complete."""
    steps = {
        Stage.TRADE_TO_SEEN: (times.trade_time, times.seen_at),
        Stage.SEEN_TO_DECIDED: (times.seen_at, times.decided_at),
        Stage.DECIDED_TO_SENT: (times.decided_at, times.sent_at),
        Stage.SENT_TO_ANSWERED: (times.sent_at, times.answered_at),
        Stage.SENT_TO_FILLED: (times.sent_at, times.filled_at),
        Stage.FILLED_TO_CONFIRMED: (times.filled_at, times.confirmed_at),
        Stage.TRADE_TO_CONFIRMED: (times.trade_time, times.confirmed_at),
    }
    return {
        stage: _milliseconds(begun, ended)
        for stage, (begun, ended) in steps.items()
        if begun is not None and ended is not None
    }


def percentiles(values: Sequence[Decimal]) -> Percentiles:
    """The distribution of some values."""
    ordered = sorted(values)

    def at(percent: int) -> Decimal:
        if not ordered:
            return Decimal(0)
        return ordered[max(0, -(-len(ordered) * percent // 100) - 1)]

    return Percentiles(count=len(ordered), p50=at(50), p90=at(90), p95=at(95), highest=at(100))


def by_stage(measured: Sequence[Mapping[Stage, int]]) -> dict[Stage, Percentiles]:
    """The percentiles of every stage over many orders."""
    return {stage: percentiles([Decimal(each[stage]) for each in measured if stage in each]) for stage in Stage}


def _milliseconds(begun: datetime, ended: datetime) -> int:
    spent = ended - begun
    microseconds = (spent.days * 86_400 + spent.seconds) * 1_000_000 + spent.microseconds
    return microseconds // _MICROSECONDS_A_MILLISECOND
