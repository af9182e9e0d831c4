"""lt-resolve: books what the chain says of a market, once, for every strategy that holds a part of it.

Decides nothing by label or price: the payout vector and the outcome index carry the money. Conditions are booked set by
set, each set in a transaction of its own, so that a run that is killed leaves whole sets done and the rest to the next.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from live_trading.chain.reading.reader import ChainReader
from live_trading.nouns.alerts import AlertType
from live_trading.nouns.clock import Clock
from live_trading.nouns.measures.metrics import Figures, MetricName, counted
from live_trading.nouns.orders import FillStatus
from live_trading.nouns.wallets import Outcome
from live_trading.services.following.market_keeping import MarketKeeper
from live_trading.services.reconciling.reconcile import Reconciler
from live_trading.services.running.budget import Budget
from live_trading.services.running.failures import PartFailure, contained
from live_trading.services.running.leasing import held
from live_trading.services.running.together import in_chunks, together
from live_trading.services.settling import gap_explaining, resolution_booking
from live_trading.services.settling.resolution_booking import Resolved
from live_trading.settlement.outcomes import is_sold_out
from live_trading.settlement.waiting import urgency
from live_trading.store.books import resolutions
from live_trading.store.database import leases
from live_trading.store.database.connection import Database
from live_trading.store.database.leases import Lease
from live_trading.store.feed import markets
from live_trading.store.feed.markets import StoredMarket
from live_trading.store.watch import alert_sets
from live_trading.store.watch.alert_sets import NewAlert

LEASE = "lt-resolve"
LEASE_SECONDS = 120
HINT_AGE = timedelta(minutes=5)
SECONDS_TO_RESOLVE = 30.0
# What is booked in one transaction: the rows that it locks are waited for by gates and reconcilers meanwhile.
CONDITIONS_A_STEP = 500
PARTS_A_STEP = 2_000
SECONDS_A_STEP = 5.0


@dataclass(slots=True, kw_only=True)
class ResolveReport:
    """What one run did.

    `waiting` counts conditions that the chain has not resolved, `states` how far they are, `gaps` the trades whose
    difference between paper and live was explained, `settled` fills that came to their end, `left` names what time ran
    out for.
    """

    ran: bool
    resolved: int = 0
    waiting: int = 0
    unsettled: int = 0
    gaps: int = 0
    states: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    outcomes: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    settled: Counter[FillStatus] = field(default_factory=Counter)
    left: list[str] = field(default_factory=list)
    failures: list[PartFailure] = field(default_factory=list)

    def figures(self) -> Figures:
        """Markets that were booked, and fills that settled on the way."""
        return counted(
            {
                MetricName.MARKETS_RESOLVED: self.resolved,
                MetricName.FILLS_SETTLED: self.settled[FillStatus.CONFIRMED],
                MetricName.FILLS_FAILED: self.settled[FillStatus.FAILED],
            }
        )

    def saw(self, outcomes: Iterable[Outcome]) -> None:
        """Counts the outcomes of orders that ended."""
        for outcome in outcomes:
            self.outcomes[outcome] += 1


class Resolver:
    """Resolves markets of open live positions from the chain."""

    def __init__(
        self,
        *,
        database: Database,
        chain: ChainReader,
        markets: MarketKeeper,
        clock: Clock,
        reconciler: Reconciler,
        holder: str,
    ) -> None:
        """`holder` names this invocation in the lease."""
        self._markets = markets
        self._database = database
        self._chain = chain
        self._clock = clock
        self._reconciler = reconciler
        self._holder = holder

    def run(self, budget: Budget | None = None) -> ResolveReport:
        """One pass over every condition with an open position, as long as the budget lasts; safe to repeat and overlap.

        What the chain has resolved comes first.
        """
        budget = budget or Budget.unlimited()
        with held(self._database, self._clock, name=LEASE, holder=self._holder, seconds=LEASE_SECONDS) as lease:
            report = ResolveReport(ran=lease is not None)
            if lease is None:
                return report
            for pass_ in self._reconciler.run_all(budget.keeping(SECONDS_TO_RESOLVE), report.left):
                report.failures += pass_.failures
                report.settled += pass_.settled
            now = self._clock.now()
            with self._database.transaction() as transaction:
                lease = leases.renew(transaction, lease, now, LEASE_SECONDS)
            self._resolve_all(lease, report, budget)
        return report

    def _resolve_all(self, lease: Lease, report: ResolveReport, budget: Budget) -> None:
        with self._database.transaction() as transaction:
            parts = resolutions.open_conditions(transaction)
            known = markets.by_condition(transaction, parts)
        vectors = self._chain.vectors_of(known.values()) if known else {}
        resolved: list[Resolved] = []
        waiting: list[str] = []
        for condition_id, market in known.items():
            vector = vectors.get(condition_id)
            if vector is None:
                waiting.append(condition_id)
            else:
                resolved.append(Resolved(market=market, vector=vector))
        for chunk in _chunks([*sorted(each.market.condition_id for each in resolved), *sorted(waiting)], parts):
            with contained(f"sold out positions from condition {chunk[0]} on", report.failures):
                self._end_sold_out(lease, chunk, report, budget)
        self._book_all(lease, resolved, parts, report, budget)
        report.waiting = len(waiting)
        self._watch(lease, waiting, report)
        self._compare_with_paper(lease, report)

    def _end_sold_out(self, lease: Lease, condition_ids: Sequence[str], report: ResolveReport, budget: Budget) -> None:
        """Ends positions that have left as a whole; only their conditions are locked."""
        if not budget.has(SECONDS_A_STEP):
            return
        with self._database.transaction() as transaction:
            gone = [
                condition_id
                for condition_id, several in resolutions.open_positions(transaction, condition_ids).items()
                if any(is_sold_out(position.entries, position.left) for position in several)
            ]
        if gone:
            together(gone, lambda some: self._end(lease, some, report), _part, report.failures)

    def _end(self, lease: Lease, condition_ids: Sequence[str], report: ResolveReport) -> None:
        now = self._clock.now()
        with self._database.transaction() as transaction:
            leases.renew(transaction, lease, now, LEASE_SECONDS)
            outcomes = resolution_booking.end_sold_out(transaction, condition_ids, now)
        report.saw(outcomes)

    def _book_all(
        self,
        lease: Lease,
        resolved: Sequence[Resolved],
        parts: Mapping[str, int],
        report: ResolveReport,
        budget: Budget,
    ) -> None:
        """Books some conditions in one transaction, the next in another; a bad one stops itself alone."""
        by_condition = {each.market.condition_id: each for each in resolved}
        for chunk in _chunks(sorted(by_condition), parts):
            if not budget.has(SECONDS_A_STEP):
                report.left += [_part(condition_id) for condition_id in chunk]
                continue
            together(
                chunk,
                lambda some: self._book(lease, [by_condition[each] for each in some], report),
                _part,
                report.failures,
            )

    def _book(self, lease: Lease, resolved: Sequence[Resolved], report: ResolveReport) -> None:
        now = self._clock.now()
        with self._database.transaction() as transaction:
            leases.renew(transaction, lease, now, LEASE_SECONDS)
            booked = resolution_booking.book(transaction, resolved, now)
        report.saw(booked.outcomes)
        report.unsettled += len(booked.unsettled)
        report.resolved += len(resolved) - len(booked.unsettled)

    def _watch(self, lease: Lease, waiting: Sequence[str], report: ResolveReport) -> None:
        """Asks the catalogue how far the others are, and raises or ends the alerts about those that take long."""
        now = self._clock.now()
        refresh = self._markets.refresh(waiting, lease, now, fresh_for=HINT_AGE)
        report.failures += refresh.failures
        with self._database.transaction() as transaction:
            leases.assert_held(transaction, lease)
            found = markets.stored(transaction, waiting) if waiting else {}
            told = {condition_id: _alert(condition_id, stored, now) for condition_id, stored in found.items()}
            fine = [condition_id for condition_id, alert in told.items() if alert is None]
            late = [alert for alert in told.values() if alert is not None]
            alert_sets.resolve_all(transaction, alert_type=AlertType.RESOLUTION, subjects=fine, at=now)
            alert_sets.raise_all(transaction, alert_type=AlertType.RESOLUTION, alerts=late, at=now)
        for stored in found.values():
            report.states[stored.resolution_state] += 1

    def _compare_with_paper(self, lease: Lease, report: ResolveReport) -> None:
        now = self._clock.now()
        with self._database.transaction() as transaction:
            leases.assert_held(transaction, lease)
            report.gaps = gap_explaining.explain(transaction, now)


def _part(condition_id: str) -> str:
    return f"condition {condition_id}"


def _chunks(condition_ids: Sequence[str], parts: Mapping[str, int]) -> Iterator[list[str]]:
    return in_chunks(condition_ids, lambda each: parts[each], most_items=CONDITIONS_A_STEP, most_weight=PARTS_A_STEP)


def _alert(condition_id: str, stored: StoredMarket, now: datetime) -> NewAlert | None:
    severity = urgency(stored.resolution_state, stored.resolution_state_since, now)
    if severity is None:
        return None
    hours = int((now - stored.resolution_state_since).total_seconds()) // 3600
    return NewAlert(
        severity=severity,
        subject=condition_id,
        title=f"{stored.market.slug} is {stored.resolution_state} for {hours} hours",
        message="the chain has no payout vector yet; positions stay open and nothing is booked until it has",
    )
