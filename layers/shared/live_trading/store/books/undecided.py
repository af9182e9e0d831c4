"""What of a wallet is on its way: which tokens it touches, and how far it may put the chain's dollars off the ledger's.

Only an order that left and whose end nobody knows, a trade that is not settled with us, and a transaction of ours that
is not booked are on one side only. Everything else of the wallet can be compared meanwhile.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from live_trading.nouns.money import Usd
from live_trading.store.database.connection import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class OnItsWay:
    """One thing that has begun at `since` and is not booked to its end.

    The chain may have between `least` and `most` dollars more than the ledger because of it.
    """

    what: str
    tokens: frozenset[str]
    since: datetime
    least: Usd
    most: Usd


_ON_ITS_WAY = """
SELECT
    'order ' || intent.order_hash AS what, ARRAY[intent.token_id] AS tokens, intent.intent_at AS since,
    CASE WHEN intent.side = 'BUY' THEN -greatest(intent.reserved_usd - filled.usd, 0) ELSE 0 END AS least,
    CASE WHEN intent.side = 'BUY' THEN 0 ELSE greatest(intent.order_shares - filled.shares, 0) END AS most
FROM lt_orders AS intent
CROSS JOIN LATERAL (
    SELECT coalesce(sum(fill.cost_usd + fill.fee_usd), 0) AS usd, coalesce(sum(fill.shares), 0) AS shares
    FROM fills AS fill WHERE fill.lt_order_id = intent.lt_order_id AND fill.status <> 'FAILED'
) AS filled
WHERE
    intent.lt_order_id IN (
        SELECT lt_order_id FROM lt_orders
        WHERE trading_wallet_id = :trading_wallet_id AND state IN ('SENT', 'UNKNOWN', 'DELAYED')
        UNION ALL
        SELECT unnest(:orders::uuid[])
    )
UNION ALL
SELECT
    'trade ' || trade.venue_trade_id, ARRAY[trade.token_id], trade.match_time,
    CASE WHEN trade.side = 'BUY' THEN 0 ELSE trade.fee_usd - trade.cost_usd END - slack.usd,
    CASE WHEN trade.side = 'BUY' THEN trade.cost_usd + trade.fee_usd ELSE 0 END + slack.usd
FROM (
    SELECT venue_trade_id, token_id, side, cost_usd, fee_usd, match_time FROM fills
    WHERE trading_wallet_id = :trading_wallet_id AND status NOT IN ('CONFIRMED', 'FAILED')
    UNION ALL
    SELECT venue_trade_id, token_id, side, cost_usd, fee_usd, match_time FROM external_fills
    WHERE trading_wallet_id = :trading_wallet_id AND status NOT IN ('CONFIRMED', 'FAILED')
) AS trade
-- Until its receipt is read a trade is booked as expected, and its fee as the most that it may be.
CROSS JOIN LATERAL (SELECT trade.fee_usd + ceil(trade.cost_usd * 10000) / 1000000 AS usd) AS slack
UNION ALL
SELECT
    lower(redemption.action) || ' ' || redemption.lt_redemption_id, market.token_ids,
    coalesce(redemption.last_attempt_at, redemption.created_at), 0,
    greatest(redemption.expected_usd, redemption.owed_usd, redemption.merge_shares)
FROM lt_redemptions AS redemption INNER JOIN markets AS market USING (condition_id)
WHERE
    redemption.trading_wallet_id = :trading_wallet_id
    AND redemption.state IN ('PREPARED', 'BROADCAST', 'REPLACED', 'MINED', 'CONFIRMED')
ORDER BY since, what
"""


def of_wallet(
    transaction: Transaction, trading_wallet_id: UUID, unseen_orders: Collection[UUID] = ()
) -> tuple[OnItsWay, ...]:
    """Everything of the wallet that is on its way, the oldest first; `unseen_orders` could not be looked up now."""
    rows = transaction.rows(_ON_ITS_WAY, trading_wallet_id=trading_wallet_id, orders=list(unseen_orders))
    return tuple(
        OnItsWay(
            what=row["what"],
            tokens=frozenset(row["tokens"]),
            since=row["since"],
            least=Usd(row["least"]),
            most=Usd(row["most"]),
        )
        for row in rows
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketOf:
    """Where a token's market stands with us. `is_redeeming`: a redemption of the wallet's will decide about it."""

    condition_id: str
    is_resolved: bool
    is_redeeming: bool


def markets_of(transaction: Transaction, trading_wallet_id: UUID, token_ids: Collection[str]) -> dict[str, MarketOf]:
    """The markets of these tokens, by token; those that are not stored are left out."""
    rows = transaction.rows(
        """
        SELECT
            asked.token_id, market.condition_id, market.resolution_state = 'RESOLVED' AS is_resolved,
            coalesce(redemption.state IN ('DUE', 'FAILED'), FALSE) AS is_redeeming
        FROM unnest(:token_ids::text[]) AS asked (token_id)
        INNER JOIN markets AS market ON market.token_ids @> ARRAY[asked.token_id]
        LEFT JOIN lt_redemptions AS redemption
            ON redemption.condition_id = market.condition_id AND redemption.action = 'REDEEM'
            AND redemption.trading_wallet_id = :trading_wallet_id
        """,
        trading_wallet_id=trading_wallet_id,
        token_ids=sorted(token_ids),
    )
    return {
        row["token_id"]: MarketOf(
            condition_id=row["condition_id"], is_resolved=row["is_resolved"], is_redeeming=row["is_redeeming"]
        )
        for row in rows
    }
