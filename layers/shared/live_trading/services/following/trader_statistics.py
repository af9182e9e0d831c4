"""Traders' records as of an hour, taken from the Data API once a trader and hour.

A trade is judged by the snapshot of the full hour at or before it, so that nothing later than the trade counts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from live_trading.nouns.errors import RetryLater
from live_trading.nouns.trades import TraderStats
from live_trading.services.following.sources import TraderHistory
from live_trading.services.running.failures import PART_FAILURES, PartFailure, failed_part
from live_trading.signals.trader_record import RecordUnavailable, stats_as_of
from live_trading.store.database import leases
from live_trading.store.database.connection import Database
from live_trading.store.database.leases import Lease
from live_trading.store.feed import quarantine, trader_stats
from live_trading.store.feed.trader_stats import StatsKey

# Every followed trader counts in the population's mean, also one who does not trade: no snapshot gets older than this.
POPULATION_AGE = timedelta(days=1)


def snapshot_hour(moment: datetime) -> datetime:
    """The full hour, in UTC, at or before a moment: the `as_of` of the snapshot that judges a trade made then."""
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


@dataclass(slots=True, kw_only=True)
class StatisticsReport:
    """How many snapshots were taken; `unavailable` are traders who could not be asked about just now.

    A trader whose data cannot be read at all is a failure too, but not `unavailable`: asking again would not help.
    """

    taken: int = 0
    unavailable: set[str] = field(default_factory=set)
    failures: list[PartFailure] = field(default_factory=list)


class StatisticsKeeper:
    """Takes the snapshots that somebody needs and that are not there yet."""

    def __init__(self, *, database: Database, data_api: TraderHistory) -> None:
        self._database = database
        self._data_api = data_api

    def take(self, keys: Collection[StatsKey], lease: Lease, now: datetime) -> StatisticsReport:
        """Takes the missing ones of these snapshots.

        An hour whose record would be a guess has none, and is tried again when it is next needed. Raises LeaseLost or
        StoreUnavailable.
        """
        report = StatisticsReport()
        for trader, hours in self._missing(keys).items():
            try:
                self._take(trader, hours, lease, now, report)
            except PART_FAILURES as error:
                report.failures.append(failed_part(trader, error))
                if isinstance(error, RetryLater):
                    report.unavailable.add(trader)
        return report

    def take_population(self, lease: Lease, now: datetime) -> StatisticsReport:
        """Takes one of the present hour for each followed trader whose newest is older than a day."""
        with self._database.transaction() as transaction:
            traders = trader_stats.without_snapshot_since(transaction, now - POPULATION_AGE)
        return self.take([(trader, snapshot_hour(now)) for trader in traders], lease, now)

    def _missing(self, keys: Collection[StatsKey]) -> dict[str, list[datetime]]:
        if not keys:
            return {}
        with self._database.transaction() as transaction:
            taken = trader_stats.find(transaction, keys)
        missing: dict[str, list[datetime]] = defaultdict(list)
        for trader, as_of in sorted(set(keys) - set(taken)):
            missing[trader].append(as_of)
        return missing

    def _take(self, trader: str, hours: list[datetime], lease: Lease, now: datetime, report: StatisticsReport) -> None:
        page = self._data_api.closed_positions(trader)
        sizes = self._data_api.trade_sizes(trader)
        snapshots: list[TraderStats] = []
        for as_of in hours:
            try:
                snapshots.append(stats_as_of(trader, as_of, page.positions, sizes))
            except RecordUnavailable as error:
                report.failures.append(failed_part(trader, error))
        with self._database.transaction() as transaction:
            leases.assert_held(transaction, lease)
            quarantine.record(transaction, page.quarantined, now)
            trader_stats.save(transaction, snapshots)
        report.taken += len(snapshots)
