"""Probability, cost and edge of a share, and how convinced the trader is."""

from __future__ import annotations

from decimal import Decimal

from live_trading.nouns.markets import FeeSchedule
from live_trading.nouns.money import Price, Usd
from live_trading.nouns.trades import TraderRecord
from live_trading.orders.fees import fee_per_share

PRIOR_STRENGTH = 30
HIGHEST_COST = Decimal("0.9999")
HIGHEST_CONVICTION = Decimal(1_000_000)
# Standard deviations on either side that hold 19 of 20 cases of a normal distribution.
_IN_19_OF_20 = Decimal("1.96")
_EIGHT_PLACES = Decimal("0.00000001")


def win_rate(record: TraderRecord) -> Decimal | None:
    """Won over resolved; None where nothing is resolved."""
    if record.resolved_count == 0:
        return None
    return _rounded(Decimal(record.won_count) / record.resolved_count)


def shrunken_win_rate(record: TraderRecord, prior_mean: Decimal | None) -> Decimal | None:
    """The mean of a Beta posterior whose prior has the population's mean and the strength of 30 positions."""
    if prior_mean is None:
        return None
    return _rounded((record.won_count + PRIOR_STRENGTH * prior_mean) / (record.resolved_count + PRIOR_STRENGTH))


def win_rate_interval(record: TraderRecord) -> tuple[Decimal, Decimal] | None:
    """Where the trader's own rate lies in 19 cases of 20, by Wilson's score; None where nothing is resolved."""
    count = record.resolved_count
    if count == 0:
        return None
    rate = Decimal(record.won_count) / count
    spread = _IN_19_OF_20 * (rate * (1 - rate) / count + _IN_19_OF_20**2 / (4 * count**2)).sqrt()
    centre, scale = rate + _IN_19_OF_20**2 / (2 * count), 1 + _IN_19_OF_20**2 / count
    return _within_one((centre - spread) / scale), _within_one((centre + spread) / scale)


def shrunken_interval(record: TraderRecord, prior_mean: Decimal | None) -> tuple[Decimal, Decimal] | None:
    """The same of the shrunken rate: twice the deviation of the posterior around its mean."""
    mean = shrunken_win_rate(record, prior_mean)
    if mean is None:
        return None
    spread = _IN_19_OF_20 * (mean * (1 - mean) / (record.resolved_count + PRIOR_STRENGTH + 1)).sqrt()
    return _within_one(mean - spread), _within_one(mean + spread)


def _within_one(rate: Decimal) -> Decimal:
    return _rounded(min(max(rate, Decimal(0)), Decimal(1)))


def cost_per_share(price: Price, assumed_slippage_fraction: Decimal, fees: FeeSchedule) -> Decimal:
    """min(0.9999, price with slippage) plus the fee of a share at that price."""
    slipped = min(HIGHEST_COST, price.value * (1 + assumed_slippage_fraction))
    return _rounded(slipped + fee_per_share(fees, Price.nearest(slipped)))


def conviction(trade_usd: Usd, average_trade_usd: Usd | None) -> Decimal | None:
    """This trade's size as a multiple of the trader's usual size; None where that is not known.

    A multiple above a million says no more than a million: no bound can be set there.
    """
    if average_trade_usd is None or not average_trade_usd.is_positive:
        return None
    return _rounded(min(trade_usd.value / average_trade_usd.value, HIGHEST_CONVICTION))


def _rounded(value: Decimal) -> Decimal:
    """Ratios on eight places, so that their text does not depend on the precision of the arithmetic."""
    return value.quantize(_EIGHT_PLACES)
