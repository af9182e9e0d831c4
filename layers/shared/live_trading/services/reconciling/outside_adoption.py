"""Adopts what a trading wallet did at the venue without us: its owner may trade beside this system.

Such trades are booked against what is allocated to nobody, so that ledger, venue and chain go on agreeing; a strategy's
own cash and shares never pay for them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from live_trading.ledger import order_entries, transactions
from live_trading.nouns.errors import MalformedAnswer
from live_trading.nouns.markets import FeeSchedule
from live_trading.nouns.orders import Fill, FillStatus
from live_trading.nouns.trades import QuarantinedRow
from live_trading.polymarket.clob.account_rows import VenueOrder, VenueTrade, VenueTrades
from live_trading.polymarket.clob.own_fills import fills_of_order
from live_trading.store.books import breaks, ledger
from live_trading.store.books.breaks import Break, BreakKind
from live_trading.store.database.connection import Transaction
from live_trading.store.feed import quarantine
from live_trading.store.orders import outside_activity


@dataclass(frozen=True, slots=True, kw_only=True)
class OutsideFill:
    """A trade of the wallet that belongs to no intent."""

    condition_id: str
    fill: Fill


@dataclass(frozen=True, slots=True, kw_only=True)
class OutsidePlan:
    """What to adopt. `unreadable` are trades that cannot be understood, and so not be booked."""

    orders: tuple[VenueOrder, ...]
    fills: tuple[OutsideFill, ...]
    unreadable: tuple[QuarantinedRow, ...]

    @property
    def is_empty(self) -> bool:
        return not (self.orders or self.fills or self.unreadable)

    @property
    def breaks(self) -> list[Break]:
        return [
            Break(kind=BreakKind.UNREADABLE_ANSWER, subject=row.reason[:200], expected=Decimal(0), observed=Decimal(1))
            for row in self.unreadable
        ]


def plan_outside(
    *,
    open_orders: Sequence[VenueOrder],
    by_order: Mapping[str, Sequence[VenueTrade]],
    ours: set[str],
    fees: Mapping[str, FeeSchedule],
    since: datetime,
) -> OutsidePlan:
    """Which orders and trades nobody of us made. Pure.

    `by_order` are the wallet's trades by the order that made them, `ours` the hashes of our intents, `fees` the
    schedules by condition; trades from before `since` are part of what the wallet had when it was registered.
    """
    fills: list[OutsideFill] = []
    unreadable: list[QuarantinedRow] = []
    for order_hash, trades in by_order.items():
        if order_hash in ours:
            continue
        for trade in (each for each in trades if each.match_time >= since):
            try:
                fills += _fills(trade, order_hash, fees)
            except MalformedAnswer as error:
                unreadable.append(QuarantinedRow(source="clob.trades", reason=str(error), raw=error.raw))
    return OutsidePlan(
        orders=tuple(order for order in open_orders if order.order_hash not in ours),
        fills=tuple(fills),
        unreadable=tuple(unreadable),
    )


def _fills(trade: VenueTrade, order_hash: str, fees: Mapping[str, FeeSchedule]) -> list[OutsideFill]:
    schedule = fees.get(trade.condition_id)
    if schedule is None:
        raise MalformedAnswer(
            f"trade {trade.venue_trade_id} of an unknown market {trade.condition_id}", raw=repr(trade)
        )
    found = fills_of_order(VenueTrades(trades=(trade,), malformed=()), order_hash, schedule)
    return [OutsideFill(condition_id=trade.condition_id, fill=fill) for fill in found]


def adopt(transaction: Transaction, trading_wallet_id: UUID, plan: OutsidePlan, now: datetime) -> int:
    """Applies the plan; how many trades were new. Applying it again changes nothing."""
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
    return sum(_adopt_fill(transaction, trading_wallet_id, each, now) for each in plan.fills)


def _adopt_fill(transaction: Transaction, trading_wallet_id: UUID, outside: OutsideFill, now: datetime) -> bool:
    fill = outside.fill
    is_new = outside_activity.insert_fill(
        transaction, trading_wallet_id=trading_wallet_id, condition_id=outside.condition_id, fill=fill, now=now
    )
    if not is_new:
        _progress(transaction, fill, now)
        return False
    if fill.status is FillStatus.FAILED:
        return True
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
    return True


def _progress(transaction: Transaction, fill: Fill, now: datetime) -> None:
    before = outside_activity.progress_fill(transaction, fill)
    if before is not None and fill.status is FillStatus.FAILED:
        booked = ledger.booked(transaction, order_entries.fill_reference(fill))
        ledger.post(transaction, transactions.reversal(booked, occurred_at=now), now)
