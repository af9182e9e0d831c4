"""Whose turn it is: when each part of a rotation was last served, so that time does not always run out for the same.

A rotation is a name, such as `lt-execute:wallets`; its parts are the ids of what is served.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime

from live_trading.store.database.connection import Row, Transaction

_SERVED = "SELECT part, served_at FROM turns WHERE rotation = :rotation AND part = ANY(:parts::text[])"


def in_turn(transaction: Transaction, rotation: str, parts: Sequence[str]) -> list[str]:
    """The parts, least recently served first; those that never were come before all, in the order given."""
    return _sorted(parts, transaction.rows(_SERVED, rotation=rotation, parts=list(parts)))


def ask(transaction: Transaction, rotation: str, parts: Sequence[str], take: Callable[[list[str]], None]) -> None:
    """The same, read with the next round trip; `take` is given them."""

    def taken(rows: list[Row]) -> None:
        take(_sorted(parts, rows))

    transaction.later(_SERVED, check=taken, rotation=rotation, parts=list(parts))


def _sorted(parts: Sequence[str], rows: Sequence[Row]) -> list[str]:
    served_at = {row["part"]: row["served_at"] for row in rows}
    return sorted(parts, key=lambda part: (part in served_at, served_at.get(part)))


def served(transaction: Transaction, rotation: str, parts: Collection[str], now: datetime) -> None:
    """Puts these parts at the end of the rotation."""
    if not parts:
        return
    transaction.later(
        """
        INSERT INTO turns (rotation, part, served_at)
        SELECT :rotation, part, :now FROM unnest(:parts::text[]) AS taken (part)
        ON CONFLICT (rotation, part) DO UPDATE SET served_at = greatest(turns.served_at, excluded.served_at)
        """,
        rotation=rotation,
        parts=sorted(parts),
        now=now,
    )
