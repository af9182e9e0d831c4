"""Decides the pending trades of all paper wallets in common steps, each of them committed as a whole.

A step takes the oldest trades of all wallets together, so that a burst is worked off while time lasts and no wallet
waits for another. What judging needs, the market's answers and the books are asked for once a step. One wallet's
failure stops that wallet alone, and what the database refuses stays undecided alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from live_trading.nouns.clock import Clock
from live_trading.nouns.markets import OrderBook
from live_trading.services.following import evaluation
from live_trading.services.following.evaluation import PreparedTrade, Subject, SubjectKey
from live_trading.services.following.evidence import EvidenceGatherer
from live_trading.services.following.market_keeping import MarketKeeper
from live_trading.services.paper.paper_books import BookShelf
from live_trading.services.paper.paper_planning import (
    FirstJudged,
    PaperPlan,
    first_judged,
    hopeful_tokens,
    plan_bets,
)
from live_trading.services.paper.paper_reports import LEASE_SECONDS, PaperReport
from live_trading.services.running.budget import Budget
from live_trading.services.running.failures import PartFailure, contained
from live_trading.store.database import leases
from live_trading.store.database.connection import Database
from live_trading.store.database.leases import Lease
from live_trading.store.feed import decisions, subjects
from live_trading.store.feed.source_trades import StoredTrade
from live_trading.store.paper import ft_orders

# Paper acts when a live strategy would; the wallet's own limit can only be tighter.
MAX_SIGNAL_AGE_SECONDS = 600
# So many pairs of a wallet and a trade are decided and committed together, and what that may take.
STEP = 5_000
SECONDS_A_STEP = 5.0

Pair = tuple[Subject, StoredTrade]


@dataclass(slots=True, kw_only=True)
class _Run:
    """What the steps of one run share.

    `books` are what each wallet's bets have left, `asked` the markets whose results the chain was asked for, `seen` the
    pairs that were taken up: what of them is undecided waits for the next run.
    """

    lease: Lease
    shelf: BookShelf
    report: PaperReport
    books: dict[UUID, dict[str, OrderBook]] = field(default_factory=dict)
    asked: set[str] = field(default_factory=set)
    seen: set[tuple[SubjectKey, int]] = field(default_factory=set)


class PaperDecider:
    """Takes wallets through their pending trades."""

    def __init__(self, *, database: Database, clock: Clock, evidence: EvidenceGatherer, markets: MarketKeeper) -> None:
        self._database = database
        self._clock = clock
        self._evidence = evidence
        self._markets = markets

    def run(
        self, wallets: Sequence[Subject], lease: Lease, shelf: BookShelf, report: PaperReport, budget: Budget
    ) -> None:
        """Decides what is pending, oldest first, as long as the budget lasts. Raises LeaseLost or StoreUnavailable."""
        run = _Run(lease=lease, shelf=shelf, report=report)
        while wallets:
            if not budget.has(SECONDS_A_STEP):
                report.left += [each.part for each in wallets]
                return
            pairs = self._due(wallets, run)
            if not pairs:
                return
            run.seen.update((subject.key, trade.source_trade_id) for subject, trade in pairs)
            left = self._work_off(pairs, run, budget)
            self._settle(wallets, run)
            if left:
                report.left += sorted(left)
                return

    def _due(self, wallets: Sequence[Subject], run: _Run) -> list[Pair]:
        """What is undecided and was not taken up in this run, in the order of the trades' times."""
        now = self._clock.now()
        with self._database.transaction() as transaction:
            leases.assert_held(transaction, run.lease)
            limits = [(each, MAX_SIGNAL_AGE_SECONDS) for each in wallets]
            looks = evaluation.look(transaction, wallets, now)
            if not looks.of_subjects:
                return []
            counts = evaluation.decide_too_old(transaction, limits, now, looks)
            found = evaluation.undecided(transaction, wallets, newest_first=False)
            if not found:
                counts_passed = evaluation.settle(transaction, wallets, now)
        for each in counts.values():
            run.report.decisions.update(each)
        if not found:
            for each in counts_passed.values():
                run.report.decisions.update(each)
            return []
        pairs = [
            (subject, trade)
            for subject in wallets
            for trade in found.get(subject.key, ())
            if (subject.key, trade.source_trade_id) not in run.seen
        ]
        pairs.sort(key=lambda pair: (pair[1].trade.trade_time, pair[1].source_trade_id))
        return pairs

    def _settle(self, wallets: Sequence[Subject], run: _Run) -> None:
        now = self._clock.now()
        with self._database.transaction() as transaction:
            leases.renew(transaction, run.lease, now, LEASE_SECONDS)
            passed = evaluation.settle(transaction, wallets, now)
        for each in passed.values():
            run.report.decisions.update(each)

    def _work_off(self, pairs: Sequence[Pair], run: _Run, budget: Budget) -> set[str]:
        """Decides these pairs step by step; the wallets that time ran out for."""
        for start in range(0, len(pairs), STEP):
            if not budget.has(SECONDS_A_STEP):
                return {subject.part for subject, _ in pairs[start:]}
            step = pairs[start : start + STEP]
            with contained(f"{len(step)} decisions on paper", run.report.failures):
                self._step(step, run)
        return set()

    def _step(self, pairs: Sequence[Pair], run: _Run) -> None:
        trades = {trade.source_trade_id: trade for _, trade in pairs}
        evidence = self._evidence.gather(list(trades.values()), run.lease, self._clock.now())
        run.report.failures += evidence.failures
        ready = {each.source_trade_id for each in evidence.ready}
        run.report.waiting += sum(trade.source_trade_id not in ready for _, trade in pairs)
        conditions = {each.trade.condition_id for each in evidence.ready} - run.asked
        self._markets.note_resolutions(conditions, run.lease, self._clock.now())
        run.asked |= conditions
        work: dict[SubjectKey, tuple[Subject, list[StoredTrade]]] = {}
        for subject, trade in pairs:
            if trade.source_trade_id in ready:
                work.setdefault(subject.key, (subject, []))[1].append(trade)
        plans = list(self._planned(list(work.values()), run))
        for _, plan in plans:
            run.report.failures += plan.failures
            run.report.waiting += plan.waiting
        self._apply_all(plans, run)

    def _planned(
        self, work: Sequence[tuple[Subject, Sequence[StoredTrade]]], run: _Run
    ) -> Iterator[tuple[Subject, PaperPlan]]:
        prepared = self._prepared(work)
        judged: dict[SubjectKey, list[FirstJudged]] = {}
        for subject, _ in work:
            with contained(subject.part, run.report.failures):
                judged[subject.key] = first_judged(prepared[subject.key], run.report.failures)
        run.shelf.fetch(hopeful_tokens([each for theirs in judged.values() for each in theirs]))
        for subject, _ in work:
            if subject.key in judged:
                with contained(subject.part, run.report.failures):
                    books = run.books.setdefault(subject.ft_wallet_id, {})
                    yield subject, plan_bets(subject, judged[subject.key], run.shelf, books)

    def _prepared(
        self, work: Sequence[tuple[Subject, Sequence[StoredTrade]]]
    ) -> Mapping[SubjectKey, Sequence[PreparedTrade]]:
        now = self._clock.now()
        with self._database.transaction() as transaction:
            bankrolls = subjects.paper_bankrolls(transaction, [subject.ft_wallet_id for subject, _ in work])
            return evaluation.inputs_for(
                transaction,
                work,
                bankrolls={subject.key: bankrolls[subject.ft_wallet_id] for subject, _ in work},
                now=now,
                max_signal_age_seconds={subject.key: MAX_SIGNAL_AGE_SECONDS for subject, _ in work},
            )

    def _apply_all(self, plans: Sequence[tuple[Subject, PaperPlan]], run: _Run) -> None:
        """All together; what the database does not take so, wallet by wallet, and at last decision by decision."""
        refusals: list[PartFailure] = []
        with contained(f"decisions of {len(plans)} wallets", refusals):
            self._apply([plan for _, plan in plans], run)
        if not refusals:
            return
        for subject, plan in plans:
            alone: list[PartFailure] = []
            with contained(f"decisions of {subject.name}", alone):
                self._apply([plan], run)
            if alone:
                self._apply_one_by_one(plan, run)

    def _apply_one_by_one(self, plan: PaperPlan, run: _Run) -> None:
        for record in plan.records:
            orders = tuple(order for order in plan.orders if order.source_trade_id == record.source_trade_id)
            with contained(f"trade {record.source_trade_id}", run.report.failures):
                self._apply([PaperPlan(records=(record,), orders=orders, waiting=0)], run)

    def _apply(self, plans: Sequence[PaperPlan], run: _Run) -> None:
        records = [record for plan in plans for record in plan.records]
        if not records:
            return
        now = self._clock.now()
        with self._database.transaction() as transaction:
            leases.renew(transaction, run.lease, now, LEASE_SECONDS)
            new = decisions.record(transaction, records)
            orders = [
                order
                for plan in plans
                for order in plan.orders
                if ((order.ft_wallet_id, None), order.source_trade_id) in new
            ]
            ft_orders.insert(transaction, orders)
        run.report.decisions.update(
            each.evaluation.reason.value for each in records if (each.key, each.source_trade_id) in new
        )
        run.report.orders.update(order.fill_result for order in orders)
