"""What may explain a break: orders, trades, tokens and transfers of the wallet that stand near it, as sentences."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from live_trading.store.books.breaks import BreakKind, StoredBreak
from live_trading.store.database.connection import Transaction

# An order that was given up wrongly filled at most so long before what it moved was missed.
LOOK_BACK = timedelta(days=3)
MOST_OF_A_KIND = 5


def of_break(transaction: Transaction, found: StoredBreak) -> list[str]:
    """The newest few of each sort; empty where nothing stands near."""
    if found.found.kind not in _WITH_CLUES:
        return []
    about = None if found.found.kind is BreakKind.COLLATERAL else found.found.subject
    since = found.found_at - LOOK_BACK
    return [
        *found.transfers,
        *(_tokens_above(transaction, found.trading_wallet_id) if about is None else []),
        *_orders(transaction, found.trading_wallet_id, about, since),
        *_trades(transaction, found.trading_wallet_id, about, since),
    ]


_WITH_CLUES = (BreakKind.COLLATERAL, BreakKind.TOKEN_BALANCE, BreakKind.UNKNOWN_TRADE)


def _tokens_above(transaction: Transaction, trading_wallet_id: UUID) -> list[str]:
    rows = transaction.rows(
        """
        SELECT
            found.subject, found.amount,
            coalesce(' (' || market.outcomes[array_position(market.token_ids, found.subject)] || ' of ' || market.slug
                || ')', '') AS named
        FROM surpluses AS found LEFT JOIN markets AS market ON market.token_ids @> ARRAY[found.subject]
        WHERE found.trading_wallet_id = :trading_wallet_id AND found.subject <> 'collateral'
        ORDER BY found.surplus_id LIMIT :most
        """,
        trading_wallet_id=trading_wallet_id,
        most=MOST_OF_A_KIND,
    )
    return [
        f"{row['amount']} shares of token {row['subject']}{row['named']} lie in the wallet and are booked for nobody"
        for row in rows
    ]


def _orders(transaction: Transaction, trading_wallet_id: UUID, token_id: str | None, since: datetime) -> list[str]:
    """Orders that left: of the token, or, where dollars are missing, those that ended without having spent theirs."""
    rows = transaction.rows(
        """
        SELECT intent.*, filled.shares AS filled_shares, filled.usd AS filled_usd, market.slug
        FROM lt_orders AS intent
        INNER JOIN markets AS market USING (condition_id)
        CROSS JOIN LATERAL (
            SELECT coalesce(sum(fill.shares), 0) AS shares, coalesce(sum(fill.cost_usd), 0) AS usd
            FROM fills AS fill WHERE fill.lt_order_id = intent.lt_order_id AND fill.status <> 'FAILED'
        ) AS filled
        WHERE
            intent.trading_wallet_id = :trading_wallet_id AND intent.intent_at >= :since AND intent.sent_at IS NOT NULL
            AND CASE WHEN :token_id::text IS NULL
                THEN intent.side = 'BUY' AND intent.state <> 'FILLED' AND filled.usd < intent.order_usd
                ELSE intent.token_id = :token_id
            END
        ORDER BY intent.intent_at DESC, intent.made_number DESC LIMIT :most
        """,
        trading_wallet_id=trading_wallet_id,
        token_id=token_id,
        since=since,
        most=MOST_OF_A_KIND,
    )
    return [
        f"order {row['order_hash']}: {row['side']} of {row['order_shares']} shares for {row['order_usd']} USD in "
        f"{row['slug']}, sent {row['sent_at']:%Y-%m-%d %H:%M:%S} UTC, is {row['state']}"
        f"{'' if row['rejection_code'] is None else ' (' + row['rejection_code'] + ')'} with "
        f"{row['filled_shares']} shares booked"
        for row in rows
    ]


def _trades(transaction: Transaction, trading_wallet_id: UUID, token_id: str | None, since: datetime) -> list[str]:
    rows = transaction.rows(
        """
        SELECT * FROM external_fills
        WHERE
            trading_wallet_id = :trading_wallet_id AND match_time >= :since AND status <> 'FAILED'
            AND (:token_id::text IS NULL OR token_id = :token_id)
        ORDER BY match_time DESC, external_fill_id DESC LIMIT :most
        """,
        trading_wallet_id=trading_wallet_id,
        token_id=token_id,
        since=since,
        most=MOST_OF_A_KIND,
    )
    return [
        f"trade {row['venue_trade_id']} beside this system: {row['side']} of {row['shares']} shares of token "
        f"{row['token_id']} for {row['cost_usd']} USD, {row['match_time']:%Y-%m-%d %H:%M:%S} UTC, {row['status']}"
        for row in rows
    ]


def subject_named(transaction: Transaction, found: StoredBreak) -> str:
    """The token of a break with its outcome and market, or its subject as it is."""
    row = transaction.row(
        """
        SELECT slug, outcomes[array_position(token_ids, :token_id)] AS outcome FROM markets
        WHERE token_ids @> ARRAY[:token_id::text]
        """,
        token_id=found.found.subject,
    )
    if row is None:
        return found.found.subject
    return f"token {found.found.subject} ({row['outcome']} of {row['slug']})"


def booked_transactions(
    transaction: Transaction, trading_wallet_id: UUID, transaction_hashes: Collection[str]
) -> set[str]:
    """Those of the transactions whose trades or redemptions are booked: they explain nothing any more."""
    rows = transaction.rows(
        """
        SELECT transaction_hash FROM fills
        WHERE trading_wallet_id = :trading_wallet_id AND transaction_hash = ANY(:hashes::text[])
        UNION
        SELECT transaction_hash FROM external_fills
        WHERE trading_wallet_id = :trading_wallet_id AND transaction_hash = ANY(:hashes::text[])
        UNION
        SELECT transaction_hash FROM lt_redemptions
        WHERE trading_wallet_id = :trading_wallet_id AND transaction_hash = ANY(:hashes::text[])
        """,
        trading_wallet_id=trading_wallet_id,
        hashes=sorted(transaction_hashes),
    )
    return {row["transaction_hash"] for row in rows}
