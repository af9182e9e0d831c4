"""Takes up what people asked to get out of while a run held the wallet: by that run between its steps, or the next.

A wish is carried out at most once: a sale's intent is committed together with the end of its wish, and whoever commits
it holds the wallet's lease. Cancels and flattening may be begun again after a kill, because asking the venue twice to
cancel and planning the sale of what is still held do no harm. What cannot be done in time ends with an alert.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from live_trading.nouns.alerts import AlertType, Concern, Severity
from live_trading.nouns.clock import Clock
from live_trading.nouns.errors import GiveUp, WrongState
from live_trading.nouns.orders import Purpose
from live_trading.nouns.wallets import TradingWallet
from live_trading.nouns.wishes import ExitWish, WishKind, WishState
from live_trading.services.guarding.bracket_clearing import BracketRests
from live_trading.services.guarding.cancelling import OrderCanceller, cancel_subject
from live_trading.services.guarding.closing import CloseRequest, PositionCloser, WriteIntent, close_subject
from live_trading.services.guarding.lock_enforcement import LockEnforcer
from live_trading.services.reconciling.reconcile import Reconciler, ReconcileReport
from live_trading.services.running.failures import PartFailure, contained
from live_trading.services.running.leasing import WalletBusy, held_wallet
from live_trading.store.accounts import live_strategies
from live_trading.store.database import leases
from live_trading.store.database.connection import Database, Transaction
from live_trading.store.database.leases import Lease
from live_trading.store.orders import exit_wishes
from live_trading.store.watch import alerts


class WishKeeper:
    """Carries out the wishes of one trading wallet at a time, under its lease."""

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        closer: PositionCloser,
        canceller: OrderCanceller,
        enforcer: LockEnforcer,
        reconciler: Reconciler,
        holder: str,
    ) -> None:
        self._database = database
        self._clock = clock
        self._closer = closer
        self._canceller = canceller
        self._enforcer = enforcer
        self._reconciler = reconciler
        self._holder = holder

    def take_up(self, lease: Lease, wallet: TradingWallet, failures: list[PartFailure]) -> bool:
        """Everything that waits for this wallet; True where something did. Raises only what is of the whole run.

        No order may be on its way to the venue meanwhile.
        """
        with self._database.reading() as reading:
            found = exit_wishes.waiting(reading, wallet.trading_wallet_id)
        for wish in found:
            with contained(f"exit wish {wish.exit_wish_id}", failures):
                self._carry_out(lease, wallet, wish)
        return bool(found)

    def take_up_if_free(self, wallet: TradingWallet) -> None:
        """The same by whoever wrote the wish, where the run that was in the way has ended since; else nothing."""
        try:
            with held_wallet(self._database, self._clock, wallet.trading_wallet_id, self._holder) as lease:
                self._reconciler.follow_orders(lease, wallet, ReconcileReport())
                if self.take_up(lease, wallet, []):
                    self._reconciler.follow_orders(lease, wallet, ReconcileReport())
        except WalletBusy:
            return

    def _carry_out(self, lease: Lease, wallet: TradingWallet, wish: ExitWish) -> None:
        if self._clock.now() > wish.waits_until:
            self._expire(lease, wish)
            return
        match wish.kind:
            case WishKind.CLOSE:
                self._close(lease, wallet, wish)
            case WishKind.CANCEL:
                done = self._canceller.carry_out(wallet, wish)
                self._finish_or_wait(lease, wish, done.as_facts(), is_done=not done.not_done)
            case WishKind.FLATTEN:
                enforced = self._enforcer.run(lease, wallet)
                facts = {
                    "cancelled": enforced.cancelled,
                    "sales": enforced.sales,
                    "not_done": [f"{each.part}: {each.error}: {each.message}" for each in enforced.failures],
                }
                # What is left is the locks' own: every run carries it on for as long as they last.
                self._finish_or_wait(lease, wish, facts, is_done=True)

    def _close(self, lease: Lease, wallet: TradingWallet, wish: ExitWish) -> None:
        with self._database.reading() as reading:
            owned = live_strategies.of_wallet(reading, wallet.trading_wallet_id)
        strategy = next((each for each in owned if each.lt_strategy_id == wish.lt_strategy_id), None)
        if strategy is None or wish.token_id is None:
            self._refuse(lease, wish, "no such position")
            return
        request = CloseRequest(
            lt_strategy_id=strategy.lt_strategy_id,
            token_id=wish.token_id,
            shares=wish.shares,
            slippage_bound_fraction=wish.slippage_bound_fraction,
            order_type=wish.order_type,
            purpose=Purpose.EXIT,
        )

        def commit(write: WriteIntent) -> UUID:
            now = self._clock.now()
            with self._database.transaction() as transaction:
                lt_order_id = write(transaction)
                if not exit_wishes.finish(
                    transaction, wish.exit_wish_id, WishState.DONE, now=now, lt_order_id=lt_order_id
                ):
                    raise WrongState("the wish was carried out already")
            return lt_order_id

        try:
            self._closer.clear(lease, wallet, request)
            self._closer.sell(lease, wallet, strategy, request, actor=wish.owner_id, commit=commit)
        except BracketRests as error:
            self._finish_or_wait(lease, wish, {"not_done": [str(error)]}, is_done=False)
        except GiveUp as error:
            self._refuse(lease, wish, str(error))

    def _refuse(self, lease: Lease, wish: ExitWish, why: str) -> None:
        """No effect on a wish whose order is committed: what fails then is the order's own affair."""
        now = self._clock.now()
        with self._database.transaction() as transaction:
            leases.assert_held(transaction, lease)
            if exit_wishes.finish(
                transaction, wish.exit_wish_id, WishState.REFUSED, now=now, result={"not_done": [why]}
            ):
                _tell(transaction, wish, why, now)

    def _expire(self, lease: Lease, wish: ExitWish) -> None:
        so_far = (wish.result or {}).get("not_done") or []
        why = "; ".join([f"it could not be done by {wish.waits_until.isoformat()}", *so_far])
        now = self._clock.now()
        with self._database.transaction() as transaction:
            leases.assert_held(transaction, lease)
            if exit_wishes.finish(
                transaction,
                wish.exit_wish_id,
                WishState.EXPIRED,
                now=now,
                result={**(wish.result or {}), "not_done": [why]},
            ):
                _tell(transaction, wish, why, now)

    def _finish_or_wait(self, lease: Lease, wish: ExitWish, facts: Mapping[str, Any], *, is_done: bool) -> None:
        now = self._clock.now()
        with self._database.transaction() as transaction:
            leases.assert_held(transaction, lease)
            if is_done:
                exit_wishes.finish(transaction, wish.exit_wish_id, WishState.DONE, now=now, result=facts)
                alerts.resolve_alert(transaction, alert_type=AlertType.EXIT_NOT_DONE, subject=_subject(wish), at=now)
            else:
                exit_wishes.note(transaction, wish.exit_wish_id, facts)


