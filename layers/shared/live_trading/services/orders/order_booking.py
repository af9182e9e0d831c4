"""Applies what is known of an order: state, fills, ledger and audit in the caller's transaction.

Every write is guarded or unique by its source, so applying the same update again changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from live_trading.ledger import order_entries
from live_trading.nouns.orders import OrderState, RejectionCode
from live_trading.nouns.trades import Side
from live_trading.orders.machine import TERMINAL, Cause, next_state
from live_trading.services.orders.fill_booking import book_fills
from live_trading.services.orders.order_updates import OrderUpdate
from live_trading.store.books import ledger, resolutions
from live_trading.store.database import audit
from live_trading.store.database.connection import Transaction
from live_trading.store.orders import fills, order_changes
from live_trading.store.orders.lt_orders import StoredOrder


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why an order came to nothing, in our code and the venue's words."""

    code: RejectionCode
    text: str


def apply_update(
    transaction: Transaction, order: StoredOrder, update: OrderUpdate, *, actor: str, now: datetime
) -> OrderState:
    """Books fills and their settlement, then the transition; `order` must be locked in this transaction."""
    book_fills(transaction, order, update, now)
    state = order.state
    if update.cause is not None:
        refusal = None if update.rejection is None else Refusal(code=update.rejection, text="")
        state = transition(transaction, order, update.cause, actor=actor, now=now, refusal=refusal)
    return state


def transition(
    transaction: Transaction,
    order: StoredOrder,
    cause: Cause,
    *,
    actor: str,
    now: datetime,
    refusal: Refusal | None = None,
) -> OrderState:
    """Moves the order by a named cause and, where that ends it, gives back what it did not spend."""
    to = next_state(order.state, cause)
    if to is order.state:
        return to
    moved = order_changes.move(
        transaction,
        lt_order_id=order.lt_order_id,
        expected=order.state,
        to=to,
        now=now,
        finished=to in TERMINAL,
        rejection_code=None if refusal is None else refusal.code,
        rejection_text=None if refusal is None else refusal.text,
    )
    if not moved:
        return order.state
    audit.record(
        transaction,
        actor=actor,
        action="order_state",
        subject_type="lt_order",
        subject_id=str(order.lt_order_id),
        before={"state": order.state},
        after={"state": to},
        cause=cause,
        at=now,
    )
    if to in TERMINAL:
        _release_rest(transaction, order, now)
        resolutions.mark_not_filled(transaction, order.lt_order_id)
    return to


def _release_rest(transaction: Transaction, order: StoredOrder, now: datetime) -> None:
    """Gives back the part of a reservation that no lasting fill has used; beyond it cash has paid already."""
    rest = order.reserved - fills.spent(transaction, order.lt_order_id)
    if order.side is Side.SELL or not rest.is_positive:
        return
    given_back = order_entries.release(
        trading_wallet_id=order.trading_wallet_id,
        lt_strategy_id=order.lt_strategy_id,
        lt_order_id=order.lt_order_id,
        amount=rest,
        occurred_at=now,
    )
    ledger.post(transaction, given_back, now)
