"""A trader's history read in steps: what each part of it holds, and the record that the kept sums make.

A pass reads the parts one after the other. The sums of trades are kept by the hour: a record is of a full hour, so that
every trade of a sum is inside its windows or outside of them together.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from live_trading.nouns.money import Usd, total_usd
from live_trading.nouns.trades import TraderRecord, TraderStats
from live_trading.signals.trader_record import TradeSize, average_size

HOUR = timedelta(hours=1)
# Rows come late; what is younger than this is read again with every pass.
OVERLAP = timedelta(days=1)
# Once a day everything is read again: a position that left a list, a row that was mended.
WHOLE_AFTER = timedelta(days=1)
# Somebody who trades right now gets by with the newer part for so long.
WHOLE_AT_LAST = timedelta(days=3)


class HistoryPart(StrEnum):
    """What is read of a trader, in this order."""

    TRADES = "TRADES"
    CLOSED = "CLOSED"
    REDEEMABLE = "REDEEMABLE"
    REDEEMABLE_LOST = "REDEEMABLE_LOST"
    MERGEABLE = "MERGEABLE"
    OPEN = "OPEN"

    def following(self) -> HistoryPart | None:
        """The part that is read after this one; None after the last."""
        parts = list(HistoryPart)
        place = parts.index(self) + 1
        return parts[place] if place < len(parts) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far the reading of a trader has come.

    `part` is None between passes; `resume` says where its next page begins. A pass that began at `began_at` reads what
    is later than `reads_after`, None for everything. All of the past up to `complete_to` is known. No record of an hour
    up to `refused_as_of` will come beside those that are there.
    """

    trader: str
    pass_number: int
    part: HistoryPart | None
    resume: str | None
    page_digest: str | None
    began_at: datetime
    reads_after: datetime | None
    complete_to: datetime | None
    whole_at: datetime | None
    has_undated_trades: bool
    refused_as_of: datetime | None
    refused_because: str | None

    def covers(self, moment: datetime) -> bool:
        """Whether everything up to then is known."""
        return self.part is None and self.complete_to is not None and self.complete_to >= moment


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeHour:
    """The trades of the hour up to and with `until`: how many, how many of them without a size, the dollars of all."""

    until: datetime
    trades: int
    unsized: int
    usd: Usd


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeSum:
    """The trades of a window of full hours: how many, how many of them without a size, the dollars of all."""

    trades: int
    unsized: int
    usd: Usd


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultCounts:
    """Ended positions of both windows of a record: how many, and how many of them with a profit."""

    recent: int
    recent_won: int
    lifetime: int
    lifetime_won: int


def full_hour(moment: datetime) -> datetime:
    """The full hour, in UTC, at or before a moment."""
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def reads_after(progress: Progress | None, now: datetime, *, is_urgent: bool) -> datetime | None:
    """From when on the next pass has to read, a full hour; None for everything."""
    if progress is None or progress.complete_to is None or progress.whole_at is None:
        return None
    age = now - progress.whole_at
    if age > WHOLE_AT_LAST or (age > WHOLE_AFTER and not is_urgent):
        return None
    return full_hour(progress.complete_to - OVERLAP)


def hours_of(trades: Iterable[TradeSize], after: datetime | None) -> list[TradeHour]:
    """The sums of the dated ones among these trades that are later than `after`, which is a full hour."""
    by_hour: dict[datetime, list[TradeSize]] = defaultdict(list)
    for each in trades:
        if each.time is not None and (after is None or each.time > after):
            hour = full_hour(each.time)
            by_hour[hour if hour == each.time else hour + HOUR].append(each)
    return [_sum(until, each) for until, each in sorted(by_hour.items())]


def stats_of_sums(
    trader: str,
    as_of: datetime,
    results: ResultCounts,
    *,
    recent: TradeSum,
    lifetime: TradeSum,
    has_undated_trades: bool,
) -> TraderStats:
    """The record as of a full hour; the same as `trader_record.stats_as_of` makes of the single rows."""

    def average(window: TradeSum) -> Usd | None:
        return None if has_undated_trades or window.unsized else average_size(window.usd, window.trades)

    return TraderStats(
        trader=trader,
        as_of=as_of,
        last_30_days=TraderRecord(
            resolved_count=results.recent, won_count=results.recent_won, average_trade_usd=average(recent)
        ),
        lifetime=TraderRecord(
            resolved_count=results.lifetime, won_count=results.lifetime_won, average_trade_usd=average(lifetime)
        ),
    )


def _sum(until: datetime, trades: Sequence[TradeSize]) -> TradeHour:
    known = [each.usd for each in trades if each.usd is not None]
    return TradeHour(until=until, trades=len(trades), unsized=len(trades) - len(known), usd=total_usd(known))
