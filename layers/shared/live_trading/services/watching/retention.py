"""retention: what is over its time goes, a small batch after the other, and never while money waits for it.

Each kind takes its turn with one batch, so that a backlog of one keeps no other back; what time runs out for is gone on
with in the next run. A batch is a transaction of its own and holds nothing that trading writes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from live_trading.nouns.clock import Clock
from live_trading.services.running import leasing
from live_trading.services.running.budget import Budget
from live_trading.services.running.failures import PartFailure, contained
from live_trading.services.running.leasing import LeaseKeeper
from live_trading.store.database import leases
from live_trading.store.database.connection import Database
from live_trading.store.database.leases import Lease
from live_trading.store.watch import old_decisions, old_rows, old_snapshots
from live_trading.store.watch.old_rows import Remove, Removed

LEASE = "retention"
LEASE_SECONDS = 60
SECONDS_A_BATCH = 3.0
# Every decision of a trade has been looked at before the trade is.
AFTER_DECISIONS = timedelta(days=7)
# A record asks for the hours of the 30 days before it, and is made within days of its hour.
HOURS_OF_TRADES = timedelta(days=60)
_NEXT = {"decisions": "source trades"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Lives:
    """How long each kind of row is kept. Snapshots of equity are thinned to two an hour, later to two a day."""

    decisions: timedelta = timedelta(days=90)
    all_snapshots: timedelta = timedelta(days=2)
    hourly_snapshots: timedelta = timedelta(days=90)
    checks_of_health: timedelta = timedelta(days=30)
    kept_answers: timedelta = timedelta(days=30)
    rows_set_aside: timedelta = timedelta(days=180)
    records_of_traders: timedelta = timedelta(days=90)
    alerts: timedelta = timedelta(days=365)
    audit: timedelta = timedelta(days=730)
    asked_jobs: timedelta = timedelta(days=30)


@dataclass(slots=True, kw_only=True)
class RetentionReport:
    """What one run removed, by kind; `ran` is False where another invocation was at it.

    `left` are kinds that time ran out for.
    """

    ran: bool
    removed: Counter[str] = field(default_factory=Counter)
    left: list[str] = field(default_factory=list)
    failures: list[PartFailure] = field(default_factory=list)


class Retention:
    """Removes what is over its time."""

    def __init__(self, *, database: Database, clock: Clock, lives: Lives, holder: str) -> None:
        """`holder` names this invocation in the lease."""
        self._database = database
        self._clock = clock
        self._kinds = _kinds(lives)
        self._holder = holder

    def run(self, budget: Budget | None = None) -> RetentionReport:
        """Batch after batch until nothing is left or the budget is used up. Safe to repeat, to overlap, to be killed.

        A kind that fails is reported and left for the next run. Raises LeaseLost or StoreUnavailable.
        """
        with leasing.held(self._database, self._clock, name=LEASE, holder=self._holder, seconds=LEASE_SECONDS) as lease:
            if lease is None:
                return RetentionReport(ran=False)
            report = RetentionReport(ran=True)
            self._remove(lease, report, budget or Budget.unlimited())
        return report

    def _remove(self, lease: Lease, report: RetentionReport, budget: Budget) -> None:
        keeper = LeaseKeeper(database=self._database, clock=self._clock, lease=lease, seconds=LEASE_SECONDS)
        waiting = [kind for kind in self._kinds if kind not in _NEXT.values()]
        while waiting and budget.has(SECONDS_A_BATCH):
            kind = waiting.pop(0)
            with contained(kind, report.failures):
                batch = self._batch(keeper, kind)
                report.removed[kind] += batch.rows
                if not batch.is_done:
                    waiting.append(kind)
                elif kind in _NEXT:
                    waiting.append(_NEXT[kind])
        report.left += waiting

    def _batch(self, keeper: LeaseKeeper, kind: str) -> Removed:
        life, remove = self._kinds[kind]
        now = keeper.keep()
        with self._database.transaction() as transaction:
            leases.assert_held(transaction, keeper.lease)
            return remove(transaction, now - life, now)


def _kinds(lives: Lives) -> Mapping[str, tuple[timedelta, Remove]]:
    simple = {
        "checks of health": lives.checks_of_health,
        "kept answers": lives.kept_answers,
        "rows set aside": lives.rows_set_aside,
        "records of traders": lives.records_of_traders,
        "hours of trades": HOURS_OF_TRADES,
        "alerts": lives.alerts,
        "news": lives.alerts,
        "audit": lives.audit,
        "asked jobs": lives.asked_jobs,
    }
    return {
        "decisions": (lives.decisions, old_decisions.decisions),
        "source trades": (lives.decisions + AFTER_DECISIONS, old_decisions.source_trades),
        "snapshots by hour": (lives.all_snapshots, old_snapshots.hourly),
        "snapshots by day": (lives.hourly_snapshots, old_snapshots.daily),
        **{kind: (life, old_rows.SIMPLE[kind]) for kind, life in simple.items()},
    }
