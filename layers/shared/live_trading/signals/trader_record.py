"""A trader's record as of a moment, from closed positions and trades; nothing later counts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from live_trading.nouns.money import Usd, total_usd
from live_trading.nouns.trades import TraderRecord, TraderStats

WINDOW = timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedPosition:
    """One resolved or sold position of a trader; it won where its profit is above zero."""

    token_id: str
    closed_at: datetime
    pnl: Usd


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeSize:
    """When a trader traded, and for how many dollars."""

    time: datetime
    usd: Usd


def stats_as_of(
    trader: str, as_of: datetime, closed_positions: Sequence[ClosedPosition], trades: Sequence[TradeSize]
) -> TraderStats:
    """Counts and average size over the 30 days before `as_of` and over everything before it."""
    return TraderStats(
        trader=trader,
        as_of=as_of,
        last_30_days=_record(closed_positions, trades, as_of - WINDOW, as_of),
        lifetime=_record(closed_positions, trades, None, as_of),
    )


def prior_mean(stats: Iterable[TraderStats]) -> Decimal | None:
    """The win rate of all these traders' lifetimes together; None where none has a resolved position."""
    records = [each.lifetime for each in stats]
    resolved = sum(record.resolved_count for record in records)
    if resolved == 0:
        return None
    return Decimal(sum(record.won_count for record in records)) / Decimal(resolved)


def chosen_record(stats: TraderStats, minimum: int) -> TraderRecord:
    """The 30 days where they hold at least `minimum` resolved positions, else the lifetime."""
    recent = stats.last_30_days
    return recent if recent.resolved_count >= max(minimum, 1) else stats.lifetime


def _record(
    closed: Sequence[ClosedPosition], trades: Sequence[TradeSize], after: datetime | None, until: datetime
) -> TraderRecord:
    def inside(moment: datetime) -> bool:
        return moment <= until and (after is None or moment > after)

    positions = [each for each in closed if inside(each.closed_at)]
    sizes = [each.usd for each in trades if inside(each.time)]
    return TraderRecord(
        resolved_count=len(positions),
        won_count=sum(1 for each in positions if each.pnl.is_positive),
        average_trade_usd=_average(sizes),
    )


def _average(sizes: list[Usd]) -> Usd | None:
    """None for no trades, and for trades too small to have an average on six places."""
    if not sizes:
        return None
    average = Usd.nearest(total_usd(sizes).value / len(sizes))
    return average or None
