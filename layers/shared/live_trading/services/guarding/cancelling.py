"""Cancels orders: one, all of a strategy, all of a trading wallet.

Cancelling needs no lease and is never stopped by a lock: asking twice does no harm, and what the venue made of it is
told by the orders themselves, which are followed up at once where nobody else is doing so.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from live_trading.nouns.clock import Clock
from live_trading.nouns.orders import OrderState, Purpose, RejectionCode
from live_trading.nouns.wallets import TradingWallet
from live_trading.orders.machine import TERMINAL, Cause
from live_trading.polymarket.clob.account import CancelResult, VenueAccount
from live_trading.services.orders.order_booking import Refusal, transition
from live_trading.services.reconciling.reconcile import Reconciler, ReconcileReport
from live_trading.services.running.failures import PART_FAILURES
from live_trading.services.running.leasing import WalletBusy, held_wallet
from live_trading.store.database import audit
from live_trading.store.database.connection import Database, Transaction
from live_trading.store.orders import lt_orders, order_changes
from live_trading.store.orders.lt_orders import StoredOrder

CANCELLED_BY_USER = Refusal(code=RejectionCode.NOT_PLACED, text="cancelled before it was sent")


@dataclass(slots=True, kw_only=True)
class CancelReport:
    """What a cancel came to, orders by their hash.

    `withdrawn` had not been sent and never will be; `cancelled` the venue confirms; `refused` it did not cancel, with
    its reason (most often: matched before); `not_done` is what failed, in words. `followed` tells whether the orders
    were looked at afterwards; where not, the next run does it.
    """

    withdrawn: list[str] = field(default_factory=list)
    cancelled: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    not_done: list[str] = field(default_factory=list)
    followed: bool = False


class OrderCanceller:
    """Cancels orders of one trading wallet at a time."""

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        account: Callable[[TradingWallet], VenueAccount],
        reconciler: Reconciler,
        holder: str,
    ) -> None:
        self._database = database
        self._clock = clock
        self._account = account
        self._reconciler = reconciler
        self._holder = holder

    def cancel_order(self, wallet: TradingWallet, lt_order_id: UUID, *, actor: str) -> CancelReport:
        """One order; nothing where it has ended."""
        with self._database.transaction() as transaction:
            orders = lt_orders.locked(transaction, [lt_order_id])
        return self._cancel(wallet, orders, actor=actor, whole_account=False)

    def cancel_strategy(self, wallet: TradingWallet, lt_strategy_id: UUID, *, actor: str) -> CancelReport:
        """Every order of a strategy that has not ended."""
        with self._database.transaction() as transaction:
            orders = [
                order
                for order in lt_orders.unfinished(transaction, wallet.trading_wallet_id)
                if order.lt_strategy_id == lt_strategy_id
            ]
        return self._cancel(wallet, orders, actor=actor, whole_account=False)

    def cancel_entries(self, wallet: TradingWallet, lt_strategy_id: UUID) -> CancelReport:
        """Every entry of a strategy that has not ended, by a run that follows the wallet's orders itself."""
        with self._database.transaction() as transaction:
            orders = [
                order
                for order in lt_orders.unfinished(transaction, wallet.trading_wallet_id)
                if order.lt_strategy_id == lt_strategy_id and order.purpose is Purpose.ENTRY
            ]
        report = CancelReport()
        at_venue = self._withdraw(orders, report, self._holder)
        if at_venue:
            self._ask_venue(wallet, at_venue, report, whole_account=False)
        return report

    def cancel_wallet(self, wallet: TradingWallet, *, actor: str) -> CancelReport:
        """Every order that rests at the venue for this account, whoever placed it, and every unsent one of ours."""
        with self._database.transaction() as transaction:
            orders = lt_orders.unfinished(transaction, wallet.trading_wallet_id)
        return self._cancel(wallet, orders, actor=actor, whole_account=True)

    def _cancel(
        self, wallet: TradingWallet, orders: Sequence[StoredOrder], *, actor: str, whole_account: bool
    ) -> CancelReport:
        report = CancelReport()
        at_venue = self._withdraw(orders, report, actor)
        if at_venue or whole_account:
            self._ask_venue(wallet, at_venue, report, whole_account=whole_account)
            self._follow(wallet, report)
        return report

    def _withdraw(self, orders: Sequence[StoredOrder], report: CancelReport, actor: str) -> list[str]:
        """Ends what was never sent; the hashes of what may be at the venue."""
        open_ids = [order.lt_order_id for order in orders if order.state not in TERMINAL]
        now = self._clock.now()
        at_venue: list[str] = []
        with self._database.transaction() as transaction:
            for order in lt_orders.locked(transaction, open_ids):
                if order.state is OrderState.INTENT:
                    transition(transaction, order, Cause.NEVER_SENT, actor=actor, now=now, refusal=CANCELLED_BY_USER)
                    report.withdrawn.append(order.signed.order_hash)
                elif order.state not in TERMINAL:
                    _note_asked(transaction, order, actor, now)
                    at_venue.append(order.signed.order_hash)
        return at_venue

    def _ask_venue(
        self, wallet: TradingWallet, order_hashes: list[str], report: CancelReport, *, whole_account: bool
    ) -> None:
        try:
            account = self._account(wallet)
            result: CancelResult = account.cancel_all() if whole_account else account.cancel(order_hashes)
        except PART_FAILURES as error:
            report.not_done.append(f"cancelling at the venue: {type(error).__name__}: {error}")
            return
        report.cancelled += result.cancelled
        report.refused |= result.refused

    def _follow(self, wallet: TradingWallet, report: CancelReport) -> None:
        try:
            with held_wallet(self._database, self._clock, wallet.trading_wallet_id, self._holder) as lease:
                self._reconciler.follow_orders(lease, wallet, ReconcileReport())
        except WalletBusy:
            # Whoever is busy with it follows its orders.
            return
        except PART_FAILURES as error:
            report.not_done.append(f"looking at the orders afterwards: {type(error).__name__}: {error}")
            return
        report.followed = True


def _note_asked(transaction: Transaction, order: StoredOrder, actor: str, now: datetime) -> None:
    order_changes.note_cancel_asked(transaction, order.lt_order_id, now)
    audit.record(
        transaction,
        actor=actor,
        action="cancel_asked",
        subject_type="lt_order",
        subject_id=str(order.lt_order_id),
        before={"state": order.state},
        after={"state": order.state},
        cause="cancel",
        at=now,
    )
