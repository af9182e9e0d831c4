"""How the API shows how a strategy did: equity over time, and results by day."""

from __future__ import annotations

from typing_extensions import TypedDict

from live_trading.api.shapes import DayAnswer, MomentAnswer, NextCursor, UsdText
from live_trading.api.views.plain import text
from live_trading.store.risk.result_history import DayResult, EquityPoint


class EquityPointView(TypedDict):
    """A snapshot: equity at cost, and marked at what positions would have fetched.

    `capital_usd` is what you had put in by then, less what you had taken out; `marked_profit_usd` is marked equity
    beyond it, and `net_profit_usd` what was realised of it, less fees. Null where no mark was kept.
    """

    taken_at: MomentAnswer
    equity_usd: UsdText
    marked_equity_usd: UsdText | None
    capital_usd: UsdText | None
    marked_profit_usd: UsdText | None
    net_profit_usd: UsdText
    available_usd: UsdText
    reserved_usd: UsdText
    position_cost_usd: UsdText
    pending_redemption_usd: UsdText


class EquityView(TypedDict):
    """A page of snapshots, the newest first; older ones are thinned to the highest and the last of an hour or a day."""

    points: list[EquityPointView]
    next_cursor: NextCursor


class DayResultView(TypedDict):
    """A day in the strategy's zone: what it realised, by when it occurred, and how things stood at its last snapshot.

    `unrealised_pnl_usd` is what open positions would have fetched beyond their cost at the end of the day; null where
    no snapshot of that time is kept.
    """

    day: DayAnswer
    starts_at: MomentAnswer
    ends_at: MomentAnswer
    realised_pnl_usd: UsdText
    fees_usd: UsdText
    net_pnl_usd: UsdText
    unrealised_pnl_usd: UsdText | None
    equity_usd: UsdText | None
    marked_equity_usd: UsdText | None


class ResultsView(TypedDict):
    """A page of days, the newest first, and what the strategy realised and paid in all since its launch."""

    time_zone: str
    realised_pnl_usd: UsdText
    fees_usd: UsdText
    net_pnl_usd: UsdText
    days: list[DayResultView]
    next_cursor: NextCursor


def equity_point_view(point: EquityPoint) -> EquityPointView:
    """One snapshot."""
    marked, capital = point.marked_equity, point.capital
    return {
        "taken_at": point.taken_at.isoformat(),
        "equity_usd": str(point.equity),
        "marked_equity_usd": text(marked),
        "capital_usd": text(capital),
        "marked_profit_usd": None if marked is None or capital is None else str(marked - capital),
        "net_profit_usd": str(point.net_profit),
        "available_usd": str(point.available),
        "reserved_usd": str(point.reserved),
        "position_cost_usd": str(point.position_cost),
        "pending_redemption_usd": str(point.pending_redemption),
    }


def day_result_view(result: DayResult) -> DayResultView:
    """One day."""
    return {
        "day": result.day.day.isoformat(),
        "starts_at": result.day.starts_at.isoformat(),
        "ends_at": result.day.ends_at.isoformat(),
        "realised_pnl_usd": str(result.realised),
        "fees_usd": str(result.fees),
        "net_pnl_usd": str(result.realised - result.fees),
        "unrealised_pnl_usd": text(result.unrealised),
        "equity_usd": text(result.equity),
        "marked_equity_usd": text(result.marked_equity),
    }
