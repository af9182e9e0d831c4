"""One trading wallet's part of a run of lt-execute, under the wallet's lease.

Reconciles before it opens anything, so that budgets and cash are judged on what the venue really did, and once more
after it has posted, so that fills are in the ledger when it ends. A wallet that could not be reconciled opens nothing:
its exits and its locks go on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from live_trading.nouns.clock import Clock
from live_trading.nouns.errors import StopEverything
from live_trading.nouns.wallets import TradingWallet
from live_trading.polymarket.clob.account import VenueAccount
from live_trading.polymarket.wire.call_meter import MeasuredCalls
from live_trading.services.entering.execute_report import ExecuteReport, Standing, add_counts, standing_of
from live_trading.services.entering.wallet_entries import WalletEntries
from live_trading.services.guarding.lock_enforcement import EnforcementReport, LockEnforcer
from live_trading.services.guarding.risk_monitor import RiskMonitor
from live_trading.services.guarding.wish_keeping import WishKeeper
from live_trading.services.leaving.live_exits import PositionLeaver
from live_trading.services.reconciling.reconcile import Reconciler, ReconcileReport
from live_trading.services.running import leasing
from live_trading.services.running.budget import Budget
from live_trading.services.running.failures import PartFailure, contained
from live_trading.services.running.leasing import LeaseKeeper
from live_trading.store.accounts import live_strategies
from live_trading.store.accounts.live_strategies import LiveStrategy
from live_trading.store.database import leases
from live_trading.store.database.connection import Database
from live_trading.store.database.leases import Lease
from live_trading.store.risk import observations, risk_state

# What the last look at what was sent needs.
SECONDS_TO_FOLLOW = 6.0


class WalletPass:
    """Reconciles, watches, leaves and enters, in this order."""

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        reconciler: Reconciler,
        monitor: RiskMonitor,
        enforcer: LockEnforcer,
        wishes: WishKeeper,
        leaver: PositionLeaver,
        entries: WalletEntries,
        account: Callable[[TradingWallet], VenueAccount],
        holder: str,
    ) -> None:
        self._database = database
        self._clock = clock
        self._reconciler = reconciler
        self._monitor = monitor
        self._enforcer = enforcer
        self._wishes = wishes
        self._leaver = leaver
        self._entries = entries
        self._account = account
        self._holder = holder

    def run(self, wallet: TradingWallet, report: ExecuteReport, budget: Budget) -> None:
        """One pass; what fails of a part is in the report. Raises WalletBusy, and what is of the whole run."""
        with leasing.held_wallet(self._database, self._clock, wallet.trading_wallet_id, self._holder) as lease:
            keeper = LeaseKeeper(database=self._database, clock=self._clock, lease=lease)
            is_reconciled = self._is_reconciled(lease, wallet, report)
            keeper.keep()
            got_out = self._wishes.take_up(keeper.lease, wallet, report.failures)
            with self._database.reading() as reading:
                strategies = live_strategies.active(reading, wallet.trading_wallet_id)
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
                with contained(wallet_part(wallet), report.failures, passing=(StopEverything,)):
                    self._reconciler.follow_orders(lease, wallet, after)
                report.reconciled.append(after)
            self._project(lease, wallet, strategies, report)

    def _is_reconciled(self, lease: Lease, wallet: TradingWallet, report: ExecuteReport) -> bool:
        """Whether the wallet stands as the venue and the chain say; where not, it opens nothing in this run."""
        with contained(wallet_part(wallet), report.failures, passing=(StopEverything,)):
            found = self._reconciler.run(lease, wallet)
            report.reconciled.append(found)
            if not found.is_reconciled:
                report.failures += found.failures
            return found.is_reconciled
        return False

    def _leave(self, lease: Lease, wallet: TradingWallet, report: ExecuteReport) -> bool:
        """Looks at what is held; True where something was sold."""
        left = self._leaver.run(lease, wallet, report.failures)
        add_counts(report.exits, left.sales)
        add_counts(report.exits_waiting, left.waiting)
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
        return self._entries.run(keeper, wallet, strategies, report, budget.keeping(SECONDS_TO_FOLLOW))

    def _project(
        self, lease: Lease, wallet: TradingWallet, strategies: list[LiveStrategy], report: ExecuteReport
    ) -> None:
        """Keeps how the venue answered and how the strategies stand; each alone where not all can be judged."""
        now, calls = self._clock.now(), self._account(wallet).measured_calls()

        def kept(those: Sequence[LiveStrategy], measured: MeasuredCalls | None) -> Standing | None:
            with self._database.transaction() as transaction:
                leases.assert_held(transaction, lease)
                if measured is not None:
                    observations.save_calls(
                        transaction, wallet.trading_wallet_id, measured.latencies, measured.failed, now
                    )
                return standing_of(risk_state.project_all(transaction, those, now).values())

        failures: list[PartFailure] = []
        with contained(wallet_part(wallet), failures):
            report.standing = kept(strategies, calls)
        if failures:
            kept((), calls)
            for strategy in strategies:
                with contained(f"strategy {strategy.lt_strategy_id}", report.failures):
                    kept([strategy], None)


def wallet_part(wallet: TradingWallet) -> str:
    """The wallet's name in a report."""
    return f"wallet {wallet.trading_wallet_id}"
