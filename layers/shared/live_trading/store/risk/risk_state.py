"""`lt_risk_state` and `equity_snapshots`: how strategies stand, for showing; nothing is decided on the first.

A strategy's row is written where it says anything else than before. A snapshot is kept where an account has changed,
where marked profit is at its high, else at most once a minute where only marks have moved, at least each quarter of an
hour while the strategy holds or has reserved anything, and once after a person accepted what was lost. So the highest
profit and the one before a day began are in the snapshots, and a strategy that stands still adds no row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from live_trading.store.accounts.live_strategies import LiveStrategy
from live_trading.store.database.connection import Row, Transaction
from live_trading.store.risk import locks, risk_facts
from live_trading.store.risk.locks import LockRow
from live_trading.store.risk.risk_facts import StrategyState

MARKS_AT_MOST = timedelta(minutes=1)
HELD_AT_LEAST = timedelta(minutes=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    """What was kept of a strategy last: its row of `lt_risk_state` and its newest snapshot."""

    row: Mapping[str, Any] | None
    snapshot: Mapping[str, Any] | None


def project(transaction: Transaction, strategy: LiveStrategy, now: datetime) -> None:
    """Brings the strategy's row up to date from ledger, orders, fills, locks and marks, and keeps a snapshot."""
    project_all(transaction, [strategy], now)


def project_all(
    transaction: Transaction, strategies: Sequence[LiveStrategy], now: datetime
) -> Mapping[UUID, StrategyState]:
    """The same for all of these, in six statements at most; it writes only what has changed. How each stands."""
    if not strategies:
        return {}
    states = risk_facts.states(transaction, strategies, now)
    in_force = locks.on_entries(transaction, now)
    kept = _kept(transaction, list(states))
    rows: list[dict[str, Any]] = []
    snapshots: list[dict[str, Any]] = []
    for strategy in strategies:
        strategy_id, state = strategy.lt_strategy_id, states[strategy.lt_strategy_id]
        stops = [lock for lock in in_force if lock.stops_all_of(strategy_id, strategy.trading_wallet_id)]
        row, snapshot = _row(strategy_id, state, stops), _snapshot(strategy_id, state)
        before = kept[strategy_id]
        if before.row is None or _differs(row, before.row):
            rows.append(row)
        if _is_worth_keeping(snapshot, before, state, now):
            snapshots.append(snapshot)
    _write_rows(transaction, rows, now)
    _write_snapshots(transaction, snapshots, now)
    return states


def _row(lt_strategy_id: UUID, state: StrategyState, stops: Sequence[LockRow]) -> dict[str, Any]:
    return {
        "lt_strategy_id": lt_strategy_id,
        "equity_usd": state.equity.value,
        "marked_equity_usd": state.standing.marked_equity.value,
        "peak_equity_usd": state.standing.high_water.value,
        "drawdown_fraction": state.standing.drawdown,
        "available_usd": state.available.value,
        "reserved_usd": state.reserved.value,
        "exposure_usd": state.exposure.value,
        "open_positions": state.open_positions,
        "daily_spent_usd": state.spent_today.value,
        "weekly_spent_usd": state.spent_this_week.value,
        "monthly_spent_usd": state.spent_this_month.value,
        "daily_profit_usd": state.profit_today.value,
        "weekly_profit_usd": state.profit_this_week.value,
        "consecutive_losses": state.standing.loss_run,
        "locks": {"in_force": [_shown(lock) for lock in stops]},
    }


def _shown(lock: LockRow) -> dict[str, object]:
    return {
        "lock_id": lock.lock_id,
        "scope": lock.scope.value,
        "reason": lock.reason.value,
        "mode": lock.mode.value,
    }


def _snapshot(lt_strategy_id: UUID, state: StrategyState) -> dict[str, Any]:
    return {
        "lt_strategy_id": lt_strategy_id,
        "equity_usd": state.equity.value,
        "marked_equity_usd": state.standing.marked_equity.value,
        "transfers_in_usd": state.standing.capital.value,
        "available_usd": state.available.value,
        "reserved_usd": state.reserved.value,
        "position_cost_usd": state.position_cost.value,
        "pending_redemption_usd": state.pending_redemption.value,
        "realised_pnl_usd": state.net_profit.value,
    }


def _differs(now: Mapping[str, Any], before: Mapping[str, Any], *, but_for: str = "") -> bool:
    return any(value != before[name] for name, value in now.items() if name != but_for)


def _is_worth_keeping(snapshot: Mapping[str, Any], before: _Kept, state: StrategyState, now: datetime) -> bool:
    last = before.snapshot
    if last is None or not state.has_high or _differs(snapshot, last, but_for="marked_equity_usd"):
        return True
    age = now - last["taken_at"]
    if snapshot["marked_equity_usd"] == last["marked_equity_usd"]:
        return bool(state.open_positions) and age >= HELD_AT_LEAST
    return state.standing.marked_equity == state.standing.high_water or age >= MARKS_AT_MOST


