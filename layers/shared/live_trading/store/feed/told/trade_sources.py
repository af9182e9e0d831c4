"""What each source has said of a source trade: the Data API that lists it, the chain whose block holds it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from live_trading.nouns.money import Price, Shares
from live_trading.nouns.trades import Side, SourceTradeKey
from live_trading.store.database.connection import Row, Transaction


class TradeSource(StrEnum):
    """Who was the first to tell of a trade."""

    CHAIN = "CHAIN"
    DATA_API = "DATA_API"


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownTrade:
    """A stored trade and who has told of it. `is_dropped` says that its block was replaced by one without it."""

    source_trade_id: int
    key: SourceTradeKey
    source: TradeSource
    is_listed: bool
    block_hash: str | None
    is_dropped: bool

    @property
    def is_mined(self) -> bool:
        """Whether the chain has told of it, in a block that it may have replaced since."""
        return self.block_hash is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mined:
    """Where the chain holds a stored trade."""

    key: SourceTradeKey
    order_hash: str
    block_number: int
    block_hash: str
    log_index: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OneSidedTrade:
    """A trade, for people."""

    trader: str
    title: str
    side: Side
    price: Price
    shares: Shares
    transaction_hash: str
    trade_time: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DroppedTrade:
    """A trade that its chain no longer holds. `decisions` counts who had decided it before."""

    source_trade_id: int
    trade: OneSidedTrade
    decisions: int


def one_at_a_time(transaction: Transaction) -> None:
    """Lets nobody else compare and store trades before this transaction ends.

    Two sources may tell of one fill in two forms, which no unique key can hold against each other. It is the lock under
    which trades are numbered.
    """
    transaction.rows("SELECT pg_advisory_xact_lock(hashtext(:table))", table="source_trades")


def of_transactions(transaction: Transaction, hashes: Collection[str]) -> list[KnownTrade]:
    """Every stored trade of these transactions."""
    rows = transaction.rows(
        """
        SELECT
            source_trade_id, transaction_hash, token_id, trader_address, side, price, shares, occurrence, source,
            block_hash,
            listed_at IS NOT NULL AS is_listed, dropped_at IS NOT NULL AS is_dropped
        FROM source_trades WHERE transaction_hash = ANY(:hashes::text[])
        ORDER BY source_trade_id
        """,
        hashes=sorted(set(hashes)),
    )
    return [_known(row) for row in rows]


def note_mined(transaction: Transaction, mined: Sequence[Mined], *, are_new: bool) -> None:
    """Says in which block these stored trades are; with `are_new` the chain was the first to tell of them."""
    if not mined:
        return
    transaction.execute(
        """
        UPDATE source_trades AS trade SET
            block_number = mined.block_number,
            block_hash = mined.block_hash,
            log_index = mined.log_index,
            order_hash = mined.order_hash,
            dropped_at = NULL,
            source = CASE WHEN :are_new::boolean THEN 'CHAIN' ELSE trade.source END
        FROM unnest(
            :hashes::text[], :tokens::text[], :traders::text[], :sides::text[], :prices::numeric[],
            :shares::numeric[], :occurrences::integer[], :numbers::bigint[], :block_hashes::text[], :indexes::integer[],
            :orders::text[]
        ) AS mined (
            transaction_hash, token_id, trader_address, side, price, shares, occurrence, block_number, block_hash,
            log_index, order_hash
        )
        WHERE
            trade.transaction_hash = mined.transaction_hash
            AND trade.token_id = mined.token_id
            AND trade.trader_address = mined.trader_address
            AND trade.side = mined.side
            AND trade.price = mined.price
            AND trade.shares = mined.shares
            AND trade.occurrence = mined.occurrence
        """,
        are_new=are_new,
        hashes=[each.key.transaction_hash for each in mined],
        tokens=[each.key.token_id for each in mined],
        traders=[each.key.trader for each in mined],
        sides=[each.key.side for each in mined],
        prices=[each.key.price for each in mined],
        shares=[each.key.shares for each in mined],
        occurrences=[each.key.occurrence for each in mined],
        numbers=[each.block_number for each in mined],
        block_hashes=[each.block_hash for each in mined],
        indexes=[each.log_index for each in mined],
        orders=[each.order_hash for each in mined],
    )


def dropped_of_orders(transaction: Transaction, order_hashes: Collection[str]) -> list[tuple[str, KnownTrade]]:
    """The dropped trades that were fills of these orders, each with its order, the oldest first."""
    rows = transaction.rows(
        """
        SELECT
            source_trade_id, transaction_hash, token_id, trader_address, side, price, shares, occurrence, source,
            block_hash, order_hash, listed_at IS NOT NULL AS is_listed, TRUE AS is_dropped
        FROM source_trades WHERE order_hash = ANY(:orders::text[]) AND dropped_at IS NOT NULL
        ORDER BY source_trade_id
        """,
        orders=sorted(set(order_hashes)),
    )
    return [(row["order_hash"], _known(row)) for row in rows]


def move(transaction: Transaction, moved: Sequence[tuple[int, SourceTradeKey]]) -> None:
    """Puts stored trades into other transactions: the fill is the same, and so is what was decided on it."""
    if not moved:
        return
    transaction.execute(
        """
        UPDATE source_trades AS trade SET transaction_hash = moved.transaction_hash, occurrence = moved.occurrence
        FROM unnest(:numbers::bigint[], :hashes::text[], :occurrences::integer[]) AS moved (
            source_trade_id, transaction_hash, occurrence
        )
        WHERE trade.source_trade_id = moved.source_trade_id
        """,
        numbers=[number for number, _ in moved],
        hashes=[key.transaction_hash for _, key in moved],
        occurrences=[key.occurrence for _, key in moved],
    )


def note_listed(transaction: Transaction, source_trade_ids: Collection[int], now: datetime) -> None:
    """Says that the Data API lists these trades."""
    if not source_trade_ids:
        return
    transaction.execute(
        """
        UPDATE source_trades SET listed_at = :now
        WHERE source_trade_id = ANY(:numbers::bigint[]) AND listed_at IS NULL
        """,
        now=now,
        numbers=sorted(source_trade_ids),
    )


def drop_above(
    transaction: Transaction,
    block_number: int,
    *,
    traders: Collection[str],
    but: Collection[int],
    but_of: Collection[str],
    now: datetime,
) -> list[DroppedTrade]:
    """Drops these traders' trades of blocks above this one, but for some that are there again; tells which.

    Those of the transactions `but_of` are spared too.
    """
    rows = transaction.rows(
        """
        UPDATE source_trades AS trade SET dropped_at = :now
        WHERE
            block_number > :above AND dropped_at IS NULL AND trader_address = ANY(:traders::text[])
            AND source_trade_id <> ALL(:but::bigint[]) AND transaction_hash <> ALL(:but_of::text[])
        RETURNING *, (
            SELECT count(*) FROM decisions WHERE decisions.source_trade_id = trade.source_trade_id
        ) AS decisions
        """,
        now=now,
        above=block_number,
        traders=sorted(traders),
        but=sorted(but),
        but_of=sorted(but_of),
    )
    return [
        DroppedTrade(source_trade_id=row["source_trade_id"], trade=_for_people(row), decisions=row["decisions"])
        for row in rows
    ]


def offer_again(transaction: Transaction, source_trade_ids: Collection[int]) -> None:
    """Gives those of these trades that nobody has decided a new number: the old one may have been come past."""
    if not source_trade_ids:
        return
    transaction.execute(
        """
        UPDATE source_trades SET source_trade_id = DEFAULT
        WHERE source_trade_id = ANY(:numbers::bigint[]) AND NOT EXISTS (
            SELECT 1 FROM decisions WHERE decisions.source_trade_id = source_trades.source_trade_id
        )
        """,
        numbers=sorted(source_trade_ids),
    )


def not_listed(transaction: Transaction, *, since: datetime, before: datetime, limit: int) -> list[OneSidedTrade]:
    """Trades that the chain holds and the Data API does not list, made in this time, the newest first."""
    rows = transaction.rows(
        """
        SELECT * FROM source_trades
        WHERE
            source = 'CHAIN' AND listed_at IS NULL AND dropped_at IS NULL
            AND trade_time >= :since AND trade_time < :before
        ORDER BY trade_time DESC LIMIT :limit
        """,
        since=since,
        before=before,
        limit=limit,
    )
    return [_for_people(row) for row in rows]


def not_mined(transaction: Transaction, *, since: datetime, before: datetime, limit: int) -> list[OneSidedTrade]:
    """Trades that the Data API lists and no block that was looked at holds, made in this time, the newest first."""
    rows = transaction.rows(
        """
        SELECT * FROM source_trades
        WHERE source = 'DATA_API' AND block_number IS NULL AND trade_time >= :since AND trade_time < :before
        ORDER BY trade_time DESC LIMIT :limit
        """,
        since=since,
        before=before,
        limit=limit,
    )
    return [_for_people(row) for row in rows]


def _known(row: Row) -> KnownTrade:
    return KnownTrade(
        source_trade_id=row["source_trade_id"],
        key=SourceTradeKey(
            transaction_hash=row["transaction_hash"],
            token_id=row["token_id"],
            trader=row["trader_address"],
            side=Side(row["side"]),
            price=Price(row["price"]),
            shares=Shares(row["shares"]),
            occurrence=row["occurrence"],
        ),
        source=TradeSource(row["source"]),
        is_listed=row["is_listed"] or row["source"] == TradeSource.DATA_API,
        block_hash=row["block_hash"],
        is_dropped=row["is_dropped"],
    )


def _for_people(row: Row) -> OneSidedTrade:
    return OneSidedTrade(
        trader=row["trader_address"],
        title=row["title"],
        side=Side(row["side"]),
        price=Price(row["price"]),
        shares=Shares(row["shares"]),
        transaction_hash=row["transaction_hash"],
        trade_time=row["trade_time"],
    )
