"""How a strategy did over time: its snapshots of equity, and what each of its days realised and ended with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from live_trading.nouns.money import Usd
from live_trading.nouns.pages import PageAsked
from live_trading.store.database.connection import Row, Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class EquityPoint:
    """A snapshot. `equity` is at cost, `marked_equity` at what positions would have fetched; None where none was kept.

    `capital` is what the owner had put in by then, less what he had taken out; `net_profit` what was realised, less
    fees.
    """

    taken_at: datetime
    equity: Usd
    marked_equity: Usd | None
    capital: Usd | None
    available: Usd
    reserved: Usd
    position_cost: Usd
    pending_redemption: Usd
    net_profit: Usd


def equity(
    transaction: Transaction,
    lt_strategy_id: UUID,
    *,
    since: datetime | None,
    until: datetime | None,
    page: PageAsked,
) -> list[EquityPoint]:
    """The strategy's snapshots of a period as far as they are kept, newest first."""
    rows = transaction.rows(
        """
        SELECT * FROM equity_snapshots
        WHERE
            lt_strategy_id = :lt_strategy_id AND taken_at < coalesce(:after_at, 'infinity'::timestamptz)
            AND taken_at >= coalesce(:since, '-infinity'::timestamptz)
            AND taken_at < coalesce(:until, 'infinity'::timestamptz)
        ORDER BY taken_at DESC LIMIT :rows_to_read
        """,
        lt_strategy_id=lt_strategy_id,
        after_at=page.after_at,
        since=since,
        until=until,
        rows_to_read=page.rows_to_read,
    )
    return [_point(row) for row in rows]


def _point(row: Row) -> EquityPoint:
    return EquityPoint(
        taken_at=row["taken_at"],
        equity=Usd(row["equity_usd"]),
        marked_equity=_usd(row, "marked_equity_usd"),
        capital=_usd(row, "transfers_in_usd"),
        available=Usd(row["available_usd"]),
        reserved=Usd(row["reserved_usd"]),
        position_cost=Usd(row["position_cost_usd"]),
        pending_redemption=Usd(row["pending_redemption_usd"]),
        net_profit=Usd(row["realised_pnl_usd"]),
    )


def _usd(row: Row, name: str) -> Usd | None:
    return None if row[name] is None else Usd(row[name])


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """A day of a zone, and the moments that it lies between."""

    day: date
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DayResult:
    """What a day realised, by when it occurred, and how the strategy stood at its last snapshot, None where none is.

    `unrealised` is what marked equity was beyond capital and all that was realised by then.
    """

    day: Day
    realised: Usd
    fees: Usd
    equity: Usd | None
    marked_equity: Usd | None
    unrealised: Usd | None


def of_days(transaction: Transaction, lt_strategy_id: UUID, days: Sequence[Day]) -> list[DayResult]:
    """Each of these days, in their order: it reads the quarters of an hour of these days alone."""
    if not days:
        return []
    rows = transaction.rows(
        """
        SELECT moved.*, last.*
        FROM unnest(:starts::timestamptz[], :ends::timestamptz[]) WITH ORDINALITY AS asked (starts, ends, place)
        CROSS JOIN LATERAL (
            SELECT coalesce(sum(lost_usd), 0) AS lost, coalesce(sum(fees_usd), 0) AS fees FROM ledger_periods
            WHERE
                lt_strategy_id = :lt_strategy_id AND span = 'QUARTER'
                AND starts_at >= asked.starts AND starts_at < asked.ends
        ) AS moved
        LEFT JOIN LATERAL (
            SELECT equity_usd, marked_equity_usd, transfers_in_usd, realised_pnl_usd FROM equity_snapshots
            WHERE equity_snapshots.lt_strategy_id = :lt_strategy_id AND taken_at < asked.ends
            ORDER BY taken_at DESC LIMIT 1
        ) AS last ON TRUE
        ORDER BY asked.place
        """,
        lt_strategy_id=lt_strategy_id,
        starts=[each.starts_at for each in days],
        ends=[each.ends_at for each in days],
    )
    return [_result(day, row) for day, row in zip(days, rows, strict=True)]


def _result(day: Day, row: Row) -> DayResult:
    marked, capital = _usd(row, "marked_equity_usd"), _usd(row, "transfers_in_usd")
    is_marked = marked is not None and capital is not None
    return DayResult(
        day=day,
        realised=Usd(row["fees"] - row["lost"]),
        fees=Usd(row["fees"]),
        equity=_usd(row, "equity_usd"),
        marked_equity=marked,
        unrealised=Usd(row["marked_equity_usd"] - row["transfers_in_usd"] - row["realised_pnl_usd"])
        if is_marked
        else None,
    )
