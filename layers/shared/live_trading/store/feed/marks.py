"""How far each subject has come in the numbers of the trades, and which of those behind it wait for a later run.

Numbers become visible in their order, so that a mark at the newest has passed everything. Marks move forward only, and
in the transaction of what they pass.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from live_trading.store.database.connection import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """Everything numbered up to `position` is decided or none of the subject's business, but for `waiting`."""

    position: int
    waiting: tuple[int, ...] = ()


def of_names(transaction: Transaction, names: Sequence[str]) -> tuple[int, dict[str, Mark]]:
    """The highest number given to a trade, 0 where there is none, and the marks by name; without those never set."""
    rows = transaction.rows(
        """
        SELECT newest.number, mark.cursor_name, mark.position, mark.waiting
        FROM (SELECT coalesce(max(source_trade_id), 0) AS number FROM source_trades) AS newest
        LEFT JOIN cursors AS mark ON mark.cursor_name = ANY(:names::text[])
        """,
        names=list(names),
    )
    found = {
        row["cursor_name"]: Mark(position=int(row["position"]), waiting=tuple(row["waiting"]))
        for row in rows
        if row["cursor_name"] is not None
    }
    return int(rows[0]["number"]), found


def before_trades_since(transaction: Transaction, moments: Collection[datetime]) -> dict[datetime, int]:
    """By moment the number before the first trade that was made at or after it; missing where there is none yet."""
    rows = transaction.rows(
        """
        SELECT asked.moment, min(theirs.number) - 1 AS position
        FROM unnest(:moments::timestamptz[]) AS asked (moment)
        CROSS JOIN traders
        CROSS JOIN LATERAL (
            SELECT min(source_trade_id) AS number FROM source_trades AS trade
            WHERE trade.trader_address = traders.trader_address AND trade.trade_time >= asked.moment
        ) AS theirs
        WHERE theirs.number IS NOT NULL
        GROUP BY asked.moment
        """,
        moments=sorted(set(moments)),
    )
    return {row["moment"]: int(row["position"]) for row in rows}


def move(transaction: Transaction, marks: Mapping[str, Mark], now: datetime) -> None:
    """Sets these marks; one that stands further already stays."""
    if not marks:
        return
    names = sorted(marks)
    transaction.execute(
        """
        INSERT INTO cursors (cursor_name, position, waiting, updated_at)
        SELECT moved.name, moved.position::text, moved.waiting::bigint[], :now
        FROM unnest(:names::text[], :positions::bigint[], :waiting::text[]) AS moved (name, position, waiting)
        ORDER BY moved.name
        ON CONFLICT (cursor_name) DO UPDATE SET
            position = excluded.position, waiting = excluded.waiting, updated_at = excluded.updated_at
        WHERE cursors.position::bigint <= excluded.position::bigint
        """,
        names=names,
        positions=[marks[name].position for name in names],
        waiting=[_array(marks[name].waiting) for name in names],
        now=now,
    )


def _array(numbers: Sequence[int]) -> str:
    return "{" + ",".join(str(each) for each in numbers) + "}"
