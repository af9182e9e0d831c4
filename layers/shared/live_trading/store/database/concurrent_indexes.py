"""Indexes that are built and dropped while everybody goes on: migrations that run outside a transaction.

Such a file has the line `-- outside a transaction` and nothing but CREATE INDEX CONCURRENTLY and DROP INDEX
CONCURRENTLY. It may end anywhere: an index that is there is not built again, and one that an attempt left invalid is
dropped first.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from live_trading.store.database.connection import Transaction

MARKER = "-- outside a transaction"
_STATEMENT = re.compile(
    r"^(?P<verb>CREATE(?: UNIQUE)?|DROP) INDEX CONCURRENTLY (?:IF (?:NOT )?EXISTS )?(?P<name>[a-z0-9_]+)\b",
    re.IGNORECASE,
)
# Only writers that have begun before are waited for, and nobody waits for the building.
_TIMEOUTS = (
    "SET lock_timeout = '10min'",
    "SET statement_timeout = '14min'",
    # Whoever is killed leaves no server process behind that goes on building.
    "SET client_connection_check_interval = '2s'",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConcurrentIndex:
    """One statement: the index that it builds, or drops."""

    name: str
    is_dropped: bool
    sql: str


def read(sql: str) -> list[ConcurrentIndex] | None:
    """The statements of a file that runs outside a transaction, None for any other file.

    Raises ValueError for a statement that has no place in such a file.
    """
    lines = [line.strip() for line in sql.splitlines()]
    if MARKER not in lines:
        return None
    text = "\n".join(line for line in lines if not line.startswith("--"))
    return [_read_one(each) for part in text.split(";") if (each := " ".join(part.split()))]


def bring(session: Transaction, index: ConcurrentIndex, say: Callable[[str], None]) -> None:
    """Builds or drops the index, whatever an earlier attempt left of it. The session is in no transaction."""
    for timeout in _TIMEOUTS:
        session.execute(timeout)
    stands = _is_valid(session, index.name)
    if stands is True and not index.is_dropped:
        say(f"index {index.name}: is there")
        return
    if stands is not None and (index.is_dropped or stands is False):
        say(
            f"index {index.name}: " + ("dropped" if index.is_dropped else "left invalid by an earlier attempt, dropped")
        )
        session.execute(f"DROP INDEX CONCURRENTLY {index.name}")
    if not index.is_dropped:
        say(f"index {index.name}: is being built")
        session.execute(index.sql)


def _read_one(statement: str) -> ConcurrentIndex:
    found = _STATEMENT.match(statement)
    if found is None:
        raise ValueError(f"outside a transaction indexes are built and dropped CONCURRENTLY, not: {statement[:80]}")
    return ConcurrentIndex(name=found["name"].lower(), is_dropped=found["verb"].upper() == "DROP", sql=statement)


def _is_valid(session: Transaction, name: str) -> bool | None:
    """None where there is no such index."""
    row = session.row("SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(:name)", name=name)
    return None if row is None else bool(row["indisvalid"])
