"""Locks that concern somebody."""

from __future__ import annotations

from datetime import datetime

from live_trading.nouns.pages import PageAsked
from live_trading.store.database.connection import Transaction
from live_trading.store.risk.locks import LockRow, lock_of

# Those that are nobody's own, and those of own strategies and wallets, each read from its newest on.
_SEEN = """
SELECT * FROM (
    (
        SELECT * FROM locks
        WHERE scope IN ('GLOBAL', 'TRADER', 'MARKET', 'EVENT') AND lock_id < :after_number {in_force}
        ORDER BY lock_id DESC LIMIT :rows_to_read
    )
    UNION ALL
    (
        SELECT own.* FROM lt_strategies AS strategy
        CROSS JOIN LATERAL (
            SELECT * FROM locks
            WHERE
                scope = 'STRATEGY' AND scope_id = strategy.lt_strategy_id::text AND lock_id < :after_number {in_force}
            ORDER BY lock_id DESC LIMIT :rows_to_read
        ) AS own
        WHERE strategy.owner_id = :owner_id
    )
    UNION ALL
    (
        SELECT own.* FROM trading_wallets AS wallet
        CROSS JOIN LATERAL (
            SELECT * FROM locks
            WHERE
                scope = 'TRADING_WALLET' AND scope_id = wallet.trading_wallet_id::text AND lock_id < :after_number
                {in_force}
            ORDER BY lock_id DESC LIMIT :rows_to_read
        ) AS own
        WHERE wallet.owner_id = :owner_id
    )
) AS seen
ORDER BY lock_id DESC LIMIT :rows_to_read
"""
_IN_FORCE = "AND released_at IS NULL AND starts_at <= :now AND (ends_at IS NULL OR ends_at > :now)"


def seen_by(
    transaction: Transaction, owner_id: str, now: datetime, page: PageAsked, *, only_in_force: bool
) -> list[LockRow]:
    """A page of the locks that concern an owner: of own strategies and wallets, and nobody's own; newest first."""
    at = {"now": now} if only_in_force else {}
    rows = transaction.rows(
        _SEEN.format(in_force=_IN_FORCE if only_in_force else ""),
        owner_id=owner_id,
        after_number=page.after_number,
        rows_to_read=page.rows_to_read,
        **at,
    )
    return [lock_of(row) for row in rows]
