"""Snapshots of equity, thinned: of each hour, and later of each day, the highest and the last stay.

A drawdown is counted from the highest there ever was, and a period's profit from the last before it began.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial

from live_trading.store.database import cursors
from live_trading.store.database.connection import Transaction
from live_trading.store.watch.old_rows import Removed


def _thinned(transaction: Transaction, before: datetime, now: datetime, *, unit: str, step: timedelta) -> Removed:
    """Thins the next `unit` that has snapshots and lies before `before` as a whole."""
    name = f"retention:snapshots:{unit}"
    done_to = cursors.times(transaction, [name]).get(name)
    first = transaction.only(
        """
        SELECT date_trunc(:unit, min(next.taken_at), 'UTC') AS at FROM lt_strategies AS strategy
        CROSS JOIN LATERAL (
            SELECT taken_at FROM equity_snapshots
            WHERE
                lt_strategy_id = strategy.lt_strategy_id
                AND taken_at >= coalesce(:done_to::timestamptz, '-infinity')
            ORDER BY taken_at LIMIT 1
        ) AS next
        """,
        unit=unit,
        done_to=done_to,
    )["at"]
    if first is None or first + step > before:
        return Removed(rows=0, is_done=True)
    rows = transaction.execute(
        """
        DELETE FROM equity_snapshots USING (
            SELECT
                seen.lt_strategy_id, seen.taken_at,
                row_number() OVER (
                    PARTITION BY seen.lt_strategy_id
                    ORDER BY seen.marked_equity_usd - seen.transfers_in_usd DESC NULLS LAST, seen.taken_at
                ) AS by_height,
                row_number() OVER (PARTITION BY seen.lt_strategy_id ORDER BY seen.taken_at DESC) AS by_age
            FROM lt_strategies AS strategy
            CROSS JOIN LATERAL (
                SELECT * FROM equity_snapshots
                WHERE
                    lt_strategy_id = strategy.lt_strategy_id AND taken_at >= :first::timestamptz
                    AND taken_at < :until::timestamptz
            ) AS seen
        ) AS placed
        WHERE
            equity_snapshots.lt_strategy_id = placed.lt_strategy_id AND equity_snapshots.taken_at = placed.taken_at
            AND placed.by_height > 1 AND placed.by_age > 1
        """,
        first=first,
        until=first + step,
    )
    cursors.advance_times(transaction, {name: first + step}, now)
    return Removed(rows=rows, is_done=False)


hourly = partial(_thinned, unit="hour", step=timedelta(hours=1))
"""One hour of every strategy."""
daily = partial(_thinned, unit="day", step=timedelta(days=1))
"""One day of every strategy."""
