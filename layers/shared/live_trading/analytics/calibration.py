"""Whether probabilities come true: the score of Brier, how it compares with the market's price, and by bins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from live_trading.analytics.intervals import Interval, wilson
from live_trading.nouns.money import Price

_PLACES = Decimal("0.000001")
BINS = 10
FEWEST_FORECASTS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """What was said of an outcome, what the market said (the price paid), and whether it came."""

    probability: Decimal
    price: Price
    came: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ReliabilityBin:
    """Forecasts of one tenth: how likely they said it was on average, and how often it came, with its interval."""

    low: Decimal
    high: Decimal
    count: int
    said: Decimal
    came: Decimal
    came_interval: Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """Scores are mean squared errors, 0 is perfect; None below `FEWEST_FORECASTS`.

    `skill` is the share of the price's error that the probability saves; below 0 the price knew better.
    """

    count: int
    brier: Decimal | None
    price_brier: Decimal | None
    skill: Decimal | None
    bins: tuple[ReliabilityBin, ...]


def calibration(forecasts: Sequence[Forecast]) -> Calibration:
    """How well these forecasts did, beside the prices at which they were traded."""
    bins = tuple(each for number in range(BINS) if (each := _bin(forecasts, number)) is not None)
    if len(forecasts) < FEWEST_FORECASTS:
        return Calibration(count=len(forecasts), brier=None, price_brier=None, skill=None, bins=bins)
    own = _brier([(each.probability, each.came) for each in forecasts])
    price = _brier([(each.price.value, each.came) for each in forecasts])
    return Calibration(
        count=len(forecasts),
        brier=own.quantize(_PLACES),
        price_brier=price.quantize(_PLACES),
        skill=(1 - own / price).quantize(_PLACES) if price else None,
        bins=bins,
    )


def _brier(said: Sequence[tuple[Decimal, bool]]) -> Decimal:
    return sum(((probability - came) ** 2 for probability, came in said), Decimal(0)) / len(said)


def _bin(forecasts: Sequence[Forecast], number: int) -> ReliabilityBin | None:
    low, high = Decimal(number) / BINS, Decimal(number + 1) / BINS
    is_last = number == BINS - 1
    inside = [each for each in forecasts if low <= each.probability and (each.probability < high or is_last)]
    if not inside:
        return None
    came = sum(each.came for each in inside)
    interval = wilson(came, len(inside))
    if interval is None:
        return None
    return ReliabilityBin(
        low=low,
        high=high,
        count=len(inside),
        said=(sum((each.probability for each in inside), Decimal(0)) / len(inside)).quantize(_PLACES),
        came=(Decimal(came) / len(inside)).quantize(_PLACES),
        came_interval=interval,
    )
