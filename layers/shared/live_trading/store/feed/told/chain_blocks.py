"""The blocks that the watch has looked at, with the hashes that they had, for as deep as a chain is ever rewritten."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from live_trading.store.database.connection import Transaction
from live_trading.store.feed.traders import FollowedTrader

# Polygon's finality comes within some blocks, and its deepest rewrite of the last years had 157.
DEPTH = 256
_KEPT = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownBlock:
    number: int
    block_hash: str
    time: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """Whose trades are looked for, in the order in which they were followed, and which blocks are done, the newest
    first."""

    traders: list[FollowedTrader]
    blocks: list[KnownBlock]


def note_and_read(transaction: Transaction, done: Sequence[KnownBlock]) -> Watched:
    """Remembers blocks whose trades are stored, and tells what there is to watch; one statement for both.

    A block of a number that is known already replaces it; what lies deeper than any rewrite is forgotten.
    """
    rows = transaction.rows(
        """
        WITH noted AS (
            INSERT INTO chain_blocks (block_number, block_hash, block_time)
            SELECT * FROM unnest(:numbers::bigint[], :hashes::text[], :times::timestamptz[])
            ON CONFLICT (block_number) DO UPDATE SET
                block_hash = excluded.block_hash, block_time = excluded.block_time
            RETURNING *
        ),
        forgotten AS (
            DELETE FROM chain_blocks WHERE block_number < (SELECT max(block_number) - :kept FROM noted)
        ),
        known AS (
            SELECT * FROM noted
            UNION ALL
            (
                SELECT * FROM chain_blocks WHERE block_number <> ALL(:numbers::bigint[])
                ORDER BY block_number DESC LIMIT :depth
            )
        )
        SELECT trader_address, created_at, NULL::bigint AS block_number, NULL AS block_hash
        FROM traders WHERE is_followed
        UNION ALL
        SELECT NULL, block_time, block_number, block_hash FROM known
        ORDER BY block_number DESC NULLS FIRST, created_at, trader_address
        """,
        numbers=[block.number for block in done],
        hashes=[block.block_hash for block in done],
        times=[block.time for block in done],
        depth=DEPTH,
        kept=_KEPT,
    )
    return Watched(
        traders=[
            FollowedTrader(trader=row["trader_address"], followed_since=row["created_at"])
            for row in rows
            if row["block_number"] is None
        ],
        blocks=[
            KnownBlock(number=row["block_number"], block_hash=row["block_hash"], time=row["created_at"])
            for row in rows
            if row["block_number"] is not None
        ][:DEPTH],
    )


def forget_above(transaction: Transaction, block_number: int) -> None:
    """Removes the blocks above this one, which the chain has replaced."""
    transaction.execute("DELETE FROM chain_blocks WHERE block_number > :above", above=block_number)


def newest(transaction: Transaction) -> KnownBlock | None:
    """The newest block that was looked at, None before the first."""
    row = transaction.row("SELECT * FROM chain_blocks ORDER BY block_number DESC LIMIT 1")
    if row is None:
        return None
    return KnownBlock(number=row["block_number"], block_hash=row["block_hash"], time=row["block_time"])
