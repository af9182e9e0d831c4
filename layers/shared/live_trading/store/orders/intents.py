"""Intents: everything of an order, committed before anything is sent."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from live_trading.nouns.exits import ExitReason
from live_trading.nouns.money import Price, Shares, Usd
from live_trading.nouns.orders import OrderPlan, Purpose, SignedOrder
from live_trading.store.database.connection import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class BookView:
    """What the book showed when the order was decided; `depth` is what it offered within the order's limit.

    `paper_shares` for `paper_cost` is what paper would have bought on it; None where there is no paper twin.
    """

    best_bid: Price | None
    best_ask: Price | None
    midpoint: Price | None
    book_hash: str | None
    depth: Usd
    paper_shares: Shares | None = None
    paper_cost: Usd | None = None


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
    the hash is taken; it is raised by the next statement, or by COMMIT.
    """
    insert_all(transaction, [intent], now)


def insert_all(transaction: Transaction, intents: Sequence[Intent], now: datetime) -> None:
    """Writes intents, made in this order, and their venue rows; all or none of them. Raises as `insert` does."""
    if not intents:
        return
    transaction.later(
        """
        WITH made AS (
            INSERT INTO lt_orders (
                lt_order_id, lt_strategy_id, trading_wallet_id, decision_id, source_trade_id, purpose, attempt,
                token_id, condition_id, outcome_index, side, order_type, limit_price, order_usd, order_shares,
                fee_bound_usd, reserved_usd, signal_price, signal_size_usd, signed_payload, order_hash, state,
                best_bid, best_ask, midpoint, book_hash, depth_usd, trade_time, seen_at, decided_at, intent_at,
                expires_at, exit_reason, paper_then_shares, paper_then_usd
            )
            SELECT
                lt_order_id, lt_strategy_id, trading_wallet_id, decision_id, source_trade_id, purpose, attempt,
                token_id, condition_id, outcome_index, side, order_type, limit_price, order_usd, order_shares,
                fee_bound_usd, reserved_usd, signal_price, signal_size_usd, signed_payload, order_hash, 'INTENT',
                best_bid, best_ask, midpoint, book_hash, depth_usd, trade_time, seen_at, decided_at, :now,
                expires_at, exit_reason, paper_then_shares, paper_then_usd
            FROM jsonb_to_recordset(:intents::jsonb) AS intent (
                place integer, lt_order_id uuid, lt_strategy_id uuid, trading_wallet_id uuid, decision_id bigint,
                source_trade_id bigint, purpose text, attempt integer, token_id text, condition_id text,
                outcome_index integer, side text, order_type text, limit_price numeric, order_usd numeric,
                order_shares numeric, fee_bound_usd numeric, reserved_usd numeric, signal_price numeric,
                signal_size_usd numeric, signed_payload jsonb, order_hash text, best_bid numeric, best_ask numeric,
                midpoint numeric, book_hash text, depth_usd numeric, trade_time timestamptz, seen_at timestamptz,
                decided_at timestamptz, expires_at timestamptz, exit_reason text,
                paper_then_shares numeric, paper_then_usd numeric
            )
            ORDER BY place
            RETURNING *
        )
        INSERT INTO orders (
            order_hash, trading_wallet_id, origin, lt_strategy_id, lt_order_id, signal_price, signal_size_usd,
            condition_id, token_id, side, price, venue_status, matched_shares, first_seen_at, last_seen_at
        )
        SELECT
            order_hash, trading_wallet_id, 'INTENT', lt_strategy_id, lt_order_id, signal_price, signal_size_usd,
            condition_id, token_id, side, limit_price, 'NOT_SENT', 0, :now, :now
        FROM made
        """,
        intents=json.dumps([{"place": place, **_as_json(each)} for place, each in enumerate(intents)]),
        now=now,
    )


def _as_json(intent: Intent) -> dict[str, object]:
    plan, book = intent.plan, intent.book
    return {
        "lt_order_id": str(intent.lt_order_id),
        "lt_strategy_id": str(intent.lt_strategy_id),
        "trading_wallet_id": str(intent.trading_wallet_id),
        "decision_id": intent.decision_id,
        "source_trade_id": intent.source_trade_id,
        "purpose": intent.purpose,
        "attempt": intent.attempt,
        "token_id": plan.token_id,
        "condition_id": plan.condition_id,
        "outcome_index": plan.outcome_index,
        "side": plan.side,
        "order_type": plan.order_type,
        "limit_price": _text(plan.limit_price),
        "order_usd": _text(plan.usd),
        "order_shares": _text(plan.shares),
        "fee_bound_usd": _text(plan.fee_bound),
        "reserved_usd": _text(plan.reservation),
        "signal_price": _text(intent.signal_price),
        "signal_size_usd": _text(intent.signal_size),
        "signed_payload": dict(intent.signed.payload),
        "order_hash": intent.signed.order_hash,
        "best_bid": _text(book.best_bid),
        "best_ask": _text(book.best_ask),
        "midpoint": _text(book.midpoint),
        "book_hash": book.book_hash,
        "depth_usd": _text(book.depth),
        "trade_time": _time(intent.trade_time),
        "seen_at": _time(intent.seen_at),
        "decided_at": _time(intent.decided_at),
        "expires_at": _time(plan.expiration),
        "exit_reason": intent.exit_reason,
        "paper_then_shares": _text(book.paper_shares),
        "paper_then_usd": _text(book.paper_cost),
    }


def _text(amount: Usd | Shares | Price | None) -> str | None:
    return None if amount is None else str(amount.value)


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
