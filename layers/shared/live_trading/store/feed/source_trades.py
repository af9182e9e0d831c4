"""Source trades: stored once a key, and read back by number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from live_trading.nouns.money import Price, Shares
from live_trading.nouns.trades import Side, SourceTrade
from live_trading.store.database.connection import Row, Transaction
from live_trading.store.database.text import storable


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredTrade:
    """A source trade with its number in our books and the moment at which we first saw it."""

    source_trade_id: int
    trade: SourceTrade
    seen_at: datetime


def insert(transaction: Transaction, trades: Sequence[SourceTrade], seen_at: datetime) -> int:
    """Stores the trades whose key is new, oldest first, and returns their number; the others stay as they are.

    Every trader must be in `traders`.
    """
    # Known keys are left out before ON CONFLICT sees them: each conflict would use up a number of the sequence.
    return transaction.execute(
        """
        INSERT INTO source_trades (
            transaction_hash, token_id, trader_address, side, price, shares, occurrence, condition_id, outcome,
            outcome_index, title, slug, trade_time, seen_at
        )
        SELECT fresh.*, :seen_at::timestamptz
        FROM unnest(
            :hashes::text[], :tokens::text[], :traders::text[], :sides::text[], :prices::numeric[],
            :shares::numeric[], :occurrences::integer[], :conditions::text[], :outcomes::text[],
            :outcome_indexes::integer[], :titles::text[], :slugs::text[], :times::timestamptz[]
        ) AS fresh (
            transaction_hash, token_id, trader_address, side, price, shares, occurrence, condition_id, outcome,
            outcome_index, title, slug, trade_time
        )
        WHERE NOT EXISTS (
            SELECT 1 FROM source_trades AS known
            WHERE
                known.transaction_hash = fresh.transaction_hash
                AND known.token_id = fresh.token_id
                AND known.trader_address = fresh.trader_address
                AND known.side = fresh.side
                AND known.price = fresh.price
                AND known.shares = fresh.shares
                AND known.occurrence = fresh.occurrence
        )
        ORDER BY fresh.trade_time, fresh.transaction_hash, fresh.token_id, fresh.occurrence
        ON CONFLICT DO NOTHING
        """,
        hashes=[trade.transaction_hash for trade in trades],
        tokens=[trade.token_id for trade in trades],
        traders=[trade.trader for trade in trades],
        sides=[trade.side for trade in trades],
        prices=[trade.price for trade in trades],
        shares=[trade.shares for trade in trades],
        occurrences=[trade.occurrence for trade in trades],
        conditions=[trade.condition_id for trade in trades],
        outcomes=[storable(trade.outcome) for trade in trades],
        outcome_indexes=[trade.outcome_index for trade in trades],
        titles=[storable(trade.title) for trade in trades],
        slugs=[storable(trade.slug) for trade in trades],
        times=[trade.trade_time for trade in trades],
        seen_at=seen_at,
    )


def by_numbers(transaction: Transaction, source_trade_ids: Sequence[int]) -> dict[int, StoredTrade]:
    """These trades by their number, without those that there are not."""
    rows = transaction.rows(
        "SELECT * FROM source_trades WHERE source_trade_id = ANY(:numbers::bigint[])", numbers=list(source_trade_ids)
    )
    return {row["source_trade_id"]: _stored(row) for row in rows}


def newest_number(transaction: Transaction) -> int:
    """The highest number given so far, 0 where there is none."""
    return int(transaction.only("SELECT coalesce(max(source_trade_id), 0) AS newest FROM source_trades")["newest"])


def _stored(row: Row) -> StoredTrade:
    trade = SourceTrade(
        transaction_hash=row["transaction_hash"],
        token_id=row["token_id"],
        trader=row["trader_address"],
        side=Side(row["side"]),
        price=Price(row["price"]),
        shares=Shares(row["shares"]),
        occurrence=row["occurrence"],
        condition_id=row["condition_id"],
        outcome=row["outcome"],
        outcome_index=row["outcome_index"],
        title=row["title"],
        slug=row["slug"],
        trade_time=row["trade_time"],
    )
    return StoredTrade(source_trade_id=row["source_trade_id"], trade=trade, seen_at=row["seen_at"])
