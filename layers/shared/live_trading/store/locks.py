"""Locks: rows that stop entries for a scope until they end or somebody releases them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from live_trading.nouns.wallets import LockReason, LockScope
from live_trading.store.database import Row, Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class LockRow:
    """A lock in force; `scope_id` is None for the global scope only."""

    lock_id: int
    scope: LockScope
    scope_id: str | None
    reason: LockReason
    detail: str
    starts_at: datetime
    ends_at: datetime | None
    created_by: str

    @property
    def is_pause(self) -> bool:
        return self.reason is LockReason.PAUSED_BY_USER


def _lock(row: Row) -> LockRow:
    return LockRow(
        lock_id=row["lock_id"],
        scope=LockScope(row["scope"]),
        scope_id=row["scope_id"],
        reason=LockReason(row["reason"]),
        detail=row["detail"],
        starts_at=row["starts_at"],
        ends_at=row["ends_at"],
        created_by=row["created_by"],
    )


def put(
    transaction: Transaction,
    *,
    scope: LockScope,
    scope_id: str | None,
    reason: LockReason,
    detail: str,
    created_by: str,
    now: datetime,
    ends_at: datetime | None = None,
) -> bool:
    """Opens a lock; False where one for this scope and reason is in force already."""
    _close_ended(transaction, scope, scope_id, reason, now)
    return (
        transaction.execute(
            """
            INSERT INTO locks (scope, scope_id, reason, detail, starts_at, ends_at, created_by)
            VALUES (:scope, :scope_id, :reason, :detail, :now, :ends_at, :created_by)
            ON CONFLICT (scope, coalesce(scope_id, ''), reason) WHERE released_at IS NULL DO NOTHING
            """,
            scope=scope,
            scope_id=scope_id,
            reason=reason,
            detail=detail,
            now=now,
            ends_at=ends_at,
            created_by=created_by,
        )
        == 1
    )


def _close_ended(
    transaction: Transaction, scope: LockScope, scope_id: str | None, reason: LockReason, now: datetime
) -> None:
    """A lock whose time is over would else stand in the way of the next one of its kind."""
    transaction.execute(
        """
        UPDATE locks SET released_at = ends_at, released_by = 'end of its time'
        WHERE
            scope = :scope AND scope_id IS NOT DISTINCT FROM :scope_id AND reason = :reason
            AND released_at IS NULL AND ends_at <= :now
        """,
        scope=scope,
        scope_id=scope_id,
        reason=reason,
        now=now,
    )


def release(
    transaction: Transaction,
    *,
    scope: LockScope,
    scope_id: str | None,
    reason: LockReason,
    released_by: str,
    now: datetime,
) -> bool:
    """Ends the open lock of a scope and reason; False where there is none."""
    return (
        transaction.execute(
            """
            UPDATE locks SET released_at = greatest(:now::timestamptz, starts_at), released_by = :released_by
            WHERE
                scope = :scope AND scope_id IS NOT DISTINCT FROM :scope_id AND reason = :reason
                AND released_at IS NULL
            """,
            scope=scope,
            scope_id=scope_id,
            reason=reason,
            released_by=released_by,
            now=now,
        )
        == 1
    )


def blocking_entries(
    transaction: Transaction,
    *,
    lt_strategy_id: UUID,
    trading_wallet_id: UUID,
    trader_address: str,
    condition_id: str,
    event_id: str | None,
    now: datetime,
) -> list[LockRow]:
    """Every lock in force that stops this entry, oldest first."""
    rows = transaction.rows(
        """
        SELECT * FROM locks
        WHERE
            released_at IS NULL
            AND starts_at <= :now
            AND (ends_at IS NULL OR ends_at > :now)
            AND (
                scope = 'GLOBAL'
                OR (scope = 'STRATEGY' AND scope_id = :lt_strategy_id)
                OR (scope = 'TRADING_WALLET' AND scope_id = :trading_wallet_id)
                OR (scope = 'TRADER' AND scope_id = :trader_address)
                OR (scope = 'MARKET' AND scope_id = :condition_id)
                OR (scope = 'EVENT' AND scope_id = :event_id)
            )
        ORDER BY lock_id
        """,
        lt_strategy_id=str(lt_strategy_id),
        trading_wallet_id=str(trading_wallet_id),
        trader_address=trader_address,
        condition_id=condition_id,
        event_id=event_id,
        now=now,
    )
    return [_lock(row) for row in rows]


def on_entries(transaction: Transaction, now: datetime) -> list[LockRow]:
    """Locks in force that stop every entry of a strategy or of a trading wallet, or of all; oldest first."""
    rows = transaction.rows(
        """
        SELECT * FROM locks
        WHERE
            scope IN ('GLOBAL', 'TRADING_WALLET', 'STRATEGY') AND released_at IS NULL
            AND starts_at <= :now AND (ends_at IS NULL OR ends_at > :now)
        ORDER BY lock_id
        """,
        now=now,
    )
    return [_lock(row) for row in rows]
