"""How the API shows a strategy: what was asked for, how it stands, what stops it, and its money from the ledger."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from typing_extensions import TypedDict

from live_trading.api.shapes import FractionText, IdAnswer, MomentAnswer, NextCursor, UsdText
from live_trading.api.views.lock_views import LockView, lock_view
from live_trading.api.views.plain import moment
from live_trading.api.views.risk_rules_views import RiskRulesView, risk_rules_view
from live_trading.nouns.locks import LockScope
from live_trading.nouns.orders import OrderType
from live_trading.nouns.risk_rules import RiskPreset
from live_trading.nouns.wallets import StrategyStatus, WalletVerification
from live_trading.store.accounts import strategies, trading_wallets
from live_trading.store.accounts.strategies import StrategyRow
from live_trading.store.books import ledger
from live_trading.store.database.connection import Row, Transaction
from live_trading.store.risk import locks
from live_trading.store.risk.locks import LockRow


class StrategySummaryView(TypedDict):
    """A strategy without its money. `locks` are those in force that stop all of its entries.

    `status`: ENDED for good, STOPPED where it is switched off, PAUSED while a lock stops its entries.
    """

    lt_strategy_id: IdAnswer
    name: str
    ft_wallet_id: IdAnswer
    trading_wallet_id: IdAnswer
    status: StrategyStatus
    is_active: bool
    initial_capital_usd: UsdText
    order_type: OrderType
    slippage_bound_fraction: FractionText
    max_signal_age_seconds: int
    time_zone: str
    risk_preset: RiskPreset | None
    risk_rules: RiskRulesView
    locks: list[LockView]
    launched_at: MomentAnswer
    created_at: MomentAnswer
    updated_at: MomentAnswer
    ended_at: MomentAnswer | None


class StrategiesView(TypedDict):
    """A page of strategies, the newest first."""

    strategies: list[StrategySummaryView]
    next_cursor: NextCursor


class BalancesView(TypedDict):
    """The accounts of a strategy in the ledger, and what they come to as equity at cost."""

    available_usd: UsdText
    reserved_usd: UsdText
    unsettled_usd: UsdText
    position_cost_usd: UsdText
    pending_redemption_usd: UsdText
    fees_usd: UsdText
    realised_pnl_usd: UsdText
    equity_usd: UsdText


class RiskStateView(TypedDict):
    """What the last run counted; the rules count anew with every order."""

    equity_usd: UsdText
    marked_equity_usd: UsdText
    peak_equity_usd: UsdText
    drawdown_fraction: FractionText
    exposure_usd: UsdText
    open_positions: int
    daily_spent_usd: UsdText
    weekly_spent_usd: UsdText
    monthly_spent_usd: UsdText
    daily_profit_usd: UsdText
    weekly_profit_usd: UsdText
    consecutive_losses: int
    computed_at: MomentAnswer


class StrategyView(StrategySummaryView):
    """A strategy with its balances, the risk state of the last run, and what keeps it from opening beside its locks."""

    not_trading_because: str | None
    balances: BalancesView
    risk_state: RiskStateView | None


def summary(strategy: StrategyRow, in_force: Iterable[LockRow]) -> StrategySummaryView:
    """A strategy without its money; `in_force` may hold other strategies' locks too."""
    own = [lock for lock in in_force if _concerns(lock, strategy.lt_strategy_id, strategy.trading_wallet_id)]
    return StrategySummaryView(
        lt_strategy_id=str(strategy.lt_strategy_id),
        name=strategy.name,
        ft_wallet_id=str(strategy.ft_wallet_id),
        trading_wallet_id=str(strategy.trading_wallet_id),
        status=status_of_strategy(strategy, own),
        is_active=strategy.is_active,
        initial_capital_usd=str(strategy.initial_capital),
        order_type=strategy.order_type,
        slippage_bound_fraction=f"{strategy.slippage_bound_fraction:f}",
        max_signal_age_seconds=strategy.max_signal_age_seconds,
        time_zone=strategy.time_zone,
        risk_preset=strategy.risk_preset,
        risk_rules=risk_rules_view(strategy.rules),
        locks=[lock_view(lock) for lock in own],
        launched_at=strategy.launched_at.isoformat(),
        created_at=strategy.created_at.isoformat(),
        updated_at=strategy.updated_at.isoformat(),
        ended_at=moment(strategy.ended_at),
    )


