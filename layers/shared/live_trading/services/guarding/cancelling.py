"""Cancels orders: one, all of a strategy, all of a trading wallet.

Cancelling needs no lease and is never stopped by a lock: asking twice does no harm, and what the venue made of it is
told by the orders themselves, which are followed up at once where nobody else is doing so. What a run that holds the
wallet may have on its way to the venue meanwhile is left to it as a wish.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from live_trading.nouns.clock import Clock
from live_trading.nouns.orders import OrderState, Purpose, RejectionCode
from live_trading.nouns.wallets import TradingWallet
from live_trading.nouns.wishes import ExitWish, WishKind
from live_trading.orders.machine import IN_DOUBT, TERMINAL, Cause
from live_trading.polymarket.clob.account import CancelResult, VenueAccount
from live_trading.services.guarding.not_done import told
from live_trading.services.orders.order_booking import Refusal, transition
from live_trading.services.reconciling.reconcile import Reconciler, ReconcileReport
from live_trading.services.running.leasing import WalletBusy, held_wallet
from live_trading.store.database import audit
from live_trading.store.database.connection import Database, Transaction
from live_trading.store.orders import exit_wishes, lt_orders, order_changes
from live_trading.store.orders.lt_orders import StoredOrder

CANCELLED_BY_USER = Refusal(code=RejectionCode.NOT_PLACED, text="cancelled before it was sent")


@dataclass(slots=True, kw_only=True)
class CancelReport:
    """What a cancel came to, orders by their hash.

    `withdrawn` had not been sent and never will be; `cancelled` the venue confirms; `refused` it did not cancel, with
    its reason (most often: matched before); `not_done` is what failed, in words. `followed` tells whether the orders
    were looked at afterwards; where not, the next run does it. `exit_wish_id` names what is left to the run that holds
    the wallet, None where nothing is.
    """

    withdrawn: list[str] = field(default_factory=list)
    cancelled: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    not_done: list[str] = field(default_factory=list)
    followed: bool = False
    exit_wish_id: UUID | None = None

    def as_facts(self) -> dict[str, Any]:
        """What was done, ready for JSON."""
        return {
            "withdrawn": self.withdrawn,
            "cancelled": self.cancelled,
            "refused": self.refused,
            "not_done": self.not_done,
            "followed": self.followed,
        }


class OrderCanceller:
    """Cancels orders of one trading wallet at a time."""

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        account: Callable[[TradingWallet], VenueAccount],
        reconciler: Reconciler,
        new_id: Callable[[], UUID],
        holder: str,
    ) -> None:
        self._new_id = new_id
        self._database = database
        self._clock = clock
        self._account = account
        self._reconciler = reconciler
        self._holder = holder

    def cancel_order(self, wallet: TradingWallet, lt_order_id: UUID, *, actor: str) -> CancelReport:
        """One order; nothing where it has ended."""
        with self._database.transaction() as transaction:
            orders = lt_orders.locked(transaction, [lt_order_id])
        return self._cancel(self.wish(wallet, actor, lt_order_id=lt_order_id), wallet, orders)

    def cancel_strategy(self, wallet: TradingWallet, lt_strategy_id: UUID, *, actor: str) -> CancelReport:
        """Every order of a strategy that has not ended."""
        wish = self.wish(wallet, actor, lt_strategy_id=lt_strategy_id)
        return self._cancel(wish, wallet, self._meant(wish))

    def cancel_entries(self, wallet: TradingWallet, lt_strategy_id: UUID) -> CancelReport:
        """Every entry of a strategy that has not ended, by a run that follows the wallet's orders itself."""
        with self._database.transaction() as transaction:
            orders = [
                order
                for order in lt_orders.unfinished(transaction, wallet.trading_wallet_id)
                if order.lt_strategy_id == lt_strategy_id and order.purpose is Purpose.ENTRY
            ]
        return self._cancel_in_run(wallet, orders)

    def cancel_bracket(self, wallet: TradingWallet, lt_order_id: UUID) -> CancelReport:
        """One resting sale, by a run that follows the wallet's orders itself."""
        with self._database.transaction() as transaction:
            orders = lt_orders.locked(transaction, [lt_order_id])
        return self._cancel_in_run(wallet, orders)

    def _cancel_in_run(self, wallet: TradingWallet, orders: Sequence[StoredOrder]) -> CancelReport:
        report = CancelReport()
        at_venue = self._withdraw(orders, report, self._holder)
        if at_venue:
            self._ask_venue(wallet, at_venue, report, whole_account=False)
        return report

    def cancel_wallet(self, wallet: TradingWallet, *, actor: str, cancelled: Collection[str] = ()) -> CancelReport:
        """Every order that rests at the venue for this account, whoever placed it, and every unsent one of ours.

        `cancelled` are hashes that the venue has confirmed just before.
        """
        wish = self.wish(wallet, actor)
        return self._cancel(wish, wallet, self._meant(wish), cancelled)

    def carry_out(self, wallet: TradingWallet, wish: ExitWish) -> CancelReport:
        """A wish to cancel, by the run that holds the wallet and follows its orders itself."""
        report = CancelReport()
        orders = [order for order in self._meant(wish) if order.intent_at <= wish.asked_at]
        at_venue = self._withdraw(orders, report, wish.owner_id)
        if at_venue:
            self._ask_venue(wallet, at_venue, report, whole_account=False)
        report.not_done += [
            f"order {order.lt_order_id} may still come to rest: the venue has not said what became of it"
            for order in at_venue
            if order.state in IN_DOUBT and order.signed.order_hash not in report.cancelled
        ]
        return report

    def wish(
        self,
        wallet: TradingWallet,
        actor: str,
        *,
        lt_strategy_id: UUID | None = None,
        lt_order_id: UUID | None = None,
    ) -> ExitWish:
        """The same as what a run takes up at its next step: one order, a strategy's, or all of the wallet."""
        return ExitWish(
            exit_wish_id=self._new_id(),
            owner_id=actor,
            trading_wallet_id=wallet.trading_wallet_id,
            kind=WishKind.CANCEL,
            asked_at=self._clock.now(),
            lt_strategy_id=lt_strategy_id,
            lt_order_id=lt_order_id,
        )

    def _meant(self, wish: ExitWish) -> list[StoredOrder]:
        """The orders that a wish to cancel is about, as they stand."""
        with self._database.transaction() as transaction:
            if wish.lt_order_id is not None:
                return lt_orders.locked(transaction, [wish.lt_order_id])
            return [
                order
                for order in lt_orders.unfinished(transaction, wish.trading_wallet_id)
                if wish.lt_strategy_id in (None, order.lt_strategy_id)
            ]

    def _cancel(
        self, wish: ExitWish, wallet: TradingWallet, orders: Sequence[StoredOrder], cancelled: Collection[str] = ()
    ) -> CancelReport:
        report = CancelReport()
        whole_account = wish.lt_order_id is None and wish.lt_strategy_id is None
        at_venue = self._withdraw(orders, report, wish.owner_id)
        if at_venue or whole_account:
            self._ask_venue(wallet, at_venue, report, whole_account=whole_account)
            done = {*report.cancelled, *cancelled}
            left = [order.lt_order_id for order in at_venue if order.signed.order_hash not in done]
            self._follow(wallet, report, wish, left)
        return report

    def _withdraw(self, orders: Sequence[StoredOrder], report: CancelReport, actor: str) -> list[StoredOrder]:
        """Ends what was never sent; the others, which may be at the venue."""
        open_ids = [order.lt_order_id for order in orders if order.state not in TERMINAL]
        now = self._clock.now()
        at_venue: list[StoredOrder] = []
        with self._database.transaction() as transaction:
            for order in lt_orders.locked(transaction, open_ids):
                if order.state is OrderState.INTENT:
                    transition(transaction, order, Cause.NEVER_SENT, actor=actor, now=now, refusal=CANCELLED_BY_USER)
                    report.withdrawn.append(order.signed.order_hash)
                elif order.state not in TERMINAL:
                    _note_asked(transaction, order, actor, now)
                    at_venue.append(order)
        return at_venue

    def _ask_venue(
        self, wallet: TradingWallet, orders: Sequence[StoredOrder], report: CancelReport, *, whole_account: bool
    ) -> None:
        with told("cancelling at the venue", report.not_done):
            account, hashes = self._account(wallet), [order.signed.order_hash for order in orders]
            result: CancelResult = account.cancel_all() if whole_account else account.cancel(hashes)
            report.cancelled += result.cancelled
            report.refused |= result.refused

    def _follow(self, wallet: TradingWallet, report: CancelReport, wish: ExitWish, left: Sequence[UUID]) -> None:
        """Looks at the orders; what of those left may still come to rest is wished for until that is known."""
        with told("looking at the orders afterwards", report.not_done):
            try:
                with held_wallet(self._database, self._clock, wallet.trading_wallet_id, self._holder) as lease:
                    self._reconciler.follow_orders(lease, wallet, ReconcileReport())
                report.followed = True
                left = self._in_doubt(left)
            except WalletBusy:
                # Whoever is busy with it follows its orders, and may have one on its way to the venue.
                pass
            if left:
                with self._database.transaction() as transaction:
                    exit_wishes.insert(transaction, wish)
                report.exit_wish_id = wish.exit_wish_id

    def _in_doubt(self, lt_order_ids: Sequence[UUID]) -> list[UUID]:
        with self._database.transaction() as transaction:
            orders = lt_orders.locked(transaction, lt_order_ids)
        return [order.lt_order_id for order in orders if order.state in IN_DOUBT]


def cancel_subject(trading_wallet_id: UUID) -> str:
    """What an alert is about that orders of a wallet were not cancelled."""
    return f"cancel:{trading_wallet_id}"


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
