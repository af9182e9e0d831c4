"""Snapshots of traders' records, one a trader and hour; a snapshot once taken never changes."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from live_trading.nouns.money import Usd
from live_trading.nouns.trades import TraderRecord, TraderStats
from live_trading.store.database.connection import Row, Transaction

StatsKey = tuple[str, datetime]
"""A trader and the `as_of` of a snapshot."""


def save(transaction: Transaction, snapshots: Sequence[TraderStats]) -> None:
    """Stores snapshots; where one of that trader and hour is there already, it stays."""
    if not snapshots:
        return
    transaction.execute(
        """
        INSERT INTO trader_stats (
            trader_address, as_of, d30_resolved_count, d30_won_count, d30_average_trade_usd,
            lifetime_resolved_count, lifetime_won_count, lifetime_average_trade_usd
        )
        SELECT * FROM unnest(
            :traders::text[], :as_ofs::timestamptz[], :d30_resolved::integer[], :d30_won::integer[],
            :d30_averages::numeric[], :lifetime_resolved::integer[], :lifetime_won::integer[],
            :lifetime_averages::numeric[]
        )
        ON CONFLICT (trader_address, as_of) DO NOTHING
        """,
        traders=[each.trader for each in snapshots],
        as_ofs=[each.as_of for each in snapshots],
        d30_resolved=[each.last_30_days.resolved_count for each in snapshots],
        d30_won=[each.last_30_days.won_count for each in snapshots],
        d30_averages=[each.last_30_days.average_trade_usd for each in snapshots],
        lifetime_resolved=[each.lifetime.resolved_count for each in snapshots],
        lifetime_won=[each.lifetime.won_count for each in snapshots],
        lifetime_averages=[each.lifetime.average_trade_usd for each in snapshots],
    )


def find(transaction: Transaction, keys: Collection[StatsKey]) -> dict[StatsKey, TraderStats]:
    """The snapshots with exactly these keys; those not taken are missing."""
    ordered = sorted(keys)
    rows = transaction.rows(
        """
        SELECT stats.* FROM trader_stats AS stats
        INNER JOIN unnest(:traders::text[], :as_ofs::timestamptz[]) AS asked (trader_address, as_of)
            USING (trader_address, as_of)
        """,
        traders=[trader for trader, _ in ordered],
        as_ofs=[as_of for _, as_of in ordered],
    )
    return {(row["trader_address"], row["as_of"]): _stats(row) for row in rows}


@dataclass(frozen=True, slots=True, kw_only=True)
class Population:
    """The resolved positions of all followed traders together, and how many of them won."""

    won_count: int
    resolved_count: int


def population(transaction: Transaction, as_ofs: Collection[datetime]) -> dict[datetime, Population]:
    """For each moment the lifetimes of the latest snapshots, not later than it, of all followed traders who have one.

    Summed where the rows are: a run has as many moments as hours, and a moment as many rows as there are traders.
    """
    rows = transaction.rows(
        """
        SELECT asked.moment, sum(latest.lifetime_won_count) AS won, sum(latest.lifetime_resolved_count) AS resolved
        FROM unnest(:as_ofs::timestamptz[]) AS asked (moment)
        CROSS JOIN traders
        CROSS JOIN LATERAL (
            SELECT lifetime_won_count, lifetime_resolved_count FROM trader_stats
            WHERE trader_stats.trader_address = traders.trader_address AND as_of <= asked.moment
            ORDER BY as_of DESC LIMIT 1
        ) AS latest
        WHERE traders.is_followed
        GROUP BY asked.moment
        """,
        as_ofs=sorted(as_ofs),
    )
    return {row["moment"]: Population(won_count=int(row["won"]), resolved_count=int(row["resolved"])) for row in rows}


def missing_of_trades(transaction: Transaction, since: datetime) -> list[StatsKey]:
    """The snapshots that purchases of followed traders made after `since` are judged by and that are not there."""
    rows = transaction.rows(
        """
        SELECT DISTINCT trade.trader_address, date_trunc('hour', trade.trade_time, 'UTC') AS as_of
        FROM traders INNER JOIN source_trades AS trade USING (trader_address)
        WHERE
            traders.is_followed AND trade.trade_time > :since AND trade.side = 'BUY'
            AND NOT EXISTS (
                SELECT 1 FROM trader_stats AS stats
                WHERE
                    stats.trader_address = trade.trader_address
                    AND stats.as_of = date_trunc('hour', trade.trade_time, 'UTC')
            )
        ORDER BY as_of, trader_address
        """,
        since=since,
    )
    return [(row["trader_address"], row["as_of"]) for row in rows]


def without_snapshot_since(transaction: Transaction, since: datetime) -> list[str]:
    """Followed traders whose newest snapshot is older than `since`, or who have none."""
    rows = transaction.rows(
        """
        SELECT trader_address FROM traders
        WHERE is_followed AND NOT EXISTS (
            SELECT 1 FROM trader_stats
            WHERE trader_stats.trader_address = traders.trader_address AND trader_stats.as_of >= :since
        )
        ORDER BY trader_address
        """,
        since=since,
    )
    return [row["trader_address"] for row in rows]


def _stats(row: Row) -> TraderStats:
    return TraderStats(
        trader=row["trader_address"],
        as_of=row["as_of"],
        last_30_days=_record(row["d30_resolved_count"], row["d30_won_count"], row["d30_average_trade_usd"]),
        lifetime=_record(row["lifetime_resolved_count"], row["lifetime_won_count"], row["lifetime_average_trade_usd"]),
    )


def _record(resolved: int, won: int, average: Decimal | None) -> TraderRecord:
    return TraderRecord(
        resolved_count=resolved, won_count=won, average_trade_usd=None if average is None else Usd(average)
    )
