"""How we and the traders behave: oversized stakes, too many orders, traders whose trades mean less than before."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import ROUND_CEILING, Decimal

from live_trading.nouns.risk_rules import RiskRules
from live_trading.risk.proposal import ProposedEntry
from live_trading.risk.results import RuleName, RuleResult, RuleVerdict, at_least, at_most
from live_trading.risk.snapshot import RiskSnapshot

_PLACES = Decimal("0.000001")
_DAY_SECONDS = 86_400


def stake_to_median(rules: RiskRules, entry: ProposedEntry, state: RiskSnapshot) -> Iterator[RuleResult]:
    """The stake against the median of the strategy's own: a fat finger in a configuration, or a bug of ours."""
    if rules.max_stake_to_median_multiple is None:
        return
    observed = None
    if state.median_stake is not None and state.median_stake.is_positive:
        observed = (entry.stake.value / state.median_stake.value).quantize(_PLACES, rounding=ROUND_CEILING)
    yield at_most(RuleName.STAKE_TO_MEDIAN, observed, rules.max_stake_to_median_multiple)


def order_rate(rules: RiskRules, _entry: ProposedEntry, state: RiskSnapshot) -> Iterator[RuleResult]:
    """Entries of the last minute with this one, of the strategy and of its trading wallet."""
    if rules.max_orders_per_minute is not None:
        yield at_most(RuleName.ORDER_RATE, state.orders_last_minute + 1, rules.max_orders_per_minute)
    if rules.max_wallet_orders_per_minute is not None:
        yield at_most(
            RuleName.WALLET_ORDER_RATE, state.wallet_orders_last_minute + 1, rules.max_wallet_orders_per_minute
        )


def trader_health(rules: RiskRules, _entry: ProposedEntry, state: RiskSnapshot) -> Iterator[RuleResult]:
    """The trader's win rate of the last 30 days, how long it was silent, and whether another one made this trade."""
    if rules.min_trader_win_rate_fraction is not None:
        yield at_least(RuleName.TRADER_WIN_RATE, state.trader_win_rate, rules.min_trader_win_rate_fraction)
    if rules.max_trader_silence_days is not None:
        silent = state.trader_silence
        days = None if silent is None else (Decimal(silent.days * _DAY_SECONDS + silent.seconds) / _DAY_SECONDS)
        observed = None if days is None else days.quantize(_PLACES, rounding=ROUND_CEILING)
        yield at_most(RuleName.TRADER_SILENCE, observed, rules.max_trader_silence_days)
    if rules.same_trade_window_seconds is not None:
        yield RuleResult(
            rule=RuleName.SAME_TRADE,
            observed="entered for another trader" if state.is_same_trade else "first of its kind",
            limit=str(rules.same_trade_window_seconds),
            verdict=RuleVerdict.REJECT if state.is_same_trade else RuleVerdict.PASS,
        )
