"""What was seen of the outside world that rules are judged on later: marks, the venue's answers, the feed's lag."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from live_trading.nouns.money import Price, Shares
from live_trading.store.database.connection import Transaction

_KEEP_CALLS = timedelta(days=2)


def held_shares(transaction: Transaction, trading_wallet_id: UUID) -> dict[str, Shares]:
    """Shares by token that any strategy of the wallet holds in markets that still trade."""
    rows = transaction.rows(
        """
        SELECT held.token_id, held.shares FROM (
            SELECT token_id, sum(shares) AS shares FROM ledger_holdings
            WHERE trading_wallet_id = :wallet AND account = 'POSITION_COST' AND shares <> 0
            GROUP BY token_id HAVING sum(shares) > 0
        ) AS held
        CROSS JOIN LATERAL (
            SELECT resolution_state FROM markets WHERE token_ids @> ARRAY[held.token_id] OFFSET 0
        ) AS market
        WHERE market.resolution_state <> 'RESOLVED'
        """,
        wallet=trading_wallet_id,
    )
    return {row["token_id"]: Shares(row["shares"]) for row in rows}


def save_marks(transaction: Transaction, trading_wallet_id: UUID, marks: Mapping[str, Price], at: datetime) -> None:
    """Keeps what a share of each token would bring now; tokens that are not named keep their older mark."""
    if not marks:
        return
    transaction.execute(
        """
        INSERT INTO position_marks (trading_wallet_id, token_id, bid_price, taken_at)
        SELECT :wallet::uuid, token, price, :at::timestamptz
        FROM unnest(:tokens::text[], :prices::numeric[]) AS mark (token, price)
        ON CONFLICT (trading_wallet_id, token_id)
        DO UPDATE SET bid_price = excluded.bid_price, taken_at = excluded.taken_at
        """,
        wallet=trading_wallet_id,
        tokens=list(marks),
        prices=list(marks.values()),
        at=at,
    )


def save_calls(
    transaction: Transaction, trading_wallet_id: UUID, latencies: Sequence[int], failed: int, at: datetime
) -> None:
    """Keeps one run's calls to the venue, milliseconds each; what is older than two days goes."""
    if not latencies:
        return
    transaction.later(
        """
        INSERT INTO venue_calls (trading_wallet_id, observed_at, calls, failed_calls, latencies_milliseconds)
        VALUES (:wallet, :at, :calls, :failed, :latencies::integer[])
        ON CONFLICT (trading_wallet_id, observed_at) DO UPDATE SET
            calls = venue_calls.calls + excluded.calls,
            failed_calls = venue_calls.failed_calls + excluded.failed_calls,
            latencies_milliseconds = venue_calls.latencies_milliseconds || excluded.latencies_milliseconds
        """,
        wallet=trading_wallet_id,
        at=at,
        calls=len(latencies),
        failed=failed,
        latencies=list(latencies),
    )
    transaction.later(
        "DELETE FROM venue_calls WHERE trading_wallet_id = :wallet AND observed_at < :before",
        wallet=trading_wallet_id,
        before=at - _KEEP_CALLS,
    )


def save_feed_freshness(transaction: Transaction, feed: str, computed_at: datetime, at: datetime) -> None:
    """Keeps the moment up to which a feed says that it is complete."""
    transaction.execute(
        """
        INSERT INTO feed_freshness (feed, computed_at, observed_at) VALUES (:feed, :computed_at, :at)
        ON CONFLICT (feed) DO UPDATE SET computed_at = excluded.computed_at, observed_at = excluded.observed_at
        """,
        feed=feed,
        computed_at=computed_at,
        at=at,
    )
