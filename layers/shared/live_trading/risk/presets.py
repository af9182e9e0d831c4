"""The limits behind each named preset. They are fractions of equity where they can be, and every answer shows them.

A preset is a starting point at creation, not a link: changing one here changes no strategy that exists.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from live_trading.nouns.risk_rules import RULE_FIELDS, SWITCHES, RiskPreset, RiskRules

# Each limit in the conservative, the moderate and the aggressive preset; what is not here is off in all three.
_LIMITS: Mapping[str, tuple[Any, Any, Any]] = MappingProxyType(
    {
        "daily_budget_fraction": ("0.05", "0.15", "0.4"),
        "weekly_budget_fraction": ("0.15", "0.4", "1"),
        "monthly_budget_fraction": ("0.4", "1", "1"),
        "daily_loss_limit_fraction": ("0.02", "0.05", "0.12"),
        "weekly_loss_limit_fraction": ("0.04", "0.1", "0.25"),
        "max_order_fraction": ("0.02", "0.05", "0.1"),
        "max_position_fraction": ("0.03", "0.08", "0.15"),
        "shrink_to_fit": (True, True, True),
        "max_total_exposure_fraction": ("0.2", "0.5", "0.9"),
        "max_market_exposure_fraction": ("0.04", "0.1", "0.2"),
        "max_event_exposure_fraction": ("0.06", "0.15", "0.3"),
        "max_trader_exposure_fraction": ("0.1", "0.25", "0.6"),
        "max_wallet_exposure_fraction": ("0.4", "0.7", "0.95"),
        "max_wallet_market_exposure_fraction": ("0.08", "0.15", "0.3"),
        "max_concurrent_positions": (5, 15, 40),
        "max_positions_per_market": (1, 1, 2),
        "max_drawdown_fraction": ("0.07", "0.15", "0.3"),
        "drawdown_resume_threshold_fraction": (None, None, "0.2"),
        "max_consecutive_losses": (4, 6, 10),
        "breaker_scope": ("STRATEGY", "STRATEGY", "STRATEGY"),
        "breaker_window_seconds": (1800, 1800, 900),
        "breaker_cooldown_seconds": (3600, 1800, 900),
        "breaker_error_rate_fraction": ("0.2", "0.3", "0.5"),
        "breaker_slippage_fraction": ("0.02", "0.04", "0.08"),
        "breaker_slippage_fills": (10, 10, 20),
        "breaker_breaks": (1, 1, 3),
        "breaker_feed_lag_seconds": (120, 300, 600),
        "breaker_price_age_seconds": (300, 600, 1200),
        "max_slippage_fraction": ("0.02", "0.04", "0.08"),
        "max_spread_fraction": ("0.05", "0.1", "0.2"),
        "min_liquidity_multiple": ("3", "2", "1"),
        "max_venue_latency_milliseconds": (2000, 4000, 8000),
        "min_entry_price": ("0.1", "0.05", "0.02"),
        "max_entry_price": ("0.9", "0.95", "0.98"),
        "max_stake_to_median_multiple": ("3", "5", "10"),
        "max_orders_per_minute": (5, 15, 60),
        "max_wallet_orders_per_minute": (15, 40, 120),
        "min_trader_win_rate_fraction": ("0.5", None, None),
        "max_trader_silence_days": (14, 30, 90),
        "same_trade_window_seconds": (30, 10, None),
        "flatten_floor_fraction": ("0.8", "0.6", "0.4"),
    }
)


def _preset(column: int) -> RiskRules:
    limits = {name: _exact(columns[column]) for name, columns in _LIMITS.items()}
    return RiskRules.of(dict.fromkeys(RULE_FIELDS) | dict.fromkeys(SWITCHES, False) | limits)


def _exact(value: Any) -> Any:
    return Decimal(value) if isinstance(value, str) and value[0].isdigit() else value


RISK_PRESETS: Mapping[RiskPreset, RiskRules] = MappingProxyType(
    {preset: _preset(column) for column, preset in enumerate(RiskPreset)}
)
