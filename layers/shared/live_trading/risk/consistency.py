"""Limits that make no sense together: each with the field to change and why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from live_trading.nouns.risk_rules import RiskRules

_BREAKER_THRESHOLDS = (
    "breaker_error_rate_fraction",
    "breaker_slippage_fraction",
    "breaker_breaks",
    "breaker_feed_lag_seconds",
    "breaker_price_age_seconds",
)
_BREAKER_NEEDS = ("breaker_scope", "breaker_window_seconds", "breaker_cooldown_seconds")
_VOLATILITY_NEEDS = (
    "volatility_lookback_days",
    "low_volatility_per_day",
    "high_volatility_per_day",
    "low_volatility_multiplier",
    "high_volatility_multiplier",
)


# The first of each pair is part of the second: it can never be reached where it is the larger one.
_PARTS = (
    ("daily_budget_usd", "weekly_budget_usd"),
    ("daily_budget_fraction", "weekly_budget_fraction"),
    ("daily_budget_usd", "monthly_budget_usd"),
    ("daily_budget_fraction", "monthly_budget_fraction"),
    ("weekly_budget_usd", "monthly_budget_usd"),
    ("weekly_budget_fraction", "monthly_budget_fraction"),
    ("daily_loss_limit_usd", "weekly_loss_limit_usd"),
    ("daily_loss_limit_fraction", "weekly_loss_limit_fraction"),
    ("max_order_usd", "max_position_usd"),
    ("max_order_fraction", "max_position_fraction"),
    ("max_position_usd", "max_market_exposure_usd"),
    ("max_position_fraction", "max_market_exposure_fraction"),
    ("max_market_exposure_usd", "max_event_exposure_usd"),
    ("max_market_exposure_fraction", "max_event_exposure_fraction"),
    ("max_event_exposure_usd", "max_total_exposure_usd"),
    ("max_event_exposure_fraction", "max_total_exposure_fraction"),
    ("max_trader_exposure_usd", "max_total_exposure_usd"),
    ("max_trader_exposure_fraction", "max_total_exposure_fraction"),
    # Fractions of the wallet's equity and of the strategy's do not compare.
    ("max_market_exposure_usd", "max_wallet_market_exposure_usd"),
    ("max_total_exposure_usd", "max_wallet_exposure_usd"),
    ("max_positions_per_market", "max_concurrent_positions"),
    ("max_orders_per_minute", "max_wallet_orders_per_minute"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleConflict:
    """A field that cannot be as it is beside the others."""

    field: str
    reason: str


def conflicts(rules: RiskRules) -> Iterator[RuleConflict]:
    """Every contradiction in a complete set of limits."""
    yield from _needed(rules, [name for name in _BREAKER_THRESHOLDS if getattr(rules, name)], _BREAKER_NEEDS)
    if rules.use_volatility_adjustment:
        yield from _needed(rules, ["use_volatility_adjustment"], _VOLATILITY_NEEDS)
    if (rules.breaker_slippage_fraction is None) != (rules.breaker_slippage_fills is None):
        yield RuleConflict(
            field="breaker_slippage_fills", reason="goes with breaker_slippage_fraction: set both or neither"
        )
    if rules.drawdown_resume_threshold_fraction is not None and (
        rules.max_drawdown_fraction is None or rules.drawdown_resume_threshold_fraction >= rules.max_drawdown_fraction
    ):
        yield RuleConflict(field="drawdown_resume_threshold_fraction", reason="has to be below max_drawdown_fraction")
    if (
        rules.min_entry_price is not None
        and rules.max_entry_price is not None
        and rules.min_entry_price >= rules.max_entry_price
    ):
        yield RuleConflict(field="min_entry_price", reason="has to be below max_entry_price")
    for part, whole in _PARTS:
        inner, outer = getattr(rules, part), getattr(rules, whole)
        if inner is not None and outer is not None and inner > outer:
            yield RuleConflict(field=part, reason=f"is above {whole}, which is {outer}")
    low, high = rules.low_volatility_per_day, rules.high_volatility_per_day
    if low is not None and high is not None and low >= high:
        yield RuleConflict(field="low_volatility_per_day", reason="has to be below high_volatility_per_day")


def _needed(rules: RiskRules, because_of: list[str], needs: tuple[str, ...]) -> Iterator[RuleConflict]:
    for name in needs if because_of else ():
        if getattr(rules, name) is None:
            yield RuleConflict(field=name, reason=f"is needed by {because_of[0]}")
