"""Brings our orders and fills of a trading wallet in line with the venue, then the ledger in line with the chain.

Runs at the start of lt-execute and of lt-resolve. An order whose fate is unknown is looked up by its hash; one that
never left is sent now with the same bytes while its signal is fresh, else ended as not placed. What the wallet did
without us is adopted. What is still different afterwards is a break, and stops the wallet's entries.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from live_trading.nouns.clock import Clock
from live_trading.nouns.errors import LiveTradingError, MalformedAnswer, StopEverything
from live_trading.nouns.markets import FeeSchedule
from live_trading.nouns.orders import OrderState
from live_trading.nouns.trades import QuarantinedRow
from live_trading.nouns.wallets import TradingWallet
from live_trading.orders.machine import TERMINAL
from live_trading.polymarket.account import VenueAccount, VenueTrades
from live_trading.polymarket.own_fills import orders_of_account
from live_trading.services import leasing
from live_trading.services.compare import Comparison
from live_trading.services.failures import PartFailure, failed_part
from live_trading.services.markets import MarketKeeper
from live_trading.services.order_booking import apply_update
from live_trading.services.order_updates import VenueTruth, plan_update
from live_trading.services.outside_activity import OutsidePlan, adopt, plan_outside
from live_trading.services.posting import OrderPoster
from live_trading.store import cursors, fills, leases, live_strategies, lt_orders, markets, outside_activity, quarantine
from live_trading.store.breaks import Break, BreakKind
from live_trading.store.database import Database
from live_trading.store.leases import Lease
from live_trading.store.lt_orders import StoredOrder

# The venue stamps trades by its own clock and lists them late: look this far behind what is known.
TRADES_OVERLAP = timedelta(minutes=5)


@dataclass(slots=True, kw_only=True)
class ReconcileReport:
    """What one pass over one wallet found; `breaks` is None where something was still settling."""

    states: dict[str, int] = field(default_factory=dict)
    new_fills: int = 0
    adopted: int = 0
    breaks: int | None = None
    failures: list[PartFailure] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """What we have of a wallet before the venue is asked."""

    orders: list[StoredOrder]
    schedules: dict[str, FeeSchedule]
    trades_since: datetime


class Reconciler:
    """Follows orders to their end and fills to their settlement."""

    def __init__(
        self,
        *,
        database: Database,
        account: Callable[[TradingWallet], VenueAccount],
        market_keeper: MarketKeeper,
        comparison: Comparison,
        clock: Clock,
        holder: str,
    ) -> None:
        self._database = database
        self._account = account
        self._market_keeper = market_keeper
        self._comparison = comparison
        self._clock = clock
        self._holder = holder
        self._poster = OrderPoster(database=database, clock=clock, actor=holder)

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
        unreadable: list[Break] = []
        try:
            account = self._account(wallet)
            self._send_unsent(lease, account, wallet)
            known = self._known(wallet)
            trades = account.trades_since(known.trades_since)
            unreadable += self._follow(lease, account, known, trades, report)
            self._send_missing(lease, account, wallet, report)
            unreadable += self._adopt_outside(lease, wallet, account, trades, report)
            report.breaks = self._comparison.run(lease, wallet, unreadable)
        except StopEverything:
            raise
        except LiveTradingError as error:
            report.failures.append(failed_part(f"wallet {wallet.trading_wallet_id}", error))
        return report

    def follow_orders(self, lease: Lease, wallet: TradingWallet, report: ReconcileReport) -> None:
        """Asks the venue about every order that may still change, and books what it says."""
        known = self._known(wallet)
        if not known.orders:
            return
        account = self._account(wallet)
        since = min(order.intent_at for order in known.orders) - TRADES_OVERLAP
        self._follow(lease, account, known, account.trades_since(since), report)

    def _known(self, wallet: TradingWallet) -> _Known:
        wallet_id = wallet.trading_wallet_id
        with self._database.transaction() as transaction:
            orders = lt_orders.unfinished(transaction, wallet_id)
            known = markets.by_condition(transaction, [order.condition_id for order in orders])
            registered = outside_activity.known_since(transaction, wallet_id)
            earliest = outside_activity.earliest_open_question(transaction, wallet_id)
            cursor = _cursor(wallet)
            read_to = cursors.times(transaction, [cursor]).get(cursor, registered)
        oldest = read_to if earliest is None else min(read_to, earliest)
        return _Known(
            orders=orders,
            schedules={condition_id: market.fees for condition_id, market in known.items()},
            trades_since=oldest - TRADES_OVERLAP,
        )

    def _send_unsent(self, lease: Lease, account: VenueAccount, wallet: TradingWallet) -> None:
        with self._database.transaction() as transaction:
            unsent = lt_orders.unsent(transaction, wallet.trading_wallet_id)
        if unsent:
            self._poster.resume(lease, account, unsent)

    def _send_missing(
        self, lease: Lease, account: VenueAccount, wallet: TradingWallet, report: ReconcileReport
    ) -> None:
        """Orders that the venue does not know of may have died on the way: their bytes go out again."""
        with self._database.transaction() as transaction:
            missing = lt_orders.missing(transaction, wallet.trading_wallet_id)
        if missing:
            self._poster.send_again(lease, account, missing)
            self.follow_orders(lease, wallet, report)

    def _follow(
        self, lease: Lease, account: VenueAccount, known: _Known, trades: VenueTrades, report: ReconcileReport
    ) -> list[Break]:
        """Books the venue's truth of each order; what could not be read of them."""
        unreadable: list[Break] = []
        for order in (each for each in known.orders if each.state is not OrderState.INTENT):
            order_hash = order.signed.order_hash
            try:
                venue = None if order.state in TERMINAL else account.find_order(order_hash, order.signed)
                own = account.own_fills(trades, order_hash, known.schedules[order.condition_id], order.signed)
                self._apply(lease, order, VenueTruth(order=venue, fills=tuple(own)), report)
            except StopEverything:
                raise
            except MalformedAnswer as error:
                unreadable.append(self._set_aside(order, error))
                report.failures.append(failed_part(f"order {order.lt_order_id}", error))
            except LiveTradingError as error:
                report.failures.append(failed_part(f"order {order.lt_order_id}", error))
        return unreadable

    def _set_aside(self, order: StoredOrder, error: MalformedAnswer) -> Break:
        row = QuarantinedRow(source="clob.account", reason=str(error), raw=error.raw)
        with self._database.transaction() as transaction:
            quarantine.record(transaction, [row], self._clock.now())
        return Break(
            kind=BreakKind.UNREADABLE_ANSWER,
            subject=order.signed.order_hash,
            expected=order.order_shares.value,
            observed=order.order_shares.value,
        )

    def _apply(self, lease: Lease, seen: StoredOrder, truth: VenueTruth, report: ReconcileReport) -> None:
        now = self._clock.now()
        with self._database.transaction() as transaction:
            leases.assert_held(transaction, lease)
            (order,) = lt_orders.locked(transaction, [seen.lt_order_id])
            stored = fills.of_orders(transaction, [order.lt_order_id])[order.lt_order_id]
            update = plan_update(order, stored, truth, now)
            state = apply_update(transaction, order, update, actor=self._holder, now=now)
            if update.absent is not None:
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
        report.states[state] = report.states.get(state, 0) + 1

    def _adopt_outside(
        self, lease: Lease, wallet: TradingWallet, account: VenueAccount, trades: VenueTrades, report: ReconcileReport
    ) -> list[Break]:
        """Adopts orders and trades that are the wallet's but not ours, and moves the watermark past what was read."""
        open_orders = account.open_orders()
        by_order = orders_of_account(trades, wallet.address)
        hashes = {*by_order, *(order.order_hash for order in open_orders)}
        with self._database.transaction() as transaction:
            ours = outside_activity.ours_among(transaction, hashes) if hashes else set()
            since = outside_activity.known_since(transaction, wallet.trading_wallet_id)
        conditions = {trade.condition_id for order_hash in by_order.keys() - ours for trade in by_order[order_hash]}
        plan = plan_outside(
            open_orders=open_orders,
            by_order=by_order,
            ours=ours,
            fees=self._schedules(conditions, lease),
            since=since,
        )
        self._book_outside(lease, wallet, plan, trades, report)
        return plan.breaks

    def _schedules(self, conditions: set[str], lease: Lease) -> dict[str, FeeSchedule]:
        if not conditions:
            return {}
        self._market_keeper.refresh(conditions, lease, self._clock.now())
        with self._database.transaction() as transaction:
            known = markets.by_condition(transaction, conditions)
        return {condition_id: market.fees for condition_id, market in known.items()}

    def _book_outside(
        self, lease: Lease, wallet: TradingWallet, plan: OutsidePlan, trades: VenueTrades, report: ReconcileReport
    ) -> None:
        newest = max((trade.match_time for trade in trades.trades), default=None)
        if newest is None and not plan.orders:
            return
        now = self._clock.now()
        with self._database.transaction() as transaction:
            leases.assert_held(transaction, lease)
            report.adopted += adopt(transaction, wallet.trading_wallet_id, plan, now)
            if newest is not None:
                cursors.advance_times(transaction, {_cursor(wallet): min(newest, now)}, now)


def _cursor(wallet: TradingWallet) -> str:
    return f"venue_trades:{wallet.trading_wallet_id}"
