"""First answers to requests that name themselves, and claims of those that are being carried out.

What is done in one transaction is kept in it; what takes several is claimed first.
"""

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
    edit_token: str | None = None


def lock(transaction: Transaction, owner_id: str, key: str) -> None:
    """Lets one request of an owner and key through at a time, until the transaction ends."""
    transaction.rows(
        "SELECT pg_advisory_xact_lock(hashtextextended(:owner_id || chr(10) || :key, 0))", owner_id=owner_id, key=key
    )


def find(transaction: Transaction, owner_id: str, key: str) -> KeptAnswer | None:
    """The answer that was kept under this key."""
    row = transaction.row(
        """
        SELECT request_hash, status_code, body, edit_token FROM idempotency_keys
        WHERE owner_id = :owner_id AND idempotency_key = :key
        """,
        owner_id=owner_id,
        key=key,
    )
    if row is None:
        return None
    return KeptAnswer(
        request_hash=row["request_hash"],
        status_code=row["status_code"],
        body=row["body"],
        edit_token=row["edit_token"],
    )


def keep(transaction: Transaction, owner_id: str, key: str, answer: KeptAnswer, now: datetime) -> None:
    """Keeps the answer; the key must be locked and not kept yet."""
    transaction.execute(
        """
        INSERT INTO idempotency_keys (
            owner_id, idempotency_key, request_hash, status_code, body, edit_token, created_at
        ) VALUES (:owner_id, :key, :request_hash, :status_code, :body::jsonb, :edit_token, :now)
        """,
        owner_id=owner_id,
        key=key,
        request_hash=answer.request_hash,
        status_code=answer.status_code,
        body=answer.body,
        edit_token=answer.edit_token,
        now=now,
    )


def forget(transaction: Transaction, owner_id: str, key: str) -> None:
    """Frees a key whose answer was kept; the key must be locked."""
    transaction.execute(
        "DELETE FROM idempotency_keys WHERE owner_id = :owner_id AND idempotency_key = :key", owner_id=owner_id, key=key
    )


def claim(
    transaction: Transaction, owner_id: str, key: str, request_hash: str, *, now: datetime, unless_after: datetime
) -> str | None:
    """Marks the request as being carried out; the hash of the one that is where that began after `unless_after`.

    An older claim is taken over. The key must be locked.
    """
    taken = transaction.execute(
        """
        INSERT INTO idempotency_claims (owner_id, idempotency_key, request_hash, claimed_at)
        VALUES (:owner_id, :key, :request_hash, :now)
        ON CONFLICT (owner_id, idempotency_key)
        DO UPDATE SET request_hash = excluded.request_hash, claimed_at = excluded.claimed_at
        WHERE idempotency_claims.claimed_at <= :unless_after
        """,
        owner_id=owner_id,
        key=key,
        request_hash=request_hash,
        now=now,
        unless_after=unless_after,
    )
    if taken:
        return None
    found: str = transaction.only(
        "SELECT request_hash FROM idempotency_claims WHERE owner_id = :owner_id AND idempotency_key = :key",
        owner_id=owner_id,
        key=key,
    )["request_hash"]
    return found


def give_back(transaction: Transaction, owner_id: str, key: str) -> None:
    """Ends the claim of a key."""
    transaction.execute(
        "DELETE FROM idempotency_claims WHERE owner_id = :owner_id AND idempotency_key = :key",
        owner_id=owner_id,
        key=key,
    )
