"""Locks that concern somebody."""

from __future__ import annotations

from datetime import datetime

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
