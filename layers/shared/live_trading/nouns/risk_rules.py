"""The limits of one strategy. None turns a rule off, and there are no hidden defaults.

A name says the unit: `_usd` dollars, `_fraction` 0..1, `_price` dollars a share, `_seconds`, `_milliseconds`, `_days`;
`_multiple` and `_multiplier` are plain ratios. What each rule means is in `risk` and in docs/risk.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from enum import StrEnum
from typing import Any, Self

from live_trading.nouns.locks import LockScope
from live_trading.nouns.money import Price, Usd


class RiskPreset(StrEnum):
    """Named sets of limits; what they hold is in `risk.presets`."""

    CONSERVATIVE = "conservative"
    MODERATE = "moderate"
    AGGRESSIVE = "aggressive"


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskRules:
    """Every limit by name. Of a pair in dollars and as a fraction of equity the smaller one counts."""

    daily_budget_usd: Usd | None
    daily_budget_fraction: Decimal | None
    weekly_budget_usd: Usd | None
    weekly_budget_fraction: Decimal | None
    monthly_budget_usd: Usd | None
    monthly_budget_fraction: Decimal | None

    daily_loss_limit_usd: Usd | None
    daily_loss_limit_fraction: Decimal | None
    weekly_loss_limit_usd: Usd | None
    weekly_loss_limit_fraction: Decimal | None

    max_order_usd: Usd | None
    max_order_fraction: Decimal | None
    max_position_usd: Usd | None
    max_position_fraction: Decimal | None
    shrink_to_fit: bool

    max_total_exposure_usd: Usd | None
    max_total_exposure_fraction: Decimal | None
    max_market_exposure_usd: Usd | None
    max_market_exposure_fraction: Decimal | None
    max_event_exposure_usd: Usd | None
    max_event_exposure_fraction: Decimal | None
    max_trader_exposure_usd: Usd | None
    max_trader_exposure_fraction: Decimal | None
    max_wallet_exposure_usd: Usd | None
    max_wallet_exposure_fraction: Decimal | None
    max_wallet_market_exposure_usd: Usd | None
    max_wallet_market_exposure_fraction: Decimal | None

    max_concurrent_positions: int | None
    max_positions_per_market: int | None

    max_drawdown_fraction: Decimal | None
    drawdown_resume_threshold_fraction: Decimal | None
    max_consecutive_losses: int | None

    breaker_scope: LockScope | None
    breaker_window_seconds: int | None
    breaker_cooldown_seconds: int | None
    breaker_error_rate_fraction: Decimal | None
    breaker_slippage_fraction: Decimal | None
    breaker_slippage_fills: int | None
    breaker_breaks: int | None
    breaker_feed_lag_seconds: int | None
    breaker_price_age_seconds: int | None

    max_slippage_fraction: Decimal | None
    max_spread_fraction: Decimal | None
    min_liquidity_usd: Usd | None
    min_liquidity_multiple: Decimal | None
    max_decision_age_milliseconds: int | None
    max_venue_latency_milliseconds: int | None
    min_entry_price: Price | None
    max_entry_price: Price | None
    max_stake_to_median_multiple: Decimal | None
    max_orders_per_minute: int | None
    max_wallet_orders_per_minute: int | None

    min_trader_win_rate_fraction: Decimal | None
    max_trader_silence_days: int | None
    same_trade_window_seconds: int | None

    use_volatility_adjustment: bool
    volatility_lookback_days: int | None
    low_volatility_per_day: Decimal | None
    high_volatility_per_day: Decimal | None
    low_volatility_multiplier: Decimal | None
    high_volatility_multiplier: Decimal | None

    flatten_floor_fraction: Decimal | None

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Self:
        """From plain values by name. Raises KeyError for a name that is missing, InexactQuantity for no amount."""
        return cls(**{name: _typed(name, values[name]) for name in RULE_FIELDS})

    @classmethod
    def off(cls) -> Self:
        """Every rule off."""
        return cls.of(dict.fromkeys(RULE_FIELDS) | dict.fromkeys(SWITCHES, False))


RULE_FIELDS = tuple(each.name for each in fields(RiskRules))
SWITCHES = ("shrink_to_fit", "use_volatility_adjustment")


def _typed(name: str, value: Any) -> Any:
    if value is None:
        return None
    if name.endswith("_usd"):
        return Usd(value)
    if name.endswith("_price"):
        return Price(value)
    return LockScope(value) if name == "breaker_scope" else value