def detail(transaction: Transaction, strategy: StrategyRow, now: datetime) -> StrategyView:
    """A strategy with its balances as of this transaction, and the risk state that the last run left."""
    balances = ledger.balances_of_strategy(transaction, strategy.lt_strategy_id)
    state = strategies.risk_state(transaction, strategy.lt_strategy_id)
    return {
        **summary(strategy, locks.on_entries(transaction, now)),
        "not_trading_because": _why_not(transaction, strategy),
        "balances": BalancesView(
            available_usd=str(balances.available),
            reserved_usd=str(balances.reserved),
            unsettled_usd=str(balances.unsettled),
            position_cost_usd=str(balances.position_cost),
            pending_redemption_usd=str(balances.pending_redemption),
            fees_usd=str(balances.fees),
            realised_pnl_usd=str(balances.realised_pnl),
            equity_usd=str(balances.equity),
        ),
        "risk_state": None if state is None else _state(state),
    }


def _why_not(transaction: Transaction, strategy: StrategyRow) -> str | None:
    """Why nothing is opened whatever the signals are, beside its locks; None where nothing but these stops it."""
    wallet = trading_wallets.find(transaction, strategy.trading_wallet_id, strategy.owner_id)
    if wallet is None or wallet.verification is WalletVerification.VERIFIED:
        return None
    why = wallet.verification_error or "lt-execute tries it in its next run"
    return f"the key of its trading wallet {wallet.name} is not proved yet: {why}"


def status_of_strategy(strategy: StrategyRow, own_locks: Iterable[LockRow]) -> StrategyStatus:
    """ENDED for good, STOPPED where it is switched off, PAUSED while any lock stops its entries."""
    if strategy.ended_at is not None:
        return StrategyStatus.ENDED
    if not strategy.is_active:
        return StrategyStatus.STOPPED
    return StrategyStatus.PAUSED if any(True for _ in own_locks) else StrategyStatus.ACTIVE


def current_status(transaction: Transaction, strategy: StrategyRow, now: datetime) -> StrategyStatus:
    """The same, with the locks looked up."""
    in_force = locks.on_entries(transaction, now)
    own = [lock for lock in in_force if _concerns(lock, strategy.lt_strategy_id, strategy.trading_wallet_id)]
    return status_of_strategy(strategy, own)


def _concerns(lock: LockRow, lt_strategy_id: UUID, trading_wallet_id: UUID) -> bool:
    wanted = {
        LockScope.GLOBAL: None,
        LockScope.STRATEGY: str(lt_strategy_id),
        LockScope.TRADING_WALLET: str(trading_wallet_id),
    }
    return lock.scope in wanted and lock.scope_id == wanted[lock.scope]


def _state(row: Row) -> RiskStateView:
    return RiskStateView(
        equity_usd=str(row["equity_usd"]),
        marked_equity_usd=str(row["marked_equity_usd"]),
        peak_equity_usd=str(row["peak_equity_usd"]),
        drawdown_fraction=str(row["drawdown_fraction"]),
        exposure_usd=str(row["exposure_usd"]),
        open_positions=row["open_positions"],
        daily_spent_usd=str(row["daily_spent_usd"]),
        weekly_spent_usd=str(row["weekly_spent_usd"]),
        monthly_spent_usd=str(row["monthly_spent_usd"]),
        daily_profit_usd=str(row["daily_profit_usd"]),
        weekly_profit_usd=str(row["weekly_profit_usd"]),
        consecutive_losses=row["consecutive_losses"],
        computed_at=row["computed_at"].isoformat(),
    )
