"""Intents: everything of an order, committed before anything is sent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from live_trading.nouns.exits import ExitReason
from live_trading.nouns.money import Price, Usd
from live_trading.nouns.orders import OrderPlan, Purpose, SignedOrder
from live_trading.store.database.connection import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class BookView:
    """What the book showed when the order was decided; `depth` is what it offered within the order's limit."""

    best_bid: Price | None
    best_ask: Price | None
    midpoint: Price | None
    book_hash: str | None
    depth: Usd


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """Everything that is committed before the POST."""

    lt_order_id: UUID
    lt_strategy_id: UUID
    trading_wallet_id: UUID
    decision_id: int | None
    source_trade_id: int | None
    purpose: Purpose
    attempt: int
    plan: OrderPlan
    signed: SignedOrder
    signal_price: Price | None
    signal_size: Usd | None
    book: BookView
    trade_time: datetime | None
    seen_at: datetime | None
    decided_at: datetime
    exit_reason: ExitReason | None = None


def insert(transaction: Transaction, intent: Intent, now: datetime) -> None:
    """Writes the intent and its venue row.

    Raises AlreadyExists where this strategy has an order for this source trade and purpose that was not refused, or
    the hash is taken.
    """
    transaction.execute(
        """
        INSERT INTO lt_orders (
            lt_order_id, lt_strategy_id, trading_wallet_id, decision_id, source_trade_id, purpose, attempt, token_id,
            condition_id, outcome_index, side, order_type, limit_price, order_usd, order_shares, fee_bound_usd,
            reserved_usd, signal_price, signal_size_usd, signed_payload, order_hash, state, best_bid, best_ask,
            midpoint, book_hash, depth_usd, trade_time, seen_at, decided_at, intent_at, expires_at,
            exit_reason
        ) VALUES (
            :lt_order_id, :lt_strategy_id, :trading_wallet_id, :decision_id, :source_trade_id, :purpose, :attempt,
            :token_id, :condition_id, :outcome_index, :side, :order_type, :limit_price, :order_usd, :order_shares,
            :fee_bound_usd, :reserved_usd, :signal_price, :signal_size_usd, :signed_payload::jsonb, :order_hash,
            'INTENT', :best_bid, :best_ask, :midpoint, :book_hash, :depth, :trade_time, :seen_at, :decided_at, :now,
            :expires_at, :exit_reason
        )
        """,
        lt_order_id=intent.lt_order_id,
        lt_strategy_id=intent.lt_strategy_id,
        trading_wallet_id=intent.trading_wallet_id,
        decision_id=intent.decision_id,
        source_trade_id=intent.source_trade_id,
        purpose=intent.purpose,
        attempt=intent.attempt,
        token_id=intent.plan.token_id,
        condition_id=intent.plan.condition_id,
        outcome_index=intent.plan.outcome_index,
        side=intent.plan.side,
        order_type=intent.plan.order_type,
        limit_price=intent.plan.limit_price,
        order_usd=intent.plan.usd,
        order_shares=intent.plan.shares,
        fee_bound_usd=intent.plan.fee_bound,
        reserved_usd=intent.plan.reservation,
        signal_price=intent.signal_price,
        signal_size_usd=intent.signal_size,
        signed_payload=intent.signed.payload,
        order_hash=intent.signed.order_hash,
        best_bid=intent.book.best_bid,
        best_ask=intent.book.best_ask,
        midpoint=intent.book.midpoint,
        book_hash=intent.book.book_hash,
        depth=intent.book.depth,
        trade_time=intent.trade_time,
        seen_at=intent.seen_at,
        decided_at=intent.decided_at,
        expires_at=intent.plan.expiration,
        exit_reason=intent.exit_reason,
        now=now,
    )
    transaction.execute(
        """
        INSERT INTO orders (
            order_hash, trading_wallet_id, origin, lt_strategy_id, lt_order_id, signal_price, signal_size_usd,
            condition_id, token_id, side, price, venue_status, matched_shares, first_seen_at, last_seen_at
        ) VALUES (
            :order_hash, :trading_wallet_id, 'INTENT', :lt_strategy_id, :lt_order_id, :signal_price,
            :signal_size_usd, :condition_id, :token_id, :side, :price, 'NOT_SENT', 0, :now, :now
        )
        """,
        order_hash=intent.signed.order_hash,
        trading_wallet_id=intent.trading_wallet_id,
        lt_strategy_id=intent.lt_strategy_id,
        lt_order_id=intent.lt_order_id,
        signal_price=intent.signal_price,
        signal_size_usd=intent.signal_size,
        condition_id=intent.plan.condition_id,
        token_id=intent.plan.token_id,
        side=intent.plan.side,
        price=intent.plan.limit_price,
        now=now,
    )
