"""Intents: written before anything is sent, moved only from the state that the writer expects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from live_trading.nouns.money import Price, Shares, Usd
from live_trading.nouns.orders import OrderPlan, OrderState, OrderType, Purpose, RejectionCode, SignedOrder
from live_trading.nouns.trades import Side
from live_trading.store.database import Row, Transaction


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


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredOrder:
    """An intent as it stands."""

    lt_order_id: UUID
    lt_strategy_id: UUID
    trading_wallet_id: UUID
    token_id: str
    condition_id: str
    outcome_index: int
    side: Side
    order_type: OrderType
    limit_price: Price
    order_usd: Usd
    order_shares: Shares
    reserved: Usd
    signed: SignedOrder
    state: OrderState
    purpose: Purpose
    attempt: int
    sends: int
    not_before: datetime | None
    expires_at: datetime | None
    last_refusal: RejectionCode | None
    last_refusal_text: str | None
    absence_proofs: int
    last_looked_up_at: datetime | None
    decided_at: datetime
    intent_at: datetime
    sent_at: datetime | None


def _stored(row: Row) -> StoredOrder:
    return StoredOrder(
        lt_order_id=row["lt_order_id"],
        lt_strategy_id=row["lt_strategy_id"],
        trading_wallet_id=row["trading_wallet_id"],
        token_id=row["token_id"],
        condition_id=row["condition_id"],
        outcome_index=row["outcome_index"],
        side=Side(row["side"]),
        order_type=OrderType(row["order_type"]),
        limit_price=Price(row["limit_price"]),
        order_usd=Usd(row["order_usd"]),
        order_shares=Shares(row["order_shares"]),
        reserved=Usd(row["reserved_usd"]),
        signed=SignedOrder(order_hash=row["order_hash"], payload=row["signed_payload"]),
        state=OrderState(row["state"]),
        purpose=Purpose(row["purpose"]),
        attempt=row["attempt"],
        sends=row["sends"],
        not_before=row["not_before"],
        expires_at=row["expires_at"],
        last_refusal=None if row["last_refusal_code"] is None else RejectionCode(row["last_refusal_code"]),
        last_refusal_text=row["last_refusal_text"],
        absence_proofs=row["absence_proofs"],
        last_looked_up_at=row["last_looked_up_at"],
        decided_at=row["decided_at"],
        intent_at=row["intent_at"],
        sent_at=row["sent_at"],
    )


def insert_intent(transaction: Transaction, intent: Intent, now: datetime) -> None:
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
            midpoint, book_hash, depth_usd, trade_time, seen_at, decided_at, intent_at, expires_at
        ) VALUES (
            :lt_order_id, :lt_strategy_id, :trading_wallet_id, :decision_id, :source_trade_id, :purpose, :attempt,
            :token_id, :condition_id, :outcome_index, :side, :order_type, :limit_price, :order_usd, :order_shares,
            :fee_bound_usd, :reserved_usd, :signal_price, :signal_size_usd, :signed_payload::jsonb, :order_hash,
            'INTENT', :best_bid, :best_ask, :midpoint, :book_hash, :depth, :trade_time, :seen_at, :decided_at, :now,
            :expires_at
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


def decision_of_refused(transaction: Transaction, lt_order_id: UUID) -> int | None:
    """The decision of an order that was refused; None for one that still counts."""
    row = transaction.row(
        "SELECT decision_id FROM lt_orders WHERE lt_order_id = :lt_order_id AND state = 'REJECTED'",
        lt_order_id=lt_order_id,
    )
    return None if row is None else row["decision_id"]


def unfinished(transaction: Transaction, trading_wallet_id: UUID) -> list[StoredOrder]:
    """Orders that may still change at the venue, and finished ones with fills not yet settled; oldest first."""
    rows = transaction.rows(
        """
        SELECT * FROM lt_orders
        WHERE
            trading_wallet_id = :trading_wallet_id
            AND (
                state NOT IN ('FILLED', 'CANCELLED', 'EXPIRED', 'REJECTED')
                OR lt_order_id IN (
                    SELECT lt_order_id FROM fills
                    WHERE trading_wallet_id = :trading_wallet_id AND status NOT IN ('CONFIRMED', 'FAILED')
                )
            )
        ORDER BY intent_at, lt_order_id
        """,
        trading_wallet_id=trading_wallet_id,
    )
    return [_stored(row) for row in rows]


def missing(transaction: Transaction, trading_wallet_id: UUID) -> list[StoredOrder]:
    """Orders that were sent and that the venue, when last asked, did not know; oldest first."""
    rows = transaction.rows(
        """
        SELECT * FROM lt_orders
        WHERE trading_wallet_id = :trading_wallet_id AND state IN ('SENT', 'UNKNOWN') AND absence_proofs > 0
        ORDER BY intent_at, lt_order_id
        """,
        trading_wallet_id=trading_wallet_id,
    )
    return [_stored(row) for row in rows]


def locked(transaction: Transaction, lt_order_ids: Sequence[UUID]) -> list[StoredOrder]:
    """These orders with their rows locked until the transaction ends, in the order of the ids asked for.

    Raises LookupError where there is no such order.
    """
    rows = transaction.rows(
        "SELECT * FROM lt_orders WHERE lt_order_id = ANY(:ids::uuid[]) ORDER BY lt_order_id FOR NO KEY UPDATE",
        ids=list(lt_order_ids),
    )
    found = {row["lt_order_id"]: _stored(row) for row in rows}
    return [found[lt_order_id] for lt_order_id in lt_order_ids]


def move(
    transaction: Transaction,
    *,
    lt_order_id: UUID,
    expected: OrderState,
    to: OrderState,
    now: datetime,
    finished: bool,
    rejection_code: RejectionCode | None = None,
    rejection_text: str | None = None,
) -> bool:
    """Changes the state only where it is still `expected`; False where it is not."""
    touched = transaction.execute(
        """
        UPDATE lt_orders SET
            state = :to_state,
            sent_at = CASE WHEN :to_state = 'SENT' AND sent_at IS NULL THEN :now ELSE sent_at END,
            sends = sends + CASE WHEN :to_state = 'SENT' THEN 1 ELSE 0 END,
            answered_at = CASE
                WHEN state IN ('SENT', 'UNKNOWN') AND :to_state NOT IN ('SENT', 'UNKNOWN', 'INTENT')
                    THEN coalesce(answered_at, :now)
                ELSE answered_at
            END,
            finished_at = CASE WHEN :finished::boolean THEN coalesce(finished_at, :now) END,
            rejection_code = :rejection_code,
            rejection_text = :rejection_text
        WHERE lt_order_id = :lt_order_id AND state = :expected
        """,
        to_state=to,
        now=now,
        finished=finished,
        rejection_code=rejection_code,
        rejection_text=rejection_text,
        lt_order_id=lt_order_id,
        expected=expected,
    )
    return touched == 1


def note_refusal_for_now(
    transaction: Transaction, *, lt_order_id: UUID, code: RejectionCode, text: str, not_before: datetime
) -> None:
    """Why an intent is not at the venue, and from when on it may be sent again."""
    transaction.execute(
        """
        UPDATE lt_orders SET last_refusal_code = :code, last_refusal_text = :text, not_before = :not_before
        WHERE lt_order_id = :lt_order_id
        """,
        code=code,
        text=text,
        not_before=not_before,
        lt_order_id=lt_order_id,
    )


def note_sent_again(transaction: Transaction, lt_order_ids: Sequence[UUID]) -> None:
    """Counts one more sending of bytes that may be at the venue already."""
    transaction.execute(
        "UPDATE lt_orders SET sends = sends + 1 WHERE lt_order_id = ANY(:ids::uuid[]) AND state IN ('SENT', 'UNKNOWN')",
        ids=list(lt_order_ids),
    )


def note_lookup(transaction: Transaction, *, lt_order_id: UUID, absent: bool, now: datetime) -> None:
    """Remembers a look-up by hash; a find sets the count of absences back to zero."""
    transaction.execute(
        """
        UPDATE lt_orders SET
            last_looked_up_at = :now,
            absence_proofs = CASE WHEN :absent::boolean THEN absence_proofs + 1 ELSE 0 END
        WHERE lt_order_id = :lt_order_id
        """,
        now=now,
        absent=absent,
        lt_order_id=lt_order_id,
    )


def note_cancel_asked(transaction: Transaction, lt_order_id: UUID, now: datetime) -> None:
    """When the first cancel of an order was asked for."""
    transaction.execute(
        "UPDATE lt_orders SET cancel_asked_at = coalesce(cancel_asked_at, :now) WHERE lt_order_id = :lt_order_id",
        now=now,
        lt_order_id=lt_order_id,
    )


def note_venue_status(
    transaction: Transaction, *, order_hash: str, venue_status: str, matched: Shares, now: datetime
) -> None:
    """What the venue last said of the order, in its own words."""
    transaction.execute(
        """
        UPDATE orders SET venue_status = :venue_status, matched_shares = :matched, last_seen_at = :now
        WHERE order_hash = :order_hash
        """,
        venue_status=venue_status,
        matched=matched,
        now=now,
        order_hash=order_hash,
    )
