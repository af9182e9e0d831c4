"""A trader's record as of a moment, from closed positions and trades; nothing later counts.

A record is of everything or it is none: leaving out what cannot be dated or valued would leave out losers more often
than winners, because nobody sells or redeems those.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from live_trading.nouns.errors import GiveUp
from live_trading.nouns.money import Usd, total_usd
from live_trading.nouns.trades import TraderRecord, TraderStats

WINDOW = timedelta(days=30)


class RecordUnavailable(GiveUp):
    """A position that may belong to the record has no date or no profit, so that the record would be a guess."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedPosition:
    """One resolved or sold position of a trader; it won where its profit is above zero.

    `closed_at` and `pnl` are None where the venue does not say. Such a position cannot have ended before `not_before`,
    None where that is not known either.
    """

    token_id: str
    closed_at: datetime | None
    pnl: Usd | None
    not_before: datetime | None = None

    def may_have_ended_by(self, moment: datetime) -> bool:
        """Whether it belongs to a record as of `moment`, or may."""
        earliest = self.closed_at or self.not_before
        return earliest is None or earliest <= moment


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeSize:
    """When a trader traded, and for how many dollars; None where the row does not say."""

    time: datetime | None
    usd: Usd | None


def stats_as_of(
    trader: str, as_of: datetime, closed_positions: Sequence[ClosedPosition], trades: Sequence[TradeSize]
) -> TraderStats:
    """Counts and average size over the 30 days before `as_of` and over everything before it.

    Raises RecordUnavailable where a position that may have ended by then lacks its date or its profit. A trade whose
    size is not known leaves only the average of its window unknown.
    """
    for each in closed_positions:
        if (each.closed_at is None or each.pnl is None) and each.may_have_ended_by(as_of):
            raise unknown_result(trader, each)
    return TraderStats(
        trader=trader,
        as_of=as_of,
        last_30_days=_record(closed_positions, trades, as_of - WINDOW, as_of),
        lifetime=_record(closed_positions, trades, None, as_of),
    )


def unknown_result(trader: str, position: ClosedPosition) -> RecordUnavailable:
    """Why there is no record: this position may belong to it and lacks its date or its profit."""
    what = "date" if position.closed_at is None else "profit"
    return RecordUnavailable(f"the venue gives no {what} for the ended position of {trader} in {position.token_id}")


def prior_mean(won_count: int, resolved_count: int) -> Decimal | None:
    """The win rate of all resolved positions of a population; None where there are none."""
    if resolved_count == 0:
        return None
    return Decimal(won_count) / Decimal(resolved_count)


def chosen_record(stats: TraderStats, minimum: int) -> TraderRecord:
    """The 30 days where they hold at least `minimum` resolved positions, else the lifetime."""
    recent = stats.last_30_days
    return recent if recent.resolved_count >= max(minimum, 1) else stats.lifetime


def _record(
    closed: Sequence[ClosedPosition], trades: Sequence[TradeSize], after: datetime | None, until: datetime
) -> TraderRecord:
    def inside(moment: datetime) -> bool:
        return moment <= until and (after is None or moment > after)

    results = [each.pnl for each in closed if each.closed_at is not None and inside(each.closed_at)]
    sizes = [each.usd for each in trades if each.time is None or inside(each.time)]
    return TraderRecord(
        resolved_count=len(results),
        won_count=sum(1 for pnl in results if pnl is not None and pnl.is_positive),
        average_trade_usd=_average(sizes),
    )


def _average(sizes: list[Usd | None]) -> Usd | None:
    """None for no trades, for one of unknown size, and for trades too small to have an average on six places."""
    known = [usd for usd in sizes if usd is not None]
    return average_size(total_usd(known), len(known)) if len(known) == len(sizes) else None


def average_size(total: Usd, trades: int) -> Usd | None:
    """Dollars a trade; None for no trades, and for trades too small to have an average on six places."""
    if not trades:
        return None
    return Usd.nearest(total.value / trades) or None
