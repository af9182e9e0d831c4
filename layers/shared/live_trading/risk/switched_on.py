"""Which rules a strategy's limits switch on: those that have their say on each proposed entry."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from live_trading.nouns.risk_rules import RiskRules
from live_trading.risk.results import RuleName

_ALWAYS = frozenset({RuleName.CASH, RuleName.WALLET_UNALLOCATED, RuleName.SIGNAL_AGE})
# A rule is on where any of its limits is set.
_LIMITS: Mapping[RuleName, tuple[str, ...]] = MappingProxyType(
    {
        RuleName.DAILY_BUDGET: ("daily_budget_usd", "daily_budget_fraction"),
        RuleName.WEEKLY_BUDGET: ("weekly_budget_usd", "weekly_budget_fraction"),
        RuleName.MONTHLY_BUDGET: ("monthly_budget_usd", "monthly_budget_fraction"),
        RuleName.DAILY_LOSS: ("daily_loss_limit_usd", "daily_loss_limit_fraction"),
        RuleName.WEEKLY_LOSS: ("weekly_loss_limit_usd", "weekly_loss_limit_fraction"),
        RuleName.MARKED_DAILY_LOSS: ("max_marked_daily_loss_usd", "max_marked_daily_loss_fraction"),
        RuleName.ORDER_SIZE: ("max_order_usd", "max_order_fraction"),
        RuleName.POSITION_SIZE: ("max_position_usd", "max_position_fraction"),
        RuleName.TOTAL_EXPOSURE: ("max_total_exposure_usd", "max_total_exposure_fraction"),
        RuleName.MARKET_EXPOSURE: ("max_market_exposure_usd", "max_market_exposure_fraction"),
        RuleName.EVENT_EXPOSURE: ("max_event_exposure_usd", "max_event_exposure_fraction"),
        RuleName.TRADER_EXPOSURE: ("max_trader_exposure_usd", "max_trader_exposure_fraction"),
        RuleName.WALLET_EXPOSURE: ("max_wallet_exposure_usd", "max_wallet_exposure_fraction"),
        RuleName.WALLET_MARKET_EXPOSURE: ("max_wallet_market_exposure_usd", "max_wallet_market_exposure_fraction"),
        RuleName.CONCURRENT_POSITIONS: ("max_concurrent_positions",),
        RuleName.POSITIONS_PER_MARKET: ("max_positions_per_market",),
        RuleName.DRAWDOWN: ("max_drawdown_fraction",),
        RuleName.CONSECUTIVE_LOSSES: ("max_consecutive_losses",),
        RuleName.BREAKER_ERROR_RATE: ("breaker_error_rate_fraction",),
        RuleName.BREAKER_SLIPPAGE: ("breaker_slippage_fraction",),
        RuleName.BREAKER_BREAKS: ("breaker_breaks",),
        RuleName.BREAKER_FEED_LAG: ("breaker_feed_lag_seconds",),
        RuleName.BREAKER_PRICE_AGE: ("breaker_price_age_seconds",),
        RuleName.SLIPPAGE: ("max_slippage_fraction",),
        RuleName.SPREAD: ("max_spread_fraction",),
        RuleName.LIQUIDITY: ("min_liquidity_usd", "min_liquidity_multiple"),
        RuleName.DECISION_AGE: ("max_decision_age_milliseconds",),
        RuleName.VENUE_LATENCY: ("max_venue_latency_milliseconds",),
        RuleName.PRICE_COLLAR: ("min_entry_price", "max_entry_price"),
        RuleName.STAKE_TO_MEDIAN: ("max_stake_to_median_multiple",),
        RuleName.ORDER_RATE: ("max_orders_per_minute",),
        RuleName.WALLET_ORDER_RATE: ("max_wallet_orders_per_minute",),
        RuleName.TRADER_WIN_RATE: ("min_trader_win_rate_fraction",),
        RuleName.TRADER_SILENCE: ("max_trader_silence_days",),
        RuleName.SAME_TRADE: ("same_trade_window_seconds",),
    }
)


def switched_on(rules: RiskRules) -> frozenset[RuleName]:
    """The rules that these limits switch on."""
    by_limit = {rule for rule, limits in _LIMITS.items() if any(getattr(rules, each) is not None for each in limits)}
    by_switch = {RuleName.VOLATILITY} if rules.use_volatility_adjustment else set()
    return frozenset(_ALWAYS | by_limit | by_switch)
