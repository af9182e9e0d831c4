"""Cursors: how far a reader has come, by name. They move forward only, and in the transaction of what they pass."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from live_trading.store.database.connection import Transaction


def times(transaction: Transaction, names: Sequence[str]) -> dict[str, datetime]:
    """The positions of time cursors; names that never moved are missing."""
    rows = transaction.rows(
        "SELECT cursor_name, position FROM cursors WHERE cursor_name = ANY(:names::text[])",
        names=list(names),
    )
    return {row["cursor_name"]: datetime.fromisoformat(row["position"]) for row in rows}


def advance_times(transaction: Transaction, positions: Mapping[str, datetime], now: datetime) -> None:
    """Moves time cursors forward; one that stands further already stays."""
    if not positions:
        return
    names = sorted(positions)
    transaction.later(
        """
        INSERT INTO cursors (cursor_name, position, updated_at)
        SELECT cursor_name, position, :now FROM unnest(:names::text[], :positions::text[]) AS moved (
            cursor_name, position
        )
        ON CONFLICT (cursor_name) DO UPDATE SET position = excluded.position, updated_at = excluded.updated_at
        WHERE cursors.position::timestamptz < excluded.position::timestamptz
        """,
        names=names,
        positions=[positions[name].astimezone(UTC).isoformat() for name in names],
        now=now,
    )


def number(transaction: Transaction, name: str) -> int:
    """The position of a number cursor; 0 where it never moved."""
    row = transaction.row("SELECT position FROM cursors WHERE cursor_name = :name", name=name)
    return int(row["position"]) if row else 0


def advance_number(transaction: Transaction, name: str, position: int, now: datetime) -> None:
    """Moves a number cursor forward; one that stands further already stays."""
    transaction.later(
        """
        INSERT INTO cursors (cursor_name, position, updated_at) VALUES (:name, :position, :now)
        ON CONFLICT (cursor_name) DO UPDATE SET position = excluded.position, updated_at = excluded.updated_at
        WHERE cursors.position::bigint < excluded.position::bigint
        """,
        name=name,
        position=str(position),
        now=now,
    )
