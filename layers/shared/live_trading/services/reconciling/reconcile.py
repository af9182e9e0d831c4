"""Brings our orders and fills of a trading wallet in line with the venue, then the ledger in line with the chain.

Runs at the start of lt-execute and of lt-resolve. Invariants, in the order in which a pass keeps them: an order that
never left is sent now with the same bytes while its signal is fresh, else ended as not placed; what became of every
other is asked, its trades settled with what their receipts tell, and one that the venue does not know is sent again;
what the wallet did without us is adopted; what is still different afterwards is a break, and stops the wallet's
entries. While the receipt of any trade is unread nothing is concluded.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from uuid import UUID

from live_trading.chain.reading.fill_receipts import FillReceipts
from live_trading.nouns.chance import Chance
from live_trading.nouns.clock import Clock
from live_trading.nouns.errors import LiveTradingError, StopEverything
from live_trading.nouns.markets import FeeSchedule
from live_trading.nouns.orders import OrderState
from live_trading.nouns.wallets import TradingWallet
from live_trading.orders.machine import TERMINAL
from live_trading.polymarket.clob.account import VenueAccount, VenueTrades
from live_trading.polymarket.clob.own_fills import orders_of_account
from live_trading.services.following.market_keeping import MarketKeeper
from live_trading.services.following.sources import BookSource
from live_trading.services.orders.posting import OrderPoster
from live_trading.services.reconciling.compare import Comparison
from live_trading.services.reconciling.order_following import Followed, OrderFollowing
from live_trading.services.reconciling.outside_adoption import OutsidePlan, adopt, plan_outside
from live_trading.services.reconciling.spender_watch import SpenderWatch
from live_trading.services.reconciling.venue_asking import Asked, Asking, Known, trades_cursor
from live_trading.services.running import leasing
from live_trading.services.running.failures import PartFailure, failed_part
from live_trading.store.accounts import live_strategies
from live_trading.store.database import cursors, leases
from live_trading.store.database.connection import Database
from live_trading.store.database.leases import Lease
from live_trading.store.feed import markets
from live_trading.store.orders import lt_orders, outside_activity


@dataclass(slots=True, kw_only=True)
class ReconcileReport:
    """What one pass over one wallet found; `breaks` is None where something was still settling."""

    states: dict[str, int] = field(default_factory=dict)
    new_fills: int = 0
    adopted: int = 0
    breaks: int | None = None
    failures: list[PartFailure] = field(default_factory=list)

    @property
    def is_reconciled(self) -> bool:
        """Whether the pass came to its end, whatever single parts of it failed."""
        return not any(failure.part.startswith("wallet ") for failure in self.failures)

    def add(self, followed: Followed) -> None:
        """Counts what became of orders."""
        for state, count in followed.states.items():
            self.states[state] = self.states.get(state, 0) + count
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
        self._market_keeper = market_keeper
        self._comparison = comparison
        self._clock = clock
        self._holder = holder
        self._poster = OrderPoster(database=database, clock=clock, actor=holder, books=books)
        self._spenders = SpenderWatch(database=database, clock=clock)
        self._asking = Asking(database=database, comparison=comparison, receipts=receipts, chance=chance)
        self._following = OrderFollowing(database=database, clock=clock, chance=chance, actor=holder)

    def run_all(self) -> list[ReconcileReport]:
        """Every wallet that a strategy trades from; one wallet's trouble does not stop the others."""
        with self._database.transaction() as transaction:
            wallets = live_strategies.trading_wallets(transaction)
        reports: list[ReconcileReport] = []
        for wallet in wallets:
            try:
                with leasing.held_wallet(self._database, self._clock, wallet.trading_wallet_id, self._holder) as lease:
                    reports.append(self.run(lease, wallet))
            except leasing.WalletBusy as error:
                reports.append(ReconcileReport(failures=[failed_part(f"wallet {wallet.trading_wallet_id}", error)]))
        return reports

    def run(self, lease: Lease, wallet: TradingWallet) -> ReconcileReport:
        """One pass over one wallet: orders, fills and outside activity first, then the comparison with the chain."""
        report = ReconcileReport()
        try:
            self._run(lease, wallet, report)
        except StopEverything:
            raise
        except LiveTradingError as error:
            report.failures.append(failed_part(f"wallet {wallet.trading_wallet_id}", error))
        return report

    def _run(self, lease: Lease, wallet: TradingWallet, report: ReconcileReport) -> None:
        account = self._account(wallet)
        known = self._asking.known(wallet)
        unsent = [order for order in known.watched.orders if order.state is OrderState.INTENT]
        if unsent:
            self._poster.resume(lease, account, unsent)
            known = self._asking.known(wallet)
        holdings = known.expected.holdings
        report.failures += self._spenders.keep(lease, wallet, account, () if holdings is None else holdings.tokens)
        asked = self._asking.ask(account, wallet, known)
        report.failures += asked.heard.failures
        followed = self._following.follow(lease, account, asked.watched, asked.heard, asked.open_orders)
        report.add(followed)
        if followed.not_found:
            self._send_missing(lease, account, wallet, followed.not_found, report)
        plan = self._adopt_outside(lease, wallet, known, asked, report)
        unreadable = followed.unreadable + plan.breaks
        may_change = any(order.state not in TERMINAL for order in asked.watched.orders)
        if may_change or followed.has_booked or plan.fills:
            # Something may have been booked since the look.
            report.breaks = self._comparison.run(lease, wallet, unreadable)
        else:
            report.breaks = self._comparison.conclude(lease, wallet, asked.look.result(), unreadable)

    def follow_orders(self, lease: Lease, wallet: TradingWallet, report: ReconcileReport) -> None:
        """Asks the venue about every order that may still change, and books what it says."""
        account = self._account(wallet)
        found = self._asking.ask_about_orders(account, wallet)
        if found is not None:
            watched, heard = found
            report.failures += heard.failures
            report.add(self._following.follow(lease, account, watched, heard))

    def _send_missing(
        self,
        lease: Lease,
        account: VenueAccount,
        wallet: TradingWallet,
        not_found: Collection[UUID],
        report: ReconcileReport,
    ) -> None:
        """Orders that the venue does not know of may have died on the way: their bytes go out again."""
        with self._database.transaction() as transaction:
            missing = lt_orders.missing(transaction, wallet.trading_wallet_id, not_found)
        if missing:
            self._poster.send_again(lease, account, missing)
            self.follow_orders(lease, wallet, report)

    def _adopt_outside(
        self, lease: Lease, wallet: TradingWallet, known: Known, asked: Asked, report: ReconcileReport
    ) -> OutsidePlan:
        """Adopts orders and trades that are the wallet's but not ours, and moves the watermark past what was read."""
        by_order = orders_of_account(asked.heard.trades, wallet.address)
        ours = {order.signed.order_hash for order in asked.watched.orders}
        others = {*by_order, *(order.order_hash for order in asked.open_orders)} - ours
        if others:
            with self._database.transaction() as transaction:
                ours |= outside_activity.ours_among(transaction, others)
        theirs = by_order.keys() - ours
        plan = plan_outside(
            open_orders=asked.open_orders,
            by_order=by_order,
            ours=ours,
            fees=self._schedules({trade.condition_id for each in theirs for trade in by_order[each]}, lease),
            since=known.registered_at,
            moved={order_hash: asked.heard.receipts.of_order(order_hash) for order_hash in theirs},
        )
        self._book_outside(lease, wallet, known, plan, asked.heard.trades, report)
        return plan

    def _schedules(self, conditions: set[str], lease: Lease) -> dict[str, FeeSchedule]:
        if not conditions:
            return {}
        self._market_keeper.refresh(conditions, lease, self._clock.now())
        with self._database.transaction() as transaction:
            known = markets.by_condition(transaction, conditions)
        return {condition_id: market.fees for condition_id, market in known.items()}

    def _book_outside(
        self,
        lease: Lease,
        wallet: TradingWallet,
        known: Known,
        plan: OutsidePlan,
        trades: VenueTrades,
        report: ReconcileReport,
    ) -> None:
        newest = max((trade.match_time for trade in trades.trades), default=known.read_to)
        if newest <= known.read_to and plan.is_empty:
            return
        now = self._clock.now()
        with self._database.transaction() as transaction:
            leases.assert_held(transaction, lease)
            report.adopted += adopt(transaction, wallet.trading_wallet_id, plan, now)
            cursors.advance_times(transaction, {trades_cursor(wallet): min(newest, now)}, now)
