"""Locks that concern somebody, and when those of a kind ended."""

from __future__ import annotations

from datetime import datetime

from live_trading.nouns.locks import LockReason, LockScope
from live_trading.store.database.connection import Transaction
from live_trading.store.risk.locks import LockRow, lock_of

_MOST_SHOWN = 500


def seen_by(transaction: Transaction, owner_id: str, now: datetime, *, only_in_force: bool) -> list[LockRow]:
    """Locks that concern an owner: of own strategies and wallets, and all that are nobody's own; newest first."""
    rows = transaction.rows(
        """
        SELECT * FROM locks
        WHERE
            (
                scope IN ('GLOBAL', 'TRADER', 'MARKET', 'EVENT')
                OR (scope = 'STRATEGY' AND scope_id IN (
                    SELECT lt_strategy_id::text FROM lt_strategies WHERE owner_id = :owner_id
                ))
                OR (scope = 'TRADING_WALLET' AND scope_id IN (
                    SELECT trading_wallet_id::text FROM trading_wallets WHERE owner_id = :owner_id
                ))
            )
            AND (
                NOT :only_in_force
                OR (released_at IS NULL AND starts_at <= :now AND (ends_at IS NULL OR ends_at > :now))
            )
        ORDER BY lock_id DESC LIMIT :most
        """,
        owner_id=owner_id,
        only_in_force=only_in_force,
        now=now,
        most=_MOST_SHOWN,
    )
    return [lock_of(row) for row in rows]


def last_release_by_hand(
    transaction: Transaction, scope: LockScope, scope_id: str | None, reason: LockReason
) -> datetime | None:
    """When a person last released a lock of this scope and reason."""
    found: datetime | None = transaction.only(
        """
        SELECT max(released_at) AS at FROM locks
        WHERE
            scope = :scope AND scope_id IS NOT DISTINCT FROM :scope_id AND reason = :reason
            AND release_kind = 'BY_HAND'
        """,
        scope=scope,
        scope_id=scope_id,
        reason=reason,
    )["at"]
    return found


def last_end(
    transaction: Transaction, scope: LockScope, scope_id: str | None, reason: LockReason, now: datetime
) -> datetime | None:
    """When the last lock of this scope and reason was over, by whatever way."""
    found: datetime | None = transaction.only(
        """
        SELECT max(least(coalesce(released_at, ends_at), coalesce(ends_at, released_at))) AS at FROM locks
        WHERE
            scope = :scope AND scope_id IS NOT DISTINCT FROM :scope_id AND reason = :reason
            AND coalesce(released_at, ends_at) <= :now
        """,
        scope=scope,
        scope_id=scope_id,
        reason=reason,
        now=now,
    )["at"]
    return found
