"""Adopts what a trading wallet did at the venue without us: its owner may trade beside this system.

Invariants: such trades are booked against what is allocated to nobody, so that ledger, venue and chain go on agreeing,
and a strategy's own cash and shares never pay for them. They settle as our own fills do: once the receipt of their
transaction is read, and with what it tells. Each of them is told to the operator.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from live_trading.ledger import order_entries, transactions
from live_trading.nouns.money import average_price
from live_trading.nouns.orders import Fill, FillStatus, Moved
from live_trading.orders.moved import shared_out
from live_trading.services.orders.order_updates import held_back, is_unread, readable
from live_trading.services.reconciling.outside_alerts import tell_of_claim, tell_of_trades
from live_trading.services.reconciling.outside_plan import OutsideFill, OutsidePlan, by_order_hash
from live_trading.store.books import breaks, ledger
from live_trading.store.books.breaks import Break, BreakKind
from live_trading.store.database.connection import Transaction
from live_trading.store.feed import quarantine
from live_trading.store.orders import outside_activity
from live_trading.store.orders.outside_activity import StoredOutsideFill


def adopt(
    transaction: Transaction, trading_wallet_id: UUID, plan: OutsidePlan, now: datetime, *, actor: str = "reconciling"
) -> int:
    """Applies the plan; how many trades were new. Applying it again changes nothing.

    `actor` is who puts the lock on a wallet that another installation claims.
    """
    quarantine.record(transaction, plan.unreadable, now)
    for order in plan.orders:
        outside_activity.note_order(
            transaction,
            trading_wallet_id=trading_wallet_id,
            order_hash=order.order_hash,
            condition_id=order.condition_id,
            token_id=order.token_id,
            side=order.side,
            price=order.price,
            venue_status=order.raw_status,
            matched=order.matched,
            now=now,
        )
    new = 0
    for order_hash, heard in by_order_hash(plan.fills).items():
        adopted = _adopt_fills(transaction, trading_wallet_id, heard, plan.moved.get(order_hash, {}), now)
        if adopted:
            known = [each.fill for each in outside_activity.of_order(transaction, order_hash)]
            tell_of_trades(transaction, trading_wallet_id, heard[0].condition_id, known, now)
        new += adopted
    for claim in plan.claims:
        tell_of_claim(transaction, trading_wallet_id, claim, actor=actor, now=now)
    return new


def _adopt_fills(
    transaction: Transaction,
    trading_wallet_id: UUID,
    heard: Sequence[OutsideFill],
    moved: Mapping[str, Moved],
    now: datetime,
) -> int:
    """The trades of one order; how many are new."""
    stored = outside_activity.of_order(transaction, heard[0].fill.order_hash)
    told = {each.fill.venue_trade_id for each in heard}
    unheard = [each.fill for each in stored if each.fill.venue_trade_id not in told]
    read = readable(moved, [*(each.fill for each in heard), *unheard])
    new = 0
    for each in heard:
        counted = held_back(each.fill, read)
        is_new = outside_activity.insert_fill(
            transaction, trading_wallet_id=trading_wallet_id, condition_id=each.condition_id, fill=counted, now=now
        )
        if is_new:
            _book_new(transaction, trading_wallet_id, counted, now)
        else:
            _progress(transaction, counted, now)
        if is_unread(each.fill, read):
            outside_activity.note_unread(transaction, each.fill, now)
        new += is_new
    _book_readings(transaction, trading_wallet_id, heard[0].fill.order_hash, read, now)
    return new


def _book_readings(
    transaction: Transaction, trading_wallet_id: UUID, order_hash: str, read: Mapping[str, Moved], now: datetime
) -> None:
    """Shares out what each transaction moved for the order among all its trades in it, those read before included."""
    if not read:
        return
    stored = outside_activity.of_order(transaction, order_hash)
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
            if each.expected is None or each.fill.moved != part:
                _book_reading(transaction, trading_wallet_id, each, part, shared_by=len(group), now=now)


def _book_reading(
    transaction: Transaction,
    trading_wallet_id: UUID,
    stored: StoredOutsideFill,
    moved: Moved,
    *,
    shared_by: int,
    now: datetime,
) -> None:
    fill = stored.fill
    if fill.moved != moved:
        entry = order_entries.external_correction(
            reference=order_entries.correction_reference(fill, shared_by),
            trading_wallet_id=trading_wallet_id,
            fill=fill,
            moved=moved,
            occurred_at=now,
        )
        ledger.post(transaction, entry, now)
    outside_activity.note_read(
        transaction,
        external_fill_id=stored.external_fill_id,
        moved=moved,
        price=average_price(moved.usd, moved.shares) or fill.price,
        now=now,
    )


def _book_new(transaction: Transaction, trading_wallet_id: UUID, fill: Fill, now: datetime) -> None:
    if fill.status is FillStatus.FAILED:
        return
    booked = order_entries.external_fill(trading_wallet_id=trading_wallet_id, fill=fill)
    ledger.post(transaction, booked, now)
    breaks.record_explained(
        transaction,
        trading_wallet_id,
        Break(
            kind=BreakKind.UNKNOWN_TRADE,
            subject=fill.venue_trade_id,
            expected=Decimal(0),
            observed=fill.shares.value,
        ),
        correction_reference=booked.source_reference,
        now=now,
    )


def _progress(transaction: Transaction, fill: Fill, now: datetime) -> None:
    before = outside_activity.progress_fill(transaction, fill)
    if before is not None and fill.status is FillStatus.FAILED:
        booked = ledger.booked(transaction, order_entries.fill_reference(fill))
        ledger.post(transaction, transactions.reversal(booked, occurred_at=now), now)
