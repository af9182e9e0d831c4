"""First answers to requests that name themselves, kept in the same transaction as what the request did."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from live_trading.store.database.connection import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptAnswer:
    """What was answered, and to which request."""

    request_hash: str
    status_code: int
    body: dict[str, Any]


def lock(transaction: Transaction, owner_id: str, key: str) -> None:
    """Lets one request of an owner and key through at a time, until the transaction ends."""
    transaction.rows(
        "SELECT pg_advisory_xact_lock(hashtextextended(:owner_id || chr(10) || :key, 0))", owner_id=owner_id, key=key
    )


def find(transaction: Transaction, owner_id: str, key: str) -> KeptAnswer | None:
    """The answer that was kept under this key."""
    row = transaction.row(
        """
        SELECT request_hash, status_code, body FROM idempotency_keys
        WHERE owner_id = :owner_id AND idempotency_key = :key
        """,
        owner_id=owner_id,
        key=key,
    )
    if row is None:
        return None
    return KeptAnswer(request_hash=row["request_hash"], status_code=row["status_code"], body=row["body"])


def keep(transaction: Transaction, owner_id: str, key: str, answer: KeptAnswer, now: datetime) -> None:
    """Keeps the answer; the key must be locked and not kept yet."""
    transaction.execute(
        """
        INSERT INTO idempotency_keys (owner_id, idempotency_key, request_hash, status_code, body, created_at)
        VALUES (:owner_id, :key, :request_hash, :status_code, :body::jsonb, :now)
        """,
        owner_id=owner_id,
        key=key,
        request_hash=answer.request_hash,
        status_code=answer.status_code,
        body=answer.body,
        now=now,
    )
