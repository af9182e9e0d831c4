"""What shares were worth when a lock began to flatten: what the floor of its sales is a fraction of."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from live_trading.nouns.money import Price
from live_trading.store.database.connection import Transaction

# Each run marks what is held; a mark that is older than this is of something that is held no more.
_MARKED_WITHIN = timedelta(days=1)


def keep_all(transaction: Transaction, lock_id: int, now: datetime) -> None:
    """Keeps the last marks of everything that a lock is about. What is kept already stays as it is."""
    transaction.execute(
        """
        INSERT INTO flatten_marks (lock_id, trading_wallet_id, token_id, price, taken_at)
        SELECT held.lock_id, mark.trading_wallet_id, mark.token_id, mark.bid_price, mark.taken_at
        FROM locks AS held CROSS JOIN position_marks AS mark
        WHERE
            held.lock_id = :lock_id AND mark.bid_price > 0 AND mark.taken_at > :since
            AND (
                held.scope = 'GLOBAL'
                OR (held.scope = 'TRADING_WALLET' AND held.scope_id = mark.trading_wallet_id::text)
                OR (
                    held.scope = 'STRATEGY' AND mark.trading_wallet_id IN (
                        SELECT trading_wallet_id FROM lt_strategies WHERE lt_strategy_id::text = held.scope_id
                    )
                )
            )
        ON CONFLICT DO NOTHING
        """,
        lock_id=lock_id,
        since=now - _MARKED_WITHIN,
    )


def keep(
    transaction: Transaction, lock_id: int, trading_wallet_id: UUID, marks: Mapping[str, Price], now: datetime
) -> None:
    """Keeps the marks of tokens that had none when the lock began."""
    transaction.execute(
        """
        INSERT INTO flatten_marks (lock_id, trading_wallet_id, token_id, price, taken_at)
        SELECT :lock_id::bigint, :wallet::uuid, token, price, :now::timestamptz
        FROM unnest(:tokens::text[], :prices::numeric[]) AS mark (token, price)
        ON CONFLICT DO NOTHING
        """,
        lock_id=lock_id,
        wallet=trading_wallet_id,
        tokens=list(marks),
        prices=list(marks.values()),
        now=now,
    )


def of_lock(transaction: Transaction, lock_id: int, trading_wallet_id: UUID) -> dict[str, Price]:
    """The marks that are kept, by token."""
    rows = transaction.rows(
        "SELECT token_id, price FROM flatten_marks WHERE lock_id = :lock_id AND trading_wallet_id = :wallet",
        lock_id=lock_id,
        wallet=trading_wallet_id,
    )
    return {row["token_id"]: Price(row["price"]) for row in rows}
