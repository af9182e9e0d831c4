"""`lt_risk_state`: how a strategy stands, for showing. One function rebuilds it; nothing is decided on it."""

from __future__ import annotations

from datetime import datetime

from live_trading.nouns.money import Usd
from live_trading.store.accounts.live_strategies import LiveStrategy
from live_trading.store.books import ledger
from live_trading.store.database.connection import Transaction
from live_trading.store.risk import locks, risk_facts
from live_trading.store.risk.locks import LockRow
from live_trading.store.risk.risk_facts import EntryKey


def project(transaction: Transaction, strategy: LiveStrategy, now: datetime) -> None:
    """Rebuilds the strategy's row from ledger, orders, fills, locks and earlier marks, and keeps a snapshot."""
    state = risk_facts.snapshot(transaction, strategy, _nothing_new(now), now)
    balances = ledger.balances_of_strategy(transaction, strategy.lt_strategy_id)
    in_force = locks.of_strategy(transaction, strategy.lt_strategy_id, strategy.trading_wallet_id, now)
    facts = {
        "lt_strategy_id": strategy.lt_strategy_id,
        "equity": state.equity,
        "marked": state.standing.marked_equity,
        "available": state.available,
        "reserved": balances.reserved,
        "now": now,
    }
    transaction.execute(
        """
        INSERT INTO lt_risk_state (
            lt_strategy_id, equity_usd, marked_equity_usd, peak_equity_usd, drawdown_fraction, available_usd,
            reserved_usd, exposure_usd, open_positions, daily_spent_usd, weekly_spent_usd, monthly_spent_usd,
            daily_profit_usd, weekly_profit_usd, consecutive_losses, locks, computed_at
        ) VALUES (
            :lt_strategy_id, :equity, :marked, :peak, :drawdown, :available, :reserved, :exposure, :open_positions,
            :daily, :weekly, :monthly, :daily_profit, :weekly_profit, :losses, :locks::jsonb, :now
        )
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
        peak=state.standing.high_water,
        drawdown=state.standing.drawdown,
        exposure=state.exposure,
        open_positions=state.open_positions,
        daily=state.spent_today,
        weekly=state.spent_this_week,
        monthly=state.spent_this_month,
        daily_profit=state.profit_today,
        weekly_profit=state.profit_this_week,
        losses=state.standing.loss_run,
        locks={"in_force": [_shown(lock) for lock in in_force]},
        **facts,
    )
    _keep_snapshot(transaction, balances, state.standing.capital, facts)


def _shown(lock: LockRow) -> dict[str, object]:
    return {"lock_id": lock.lock_id, "scope": lock.scope, "reason": lock.reason, "mode": lock.mode}


def _nothing_new(now: datetime) -> EntryKey:
    return EntryKey(token_id="", condition_id="", event_id=None, trader=None, trade_time=now)


def _keep_snapshot(
    transaction: Transaction, balances: ledger.StrategyBalances, capital: Usd, facts: dict[str, object]
) -> None:
    transaction.execute(
        """
        INSERT INTO equity_snapshots (
            lt_strategy_id, taken_at, equity_usd, marked_equity_usd, transfers_in_usd, available_usd, reserved_usd,
            position_cost_usd, pending_redemption_usd, realised_pnl_usd
        ) VALUES (
            :lt_strategy_id, :now, :equity, :marked, :capital, :available, :reserved, :position_cost, :pending,
            :realised
        )
        ON CONFLICT (lt_strategy_id, taken_at) DO NOTHING
        """,
        capital=capital,
        position_cost=balances.position_cost,
        pending=balances.pending_redemption,
        realised=balances.net_pnl,
        **facts,
    )
