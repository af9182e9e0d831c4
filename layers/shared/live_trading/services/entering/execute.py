"""lt-execute: one pass from new source trades to orders at the venue, for every wallet and strategy.

Reconciles before it opens anything, so that budgets and cash are judged on what the venue really did, and once more
after it has posted, so that fills are in the ledger when it ends. A wallet that could not be reconciled opens nothing:
its exits and its locks go on. Wallets, and the strategies of each, are served in turn while time lasts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from live_trading.nouns.clock import Clock
from live_trading.nouns.errors import StopEverything
from live_trading.nouns.wallets import TradingWallet
from live_trading.polymarket.clob.account import VenueAccount
from live_trading.services.entering.venue_evidence import StrategyTrades
from live_trading.services.entering.wallet_entries import EntryCounts, WalletEntries
from live_trading.services.entering.wallet_proving import WalletProver
from live_trading.services.following import evaluation
from live_trading.services.following.evidence import EvidenceGatherer
from live_trading.services.following.ingest import Ingest, IngestReport
from live_trading.services.guarding.lock_enforcement import EnforcementReport, LockEnforcer
from live_trading.services.guarding.risk_monitor import RiskMonitor
from live_trading.services.guarding.wish_keeping import WishKeeper
from live_trading.services.leaving.live_exits import PositionLeaver
from live_trading.services.reconciling.reconcile import Reconciler, ReconcileReport
from live_trading.services.running import leasing
from live_trading.services.running.budget import Budget
from live_trading.services.running.failures import PartFailure, contained
from live_trading.services.running.leasing import LeaseKeeper
from live_trading.services.running.rotation import Rotation
from live_trading.store.accounts import live_strategies
from live_trading.store.accounts.live_strategies import LiveStrategy
from live_trading.store.books import ledger
from live_trading.store.database import leases
from live_trading.store.database.connection import Database
from live_trading.store.database.leases import Lease
from live_trading.store.risk import observations, risk_state

LEASE = "lt-execute"
LEASE_SECONDS = 110
# What ingest leaves to the wallets, a wallet needs to be begun, a strategy to be looked at, and the last look at what
# was sent.
SECONDS_FOR_WALLETS = 55.0
SECONDS_A_WALLET = 20.0
SECONDS_A_STRATEGY = 5.0
SECONDS_TO_FOLLOW = 6.0


@dataclass(slots=True, kw_only=True)
class ExecuteReport:
    """What one run did: decisions by reason, orders by the state that the answer to their POST proved.

    `exits` counts sales by the rule that wanted them, `exits_waiting` positions that a rule wants sold and the book
    does not let be, by why. `waiting` counts trades that are left for the next run by what they lack, `left` names what
    time ran out for.
    """

    ran: bool
    ingest: IngestReport | None = None
    decisions: dict[str, int] = field(default_factory=dict)
    orders: dict[str, int] = field(default_factory=dict)
    exits: dict[str, int] = field(default_factory=dict)
    exits_waiting: dict[str, int] = field(default_factory=dict)
    waiting: dict[str, int] = field(default_factory=dict)
    left: list[str] = field(default_factory=list)
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
        prover: WalletProver,
        wishes: WishKeeper,
        leaver: PositionLeaver,
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
        self._prover = prover
        self._wishes = wishes
        self._leaver = leaver
        self._entries = entries
        self._account = account
        self._holder = holder
        self._wallets = Rotation(database=database, clock=clock, name="lt-execute:wallets")
        self._strategies = Rotation(database=database, clock=clock, name="lt-execute:strategies")

    def run(self, budget: Budget | None = None, *, reads_feed: bool = True) -> ExecuteReport:
        """One pass, as long as the budget lasts. Safe to repeat and to overlap: the leases let one invocation act.

        Without `reads_feed` it goes by the trades that are stored.
        One wallet's, strategy's or trade's failure is reported and does not stop the others. Raises StoreUnavailable,
        and LeaseLost where another invocation has taken over.
        """
        budget = budget or Budget.unlimited()
        with leasing.held(self._database, self._clock, name=LEASE, holder=self._holder, seconds=LEASE_SECONDS) as lease:
            report = ExecuteReport(ran=lease is not None)
            if lease is None:
                return report
            if reads_feed:
                self._read_feed(lease, report, budget)
            with contained("keys of registered wallets", report.failures), leasing.below(self._database, lease):
                self._prover.run(lease, report.failures)
            with self._database.transaction() as transaction:
                wallets = live_strategies.trading_wallets(transaction)
            for wallet in self._wallets.while_time_lasts(
                wallets, _wallet_part, budget=budget, seconds_each=SECONDS_A_WALLET, left=report.left
            ):
                with contained(_wallet_part(wallet), report.failures), leasing.below(self._database, lease):
                    self._run_wallet(wallet, report, budget)
        return report

    def _read_feed(self, lease: Lease, report: ExecuteReport, budget: Budget) -> None:
        with contained("ingest", report.failures), leasing.below(self._database, lease):
            report.ingest = self._ingest.run(budget.keeping(SECONDS_FOR_WALLETS))

    def _run_wallet(self, wallet: TradingWallet, report: ExecuteReport, budget: Budget) -> None:
        with leasing.held_wallet(self._database, self._clock, wallet.trading_wallet_id, self._holder) as lease:
            keeper = LeaseKeeper(database=self._database, clock=self._clock, lease=lease)
            is_reconciled = self._is_reconciled(lease, wallet, report)
            keeper.keep()
            got_out = self._wishes.take_up(keeper.lease, wallet, report.failures)
            with self._database.transaction() as transaction:
                strategies = live_strategies.active(transaction, wallet.trading_wallet_id)
            with contained(f"limits of wallet {wallet.trading_wallet_id}", report.failures):
                report.failures += self._monitor.run(lease, wallet, strategies).failures
            keeper.keep()
            with contained(f"exits of wallet {wallet.trading_wallet_id}", report.failures):
                got_out |= self._leave(keeper.lease, wallet, report)
            keeper.keep()
            enforced = EnforcementReport()
            with contained(f"locks of wallet {wallet.trading_wallet_id}", report.failures, passing=(StopEverything,)):
                enforced = self._enforcer.run(lease, wallet)
            report.failures += enforced.failures
            keeper.keep()
            has_entered = False
            if is_reconciled:
                has_entered = self._enter(keeper, wallet, strategies, report, budget)
            got_out |= self._wishes.take_up(keeper.lease, wallet, report.failures)
            if has_entered or got_out or enforced.sales or enforced.cancelled:
                keeper.keep()
                after = ReconcileReport()
                with contained(_wallet_part(wallet), report.failures, passing=(StopEverything,)):
                    self._reconciler.follow_orders(lease, wallet, after)
                report.reconciled.append(after)
            self._project(lease, wallet, strategies, report)

    def _is_reconciled(self, lease: Lease, wallet: TradingWallet, report: ExecuteReport) -> bool:
        """Whether the wallet stands as the venue and the chain say; where not, it opens nothing in this run."""
        with contained(_wallet_part(wallet), report.failures, passing=(StopEverything,)):
            found = self._reconciler.run(lease, wallet)
            report.reconciled.append(found)
            if not found.is_reconciled:
                report.failures += found.failures
            return found.is_reconciled
        return False

    def _leave(self, lease: Lease, wallet: TradingWallet, report: ExecuteReport) -> bool:
        """Looks at what is held; True where something was sold."""
        left = self._leaver.run(lease, wallet, report.failures)
        for reason, count in left.sales.items():
            report.exits[reason] = report.exits.get(reason, 0) + count
        for reason, count in left.waiting.items():
            report.exits_waiting[reason] = report.exits_waiting.get(reason, 0) + count
        return left.has_orders

    def _enter(
        self,
        keeper: LeaseKeeper,
        wallet: TradingWallet,
        strategies: list[LiveStrategy],
        report: ExecuteReport,
        budget: Budget,
    ) -> bool:
        """Decides the pending trades of the wallet's strategies; True where orders went out."""
        entering = budget.keeping(SECONDS_TO_FOLLOW)
        turns = self._strategies.while_time_lasts(
            strategies, _strategy_part, budget=entering, seconds_each=SECONDS_A_STRATEGY, left=report.left
        )
        work: list[StrategyTrades] = []
        for strategy in turns:
            with contained(_strategy_part(strategy), report.failures):
                keeper.keep()
                self._wishes.take_up(keeper.lease, wallet, report.failures)
                found = self._gathered(keeper.lease, strategy, report)
                work += [] if found is None else [found]
        counts = EntryCounts(
            decisions=report.decisions,
            orders=report.orders,
            waiting=report.waiting,
            left=report.left,
            failures=report.failures,
        )
        return self._entries.run(keeper, wallet, work, counts, entering)

    def _project(
        self, lease: Lease, wallet: TradingWallet, strategies: list[LiveStrategy], report: ExecuteReport
    ) -> None:
        now, calls = self._clock.now(), self._account(wallet).measured_calls()
        with self._database.transaction() as transaction:
            leases.assert_held(transaction, lease)
            observations.save_calls(transaction, wallet.trading_wallet_id, calls.latencies, calls.failed, now)
        for strategy in strategies:
            with contained(_strategy_part(strategy), report.failures), self._database.transaction() as transaction:
                leases.assert_held(transaction, lease)
                risk_state.project(transaction, strategy, now)

    def _gathered(self, lease: Lease, strategy: LiveStrategy, report: ExecuteReport) -> StrategyTrades | None:
        """A strategy's pending trades with what judging them needs; None where there are none."""
        max_age, now = strategy.max_signal_age_seconds, self._clock.now()
        with self._database.transaction() as transaction:
            leases.assert_held(transaction, lease)
            subject = evaluation.strategy_subject(transaction, strategy.lt_strategy_id)
            old = evaluation.decide_too_old(transaction, [(subject, max_age)], now)
            pending = evaluation.undecided(transaction, [subject], newest_first=True).get(subject.key, [])
            passed = {} if pending else evaluation.settle(transaction, [subject], now)
        for counts in (*old.values(), *passed.values()):
            for reason, count in counts.items():
                report.decisions[reason] = report.decisions.get(reason, 0) + count
        if not pending:
            return None
        evidence = self._evidence.gather(pending, lease, now)
        report.failures += evidence.failures
        if evidence.waiting:
            report.waiting["evidence"] = report.waiting.get("evidence", 0) + len(evidence.waiting)
        now = self._clock.now()
        with self._database.transaction() as transaction:
            bankroll = ledger.balances_of_strategy(transaction, strategy.lt_strategy_id).available
            prepared = evaluation.inputs_for(
                transaction,
                [(subject, evidence.ready)],
                bankrolls={subject.key: bankroll},
                now=now,
                max_signal_age_seconds={subject.key: max_age},
            )[subject.key]
        return StrategyTrades(strategy=strategy, subject=subject, trades=prepared, bankroll=bankroll)


def _wallet_part(wallet: TradingWallet) -> str:
    return f"wallet {wallet.trading_wallet_id}"


def _strategy_part(strategy: LiveStrategy) -> str:
    return f"strategy {strategy.lt_strategy_id}"
