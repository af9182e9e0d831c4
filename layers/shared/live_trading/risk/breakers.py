"""Circuit breakers: signs that what we see, or what we trade with, is not to be trusted for a while."""

from __future__ import annotations

from collections.abc import Iterator

from live_trading.nouns.risk_rules import RiskRules
from live_trading.risk.results import RuleName, RuleResult, RuleVerdict, at_most, below
from live_trading.risk.snapshot import Standing

BREAKERS = frozenset(
    {
        RuleName.BREAKER_ERROR_RATE,
        RuleName.BREAKER_SLIPPAGE,
        RuleName.BREAKER_BREAKS,
        RuleName.BREAKER_FEED_LAG,
        RuleName.BREAKER_PRICE_AGE,
    }
)


def breakers(rules: RiskRules, standing: Standing) -> Iterator[RuleResult]:
    """Every breaker that has a threshold; each trips the same lock, which ends after the cool-down."""
    facts, trip = standing.breaker, RuleVerdict.TRIP
    if rules.breaker_error_rate_fraction is not None:
        yield below(RuleName.BREAKER_ERROR_RATE, facts.failed_fraction, rules.breaker_error_rate_fraction, trip)
    if rules.breaker_slippage_fraction is not None:
        yield at_most(RuleName.BREAKER_SLIPPAGE, facts.fills_slippage_fraction, rules.breaker_slippage_fraction, trip)
    if rules.breaker_breaks is not None:
        yield below(RuleName.BREAKER_BREAKS, facts.breaks_found, rules.breaker_breaks, trip)
    if rules.breaker_feed_lag_seconds is not None:
        yield at_most(RuleName.BREAKER_FEED_LAG, facts.feed_lag_seconds, rules.breaker_feed_lag_seconds, trip)
    if rules.breaker_price_age_seconds is not None:
        yield at_most(RuleName.BREAKER_PRICE_AGE, facts.price_age_seconds, rules.breaker_price_age_seconds, trip)
