"""Which tokens the chain is asked about although the ledger expects none of them: those that orders could have brought.

An order that was given up wrongly, and a trade of somebody with the same key, bring tokens that no entry knows of. How
old an order is counts from the newest thing that the wallet did, so that a pause forgets nothing.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from live_trading.nouns.markets import ProtocolVersion
from live_trading.store.database.connection import Transaction

# What an order of a resolved market brought has shown long before this.
YOUNG = timedelta(days=14)
UNRESOLVED = timedelta(days=90)
# About two requests to the chain; the newest orders come first.
MOST_MARKETS = 500
# So many orders, newest first, are read for them however busy the last months were.
MOST_ORDERS = 2_000


def of_wallet(transaction: Transaction, trading_wallet_id: UUID) -> frozenset[str]:
    """Both outcomes of every market that an order touched: one that was signed here, or one seen at the venue.

    Markets of orders of the last two weeks, and those that have not resolved of the last three months; the newest 500.
    """
    newest = _newest(transaction, trading_wallet_id)
    if newest is None:
        return frozenset()
    rows = transaction.rows(
        """
        WITH touched AS (
            (
                SELECT condition_id, token_id, intent_at AS at FROM lt_orders
                WHERE trading_wallet_id = :trading_wallet_id AND intent_at >= :oldest
                ORDER BY intent_at DESC LIMIT :most_orders
            )
            UNION ALL
            (
                SELECT condition_id, token_id, last_seen_at FROM orders
                WHERE trading_wallet_id = :trading_wallet_id AND origin = 'EXTERNAL' AND last_seen_at >= :oldest
                ORDER BY last_seen_at DESC LIMIT :most_orders
            )
            UNION ALL
            (
                SELECT condition_id, token_id, match_time FROM external_fills
                WHERE trading_wallet_id = :trading_wallet_id AND match_time >= :oldest
                ORDER BY match_time DESC LIMIT :most_orders
            )
        ), by_market AS (
            SELECT condition_id, array_agg(DISTINCT token_id) AS token_ids, max(at) AS at FROM touched
            GROUP BY condition_id
        ), asked AS (
            SELECT by_market.token_ids || market.token_ids AS token_ids
            FROM by_market
            LEFT JOIN LATERAL (
                SELECT known.token_ids, known.resolution_state FROM markets AS known
                WHERE known.condition_id = by_market.condition_id LIMIT 1
            ) AS market ON TRUE
            WHERE by_market.at >= :young OR market.resolution_state IS DISTINCT FROM 'RESOLVED'
            ORDER BY by_market.at DESC, by_market.condition_id LIMIT :most
        )
        SELECT DISTINCT unnest(token_ids) AS token_id FROM asked
        """,
        trading_wallet_id=trading_wallet_id,
        oldest=newest - UNRESOLVED,
        young=newest - YOUNG,
        most=MOST_MARKETS,
        most_orders=MOST_ORDERS,
    )
    return frozenset(row["token_id"] for row in rows)


def kinds_of_markets(transaction: Transaction, trading_wallet_id: UUID) -> set[tuple[ProtocolVersion, bool]]:
    """Of which protocol the markets of young orders are, and whether they are neg-risk ones."""
    newest = _newest(transaction, trading_wallet_id)
    if newest is None:
        return set()
    rows = transaction.rows(
        """
        SELECT DISTINCT market.version, market.neg_risk
        FROM (
            SELECT DISTINCT condition_id FROM (
                SELECT condition_id FROM lt_orders
                WHERE trading_wallet_id = :trading_wallet_id AND intent_at >= :young
                ORDER BY intent_at DESC LIMIT :most_orders
            ) AS young
        ) AS touched
        CROSS JOIN LATERAL (
            SELECT known.version, known.neg_risk FROM markets AS known
            WHERE known.condition_id = touched.condition_id LIMIT 1
        ) AS market
        """,
        trading_wallet_id=trading_wallet_id,
        young=newest - YOUNG,
        most_orders=MOST_ORDERS,
    )
    return {(ProtocolVersion(row["version"]), row["neg_risk"]) for row in rows}


def _newest(transaction: Transaction, trading_wallet_id: UUID) -> datetime | None:
    found: datetime | None = transaction.only(
        """
        SELECT greatest(
            (SELECT max(intent_at) FROM lt_orders WHERE trading_wallet_id = :trading_wallet_id),
            (SELECT max(match_time) FROM external_fills WHERE trading_wallet_id = :trading_wallet_id),
            (SELECT max(last_seen_at) FROM orders WHERE trading_wallet_id = :trading_wallet_id AND origin = 'EXTERNAL')
        ) AS newest
        """,
        trading_wallet_id=trading_wallet_id,
    )["newest"]
    return found
