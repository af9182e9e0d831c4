"""The limits of a strategy as the API takes them, each with the range that it may have."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import create_model

from live_trading.api.body import Body
from live_trading.api.fields import (
    Days,
    EntryPrice,
    Fraction,
    LookbackDays,
    Milliseconds,
    Multiple,
    Multiplier,
    PositionCount,
    PositiveUsd,
    RateAMinute,
    Seconds,
    Switch,
    named,
)
from live_trading.nouns.locks import LockScope
from live_trading.nouns.risk_rules import SWITCHES, RiskPreset

PresetName = Annotated[RiskPreset, *named(*RiskPreset)]
_BreakerScope = Annotated[LockScope, *named(LockScope.STRATEGY, LockScope.TRADING_WALLET, LockScope.GLOBAL)]

_KINDS: MappingProxyType[str, Any] = MappingProxyType(
    {
        "daily_budget_usd": PositiveUsd,
        "daily_budget_fraction": Fraction,
        "weekly_budget_usd": PositiveUsd,
        "weekly_budget_fraction": Fraction,
        "monthly_budget_usd": PositiveUsd,
        "monthly_budget_fraction": Fraction,
        "daily_loss_limit_usd": PositiveUsd,
        "daily_loss_limit_fraction": Fraction,
        "weekly_loss_limit_usd": PositiveUsd,
        "weekly_loss_limit_fraction": Fraction,
        "max_marked_daily_loss_usd": PositiveUsd,
        "max_marked_daily_loss_fraction": Fraction,
        "max_order_usd": PositiveUsd,
        "max_order_fraction": Fraction,
        "max_position_usd": PositiveUsd,
        "max_position_fraction": Fraction,
        "shrink_to_fit": Switch,
        "max_total_exposure_usd": PositiveUsd,
        "max_total_exposure_fraction": Fraction,
        "max_market_exposure_usd": PositiveUsd,
        "max_market_exposure_fraction": Fraction,
        "max_event_exposure_usd": PositiveUsd,
        "max_event_exposure_fraction": Fraction,
        "max_trader_exposure_usd": PositiveUsd,
        "max_trader_exposure_fraction": Fraction,
        "max_wallet_exposure_usd": PositiveUsd,
        "max_wallet_exposure_fraction": Fraction,
        "max_wallet_market_exposure_usd": PositiveUsd,
        "max_wallet_market_exposure_fraction": Fraction,
        "max_concurrent_positions": PositionCount,
        "max_positions_per_market": PositionCount,
        "max_drawdown_fraction": Fraction,
        "drawdown_resume_threshold_fraction": Fraction,
        "max_consecutive_losses": PositionCount,
        "breaker_scope": _BreakerScope,
        "breaker_window_seconds": Seconds,
        "breaker_cooldown_seconds": Seconds,
        "breaker_error_rate_fraction": Fraction,
        "breaker_slippage_fraction": Fraction,
        "breaker_slippage_fills": PositionCount,
        "breaker_breaks": PositionCount,
        "breaker_feed_lag_seconds": Seconds,
        "breaker_price_age_seconds": Seconds,
        "max_slippage_fraction": Fraction,
        "max_spread_fraction": Fraction,
        "min_liquidity_usd": PositiveUsd,
        "min_liquidity_multiple": Multiple,
        "max_decision_age_milliseconds": Milliseconds,
        "max_venue_latency_milliseconds": Milliseconds,
        "min_entry_price": EntryPrice,
        "max_entry_price": EntryPrice,
        "max_stake_to_median_multiple": Multiple,
        "max_orders_per_minute": RateAMinute,
        "max_wallet_orders_per_minute": RateAMinute,
        "min_trader_win_rate_fraction": Fraction,
        "max_trader_silence_days": Days,
        "same_trade_window_seconds": Seconds,
        "use_volatility_adjustment": Switch,
        "volatility_lookback_days": LookbackDays,
        "low_volatility_per_day": Multiple,
        "high_volatility_per_day": Multiple,
        "low_volatility_multiplier": Multiplier,
        "high_volatility_multiplier": Multiplier,
        "flatten_floor_fraction": Fraction,
    }
)


class RiskRulesBody(Body):
    """Limits by name; null turns one off. Whether all of them have to be there is for who takes them."""

    def given(self) -> dict[str, Any]:
        """The named limits only."""
        return self.model_dump(include=self.model_fields_set)


if not TYPE_CHECKING:
    RiskRulesBody = create_model(
        "RiskRulesBody",
        __base__=RiskRulesBody,
        **{name: (kind if name in SWITCHES else kind | None, None) for name, kind in _KINDS.items()},
    )
