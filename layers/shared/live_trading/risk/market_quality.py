"""The market as our own order would meet it: slippage, spread, liquidity, latency, price band, volatility."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import ROUND_CEILING, Decimal

from live_trading.nouns.risk_rules import RiskRules
from live_trading.risk.proposal import ProposedEntry
from live_trading.risk.results import RuleName, RuleResult, RuleVerdict, at_least, at_most
from live_trading.risk.snapshot import RiskSnapshot

_MILLISECOND = timedelta(milliseconds=1)
_PLACES = Decimal("0.000001")


def slippage(rules: RiskRules, entry: ProposedEntry, _state: RiskSnapshot | None) -> Iterator[RuleResult]:
    """What our size would pay on average above the signal's price, as a fraction of it; better than it is negative."""
    if rules.max_slippage_fraction is None:
        return
    observed = None
    if entry.expected_price is not None and entry.signal_price:
        signal = entry.signal_price.value
        observed = ((entry.expected_price - signal) / signal).quantize(_PLACES, rounding=ROUND_CEILING)
    yield at_most(RuleName.SLIPPAGE, observed, rules.max_slippage_fraction)


def spread(rules: RiskRules, entry: ProposedEntry, _state: RiskSnapshot | None) -> Iterator[RuleResult]:
    """Best offer less best bid, as a fraction of the midpoint."""
    if rules.max_spread_fraction is None:
        return
    observed = None
    if entry.best_bid is not None and entry.best_ask is not None:
        bid, ask = entry.best_bid.value, entry.best_ask.value
        observed = ((ask - bid) / ((ask + bid) / 2)).quantize(_PLACES, rounding=ROUND_CEILING)
    yield at_most(RuleName.SPREAD, observed, rules.max_spread_fraction)


def liquidity(rules: RiskRules, entry: ProposedEntry, _state: RiskSnapshot | None) -> Iterator[RuleResult]:
    """Dollars that are offered within the slippage bound: so many, or so many times our stake; the larger."""
    needed = [] if rules.min_liquidity_usd is None else [rules.min_liquidity_usd.value]
    if rules.min_liquidity_multiple is not None:
        needed.append((entry.stake.value * rules.min_liquidity_multiple).quantize(_PLACES, rounding=ROUND_CEILING))
    if needed:
        yield at_least(RuleName.LIQUIDITY, entry.depth.value, max(needed))


def latency(rules: RiskRules, entry: ProposedEntry, state: RiskSnapshot) -> Iterator[RuleResult]:
    """The signal's age at the decision, and how long the venue has taken to answer (the 95th percentile of late)."""
    yield at_most(RuleName.SIGNAL_AGE, entry.signal_age // _MILLISECOND, entry.max_signal_age // _MILLISECOND)
    if rules.max_decision_age_milliseconds is not None:
        yield at_most(RuleName.DECISION_AGE, entry.signal_age // _MILLISECOND, rules.max_decision_age_milliseconds)
    if rules.max_venue_latency_milliseconds is not None:
        yield at_most(RuleName.VENUE_LATENCY, state.venue_latency_milliseconds, rules.max_venue_latency_milliseconds)


def price_collar(rules: RiskRules, entry: ProposedEntry, _state: RiskSnapshot | None) -> Iterator[RuleResult]:
    """The highest price that we might pay lies in an absolute band, whatever the signal says."""
    low, high = rules.min_entry_price, rules.max_entry_price
    if low is None and high is None:
        return
    price = entry.limit_price
    is_inside = (low is None or price >= low) and (high is None or price <= high)
    yield RuleResult(
        rule=RuleName.PRICE_COLLAR,
        observed=str(price),
        limit=f"{'0' if low is None else low}..{'1' if high is None else high}",
        verdict=RuleVerdict.PASS if is_inside else RuleVerdict.REJECT,
    )


def volatility(rules: RiskRules, entry: ProposedEntry, _state: RiskSnapshot) -> Iterator[RuleResult]:
    """That the stake could be scaled at all: a strategy that scales does not trade where it cannot tell by how much."""
    if not rules.use_volatility_adjustment:
        return
    known = entry.volatility
    yield RuleResult(
        rule=RuleName.VOLATILITY,
        observed=None if known is None else f"{known:f}",
        limit=f"{rules.low_volatility_per_day}..{rules.high_volatility_per_day}",
        verdict=RuleVerdict.NO_DATA if known is None else RuleVerdict.PASS,
    )
