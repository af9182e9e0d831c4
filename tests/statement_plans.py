"""How Postgres would run what a block asked of it: the plan of every statement, and the rows that it reads."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

from live_trading.store.database import connection
from live_trading.store.database.connection import Database
from live_trading.store.database.postgres_session import Statement

_STORE = str(Path("live_trading") / "store")
_PLANNED = ("SELECT", "INSERT", "UPDATE", "DELETE", "WITH")
# A statement that comes with other parameters is planned again, so many times.
_VARIANTS = 3


@dataclass(frozen=True, slots=True)
class Asked:
    """A statement as it was sent, and the place in the store that asked."""

    statement: Statement
    place: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How a plan comes to the rows of a table, and how many it looks at, estimated or counted."""

    table: str
    way: str
    rows: float


@dataclass(slots=True)
class Watched:
    """What was asked of Postgres by this process."""

    asked: list[Asked] = field(default_factory=list)

    def distinct(self) -> list[Asked]:
        """Each statement with up to three sets of parameters."""
        by_text: dict[str, list[Asked]] = {}
        for each in self.asked:
            if each.statement.sql.lstrip().upper().startswith(_PLANNED):
                by_text.setdefault(each.statement.sql, []).append(each)
        return [each for variants in by_text.values() for each in variants[:: max(1, len(variants) // _VARIANTS)]]


@contextmanager
def watched_statements() -> Iterator[Watched]:
    """Keeps every statement of the block."""
    watched = Watched()
    make = connection._statement

    def kept(sql: str, *arguments: Any) -> Statement:
        statement = make(sql, *arguments)
        watched.asked.append(Asked(statement, _place()))
        return statement

    with patch.object(connection, "_statement", kept):
        yield watched


def readings(database: Database, asked: Asked) -> list[Reading]:
    """What the statement reads: counted where it only reads, by running it; estimated where it writes."""
    sql = asked.statement.sql
    is_run = "INSERT" not in sql.upper() and "DELETE" not in sql.upper() and "UPDATE" not in sql.upper()
    how = "EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) " if is_run else "EXPLAIN (FORMAT JSON) "
    with database.transaction() as transaction:
        row = transaction.only(how + sql, **asked.statement.values)
    plan = next(iter(row.values()))
    plan = json.loads(plan) if isinstance(plan, str) else plan
    return list(_readings(plan[0]["Plan"]))


def _readings(node: Mapping[str, Any]) -> Iterator[Reading]:
    table = node.get("Relation Name")
    if table is not None and "Scan" in node["Node Type"]:
        loops = node.get("Actual Loops", 1)
        rows = node.get("Actual Rows", node["Plan Rows"])
        dropped = sum(value for name, value in node.items() if name.startswith("Rows Removed by"))
        yield Reading(table=table, way=node["Node Type"], rows=(rows + dropped) * loops)
    for child in node.get("Plans", ()):
        yield from _readings(child)


def _place() -> str:
    frame = sys._getframe(2)
    while frame is not None:
        file = frame.f_code.co_filename
        if _STORE in file and not file.endswith(("connection.py", "postgres_session.py")):
            return f"{file.partition('live_trading/')[2]}:{frame.f_code.co_name}"
        assert frame.f_back is not None
        frame = frame.f_back
    return "?"
