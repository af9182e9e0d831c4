"""Orders as they stand: which may still change, and which are looked at with their rows locked."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from live_trading.nouns.money import Price, Shares, Usd
from live_trading.nouns.orders import (
    AcceptedStatus,
    OrderState,
    OrderType,
    PostAnswer,
    Purpose,
    RejectionCode,
    SignedOrder,
)
from live_trading.nouns.trades import Side
from live_trading.store.database.connection import Row, Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredOrder:
    """An intent as it stands.

    `answer` is what the venue said when it took the order, None where no such answer came. `last_look_at` is when the
    order was looked up once more after its end.
    """

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
    answer: PostAnswer | None = None
    cancel_asked_at: datetime | None = None
    finished_at: datetime | None = None
    last_look_at: datetime | None = None


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
        answer=_answer(row),
        cancel_asked_at=row["cancel_asked_at"],
        finished_at=row["finished_at"],
        last_look_at=row["last_look_at"],
    )


def _answer(row: Row) -> PostAnswer | None:
    if row["answer_status"] is None:
        return None
    return PostAnswer(
        status=AcceptedStatus(row["answer_status"]),
        usd=Usd(row["answer_usd"]),
        shares=Shares(row["answer_shares"]),
        trade_ids=tuple(row["answer_trade_ids"]),
        transaction_hashes=tuple(row["answer_transaction_hashes"]),
    )


def decision_of_refused(transaction: Transaction, lt_order_id: UUID) -> int | None:
    """The decision of an order that was refused; None for one that still counts."""
    row = transaction.row(
        "SELECT decision_id FROM lt_orders WHERE lt_order_id = :lt_order_id AND state = 'REJECTED'",
        lt_order_id=lt_order_id,
    )
    return None if row is None else row["decision_id"]


def unfinished(transaction: Transaction, trading_wallet_id: UUID) -> list[StoredOrder]:
    """Orders to be watched, oldest first.

    Those that may still change at the venue, and finished ones with fills not yet settled or, where they were sent,
    without their last look.
    """
    rows = transaction.rows(
        """
        WITH watched AS MATERIALIZED (
            SELECT lt_order_id FROM lt_orders
            WHERE
                trading_wallet_id = :trading_wallet_id
                AND state IN ('INTENT', 'SENT', 'UNKNOWN', 'LIVE', 'DELAYED', 'PARTIALLY_FILLED')
            UNION
            SELECT lt_order_id FROM lt_orders
            WHERE
                trading_wallet_id = :trading_wallet_id
                AND finished_at IS NOT NULL AND last_look_at IS NULL AND sent_at IS NOT NULL
            UNION
            SELECT lt_order_id FROM fills
            WHERE trading_wallet_id = :trading_wallet_id AND status NOT IN ('CONFIRMED', 'FAILED')
        )
        SELECT intent.* FROM watched
        CROSS JOIN LATERAL (SELECT * FROM lt_orders WHERE lt_order_id = watched.lt_order_id LIMIT 1) AS intent
        ORDER BY intent.intent_at, intent.made_number
        """,
        trading_wallet_id=trading_wallet_id,
    )
    return [_stored(row) for row in rows]


def of_hashes(transaction: Transaction, trading_wallet_id: UUID, order_hashes: Collection[str]) -> list[StoredOrder]:
    """The orders of a wallet among these hashes, whatever their state; oldest first."""
    rows = transaction.rows(
        """
        SELECT * FROM lt_orders
        WHERE order_hash = ANY(:hashes::text[]) AND trading_wallet_id = :trading_wallet_id
        ORDER BY intent_at, made_number
        """,
        hashes=sorted(order_hashes),
        trading_wallet_id=trading_wallet_id,
    )
    return [_stored(row) for row in rows]


def missing(transaction: Transaction, trading_wallet_id: UUID) -> list[StoredOrder]:
    """Orders that were sent and of which the venue knew nothing in a look that counts since; oldest first.

    Without those that have traded, and those that somebody has asked to be cancelled.
    """
    rows = transaction.rows(
        """
        SELECT * FROM lt_orders
        WHERE trading_wallet_id = :trading_wallet_id AND state IN ('SENT', 'UNKNOWN') AND absence_proofs > 0
            AND cancel_asked_at IS NULL
            AND NOT EXISTS (SELECT 1 FROM fills WHERE fills.lt_order_id = lt_orders.lt_order_id)
        ORDER BY intent_at, made_number
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
