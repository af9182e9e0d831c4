"""lt-execute: one pass from new source trades to orders at the venue, for every wallet and strategy.

Reconciles before it opens anything, so that budgets and cash are judged on what the venue really did, and once more
after it has posted, so that fills are in the ledger when it ends.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from live_trading.nouns.clock import Clock
from live_trading.nouns.wallets import TradingWallet
from live_trading.polymarket.clob.account import VenueAccount
from live_trading.services.entering.wallet_entries import EntryCounts, StrategyTrades, WalletEntries
from live_trading.services.following import evaluation
from live_trading.services.following.evidence import EvidenceGatherer
from live_trading.services.following.ingest import Ingest, IngestReport
from live_trading.services.guarding.lock_enforcement import LockEnforcer
from live_trading.services.guarding.risk_monitor import RiskMonitor
from live_trading.services.guarding.wish_keeping import WishKeeper
from live_trading.services.reconciling.reconcile import Reconciler, ReconcileReport
from live_trading.services.running import leasing
from live_trading.services.running.failures import PART_FAILURES, PartFailure, failed_part
from live_trading.signals.config import InvalidConfig
from live_trading.store.accounts import live_strategies
from live_trading.store.accounts.live_strategies import LiveStrategy
from live_trading.store.books import ledger
from live_trading.store.database import leases
from live_trading.store.database.connection import Database
from live_trading.store.database.leases import Lease
from live_trading.store.risk import observations, risk_state

LEASE = "lt-execute"
LEASE_SECONDS = 110


@dataclass(slots=True, kw_only=True)
class ExecuteReport:
    """What one run did: decisions by reason, orders by the state that the answer to their POST proved."""

    ran: bool
    ingest: IngestReport | None = None
    decisions: dict[str, int] = field(default_factory=dict)
    orders: dict[str, int] = field(default_factory=dict)
    reconciled: list[ReconcileReport] = field(default_factory=list)
    failures: list[PartFailure] = field(default_factory=list)


class Executor:
    """Trades every active strategy's accepted signals."""

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        ingest: Ingest,
        evidence: EvidenceGatherer,
        reconciler: Reconciler,
        monitor: RiskMonitor,
        enforcer: LockEnforcer,
        wishes: WishKeeper,
        entries: WalletEntries,
        account: Callable[[TradingWallet], VenueAccount],
        holder: str,
    ) -> None:
        self._database = database
        self._clock = clock
        self._ingest = ingest
        self._evidence = evidence
        self._reconciler = reconciler
        self._monitor = monitor
        self._enforcer = enforcer
        self._wishes = wishes
        self._entries = entries
        self._account = account
        self._holder = holder

    def run(self) -> ExecuteReport:
        """One pass. Safe to repeat and to overlap: the leases let one invocation act.

        One wallet's, strategy's or trade's failure is reported and does not stop the others. Raises StoreUnavailable,
        and LeaseLost where another invocation has taken over.
        """
        with leasing.held(self._database, self._clock, name=LEASE, holder=self._holder, seconds=LEASE_SECONDS) as lease:
            report = ExecuteReport(ran=lease is not None)
            if lease is None:
                return report
            report.ingest = self._ingest.run()
            with self._database.transaction() as transaction:
                wallets = live_strategies.trading_wallets(transaction)
            for wallet in wallets:
                try:
                    self._run_wallet(wallet, report)
                except PART_FAILURES as error:
                    report.failures.append(failed_part(f"wallet {wallet.trading_wallet_id}", error))
        return report

    def _run_wallet(self, wallet: TradingWallet, report: ExecuteReport) -> None:
        with leasing.held_wallet(self._database, self._clock, wallet.trading_wallet_id, self._holder) as lease:
            report.reconciled.append(self._reconciler.run(lease, wallet))
            got_out = self._wishes.take_up(lease, wallet, report.failures)
            with self._database.transaction() as transaction:
                strategies = live_strategies.active(transaction, wallet.trading_wallet_id)
            watched = self._monitor.run(lease, wallet, strategies)
            report.failures += watched.failures
            enforced = self._enforcer.run(lease, wallet)
            report.failures += enforced.failures
            work = [
                each for each in (self._prepared(lease, wallet, one, report) for one in strategies) if each is not None
            ]
            counts = EntryCounts(decisions=report.decisions, orders=report.orders, failures=report.failures)
            has_entered = self._entries.run(lease, wallet, work, counts)
            got_out |= self._wishes.take_up(lease, wallet, report.failures)
            if has_entered or got_out or enforced.sales or enforced.cancelled:
                after = ReconcileReport()
                self._reconciler.follow_orders(lease, wallet, after)
                report.reconciled.append(after)
            now, calls = self._clock.now(), self._account(wallet).measured_calls()
            with self._database.transaction() as transaction:
                leases.assert_held(transaction, lease)
                observations.save_calls(transaction, wallet.trading_wallet_id, calls.latencies, calls.failed, now)
                for strategy in strategies:
                    risk_state.project(transaction, strategy, now)

    def _prepared(
        self, lease: Lease, wallet: TradingWallet, strategy: LiveStrategy, report: ExecuteReport
    ) -> StrategyTrades | None:
        """A strategy's pending trades with what judging them needs; None where there are none, or it cannot be had."""
        self._wishes.take_up(lease, wallet, report.failures)
        try:
            return self._gathered(lease, strategy, report)
        except PART_FAILURES as error:
            report.failures.append(failed_part(f"strategy {strategy.lt_strategy_id}", error))
        except InvalidConfig as error:
            part = f"strategy {strategy.lt_strategy_id}"
            report.failures.append(PartFailure(part=part, error=type(error).__name__, message=str(error)))
        return None

    def _gathered(self, lease: Lease, strategy: LiveStrategy, report: ExecuteReport) -> StrategyTrades | None:
        with self._database.transaction() as transaction:
            subject = evaluation.strategy_subject(transaction, strategy.lt_strategy_id)
            pending = evaluation.undecided_for_strategy(transaction, subject)
        if not pending:
            return None
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
        return StrategyTrades(strategy=strategy, subject=subject, trades=prepared, bankroll=bankroll)
