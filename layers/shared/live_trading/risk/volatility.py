"""Realised volatility of a market's log-odds, and the part of the stake that it leaves.

A price near 0 or 1 moves by little in dollars and by much in odds, so that odds are compared: the standard deviation of
ln(p / (1 - p)) over one day, from price changes over the lookback.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from itertools import pairwise

from live_trading.nouns.markets import PricePoint
from live_trading.nouns.money import Price, Usd
from live_trading.nouns.risk_rules import RiskRules

FEWEST_CHANGES = 10
_DAY_SECONDS = Decimal(86_400)
_PLACES = Decimal("0.000001")


def per_day(history: Sequence[PricePoint]) -> Decimal | None:
    """The standard deviation of log-odds over a day; None from fewer than `FEWEST_CHANGES` changes.

    Changes over unequal times count by the time that they took. Prices of 0 and 1 have no odds and are left out.
    """
    points = sorted((point for point in history if 0 < point.price.value < 1), key=lambda point: point.at)
    changes = 0
    squares = seconds = Decimal(0)
    for before, after in pairwise(points):
        took = after.at - before.at
        spent = took.days * 86_400 + took.seconds
        if spent <= 0:
            continue
        squares += (_log_odds(after.price) - _log_odds(before.price)) ** 2
        seconds += spent
        changes += 1
    if changes < FEWEST_CHANGES:
        return None
    return (squares / (seconds / _DAY_SECONDS)).sqrt().quantize(_PLACES)


def multiplier(rules: RiskRules, volatility: Decimal) -> Decimal:
    """Between the two multipliers, in proportion to where volatility lies between the two levels.

    Raises ValueError where a strategy uses the adjustment without its levels and multipliers.
    """
    low, high = rules.low_volatility_per_day, rules.high_volatility_per_day
    at_low, at_high = rules.low_volatility_multiplier, rules.high_volatility_multiplier
    if low is None or high is None or at_low is None or at_high is None:
        raise ValueError("the volatility adjustment has no levels or multipliers")
    part = min(max((volatility - low) / (high - low), Decimal(0)), Decimal(1))
    return at_low + (at_high - at_low) * part


def possible_multipliers(rules: RiskRules) -> tuple[Decimal, ...]:
    """The stake as it is, and the ends of what the adjustment can make of it where it is on."""
    ends = (rules.low_volatility_multiplier, rules.high_volatility_multiplier)
    return (Decimal(1), *(end for end in ends if rules.use_volatility_adjustment and end is not None))


def scaled(rules: RiskRules, stake: Usd, volatility: Decimal | None) -> Usd:
    """The stake after the adjustment; as it is where there is none, or where volatility is not known."""
    if not rules.use_volatility_adjustment or volatility is None:
        return stake
    return Usd.floor(stake.value * multiplier(rules, volatility))


def _log_odds(price: Price) -> Decimal:
    return (price.value / (1 - price.value)).ln()
