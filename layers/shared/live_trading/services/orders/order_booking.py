"""Applies what is known of an order: state, fills, ledger and audit in the caller's transaction.

Every write is guarded or unique by its source, so applying the same update again changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from live_trading.ledger import order_entries
from live_trading.nouns.orders import OrderState, RejectionCode
from live_trading.nouns.trades import Side
from live_trading.orders.machine import TERMINAL, Cause, next_state
from live_trading.services.orders.fill_booking import book_fills
from live_trading.services.orders.order_updates import OrderUpdate
from live_trading.store.books import ledger
from live_trading.store.database import audit
from live_trading.store.database.audit import Change
from live_trading.store.database.connection import Transaction
from live_trading.store.orders import fills, order_changes
from live_trading.store.orders.lt_orders import StoredOrder
from live_trading.store.orders.order_changes import Move


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why an order came to nothing, in our code and the venue's words."""

    code: RejectionCode
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """An order, which must be locked, and the cause that moves it on."""

    order: StoredOrder
    cause: Cause
    refusal: Refusal | None = None


def apply_updates(
    transaction: Transaction, updates: Sequence[tuple[StoredOrder, OrderUpdate]], *, actor: str, now: datetime
) -> dict[UUID, OrderState]:
    """Books fills and their settlement, then the transitions of different orders; where each stands then.

    The orders must be locked in this transaction. Round trips do not grow with them.
    """
    book_fills(transaction, updates, now)
    moving = [
        Transition(
            order=order,
            cause=update.cause,
            refusal=None if update.rejection is None else Refusal(code=update.rejection, text=""),
        )
        for order, update in updates
        if update.cause is not None
    ]
    states = {order.lt_order_id: order.state for order, _ in updates}
    return states | transition_all(transaction, moving, actor=actor, now=now)


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
    one = Transition(order=order, cause=cause, refusal=refusal)
    return transition_all(transaction, [one], actor=actor, now=now)[order.lt_order_id]


def transition_all(
    transaction: Transaction, transitions: Sequence[Transition], *, actor: str, now: datetime
) -> dict[UUID, OrderState]:
    """Moves different orders, each by its own cause, and gives back what those that end did not spend."""
    wanted = {each.order.lt_order_id: next_state(each.order.state, each.cause) for each in transitions}
    changing = [each for each in transitions if wanted[each.order.lt_order_id] is not each.order.state]
    moves = [_move(each, wanted[each.order.lt_order_id]) for each in changing]
    moved = order_changes.move_all(transaction, moves, now)
    changed = [each for each in changing if each.order.lt_order_id in moved]
    audit.record_all(
        transaction, [_change(each, wanted[each.order.lt_order_id]) for each in changed], actor=actor, at=now
    )
    ended = [each.order for each in changed if wanted[each.order.lt_order_id] in TERMINAL]
    _release_rests(transaction, ended, now)
    if ended:
        order_changes.note_not_filled(transaction, [order.lt_order_id for order in ended])
    stayed = {each.order.lt_order_id: each.order.state for each in transitions}
    return stayed | {each.order.lt_order_id: wanted[each.order.lt_order_id] for each in changed}


def _move(each: Transition, to: OrderState) -> Move:
    return Move(
        lt_order_id=each.order.lt_order_id,
        expected=each.order.state,
        to=to,
        finished=to in TERMINAL,
        rejection_code=None if each.refusal is None else each.refusal.code,
        rejection_text=None if each.refusal is None else each.refusal.text,
    )


def _change(each: Transition, to: OrderState) -> Change:
    return Change(
        action="order_state",
        subject_type="lt_order",
        subject_id=str(each.order.lt_order_id),
        before={"state": each.order.state},
        after={"state": to},
        cause=each.cause,
    )


def _release_rests(transaction: Transaction, ended: Sequence[StoredOrder], now: datetime) -> None:
    """Gives back the parts of reservations that no lasting fill has used; beyond them cash has paid already."""
    buys = [order for order in ended if order.side is Side.BUY]
    if not buys:
        return
    spent = fills.spent(transaction, [order.lt_order_id for order in buys])
    rests = [(order, order.reserved - spent[order.lt_order_id]) for order in buys]
    released = [
        order_entries.release(
            trading_wallet_id=order.trading_wallet_id,
            lt_strategy_id=order.lt_strategy_id,
            lt_order_id=order.lt_order_id,
            amount=rest,
            occurred_at=now,
        )
        for order, rest in rests
        if rest.is_positive
    ]
    ledger.post_later(transaction, released, now)
