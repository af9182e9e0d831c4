"""Brings our orders and fills of a trading wallet in line with the venue, then the ledger in line with the chain.

Runs at the start of lt-execute and of lt-resolve. An order whose fate is unknown is looked up by its hash; one that
never left is sent now with the same bytes while its signal is fresh, else ended as not placed. What the wallet did
without us is adopted. What is still different afterwards is a break, and stops the wallet's entries.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from live_trading.nouns.chance import Chance
from live_trading.nouns.clock import Clock
from live_trading.nouns.errors import LiveTradingError, MalformedAnswer, StopEverything
from live_trading.nouns.markets import FeeSchedule
from live_trading.nouns.money import Shares, total_shares
from live_trading.nouns.orders import OrderState
from live_trading.nouns.trades import QuarantinedRow
from live_trading.nouns.wallets import TradingWallet
from live_trading.orders.machine import TERMINAL, Cause
from live_trading.polymarket.clob.account import VenueAccount, VenueOrder, VenueOrderStatus, VenueTrades
from live_trading.polymarket.clob.own_fills import orders_of_account
from live_trading.services.following.market_keeping import MarketKeeper
from live_trading.services.orders.order_booking import apply_update
from live_trading.services.orders.order_updates import OrderUpdate, VenueTruth, is_proved_by_trades, plan_update
from live_trading.services.orders.posting import OrderPoster
from live_trading.services.reconciling.compare import Comparison, Expectation, Look
from live_trading.services.reconciling.outside_adoption import OutsidePlan, adopt, plan_outside
from live_trading.services.reconciling.spender_watch import SpenderWatch
from live_trading.services.running import leasing
from live_trading.services.running.failures import PartFailure, failed_part
from live_trading.store.accounts import live_strategies
from live_trading.store.books.breaks import Break, BreakKind
from live_trading.store.database import cursors, leases
from live_trading.store.database.connection import Database, Transaction
from live_trading.store.database.leases import Lease
from live_trading.store.feed import markets, quarantine
from live_trading.store.orders import fills, lt_orders, order_changes, outside_activity
from live_trading.store.orders.lt_orders import StoredOrder

# The venue stamps trades by its own clock and lists them late: look this far behind what is known.
TRADES_OVERLAP = timedelta(minutes=5)
# At 50 ms an answer these stay below the 900 questions in ten seconds that the venue allows.
LOOK_UPS_AT_ONCE = 4

_PERHAPS_LOST = (OrderState.SENT, OrderState.UNKNOWN)


@dataclass(slots=True, kw_only=True)
class ReconcileReport:
    """What one pass over one wallet found; `breaks` is None where something was still settling."""

    states: dict[str, int] = field(default_factory=dict)
    new_fills: int = 0
    adopted: int = 0
    breaks: int | None = None
    failures: list[PartFailure] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Watched:
    """Orders that may still change, and the fees of their markets."""

    orders: list[StoredOrder]
    schedules: dict[str, FeeSchedule]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """What we have of a wallet before the venue is asked; its trades have been read up to `read_to`."""

    watched: _Watched
    registered_at: datetime
    read_to: datetime
    trades_since: datetime
    expected: Expectation


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """What the venue says, and what the chain said meanwhile."""

    trades: VenueTrades
    open_orders: Sequence[VenueOrder]
    look: Future[Look]


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
        chance: Chance,
        holder: str,
    ) -> None:
        self._database = database
        self._account = account
        self._market_keeper = market_keeper
        self._comparison = comparison
        self._clock = clock
        self._chance = chance
        self._holder = holder
        self._poster = OrderPoster(database=database, clock=clock, actor=holder)
        self._spenders = SpenderWatch(database=database, clock=clock)

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
        known = self._known(wallet)
        unsent = [order for order in known.watched.orders if order.state is OrderState.INTENT]
        if unsent:
            self._poster.resume(lease, account, unsent)
            known = self._known(wallet)
        holdings = known.expected.holdings
        report.failures += self._spenders.keep(lease, wallet, account, () if holdings is None else holdings.tokens)
        asked = self._ask(account, wallet, known)
        unreadable = self._follow(lease, account, known.watched, asked.trades, report)
        if any(order.state in _PERHAPS_LOST for order in known.watched.orders):
            self._send_missing(lease, account, wallet, report)
        plan = self._adopt_outside(lease, wallet, known, asked, report)
        unreadable += plan.breaks
        if known.watched.orders or plan.fills:
            # Something may have been booked since the look.
            report.breaks = self._comparison.run(lease, wallet, unreadable)
        else:
            report.breaks = self._comparison.conclude(lease, wallet, asked.look.result(), unreadable)

    def follow_orders(self, lease: Lease, wallet: TradingWallet, report: ReconcileReport) -> None:
        """Asks the venue about every order that may still change, and books what it says."""
        with self._database.transaction() as transaction:
            watched = _watched(transaction, wallet.trading_wallet_id)
        if not watched.orders:
            return
        account = self._account(wallet)
        since = min(order.intent_at for order in watched.orders) - TRADES_OVERLAP
        self._follow(lease, account, watched, account.trades_since(since), report)

    def _known(self, wallet: TradingWallet) -> _Known:
        wallet_id = wallet.trading_wallet_id
        with self._database.transaction() as transaction:
            watched = _watched(transaction, wallet_id)
            watch = outside_activity.watch(transaction, wallet_id)
            cursor = _cursor(wallet)
            read_to = cursors.times(transaction, [cursor]).get(cursor, watch.registered_at)
            expected = self._comparison.expectation(transaction, wallet)
        oldest = read_to if watch.earliest_open is None else min(read_to, watch.earliest_open)
        return _Known(
            watched=watched,
            registered_at=watch.registered_at,
            read_to=read_to,
            trades_since=oldest - TRADES_OVERLAP,
            expected=expected,
        )

    def _ask(self, account: VenueAccount, wallet: TradingWallet, known: _Known) -> _Asked:
        """Venue and chain side by side; what the chain could not be asked is raised by who needs the look."""
        with self._chance.side_by_side(2) as beside:
            look = beside.submit(self._comparison.look, wallet, known.expected)
            open_orders = beside.submit(account.open_orders)
            trades = account.trades_since(known.trades_since)
            return _Asked(trades=trades, open_orders=open_orders.result(), look=look)

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
        self, lease: Lease, account: VenueAccount, watched: _Watched, trades: VenueTrades, report: ReconcileReport
    ) -> list[Break]:
        """Books the venue's truth of each order; what could not be read of them."""
        unreadable: list[Break] = []
        at_venue = [order for order in watched.orders if order.state is not OrderState.INTENT]
        if not at_venue:
            return unreadable
        asked_at = self._clock.now()
        with self._chance.side_by_side(LOOK_UPS_AT_ONCE) as beside:
            looked_up: list[tuple[StoredOrder, Future[VenueTruth]]] = [
                (order, beside.submit(_truth, account, order, trades, watched.schedules[order.condition_id]))
                for order in at_venue
            ]
            for order, truth in looked_up:
                try:
                    self._apply(lease, order, truth.result(), asked_at, report)
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
        now = self._clock.now()
        with self._database.transaction() as transaction:
            quarantine.record(transaction, [row], now)
        return Break(
            kind=BreakKind.UNREADABLE_ANSWER,
            subject=order.signed.order_hash,
            expected=order.order_shares.value,
            observed=order.order_shares.value,
        )

    def _apply(
        self, lease: Lease, seen: StoredOrder, truth: VenueTruth, now: datetime, report: ReconcileReport
    ) -> None:
        with self._database.transaction() as transaction:
            leases.assert_held(transaction, lease)
            (order,) = lt_orders.locked(transaction, [seen.lt_order_id])
            stored = fills.of_orders(transaction, [order.lt_order_id])[order.lt_order_id]
            update = plan_update(order, stored, truth, now)
            state = apply_update(transaction, order, update, actor=self._holder, now=now)
            if update.absent is not None and _is_worth_noting(order, absent=update.absent):
                order_changes.note_lookup(transaction, lt_order_id=order.lt_order_id, absent=update.absent, now=now)
            seen_there = _status_at_venue(truth, update)
            if seen_there is not None:
                order_changes.note_venue_status(
                    transaction,
                    order_hash=order.signed.order_hash,
                    venue_status=seen_there[0],
                    matched=seen_there[1],
                    now=now,
                )
        report.new_fills += len(update.new_fills)
        report.states[state] = report.states.get(state, 0) + 1

    def _adopt_outside(
        self, lease: Lease, wallet: TradingWallet, known: _Known, asked: _Asked, report: ReconcileReport
    ) -> OutsidePlan:
        """Adopts orders and trades that are the wallet's but not ours, and moves the watermark past what was read."""
        by_order = orders_of_account(asked.trades, wallet.address)
        ours = {order.signed.order_hash for order in known.watched.orders}
        others = {*by_order, *(order.order_hash for order in asked.open_orders)} - ours
        if others:
            with self._database.transaction() as transaction:
                ours |= outside_activity.ours_among(transaction, others)
        conditions = {trade.condition_id for order_hash in by_order.keys() - ours for trade in by_order[order_hash]}
        plan = plan_outside(
            open_orders=asked.open_orders,
            by_order=by_order,
            ours=ours,
            fees=self._schedules(conditions, lease),
            since=known.registered_at,
        )
        self._book_outside(lease, wallet, known, plan, asked.trades, report)
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
        known: _Known,
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
            cursors.advance_times(transaction, {_cursor(wallet): min(newest, now)}, now)