def _subject(wish: ExitWish) -> str:
    if wish.lt_strategy_id is not None and wish.token_id is not None:
        return close_subject(wish.lt_strategy_id, wish.token_id)
    return cancel_subject(wish.trading_wallet_id)


def _tell(transaction: Transaction, wish: ExitWish, why: str, now: datetime) -> None:
    what = "A sale" if wish.kind is WishKind.CLOSE else "A cancel"
    where = f"token {wish.token_id} of strategy {wish.lt_strategy_id}, " if wish.kind is WishKind.CLOSE else ""
    order = "" if wish.lt_order_id is None else f"order {wish.lt_order_id}, "
    amount = "all that may be sold, " if wish.shares is None else f"{wish.shares} shares, "
    alerts.raise_alert(
        transaction,
        alert_type=AlertType.EXIT_NOT_DONE,
        severity=Severity.CRITICAL,
        subject=_subject(wish),
        title=f"{what} that was asked for by hand was not done",
        message=(
            f"{where}{order}{amount if wish.kind is WishKind.CLOSE else ''}wallet {wish.trading_wallet_id}, asked for "
            f"by {wish.owner_id} at {wish.asked_at.isoformat()} (wish {wish.exit_wish_id}): {why}. Look at positions "
            f"and orders, then ask again under a new Idempotency-Key; this wish will not be carried out any more."
        ),
        at=now,
        concern=Concern(trading_wallet_id=wish.trading_wallet_id, lt_strategy_id=wish.lt_strategy_id),
    )
