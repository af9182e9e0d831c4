"""Brings our orders and fills of a trading wallet in line with the venue, then the ledger in line with the chain.

Runs at the start of lt-execute and of lt-resolve. Invariants, in the order in which a pass keeps them: an order that
never left is sent now with the same bytes while its signal is fresh, else ended as not placed; what became of every
other is asked, its trades settled with what their receipts tell, and one that the venue does not know is sent again;
what the wallet did without us is adopted; what is still different afterwards is a break, and stops the wallet's
entries. Of what an undecided order or an unread receipt touches nothing is concluded.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from live_trading.chain.reading.fill_receipts import FillReceipts
from live_trading.nouns.chance import Chance
from live_trading.nouns.clock import Clock
from live_trading.nouns.orders import FillStatus, OrderState
from live_trading.nouns.wallets import TradingWallet
from live_trading.orders.machine import IN_DOUBT, TERMINAL
from live_trading.polymarket.clob.account import VenueAccount
from live_trading.services.comparing.compare import Comparison
from live_trading.services.comparing.spender_watch import SpenderWatch
from live_trading.services.following.market_keeping import MarketKeeper
from live_trading.services.following.sources import BookSource
from live_trading.services.orders.posting import OrderPoster
from live_trading.services.reconciling.order_following import Followed, OrderFollowing
from live_trading.services.reconciling.outside_work import OutsideWork
from live_trading.services.reconciling.venue_asking import Asking
from live_trading.services.running import leasing
from live_trading.services.running.budget import Budget
from live_trading.services.running.failures import PartFailure, contained
from live_trading.services.running.rotation import Rotation
from live_trading.store.accounts import live_strategies
from live_trading.store.database.connection import Database
from live_trading.store.database.leases import Lease
from live_trading.store.orders import lt_orders

# A pass over a wallet whose venue answers late.
SECONDS_A_WALLET = 15.0


@dataclass(slots=True, kw_only=True)
class ReconcileReport:
    """What one pass over one wallet found; `breaks` is None where there is none and something still settles.

    `states` is how each order stands, `ended` and `settled` count orders and fills that came to their end in this pass.
    `is_reconciled`: the pass came to its end. Else nothing may be opened from the wallet in this run.
    """

    states: dict[str, int] = field(default_factory=dict)
    ended: Counter[OrderState] = field(default_factory=Counter)
    settled: Counter[FillStatus] = field(default_factory=Counter)
    new_fills: int = 0
    adopted: int = 0
    breaks: int | None = None
    is_reconciled: bool = False
    failures: list[PartFailure] = field(default_factory=list)

    def add(self, followed: Followed) -> None:
        """Counts what became of orders."""
        for state, count in followed.states.items():
            self.states[state] = self.states.get(state, 0) + count
        self.ended += followed.ended
        self.settled += followed.settled
        self.new_fills += followed.new_fills
        self.failures += followed.failures


class Reconciler:
    """Follows orders to their end and fills to their settlement."""

    def __init__(
        self,
        *,
        database: Database,
        account: Callable[[TradingWallet], VenueAccount],
        market_keeper: MarketKeeper,
        comparison: Comparison,
        receipts: FillReceipts,
        books: BookSource,
        clock: Clock,
        chance: Chance,
        holder: str,
    ) -> None:
        self._database = database
        self._account = account
        self._comparison = comparison
        self._clock = clock
        self._holder = holder
        self._wallets = Rotation(database=database, clock=clock, name="reconcile:wallets")
        self._poster = OrderPoster(database=database, clock=clock, actor=holder, books=books)
        self._spenders = SpenderWatch(database=database, clock=clock)
        self._asking = Asking(database=database, comparison=comparison, receipts=receipts, chance=chance)
        self._outside = OutsideWork(database=database, market_keeper=market_keeper, clock=clock, actor=holder)
        self._following = OrderFollowing(database=database, clock=clock, chance=chance, actor=holder)

    def run_all(self, budget: Budget, left: list[str]) -> list[ReconcileReport]:
        """Every wallet that a strategy trades from, in turn while time lasts; those that it ran out for are in `left`.

        One wallet's trouble does not stop the others.
        """
        with self._database.transaction() as transaction:
            wallets = live_strategies.trading_wallets(transaction)
        reports: list[ReconcileReport] = []
        for wallet in self._wallets.while_time_lasts(
            wallets,
            lambda each: f"wallet {each.trading_wallet_id}",
            budget=budget,
            seconds_each=SECONDS_A_WALLET,
            left=left,
        ):
            report = ReconcileReport()
            with (
                contained(f"wallet {wallet.trading_wallet_id}", report.failures),
                leasing.held_wallet(self._database, self._clock, wallet.trading_wallet_id, self._holder) as lease,
            ):
                report = self.run(lease, wallet)
            reports.append(report)
        return reports

    def run(self, lease: Lease, wallet: TradingWallet) -> ReconcileReport:
        """One pass over one wallet: orders, fills and outside activity first, then the comparison with the chain.

        Whatever goes wrong is in the report. Raises LeaseLost or StoreUnavailable.
        """
        report = ReconcileReport()
        with contained(f"wallet {wallet.trading_wallet_id}", report.failures):
            self._run(lease, wallet, report)
            report.is_reconciled = True
        if not report.is_reconciled:
            with contained(f"silence of wallet {wallet.trading_wallet_id}", report.failures):
                self._comparison.note_silence(lease, wallet)
        return report

    def _run(self, lease: Lease, wallet: TradingWallet, report: ReconcileReport) -> None:
        account = self._account(wallet)
        known = self._asking.known(wallet)
        unsent = [order for order in known.watched.orders if order.state is OrderState.INTENT]
        if unsent:
            with contained(f"unsent orders of wallet {wallet.trading_wallet_id}", report.failures):
                self._poster.resume(lease, account, unsent)
            known = self._asking.known(wallet)
        holdings = known.expected.holdings
        with contained(f"spenders of wallet {wallet.trading_wallet_id}", report.failures):
            report.failures += self._spenders.keep(lease, wallet, account, holdings.tokens)
        asked = self._asking.ask(account, wallet, known)
        report.failures += asked.heard.failures
        watched = asked.heard.of_those_heard(asked.watched)
        followed = self._following.follow(lease, account, watched, asked.heard, asked.open_orders.orders)
        report.add(followed)
        if any(order.state in IN_DOUBT for order in asked.watched.orders):
            with contained(f"lost orders of wallet {wallet.trading_wallet_id}", report.failures):
                self._send_missing(lease, account, wallet, report)
        adopted = self._outside.adopt(lease, wallet, known, asked, report.failures)
        report.adopted += adopted.new
        unreadable = followed.unreadable + adopted.plan.breaks
        if adopted.is_undecided:
            # A trade that is not booked yet is on the chain's side only.
            self._comparison.note_silence(lease, wallet)
            return
        may_change = any(order.state not in TERMINAL for order in asked.watched.orders)
        if may_change or followed.has_booked or adopted.plan.fills:
            # Something may have been booked since the look.
            report.breaks = self._comparison.run(lease, wallet, unreadable, followed.unseen)
        else:
            report.breaks = self._comparison.conclude(lease, wallet, asked.look.result(), unreadable)

    def follow_orders(self, lease: Lease, wallet: TradingWallet, report: ReconcileReport) -> None:
        """Asks the venue about every order that may still change, and books what it says."""
        account = self._account(wallet)
        found = self._asking.ask_about_orders(account, wallet)
        if found is not None:
            watched, heard = found
            report.failures += heard.failures
            report.add(self._following.follow(lease, account, heard.of_those_heard(watched), heard))

    def _send_missing(
        self, lease: Lease, account: VenueAccount, wallet: TradingWallet, report: ReconcileReport
    ) -> None:
        """Orders that the venue does not know of may have died on the way: their bytes go out again."""
        with self._database.transaction() as transaction:
            missing = lt_orders.missing(transaction, wallet.trading_wallet_id)
        if missing:
            self._poster.send_again(lease, account, missing)
            self.follow_orders(lease, wallet, report)