def _watched(transaction: Transaction, trading_wallet_id: UUID) -> _Watched:
    orders = lt_orders.unfinished(transaction, trading_wallet_id)
    if not orders:
        return _Watched(orders=[], schedules={})
    known = markets.by_condition(transaction, [order.condition_id for order in orders])
    return _Watched(orders=orders, schedules={condition_id: market.fees for condition_id, market in known.items()})


def _truth(account: VenueAccount, order: StoredOrder, trades: VenueTrades, fees: FeeSchedule) -> VenueTruth:
    """What the venue says of one order; it is looked up where it may have ended otherwise than its trades tell."""
    own = account.own_fills(trades, order.signed.order_hash, fees, order.signed)
    is_known = order.state in TERMINAL or is_proved_by_trades(order, own)
    venue = None if is_known else account.find_order(order.signed.order_hash, order.signed)
    return VenueTruth(order=venue, fills=tuple(own))


def _is_worth_noting(order: StoredOrder, *, absent: bool) -> bool:
    """Whether a look-up, or what stands in for one, changes what is remembered of earlier ones."""
    return order.state not in TERMINAL and (absent or order.absence_proofs > 0)


def _status_at_venue(truth: VenueTruth, update: OrderUpdate) -> tuple[str, Shares] | None:
    if truth.order is not None:
        return truth.order.raw_status, truth.order.matched
    if update.cause is Cause.FOUND_FILLED:
        return VenueOrderStatus.MATCHED, total_shares([fill.shares for fill in truth.fills])
    return None


def _cursor(wallet: TradingWallet) -> str:
    return f"venue_trades:{wallet.trading_wallet_id}"
