"""Applies what is known of an order: state, fills, ledger and audit in the caller's transaction.

Every write is guarded or unique by its source, so applying the same update again changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from live_trading.ledger import order_entries, transactions
from live_trading.ledger.accounts import Account
from live_trading.nouns.money import Shares, Usd, total_usd
from live_trading.nouns.orders import Fill, FillStatus, OrderState, RejectionCode
from live_trading.nouns.trades import Side
from live_trading.orders.machine import TERMINAL, Cause, next_state
from live_trading.services.orders.order_updates import FillProgress, OrderUpdate
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
    """Books new fills, settlement progress and the transition; `order` must be locked in this transaction."""
    for fill in update.new_fills:
        _book_fill(transaction, order, fill, now)
    for progress in update.progressed:
        _book_progress(transaction, order, progress, now)
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


def _book_fill(transaction: Transaction, order: StoredOrder, fill: Fill, now: datetime) -> None:
    if not fills.insert(transaction, order, fill, now) or fill.status is FillStatus.FAILED:
        return
    ledger.post(transaction, _fill_entry(transaction, order, fill), now)
    if fill.status is FillStatus.CONFIRMED and fill.side is Side.SELL:
        ledger.post(transaction, _settlement_entry(order, fill, now), now)


def _fill_entry(transaction: Transaction, order: StoredOrder, fill: Fill) -> transactions.LedgerTransaction:
    if fill.side is Side.BUY:
        return order_entries.buy_fill(
            trading_wallet_id=order.trading_wallet_id,
            lt_strategy_id=order.lt_strategy_id,
            fill=fill,
        )
    return order_entries.sell_fill(
        trading_wallet_id=order.trading_wallet_id,
        lt_strategy_id=order.lt_strategy_id,
        fill=fill,
        average_cost=_average_cost(transaction, order, fill.shares),
    )


def _settlement_entry(order: StoredOrder, fill: Fill, now: datetime) -> transactions.LedgerTransaction:
    return order_entries.settlement(
        trading_wallet_id=order.trading_wallet_id, lt_strategy_id=order.lt_strategy_id, fill=fill, occurred_at=now
    )


def _average_cost(transaction: Transaction, order: StoredOrder, sold: Shares) -> Usd:
    """What the sold shares had cost: the position's cost in proportion, all of it when all of it is sold."""
    held = [
        each
        for each in ledger.holdings(transaction, Account.POSITION_COST, [order.token_id])
        if each.lt_strategy_id == order.lt_strategy_id
    ]
    cost = total_usd([each.amount for each in held])
    shares = sum(each.shares.base_units for each in held)
    if shares == 0 or sold.base_units == shares:
        return cost
    return Usd.of_base_units(cost.base_units * sold.base_units // shares)


def _book_progress(transaction: Transaction, order: StoredOrder, progress: FillProgress, now: datetime) -> None:
    before = progress.stored.fill
    moved = fills.progress(
        transaction,
        fill_id=progress.stored.fill_id,
        expected=before.status,
        to=progress.to,
        transaction_hash=progress.transaction_hash,
        now=now,
    )
    if not moved:
        return
    if progress.to is FillStatus.CONFIRMED and before.side is Side.SELL:
        ledger.post(transaction, _settlement_entry(order, before, now), now)
    if progress.to is FillStatus.FAILED:
        _reverse(transaction, order, before, now)


def _reverse(transaction: Transaction, order: StoredOrder, fill: Fill, now: datetime) -> None:
    """Takes back every entry of a fill that failed after it had matched."""
    booked = ledger.booked(transaction, order_entries.fill_reference(fill))
    ledger.post(transaction, transactions.reversal(booked, occurred_at=now), now)
    if order.state in TERMINAL and fill.side is Side.BUY:
        again = order_entries.release(
            trading_wallet_id=order.trading_wallet_id,
            lt_strategy_id=order.lt_strategy_id,
            lt_order_id=order.lt_order_id,
            amount=fill.usd + fill.fee,
            occurred_at=now,
            part=fill.venue_trade_id,
        )
        ledger.post(transaction, again, now)
    resolutions.mark_not_filled(transaction, order.lt_order_id)


def _release_rest(transaction: Transaction, order: StoredOrder, now: datetime) -> None:
    """Gives back the part of a reservation that no lasting fill has used."""
    lasting = [
        each.fill
        for each in fills.of_orders(transaction, [order.lt_order_id])[order.lt_order_id]
        if each.fill.status is not FillStatus.FAILED
    ]
    rest = order.reserved - total_usd([fill.usd + fill.fee for fill in lasting])
    if order.side is Side.SELL or not rest:
        return
    given_back = order_entries.release(
        trading_wallet_id=order.trading_wallet_id,
        lt_strategy_id=order.lt_strategy_id,
        lt_order_id=order.lt_order_id,
        amount=rest,
        occurred_at=now,
    )
    ledger.post(transaction, given_back, now)
