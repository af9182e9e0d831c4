"""Brings our orders and fills of a trading wallet in line with the venue, then the ledger in line with the chain.

Runs at the start of lt-execute and of lt-resolve. An order whose fate is unknown is looked up by its hash; one that
never left is sent now with the same bytes while its signal is fresh, else ended as not placed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from live_trading.chain.reader import ChainReader
from live_trading.nouns.clock import Clock
from live_trading.nouns.errors import LiveTradingError, StopEverything
from live_trading.nouns.markets import FeeSchedule
from live_trading.nouns.orders import OrderState
from live_trading.nouns.wallets import TradingWallet
from live_trading.orders.machine import TERMINAL
from live_trading.polymarket.account import VenueAccount
from live_trading.services.compare import compare_with_chain
from live_trading.services.order_booking import apply_update
from live_trading.services.order_updates import VenueTruth, plan_update
from live_trading.services.posting import OrderPoster
from live_trading.store import fills, leases, live_strategies, lt_orders, markets
from live_trading.store.database import Database
from live_trading.store.leases import Lease
from live_trading.store.lt_orders import StoredOrder

# The venue stamps trades by its own clock and lists them late: look this far behind our own order.
TRADES_OVERLAP = timedelta(minutes=5)


@dataclass(slots=True, kw_only=True)
class ReconcileReport:
    """What one pass over one wallet found."""

    states: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    new_fills: int = 0
    breaks: int | None = None
    failures: list[str] = field(default_factory=list)


class Reconciler:
    """Follows orders to their end and fills to their settlement."""

    def __init__(
        self,
        *,
        database: Database,
        chain: ChainReader,
        account: Callable[[TradingWallet], VenueAccount],
        clock: Clock,
        holder: str,
    ) -> None:
        self._database = database
        self._chain = chain
        self._account = account
        self._clock = clock
        self._holder = holder

    def run_all(self, lease: Lease) -> list[ReconcileReport]:
        """Every wallet that a strategy trades from; one wallet's trouble does not stop the others."""
        with self._database.transaction() as transaction:
            wallets = live_strategies.trading_wallets(transaction)
        return [self.run(lease, wallet) for wallet in wallets]

    def run(self, lease: Lease, wallet: TradingWallet) -> ReconcileReport:
        """One pass over one wallet: orders and fills first, then the comparison with the chain."""
        report = ReconcileReport()
        try:
            self.follow_orders(lease, wallet, report)
            found = compare_with_chain(self._database, self._chain, wallet, self._clock.now())
            report.breaks = None if found is None else len(found)
        except StopEverything:
            raise
        except LiveTradingError as error:
            report.failures.append(f"{wallet.trading_wallet_id}: {error}")
        return report

    def follow_orders(self, lease: Lease, wallet: TradingWallet, report: ReconcileReport) -> None:
        """Asks the venue about every order that may still change, and books what it says."""
        with self._database.transaction() as transaction:
            open_orders = lt_orders.unfinished(transaction, wallet.trading_wallet_id)
            known = markets.by_condition(transaction, [order.condition_id for order in open_orders])
        if not open_orders:
            return
        account = self._account(wallet)
        poster = OrderPoster(database=self._database, clock=self._clock, actor=self._holder)
        for order in open_orders:
            if order.state is OrderState.INTENT:
                poster.resume(lease, account, order)
        schedules = {condition_id: market.fees for condition_id, market in known.items()}
        self._book_truth(lease, account, open_orders, schedules, report)

    def _book_truth(
        self,
        lease: Lease,
        account: VenueAccount,
        orders: list[StoredOrder],
        schedules: dict[str, FeeSchedule],
        report: ReconcileReport,
    ) -> None:
        since = min(order.intent_at for order in orders) - TRADES_OVERLAP
        trades = account.trades_since(since)
        for order in orders:
            try:
                venue = None if order.state in TERMINAL else account.find_order(order.signed.order_hash, order.signed)
                own = account.own_fills(trades, order.signed.order_hash, schedules[order.condition_id], order.signed)
                self._apply(lease, order, VenueTruth(order=venue, fills=tuple(own)), report)
            except StopEverything:
                raise
            except LiveTradingError as error:
                report.failures.append(f"{order.lt_order_id}: {error}")

    def _apply(self, lease: Lease, seen: StoredOrder, truth: VenueTruth, report: ReconcileReport) -> None:
        now = self._clock.now()
        with self._database.transaction() as transaction:
            leases.assert_held(transaction, lease)
            order = lt_orders.locked(transaction, seen.lt_order_id)
            stored = fills.of_orders(transaction, [order.lt_order_id])[order.lt_order_id]
            update = plan_update(order, stored, truth, now)
            state = apply_update(transaction, order, update, actor=self._holder, now=now)
            if update.absent is not None and order.state is not OrderState.INTENT:
                lt_orders.note_lookup(transaction, lt_order_id=order.lt_order_id, absent=update.absent, now=now)
            if truth.order is not None:
                lt_orders.note_venue_status(
                    transaction,
                    order_hash=order.signed.order_hash,
                    venue_status=truth.order.raw_status,
                    matched=truth.order.matched,
                    now=now,
                )
        report.new_fills += len(update.new_fills)
        report.states[state] += 1
