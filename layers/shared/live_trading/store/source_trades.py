"""Source trades: stored once a key, and read back as the trades that a subject has not decided yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from live_trading.nouns.money import Price, Shares
from live_trading.nouns.trades import Side, SourceTrade
from live_trading.store.database import Row, Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredTrade:
    """A source trade with its number in our books and the moment at which we first saw it."""

    source_trade_id: int
    trade: SourceTrade
    seen_at: datetime


def insert(transaction: Transaction, trades: Sequence[SourceTrade], seen_at: datetime) -> int:
    """Stores the trades whose key is new and returns their number; the others are left as they are.

    Every trader must be in `traders`.
    """
    if not trades:
        return 0
    ordered = sorted(trades, key=_storing_order)
    return transaction.execute(
        """
        INSERT INTO source_trades (
            transaction_hash, token_id, trader_address, side, price, shares, occurrence, condition_id, outcome,
            outcome_index, title, slug, trade_time, seen_at
        )
        SELECT row.*, :seen_at::timestamptz
        FROM unnest(
            :hashes::text[], :tokens::text[], :traders::text[], :sides::text[], :prices::numeric[],
            :shares::numeric[], :occurrences::integer[], :conditions::text[], :outcomes::text[],
            :outcome_indexes::integer[], :titles::text[], :slugs::text[], :times::timestamptz[]
        ) WITH ORDINALITY AS row (
            transaction_hash, token_id, trader_address, side, price, shares, occurrence, condition_id, outcome,
            outcome_index, title, slug, trade_time, place
        )
        """.replace("row.*", _COLUMNS_OF_ROW)
        + """
        -- Known keys are left out first: a conflicting insert would use up a number each time it is repeated.
        WHERE NOT EXISTS (
            SELECT 1 FROM source_trades AS known
            WHERE
                known.transaction_hash = row.transaction_hash
                AND known.token_id = row.token_id
                AND known.trader_address = row.trader_address
                AND known.side = row.side
                AND known.price = row.price
                AND known.shares = row.shares
                AND known.occurrence = row.occurrence
        )
        ORDER BY row.place
        ON CONFLICT DO NOTHING
        """,
        hashes=[trade.transaction_hash for trade in ordered],
        tokens=[trade.token_id for trade in ordered],
        traders=[trade.trader for trade in ordered],
        sides=[trade.side for trade in ordered],
        prices=[trade.price for trade in ordered],
        shares=[trade.shares for trade in ordered],
        occurrences=[trade.occurrence for trade in ordered],
        conditions=[trade.condition_id for trade in ordered],
        outcomes=[trade.outcome for trade in ordered],
        outcome_indexes=[trade.outcome_index for trade in ordered],
        titles=[trade.title for trade in ordered],
        slugs=[trade.slug for trade in ordered],
        times=[trade.trade_time for trade in ordered],
        seen_at=seen_at,
    )