def _kept(transaction: Transaction, lt_strategy_ids: Sequence[UUID]) -> dict[UUID, _Kept]:
    rows = transaction.rows(
        """
        SELECT asked.lt_strategy_id AS id, shown.*, last.*
        FROM unnest(:ids::uuid[]) AS asked (lt_strategy_id)
        LEFT JOIN lt_risk_state AS shown ON shown.lt_strategy_id = asked.lt_strategy_id
        LEFT JOIN LATERAL (
            SELECT
                taken_at, equity_usd AS last_equity_usd, marked_equity_usd AS last_marked_equity_usd,
                transfers_in_usd AS last_transfers_in_usd, available_usd AS last_available_usd,
                reserved_usd AS last_reserved_usd, position_cost_usd AS last_position_cost_usd,
                pending_redemption_usd AS last_pending_redemption_usd, realised_pnl_usd AS last_realised_pnl_usd
            FROM equity_snapshots WHERE lt_strategy_id = asked.lt_strategy_id
            ORDER BY taken_at DESC LIMIT 1
        ) AS last ON TRUE
        """,
        ids=list(lt_strategy_ids),
    )
    return {row["id"]: _kept_of(row) for row in rows}


def _kept_of(row: Row) -> _Kept:
    last = {name.removeprefix("last_"): value for name, value in row.items() if name.startswith("last_")}
    taken = {"lt_strategy_id": row["id"], "taken_at": row["taken_at"], **last}
    return _Kept(
        row=row if row["lt_strategy_id"] is not None else None,
        snapshot=None if row["taken_at"] is None else taken,
    )


def _write_rows(transaction: Transaction, rows: Sequence[Mapping[str, Any]], now: datetime) -> None:
    if not rows:
        return
    transaction.execute(
        """
        INSERT INTO lt_risk_state (
            lt_strategy_id, equity_usd, marked_equity_usd, peak_equity_usd, drawdown_fraction, available_usd,
            reserved_usd, exposure_usd, open_positions, daily_spent_usd, weekly_spent_usd, monthly_spent_usd,
            daily_profit_usd, weekly_profit_usd, consecutive_losses, locks, computed_at
        )
        SELECT *, :now::timestamptz FROM unnest(
            :lt_strategy_id::uuid[], :equity_usd::numeric[], :marked_equity_usd::numeric[], :peak_equity_usd::numeric[],
            :drawdown_fraction::numeric[], :available_usd::numeric[], :reserved_usd::numeric[],
            :exposure_usd::numeric[], :open_positions::integer[], :daily_spent_usd::numeric[],
            :weekly_spent_usd::numeric[], :monthly_spent_usd::numeric[], :daily_profit_usd::numeric[],
            :weekly_profit_usd::numeric[], :consecutive_losses::integer[], :locks::text[]::jsonb[]
        ) AS changed
        ORDER BY 1
        ON CONFLICT (lt_strategy_id) DO UPDATE SET
            equity_usd = excluded.equity_usd,
            marked_equity_usd = excluded.marked_equity_usd,
            peak_equity_usd = excluded.peak_equity_usd,
            drawdown_fraction = excluded.drawdown_fraction,
            available_usd = excluded.available_usd,
            reserved_usd = excluded.reserved_usd,
            exposure_usd = excluded.exposure_usd,
            open_positions = excluded.open_positions,
            daily_spent_usd = excluded.daily_spent_usd,
            weekly_spent_usd = excluded.weekly_spent_usd,
            monthly_spent_usd = excluded.monthly_spent_usd,
            daily_profit_usd = excluded.daily_profit_usd,
            weekly_profit_usd = excluded.weekly_profit_usd,
            consecutive_losses = excluded.consecutive_losses,
            locks = excluded.locks,
            computed_at = excluded.computed_at
        """,
        now=now,
        **_columns(rows),
    )


def _write_snapshots(transaction: Transaction, snapshots: Sequence[Mapping[str, Any]], now: datetime) -> None:
    if not snapshots:
        return
    transaction.execute(
        """
        INSERT INTO equity_snapshots (
            lt_strategy_id, taken_at, equity_usd, marked_equity_usd, transfers_in_usd, available_usd, reserved_usd,
            position_cost_usd, pending_redemption_usd, realised_pnl_usd
        )
        SELECT
            strategy, :now::timestamptz, equity, marked, capital, available, reserved, position_cost, pending, realised
        FROM unnest(
            :lt_strategy_id::uuid[], :equity_usd::numeric[], :marked_equity_usd::numeric[],
            :transfers_in_usd::numeric[], :available_usd::numeric[], :reserved_usd::numeric[],
            :position_cost_usd::numeric[], :pending_redemption_usd::numeric[], :realised_pnl_usd::numeric[]
        ) AS taken (strategy, equity, marked, capital, available, reserved, position_cost, pending, realised)
        ORDER BY strategy
        ON CONFLICT (lt_strategy_id, taken_at) DO NOTHING
        """,
        now=now,
        **_columns(snapshots),
    )


def _columns(rows: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    return {name: [row[name] for row in rows] for name in rows[0]}
