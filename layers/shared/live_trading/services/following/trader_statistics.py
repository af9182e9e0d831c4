"""Traders' records as of an hour: read in small steps beside the trading, and taken from what is stored.

A trade is judged by the snapshot of the full hour at or before it, so that nothing later than the trade counts. Who
judges reads snapshots only: one that is not there yet is evidence that is away. The keeper brings them, a turn of a few
pages a trader, least recently served first, as long as the run's time lasts; where it stops, it goes on in the next.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from live_trading.nouns.clock import Clock
from live_trading.services.following.history_reading import LEASE_SECONDS, HistoryReader
from live_trading.services.following.sources import TraderHistory
from live_trading.services.running import leasing
from live_trading.services.running.budget import Budget
from live_trading.services.running.failures import PartFailure, contained, failed_part
from live_trading.services.running.rotation import Rotation
from live_trading.signals.history_sums import Progress, full_hour, stats_of_sums
from live_trading.signals.trader_record import RecordUnavailable, unknown_result
from live_trading.store.database import leases
from live_trading.store.database.connection import Database
from live_trading.store.database.leases import Lease
from live_trading.store.feed import trader_histories, trader_stats
from live_trading.store.feed.trader_stats import StatsKey

LEASE = "trader-statistics"
STEPS_A_TURN = 10
SECONDS_A_STEP = 3.0
# Every followed trader counts in the population's mean, also one who does not trade: no snapshot gets older than this.
POPULATION_AGE = timedelta(days=1)
# Trades made longer ago are too old to be entered, whatever their trader's record says.
TRADES_FOR = timedelta(hours=6)


def snapshot_hour(moment: datetime) -> datetime:
    """The full hour, in UTC, at or before a moment: the `as_of` of the snapshot that judges a trade made then."""
    return full_hour(moment)


@dataclass(slots=True, kw_only=True)
class StatisticsReport:
    """What one run did; `ran` is False where another invocation was at it.

    `taken` counts snapshots, `steps` pages of history; `left` are traders whose reading goes on in the next run.
    """

    ran: bool = True
    taken: int = 0
    steps: int = 0
    left: list[str] = field(default_factory=list)
    failures: list[PartFailure] = field(default_factory=list)


class TraderRecords:
    """What is stored of traders' records, for those who judge by them."""

    def __init__(self, *, database: Database) -> None:
        self._database = database

    def awaited(self, keys: Collection[StatsKey]) -> set[str]:
        """Traders who have no snapshot of one of these hours yet, but may get it.

        Where the record of an hour would be a guess, its absence is the answer.
        """
        if not keys:
            return set()
        with self._database.transaction() as transaction:
            taken = trader_stats.find(transaction, keys)
            progress = trader_histories.progress_of(transaction, {trader for trader, _ in keys})
        return {trader for trader, as_of in set(keys) - set(taken) if not _is_refused(progress.get(trader), as_of)}


class StatisticsKeeper:
    """Takes the snapshots that somebody needs and that are not there yet."""

    def __init__(self, *, database: Database, clock: Clock, data_api: TraderHistory, holder: str) -> None:
        """`holder` names this invocation in the lease."""
        self._database = database
        self._clock = clock
        self._reader = HistoryReader(database=database, clock=clock, data_api=data_api)
        self._holder = holder
        self._rotation = Rotation(database=database, clock=clock, name="trader-statistics")

    def run(self, budget: Budget) -> StatisticsReport:
        """One pass over the traders whose record is needed, as long as the budget lasts.

        One trader's failure is reported and does not stop the others. Raises LeaseLost or StoreUnavailable.
        """
        with leasing.held(self._database, self._clock, name=LEASE, holder=self._holder, seconds=LEASE_SECONDS) as lease:
            if lease is None:
                return StatisticsReport(ran=False)
            report = StatisticsReport()
            waiting, trading = self._wanted()
            while waiting and budget.has(SECONDS_A_STEP):
                unfinished: dict[str, list[datetime]] = {}
                for trader in self._rotation.while_time_lasts(
                    sorted(waiting), str, budget=budget, seconds_each=SECONDS_A_STEP, left=[]
                ):
                    hours = waiting.pop(trader)
                    with contained(f"record of {trader}", report.failures):
                        if not self._serve(trader, hours, lease, budget, report, is_trading=trader in trading):
                            unfinished[trader] = hours
                waiting |= unfinished
            report.left = sorted(waiting)
        return report

    def _wanted(self) -> tuple[dict[str, list[datetime]], set[str]]:
        """The hours that are needed of each trader, and who trades just now."""
        now = self._clock.now()
        with self._database.transaction() as transaction:
            missing = trader_stats.missing_of_trades(transaction, now - TRADES_FOR)
            progress = trader_histories.progress_of(transaction, {trader for trader, _ in missing})
            idle = trader_stats.without_snapshot_since(transaction, now - POPULATION_AGE)
        hours: dict[str, set[datetime]] = defaultdict(set)
        for trader, as_of in missing:
            if not _is_refused(progress.get(trader), as_of):
                hours[trader].add(as_of)
        trading = set(hours)
        for trader in idle:
            hours[trader].add(full_hour(now))
        return {trader: sorted(each) for trader, each in hours.items()}, trading

    def _serve(
        self,
        trader: str,
        hours: list[datetime],
        lease: Lease,
        budget: Budget,
        report: StatisticsReport,
        *,
        is_trading: bool,
    ) -> bool:
        """A turn of one trader; True where nothing more is to be done for them in this run."""
        with self._database.transaction() as transaction:
            progress = trader_histories.progress_of(transaction, [trader]).get(trader)
        for _ in range(STEPS_A_TURN):
            if progress is not None and progress.covers(hours[-1]):
                report.taken += self._take(progress, hours, lease, report)
                return True
            if not budget.has(SECONDS_A_STEP):
                return False
            if progress is None or progress.part is None:
                progress = self._reader.begin(trader, progress, lease, is_urgent=is_trading)
            progress = self._reader.step(progress, lease)
            report.steps += 1
        return False

    def _take(self, progress: Progress, hours: list[datetime], lease: Lease, report: StatisticsReport) -> int:
        trader, taken = progress.trader, 0
        now = self._clock.now()
        with self._database.transaction() as transaction:
            leases.renew(transaction, lease, now, LEASE_SECONDS)
            sums = trader_histories.trade_sums(transaction, trader, hours)
            for as_of in hours:
                unknown = trader_histories.unknown_result_as_of(transaction, trader, as_of)
                if unknown is not None:
                    refusal = unknown_result(trader, unknown)
                    progress = _refused(progress, as_of, refusal)
                    report.failures.append(failed_part(trader, refusal))
                    continue
                results = trader_histories.results_as_of(transaction, trader, as_of)
                recent, lifetime = sums[as_of]
                stats = stats_of_sums(
                    trader,
                    as_of,
                    results,
                    recent=recent,
                    lifetime=lifetime,
                    has_undated_trades=progress.has_undated_trades,
                )
                trader_stats.save(transaction, [stats])
                taken += 1
            trader_histories.save_progress(transaction, progress)
        return taken


def _is_refused(progress: Progress | None, as_of: datetime) -> bool:
    return progress is not None and progress.refused_as_of is not None and progress.refused_as_of >= as_of


def _refused(progress: Progress, as_of: datetime, refusal: RecordUnavailable) -> Progress:
    newest = max(progress.refused_as_of or as_of, as_of)
    return replace(progress, refused_as_of=newest, refused_because=str(refusal))
