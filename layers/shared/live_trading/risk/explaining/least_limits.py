"""What would have let an entry pass a rule of the gate: the smallest change of the limit that it ran into.

Read from the result as it is kept. A change is of this rule alone: the others may refuse the entry all the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal, InvalidOperation
from enum import StrEnum

from live_trading.nouns.decisions import ChangeHow, LeastChange, NoChange
from live_trading.risk.results import RuleName, RuleVerdict, lets_enter

_STEP = Decimal("0.000001")


class _Bound(StrEnum):
    """What a limit lets through: as much as it says, less than it says, or as much as it says and more."""

    AT_MOST = "AT_MOST"
    BELOW = "BELOW"
    AT_LEAST = "AT_LEAST"


def least_limit(rule: RuleName, *, observed: str | None, limit: str, verdict: RuleVerdict) -> LeastChange | NoChange:
    """The change for a rule that kept an entry out. Raises ValueError for one that did not."""
    if lets_enter(rule, verdict):
        raise ValueError(f"the rule {rule} let the entry in")
    if rule is RuleName.SAME_TRADE:
        return _set(("same_trade_window_seconds",), "null")
    if rule in _OF_CAPITAL:
        return NoChange.NO_SETTING
    if observed is None or verdict is RuleVerdict.NO_DATA:
        return NoChange.NOT_KNOWN
    try:
        return _bound(rule, Decimal(observed), limit)
    except InvalidOperation:
        return NoChange.NOT_KNOWN


def _bound(rule: RuleName, observed: Decimal, limit: str) -> LeastChange | NoChange:
    if rule is RuleName.PRICE_COLLAR:
        is_low = observed < Decimal(limit.partition("..")[0])
        return _set(("min_entry_price" if is_low else "max_entry_price",), f"{observed:f}")
    if rule is RuleName.SIGNAL_AGE:
        seconds = (observed / 1000).to_integral_value(rounding=ROUND_CEILING)
        return _set(("max_signal_age_seconds",), f"{seconds:f}")
    if rule not in _LIMITS:
        return NoChange.SEVERAL_SETTINGS
    bound, settings = _LIMITS[rule]
    is_whole = not settings[0].endswith(("_usd", "_fraction", "_multiple"))
    unit = Decimal(1) if is_whole else _STEP
    value = observed.quantize(unit, rounding=ROUND_FLOOR if bound is _Bound.AT_LEAST else ROUND_CEILING)
    if bound is _Bound.BELOW and value == observed:
        value += unit
    if settings[0].endswith("_fraction") and not 0 < value <= 1:
        return NoChange.OUT_OF_RANGE
    return _set(settings, f"{value:f}")


def _set(settings: tuple[str, ...], value: str) -> LeastChange:
    named = tuple(f"{_OWN.get(each, 'risk_rules')}.{each}" for each in settings)
    return LeastChange(settings=named, how=ChangeHow.SET, value=value)


def _pair(name: str) -> tuple[str, ...]:
    return f"{name}_usd", f"{name}_fraction"


# A setting of the strategy itself.
_OWN = {"max_signal_age_seconds": "lt_strategy"}
# Money that is not there: what the strategy has free, and what the wallet holds for nobody.
_OF_CAPITAL = frozenset({RuleName.CASH, RuleName.WALLET_UNALLOCATED})
_LIMITS: Mapping[RuleName, tuple[_Bound, tuple[str, ...]]] = {
    RuleName.DAILY_BUDGET: (_Bound.AT_MOST, _pair("daily_budget")),
    RuleName.WEEKLY_BUDGET: (_Bound.AT_MOST, _pair("weekly_budget")),
    RuleName.MONTHLY_BUDGET: (_Bound.AT_MOST, _pair("monthly_budget")),
    RuleName.DAILY_LOSS: (_Bound.BELOW, _pair("daily_loss_limit")),
    RuleName.WEEKLY_LOSS: (_Bound.BELOW, _pair("weekly_loss_limit")),
    RuleName.MARKED_DAILY_LOSS: (_Bound.BELOW, _pair("max_marked_daily_loss")),
    RuleName.ORDER_SIZE: (_Bound.AT_MOST, _pair("max_order")),
    RuleName.POSITION_SIZE: (_Bound.AT_MOST, _pair("max_position")),
    RuleName.TOTAL_EXPOSURE: (_Bound.AT_MOST, _pair("max_total_exposure")),
    RuleName.MARKET_EXPOSURE: (_Bound.AT_MOST, _pair("max_market_exposure")),
    RuleName.EVENT_EXPOSURE: (_Bound.AT_MOST, _pair("max_event_exposure")),
    RuleName.TRADER_EXPOSURE: (_Bound.AT_MOST, _pair("max_trader_exposure")),
    RuleName.WALLET_EXPOSURE: (_Bound.AT_MOST, _pair("max_wallet_exposure")),
    RuleName.WALLET_MARKET_EXPOSURE: (_Bound.AT_MOST, _pair("max_wallet_market_exposure")),
    RuleName.CONCURRENT_POSITIONS: (_Bound.AT_MOST, ("max_concurrent_positions",)),
    RuleName.POSITIONS_PER_MARKET: (_Bound.AT_MOST, ("max_positions_per_market",)),
    RuleName.DRAWDOWN: (_Bound.BELOW, ("max_drawdown_fraction",)),
    RuleName.CONSECUTIVE_LOSSES: (_Bound.BELOW, ("max_consecutive_losses",)),
    RuleName.BREAKER_ERROR_RATE: (_Bound.BELOW, ("breaker_error_rate_fraction",)),
    RuleName.BREAKER_SLIPPAGE: (_Bound.AT_MOST, ("breaker_slippage_fraction",)),
    RuleName.BREAKER_BREAKS: (_Bound.BELOW, ("breaker_breaks",)),
    RuleName.BREAKER_FEED_LAG: (_Bound.AT_MOST, ("breaker_feed_lag_seconds",)),
    RuleName.BREAKER_PRICE_AGE: (_Bound.AT_MOST, ("breaker_price_age_seconds",)),
    RuleName.SLIPPAGE: (_Bound.AT_MOST, ("max_slippage_fraction",)),
    RuleName.SPREAD: (_Bound.AT_MOST, ("max_spread_fraction",)),
    RuleName.DECISION_AGE: (_Bound.AT_MOST, ("max_decision_age_milliseconds",)),
    RuleName.VENUE_LATENCY: (_Bound.AT_MOST, ("max_venue_latency_milliseconds",)),
    RuleName.STAKE_TO_MEDIAN: (_Bound.AT_MOST, ("max_stake_to_median_multiple",)),
    RuleName.ORDER_RATE: (_Bound.AT_MOST, ("max_orders_per_minute",)),
    RuleName.WALLET_ORDER_RATE: (_Bound.AT_MOST, ("max_wallet_orders_per_minute",)),
    RuleName.TRADER_WIN_RATE: (_Bound.AT_LEAST, ("min_trader_win_rate_fraction",)),
    RuleName.TRADER_SILENCE: (_Bound.AT_MOST, ("max_trader_silence_days",)),
}
