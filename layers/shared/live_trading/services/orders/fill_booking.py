"""Books the fills of an order: as expected when they match, taken back when they fail, as read once they settle.

Invariants: every fill is booked once, and every correction once; the receipt of a transaction decides what its fills
moved, in sum and to the base unit; the proceeds of a sale may be spent only after that. What an order reserves is never
less than nothing: a fill of an order that has ended takes the release back, and one that costs more than the order had
reserved takes the excess from cash, each in the transaction that books it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from live_trading.ledger import order_entries, transactions
from live_trading.ledger.accounts import Account
from live_trading.ledger.transactions import Book
from live_trading.nouns.money import Shares, Usd, average_price, total_usd
from live_trading.nouns.orders import Fill, FillStatus, Moved
from live_trading.nouns.trades import Side
from live_trading.orders.machine import TERMINAL
from live_trading.orders.moved import shared_out
from live_trading.services.orders.order_alerts import tell_late_fill
from live_trading.services.orders.order_updates import FillProgress, OrderUpdate
from live_trading.services.running.trail import Key, Step, passed
from live_trading.store.books import ledger
from live_trading.store.database.connection import Transaction
from live_trading.store.orders import fills, order_changes
from live_trading.store.orders.fills import Settling, StoredFill
from live_trading.store.orders.lt_orders import StoredOrder


def book_fills(transaction: Transaction, updates: Sequence[tuple[StoredOrder, OrderUpdate]], now: datetime) -> None:
    """New fills, their settlement, and what their receipts told, of different orders as they stood before this.

    What is read and what is asked back is one round trip for all of them; ledger entries travel along.
    """
    changed = [each for each in updates if each[1].new_fills or each[1].progressed]
    if changed:
        _book_changes(transaction, changed, now)
    for order, update in updates:
        if update.unread:
            hashes = dict(update.unread)
            fills.note_unread(transaction, lt_order_id=order.lt_order_id, transaction_hashes=hashes, now=now)


def _book_changes(transaction: Transaction, updates: Sequence[tuple[StoredOrder, OrderUpdate]], now: datetime) -> None:
    made = [(order, fill) for order, update in updates for fill in update.new_fills]
    new = fills.insert_all(transaction, made, now)
    progressed = [each for _, update in updates for each in update.progressed]
    moved = fills.progress_all(transaction, [_settling(each) for each in progressed], now)
    spent = fills.spent(transaction, [order.lt_order_id for order, _ in updates])
    settled: dict[UUID, set[str]] = {}
    bookings: list[tuple[StoredOrder, OrderUpdate, _Spending]] = []
    for order, update in updates:
        lasting = [
            fill
            for fill in update.new_fills
            if (fill.venue_trade_id, fill.order_hash) in new and fill.status is not FillStatus.FAILED
        ]
        failed = [
            each.stored.fill
            for each in update.progressed
            if each.stored.fill_id in moved and each.to is FillStatus.FAILED
        ]
        before = spent[order.lt_order_id] - _cost(lasting) + _cost(failed)
        spending = _Spending(order, before)
        for fill in lasting:
            _book_fill(transaction, spending, fill, now)
            _log(transaction, Step.FILLED, order, fill.venue_trade_id)
        for fill in failed:
            _reverse(transaction, spending, fill, now)
        bookings.append((order, update, spending))
        settled[order.lt_order_id] = _settled_in(update.new_fills, update.progressed)
        progressed = [each for each in update.progressed if each.stored.fill_id in moved]
        for venue_trade_id in sorted(_settled_in(lasting, progressed)):
            _log(transaction, Step.SETTLED, order, venue_trade_id)
    _book_settled(transaction, bookings, settled, now)


def _log(transaction: Transaction, step: Step, order: StoredOrder, venue_trade_id: str) -> None:
    keys = {
        Key.LT_ORDER_ID: order.lt_order_id,
        Key.ORDER_HASH: order.signed.order_hash,
        Key.VENUE_TRADE_ID: venue_trade_id,
        Key.CONDITION_ID: order.condition_id,
    }
    passed(transaction, step, keys)


def _settled_in(new: Sequence[Fill], progressed: Sequence[FillProgress]) -> set[str]:
    """The trades that settle with these fills."""
    settled = {fill.venue_trade_id for fill in new if fill.status is FillStatus.CONFIRMED}
    return settled | {each.stored.fill.venue_trade_id for each in progressed if each.to is FillStatus.CONFIRMED}


def _book_settled(
    transaction: Transaction,
    bookings: Sequence[tuple[StoredOrder, OrderUpdate, _Spending]],
    settled: Mapping[UUID, set[str]],
    now: datetime,
) -> None:
    ids = [lt_order_id for lt_order_id, trades in settled.items() if trades]
    if not ids:
        return
    stored = fills.of_orders(transaction, ids)
    for order, update, spending in bookings:
        trades = settled[order.lt_order_id]
        if trades:
            _book_readings(transaction, spending, stored[order.lt_order_id], update.moved, trades, now)
    sales = [order for order, _, _ in bookings if order.side is Side.SELL and settled[order.lt_order_id]]
    if sales:
        read = fills.of_orders(transaction, [order.lt_order_id for order in sales])
        for order in sales:
            _book_settlements(transaction, order, read[order.lt_order_id], settled[order.lt_order_id], now)


def _settling(progress: FillProgress) -> Settling:
    return Settling(
        fill_id=progress.stored.fill_id,
        expected=progress.stored.fill.status,
        to=progress.to,
        transaction_hash=progress.transaction_hash,
    )


def _cost(of_fills: Sequence[Fill]) -> Usd:
    return total_usd([fill.usd + fill.fee for fill in of_fills])


def _book_fill(transaction: Transaction, spending: _Spending, fill: Fill, now: datetime) -> None:
    order = spending.order
    ledger.post_later(transaction, [_fill_entry(transaction, order, fill)], now)
    _level(transaction, spending, fill.usd + fill.fee, part=f"late:{fill.venue_trade_id}", now=now)
    if order.state in TERMINAL:
        order_changes.note_filled_after_all(transaction, order.lt_order_id)
        tell_late_fill(transaction, order, fill, now)


@dataclass(slots=True)
class _Spending:
    """An order and what it has spent up to what is being booked."""

    order: StoredOrder
    spent: Usd


def _level(transaction: Transaction, spending: _Spending, spent_more: Usd, *, part: str, now: datetime) -> None:
    """Moves between reservation and cash what a booking that spent so much more leaves wrong between them.

    Nothing is reserved of an order that has ended; of an open one what it has not spent, and never less than nothing.
    """
    order, before = spending.order, spending.spent
    spending.spent = before + spent_more
    if order.side is Side.SELL:
        return
    surplus = _held(order, before) - spent_more - _held(order, spending.spent)
    if surplus:
        _release(transaction, order, surplus, part=part, now=now)


def _held(order: StoredOrder, spent: Usd) -> Usd:
    return Usd.zero() if order.state in TERMINAL else max(order.reserved - spent, Usd.zero())


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


def _reverse(transaction: Transaction, spending: _Spending, fill: Fill, now: datetime) -> None:
    """Takes back every entry of a fill that failed after it had matched."""
    booked = ledger.booked(transaction, order_entries.fill_reference(fill))
    ledger.post_later(transaction, [transactions.reversal(booked, occurred_at=now)], now)
    _level(transaction, spending, -(fill.usd + fill.fee), part=fill.venue_trade_id, now=now)
    order_changes.note_not_filled(transaction, [spending.order.lt_order_id])


def _release(transaction: Transaction, order: StoredOrder, amount: Usd, *, part: str, now: datetime) -> None:
    given_back = order_entries.release(
        trading_wallet_id=order.trading_wallet_id,
        lt_strategy_id=order.lt_strategy_id,
        lt_order_id=order.lt_order_id,
        amount=amount,
        occurred_at=now,
        part=part,
    )
    ledger.post_later(transaction, [given_back], now)


def _book_readings(
    transaction: Transaction,
    spending: _Spending,
    stored: Sequence[StoredFill],
    read: Mapping[str, Moved],
    settled: set[str],
    now: datetime,
) -> None:
    """Shares out what each transaction moved for the order among all its trades in it, those read before included."""
    for transaction_hash, moved in read.items():
        group = [
            each
            for each in stored
            if each.fill.transaction_hash == transaction_hash and each.fill.status is FillStatus.CONFIRMED
        ]
        if not group:
            continue
        parts = shared_out(moved, [each.expected or each.fill.moved for each in group])
        for each, part in zip(group, parts, strict=True):
            is_new = each.fill.venue_trade_id in settled
            _book_reading(transaction, spending, each, part, shared_by=len(group), is_new=is_new, now=now)


def _book_reading(
    transaction: Transaction,
    spending: _Spending,
    stored: StoredFill,
    moved: Moved,
    *,
    shared_by: int,
    is_new: bool,
    now: datetime,
) -> None:
    """`is_new` tells a fill that settles in this update from one whose proceeds are cash already."""
    order, fill = spending.order, stored.fill
    if stored.expected is not None and fill.moved == moved:
        return
    if fill.moved != moved:
        reference = order_entries.correction_reference(fill, shared_by)
        book = Book(order.trading_wallet_id, order.lt_strategy_id)
        if fill.side is Side.BUY:
            entry = order_entries.buy_correction(
                reference=reference,
                book=book,
                fill=fill,
                moved=moved,
                paid_from=Account.CASH if order.state in TERMINAL else Account.RESERVED,
                occurred_at=now,
            )
        else:
            entry = order_entries.sell_correction(
                reference=reference,
                book=book,
                fill=fill,
                moved=moved,
                cost=_cost_of_difference(transaction, order, fill, moved),
                paid_to=Account.UNSETTLED if is_new else Account.CASH,
                occurred_at=now,
            )
        ledger.post_later(transaction, [entry], now)
    price = average_price(moved.usd, moved.shares) or fill.price
    fills.note_read(transaction, fill_id=stored.fill_id, moved=moved, price=price, now=now)
    if order.state not in TERMINAL:
        spent_more = moved.usd + moved.fee - fill.usd - fill.fee
        _level(transaction, spending, spent_more, part=f"over:{fill.venue_trade_id}:{shared_by}", now=now)


def _cost_of_difference(transaction: Transaction, order: StoredOrder, fill: Fill, moved: Moved) -> Usd:
    """What the shares of a sale beyond the booked ones had cost; fewer come back at what they were booked at."""
    if moved.shares >= fill.shares:
        return _average_cost(transaction, order, moved.shares - fill.shares)
    booked = ledger.booked(transaction, order_entries.fill_reference(fill))
    cost = -total_usd([each.amount for each in booked.entries if each.account is Account.POSITION_COST])
    back = fill.shares.base_units - moved.shares.base_units
    return -Usd.of_base_units(cost.base_units * back // fill.shares.base_units)


def _book_settlements(
    transaction: Transaction, order: StoredOrder, stored: Sequence[StoredFill], settled: set[str], now: datetime
) -> None:
    for each in stored:
        if each.fill.venue_trade_id in settled and each.fill.status is FillStatus.CONFIRMED:
            entry = order_entries.settlement(
                trading_wallet_id=order.trading_wallet_id,
                lt_strategy_id=order.lt_strategy_id,
                fill=each.fill,
                occurred_at=now,
            )
            ledger.post_later(transaction, [entry], now)
