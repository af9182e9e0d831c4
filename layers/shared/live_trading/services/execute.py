"""lt-execute: one pass from new source trades to orders at the venue, for every wallet and strategy.

Reconciles before it opens anything, so that budgets and cash are judged on what the venue really did, and once more
after it has posted, so that fills are in the ledger when it ends.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from live_trading.nouns.clock import Clock
from live_trading.nouns.decisions import Evaluation, Reason, Verdict
from live_trading.nouns.errors import StopEverything
from live_trading.nouns.markets import OrderBook
from live_trading.nouns.money import Usd
from live_trading.nouns.wallets import TradingWallet
from live_trading.polymarket.account import VenueAccount
from live_trading.polymarket.market_data import MarketData
from live_trading.services import evaluation
from live_trading.services.entry import Candidate, EntryDesk, decision_record
from live_trading.services.evaluation import PreparedTrade, Subject
from live_trading.services.evidence import EvidenceGatherer
from live_trading.services.failures import PART_FAILURES, PartFailure, failed_part
from live_trading.services.ingest import Ingest, IngestReport
from live_trading.services.leasing import held
from live_trading.services.posting import OrderPoster
from live_trading.services.reconcile import Reconciler, ReconcileReport
from live_trading.signals.evaluate import evaluate
from live_trading.store import decisions, leases, ledger, live_strategies
from live_trading.store.database import Database
from live_trading.store.decisions import DecisionRecord
from live_trading.store.leases import Lease
from live_trading.store.live_strategies import LiveStrategy

LEASE = "lt-execute"
LEASE_SECONDS = 110


@dataclass(slots=True, kw_only=True)
class ExecuteReport:
    """What one run did: decisions by reason, orders by the state that the answer to their POST proved."""

    ran: bool
    ingest: IngestReport | None = None
    decisions: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    orders: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    reconciled: list[ReconcileReport] = field(default_factory=list)
    failures: list[PartFailure] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Session:
    """What the entries of one strategy in one run share."""

    lease: Lease
    strategy: LiveStrategy
    subject: Subject
    account: VenueAccount
    is_eligible: bool


class Executor:
    """Trades every active strategy's accepted signals."""

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        ingest: Ingest,
        evidence: EvidenceGatherer,
        market_data: MarketData,
        account: Callable[[TradingWallet], VenueAccount],
        may_open: Callable[[VenueAccount], bool],
        reconciler: Reconciler,
        desk: EntryDesk,
        holder: str,
    ) -> None:
        """`may_open` asks the venue whether this account may open positions now; anything but a clear yes is a no."""
        self._database = database
        self._clock = clock
        self._ingest = ingest
        self._evidence = evidence
        self._market_data = market_data
        self._account = account
        self._may_open = may_open
        self._reconciler = reconciler
        self._desk = desk
        self._poster = OrderPoster(database=database, clock=clock, actor=holder)
        self._holder = holder

    def run(self) -> ExecuteReport:
        """One pass. Safe to repeat and to overlap: the lease lets one invocation act.

        One wallet's, strategy's or trade's failure is reported and does not stop the others. Raises StoreUnavailable,
        and LeaseLost where another invocation has taken over.
        """
        with held(self._database, self._clock, name=LEASE, holder=self._holder, seconds=LEASE_SECONDS) as lease:
            report = ExecuteReport(ran=lease is not None)
            if lease is None:
                return report
            report.ingest = self._ingest.run()
            with self._database.transaction() as transaction:
                wallets = live_strategies.trading_wallets(transaction)
            for wallet in wallets:
                try:
                    self._run_wallet(lease, wallet, report)
                except PART_FAILURES as error:
                    report.failures.append(failed_part(f"wallet {wallet.trading_wallet_id}", error))
        return report

    def _run_wallet(self, lease: Lease, wallet: TradingWallet, report: ExecuteReport) -> None:
        report.reconciled.append(self._reconciler.run(lease, wallet))
        with self._database.transaction() as transaction:
            strategies = live_strategies.active(transaction, wallet.trading_wallet_id)
        sent = 0
        for strategy in strategies:
            try:
                sent += self._run_strategy(lease, wallet, strategy, report)
            except PART_FAILURES as error:
                report.failures.append(failed_part(f"strategy {strategy.lt_strategy_id}", error))
        if sent:
            after = ReconcileReport()
            self._reconciler.follow_orders(lease, wallet, after)
            report.reconciled.append(after)
        now = self._clock.now()
        with self._database.transaction() as transaction:
            leases.assert_held(transaction, lease)
            for strategy in strategies:
                live_strategies.project_state(transaction, strategy, now)

    def _run_strategy(self, lease: Lease, wallet: TradingWallet, strategy: LiveStrategy, report: ExecuteReport) -> int:
        """Decides every pending trade of one strategy; returns how many orders were sent."""
        with self._database.transaction() as transaction:
            subject = evaluation.strategy_subject(transaction, strategy.lt_strategy_id)
            pending = evaluation.undecided_for_strategy(transaction, subject)
        if not pending:
            return 0
        evidence = self._evidence.gather(pending, lease, self._clock.now())
        report.failures += evidence.failures
        now = self._clock.now()
        with self._database.transaction() as transaction:
            bankroll = ledger.balances_of_strategy(transaction, strategy.lt_strategy_id).available
            prepared = evaluation.inputs_for(
                transaction,
                subject,
                evidence.ready,
                bankroll=bankroll,
                now=now,
                max_signal_age_seconds=strategy.max_signal_age_seconds,
            )
        return self._decide(lease, wallet, strategy, subject, prepared, bankroll, report)

    def _decide(
        self,
        lease: Lease,
        wallet: TradingWallet,
        strategy: LiveStrategy,
        subject: Subject,
        prepared: Sequence[PreparedTrade],
        bankroll: Usd,
        report: ExecuteReport,
    ) -> int:
        hopeful = [each for each in prepared if evaluate(each.inputs).verdict is Verdict.ACCEPTED]
        session: _Session | None = None
        books: dict[str, OrderBook] = {}
        if hopeful:
            tokens = sorted({each.inputs.trade.token_id for each in hopeful})
            account = self._account(wallet)
            session = _Session(
                lease=lease,
                strategy=strategy,
                subject=subject,
                account=account,
                is_eligible=self._may_open(account),
            )
            if session.is_eligible:
                books = self._market_data.books(tokens)
                account.prime(tokens)
        sent = 0
        refused: list[DecisionRecord] = []
        for each in prepared:
            judged = evaluate(replace(each.inputs, bankroll=bankroll))
            if judged.verdict is Verdict.ACCEPTED and session is not None:
                judged = _with_outside_reason(session, judged, books.get(each.inputs.trade.token_id))
            if judged.verdict is Verdict.REJECTED or session is None:
                refused.append(decision_record(subject, each, judged, self._clock.now(), []))
                report.decisions[judged.reason] += 1
                continue
            reserved = self._trade(session, each, judged, books[each.inputs.trade.token_id], report)
            bankroll -= reserved
            sent += 1 if reserved else 0
        self._record(lease, subject, refused)
        return sent

    def _trade(
        self,
        session: _Session,
        prepared: PreparedTrade,
        judged: Evaluation,
        book: OrderBook,
        report: ExecuteReport,
    ) -> Usd:
        """Enters and sends one order; returns what it reserved, nothing where it came to none."""
        market = prepared.inputs.market
        if market is None:
            raise StopEverything(f"trade {prepared.source_trade_id} was accepted without a market")
        candidate = Candidate(prepared=prepared, evaluation=judged, market=market, book=book)
        try:
            entered = self._desk.enter(session.lease, session.account, session.strategy, session.subject, candidate)
            report.decisions[entered.reason] += 1
            if entered.lt_order_id is None:
                return Usd.zero()
            state = self._poster.send(session.lease, session.account, entered.lt_order_id)
        except PART_FAILURES as error:
            report.failures.append(failed_part(f"trade {prepared.source_trade_id}", error))
            return Usd.zero()
        report.orders[state] += 1
        return entered.reserved

    def _record(self, lease: Lease, subject: Subject, refused: Sequence[DecisionRecord]) -> None:
        now = self._clock.now()
        with self._database.transaction() as transaction:
            leases.assert_held(transaction, lease)
            decisions.record(transaction, refused)
            evaluation.settle(transaction, subject, now)


def _with_outside_reason(session: _Session, judged: Evaluation, book: OrderBook | None) -> Evaluation:
    """An accepted trade that cannot be placed now for a reason outside its evaluation."""
    if not session.is_eligible:
        return replace(judged, verdict=Verdict.REJECTED, reason=Reason.NOT_ELIGIBLE, stake=Usd.zero())
    if book is None:
        return replace(judged, verdict=Verdict.REJECTED, reason=Reason.BOOK_UNAVAILABLE, stake=Usd.zero())
    return judged
