"""lt-redemptions: turns resolved tokens into collateral on chain and books what really arrived.

Every step is committed before it is taken. A transaction that succeeds but pays less than what the payout vector owes
is a failure: wrong and repeated calls succeed on chain with payout 0.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from uuid import UUID

from live_trading.chain.reading.reader import ChainReader
from live_trading.chain.redemption import ContractAddresses
from live_trading.nouns.clock import Clock
from live_trading.nouns.wallets import TradingWallet
from live_trading.services.redeeming.redeem_report import RedeemReport
from live_trading.services.redeeming.wallet_redemption import RedeemPolicy, WalletRedemption
from live_trading.services.redeeming.ways.carriers import Carrier
from live_trading.services.running.budget import Budget
from live_trading.services.running.failures import contained
from live_trading.services.running.leasing import LeaseKeeper, held
from live_trading.services.running.rotation import Rotation
from live_trading.store.accounts import live_strategies
from live_trading.store.chain import chain_sends
from live_trading.store.database.connection import Database

__all__ = ["RedeemPolicy", "Redeemer"]

LEASE = "lt-redemptions"
# So long a killed run keeps the next one from starting; a run that works longer renews it between its steps.
LEASE_SECONDS = 45
# Two of Polygon's blocks.
PAUSE_SECONDS = 4.0
# What a look at one wallet may take: a round of reading, a signature, a broadcast, each with its time-out.
LOOK_SECONDS = 12.0


class Redeemer:
    """Drives every unfinished redemption as far as it goes in one run."""

    def __init__(
        self,
        *,
        database: Database,
        chain: ChainReader,
        addresses: ContractAddresses,
        carriers: Callable[[TradingWallet], Sequence[Carrier]],
        clock: Clock,
        policy: RedeemPolicy,
        new_id: Callable[[], UUID],
        holder: str,
        pause: Callable[[float], None] | None = None,
    ) -> None:
        """`carriers` are a wallet's ways to the chain, the preferred one first.

        `pause` waits for so many seconds; without it a run looks once at what it has sent and leaves the rest to the
        next one.
        """
        self._database = database
        self._clock = clock
        self._holder = holder
        self._pause = pause
        self._rotation = Rotation(database=database, clock=clock, name=f"{LEASE}:wallets")
        self._wallets = WalletRedemption(
            database=database,
            chain=chain,
            addresses=addresses,
            carriers=carriers,
            clock=clock,
            policy=policy,
            new_id=new_id,
            actor=holder,
        )

    def run(self, budget: Budget | None = None) -> RedeemReport:
        """Looks at all trading wallets in turn, and again at those with something on its way, while time lasts.

        Whatever happens to one wallet, transaction or redemption stops only that one. Raises StoreUnavailable, and
        LeaseLost where another invocation has taken over.
        """
        budget = Budget.unlimited() if budget is None else budget
        with held(self._database, self._clock, name=LEASE, holder=self._holder, seconds=LEASE_SECONDS) as lease:
            report = RedeemReport(ran=lease is not None)
            if lease is None:
                return report
            with self._database.transaction() as transaction:
                wallets = live_strategies.settling_wallets(transaction)
            keeper = LeaseKeeper(database=self._database, clock=self._clock, lease=lease, seconds=LEASE_SECONDS)
            for wallet in self._rotation.while_time_lasts(
                wallets,
                lambda each: str(each.trading_wallet_id),
                budget=budget,
                seconds_each=LOOK_SECONDS,
                left=report.left,
            ):
                with contained(f"payments of wallet {wallet.trading_wallet_id}", report.failures):
                    self._wallets.look_back(keeper.lease, wallet, report)
                self._look(keeper, wallet, report)
            if self._pause is not None:
                self._go_on(keeper, wallets, budget, self._pause, report)
        report.failures = list({each.part: each for each in report.failures}.values())
        return report

    def _go_on(
        self,
        keeper: LeaseKeeper,
        wallets: Sequence[TradingWallet],
        budget: Budget,
        pause: Callable[[float], None],
        report: RedeemReport,
    ) -> None:
        """Follows what is on its way, block after block, and begins what waited for it."""
        moving = self._moving(wallets)
        while moving and budget.has(PAUSE_SECONDS + LOOK_SECONDS):
            pause(PAUSE_SECONDS)
            for wallet in moving:
                if budget.has(LOOK_SECONDS):
                    self._look(keeper, wallet, report)
            moving = self._moving(moving)

    def _moving(self, wallets: Sequence[TradingWallet]) -> list[TradingWallet]:
        """Those with a transaction that is not final."""
        with self._database.reading() as reading:
            return [each for each in wallets if chain_sends.unfinished(reading, each.trading_wallet_id)]

    def _look(self, keeper: LeaseKeeper, wallet: TradingWallet, report: RedeemReport) -> None:
        keeper.keep()
        with contained(f"wallet {wallet.trading_wallet_id}", report.failures):
            self._wallets.run(keeper, wallet, report)
