"""lt-execute: one pass from new source trades to orders at the venue, for every wallet and strategy.

Wallets are taken in turn while time lasts, a few of them side by side, each under its own lease: one whose venue
account is slow delays no other.
"""

from __future__ import annotations

from live_trading.nouns.chance import Chance
from live_trading.nouns.clock import Clock
from live_trading.nouns.wallets import TradingWallet
from live_trading.services.entering.execute_report import ExecuteReport, standing_of
from live_trading.services.entering.wallet_pass import WalletPass, wallet_part
from live_trading.services.entering.wallet_proving import WalletProver
from live_trading.services.following.ingest import Ingest
from live_trading.services.running import leasing
from live_trading.services.running.abreast import served_abreast
from live_trading.services.running.budget import Budget
from live_trading.services.running.failures import contained
from live_trading.services.running.rotation import Rotation
from live_trading.store.accounts import live_strategies
from live_trading.store.database.connection import Database
from live_trading.store.database.leases import Lease

__all__ = ["ExecuteReport", "Executor"]

LEASE = "lt-execute"
LEASE_SECONDS = 110
# What ingest leaves to the wallets, and what a wallet needs to be begun.
SECONDS_FOR_WALLETS = 55.0
SECONDS_A_WALLET = 20.0


class Executor:
    """Trades every active strategy's accepted signals."""

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        chance: Chance,
        ingest: Ingest,
        prover: WalletProver,
        wallet_pass: WalletPass,
        wallets_at_once: int,
        holder: str,
    ) -> None:
        self._database = database
        self._clock = clock
        self._chance = chance
        self._ingest = ingest
        self._prover = prover
        self._pass = wallet_pass
        self._wallets_at_once = wallets_at_once
        self._holder = holder
        self._wallets = Rotation(database=database, clock=clock, name="lt-execute:wallets")

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
            with self._database.reading() as reading:
                wallets = live_strategies.trading_wallets(reading)
            self._serve(wallets, lease, report, budget)
        return report

    def _read_feed(self, lease: Lease, report: ExecuteReport, budget: Budget) -> None:
        with contained("ingest", report.failures), leasing.below(self._database, lease):
            report.ingest = self._ingest.run(budget.keeping(SECONDS_FOR_WALLETS))

    def _serve(self, wallets: list[TradingWallet], lease: Lease, report: ExecuteReport, budget: Budget) -> None:
        """Every wallet in its turn; what was done for each is in the report in the order of the wallets."""
        done = {wallet.trading_wallet_id: ExecuteReport(ran=True) for wallet in wallets}

        def serve(wallet: TradingWallet) -> None:
            own = done[wallet.trading_wallet_id]
            with contained(wallet_part(wallet), own.failures), leasing.below(self._database, lease):
                self._pass.run(wallet, own, budget)

        turns = self._wallets.while_time_lasts(
            wallets, wallet_part, budget=budget, seconds_each=SECONDS_A_WALLET, left=report.left
        )
        served_abreast(turns, serve, chance=self._chance, at_once=min(self._wallets_at_once, len(wallets)))
        for own in done.values():
            report.add(own)
        report.standing = standing_of([own.standing for own in done.values()])
