"""Rows of a feed that could not be read, kept once with their raw text and counted each time they come back."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime

from live_trading.nouns.trades import QuarantinedRow
from live_trading.store.database.connection import Transaction
from live_trading.store.database.text import storable


def record(transaction: Transaction, rows: Sequence[QuarantinedRow], now: datetime) -> int:
    """Keeps the rows and returns how many of them were never seen before."""
    distinct = {(row.source, _digest(row.raw)): row for row in rows}
    if not distinct:
        return 0
    stored = transaction.rows(
        """
        INSERT INTO quarantined_rows (
            source, reason, raw, raw_sha256, trader_address, first_seen_at, last_seen_at
        )
        SELECT source, reason, raw, raw_sha256, trader_address, :now::timestamptz, :now::timestamptz
        FROM unnest(:sources::text[], :reasons::text[], :raws::text[], :digests::text[], :traders::text[]) AS unread (
            source, reason, raw, raw_sha256, trader_address
        )
        ORDER BY source, raw_sha256
        ON CONFLICT (source, raw_sha256) DO UPDATE SET
            times_seen = quarantined_rows.times_seen + 1,
            last_seen_at = excluded.last_seen_at
        RETURNING times_seen
        """,
        sources=[row.source for row in distinct.values()],
        reasons=[storable(row.reason) for row in distinct.values()],
        raws=[storable(row.raw) for row in distinct.values()],
        digests=[digest for _, digest in distinct],
        traders=[row.trader for row in distinct.values()],
        now=now,
    )
    return sum(1 for row in stored if row["times_seen"] == 1)


def _digest(raw: str) -> str:
    return hashlib.sha256(raw.encode("utf-8", "surrogatepass")).hexdigest()
