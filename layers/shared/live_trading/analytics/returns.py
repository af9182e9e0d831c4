"""Figures of a curve of equity by day: return, volatility against it, and how far and how long it fell.

Markets here are open every day, so a year has 365. A day's return is its profit over what there was at its beginning
together with what was paid in that day: money that comes or goes is no profit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import pairwise

from live_trading.nouns.money import Usd

DAYS_A_YEAR = 365
FEWEST_DAYS = 20
"""Below so many days a ratio says more about luck than about a strategy, and is not told."""

_ONE = Decimal(1)
_PLACES = Decimal("0.000001")


@dataclass(frozen=True, slots=True, kw_only=True)
class EquityDay:
    """One day: what everything was worth at its end, and what was paid in (or, negative, out) during it."""

    day: date
    equity: Usd
    paid_in: Usd


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawdown:
    """The deepest fall of the compounded return below its highest.

    `fraction` of the highest, 0 where it never fell; `days` from the highest to the day on which it was reached again,
    or to the last day where it was not.
    """

    fraction: Decimal
    high_on: date
    low_on: date
    recovered_on: date | None
    days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnFigures:
    """What a curve comes to. Ratios are of daily returns, for a year, without a rate that is free of risk."""

    days: int
    total_return: Decimal
    yearly_return: Decimal | None
    volatility: Decimal | None
    sharpe: Decimal | None
    sortino: Decimal | None
    calmar: Decimal | None
    drawdown: Drawdown | None


def daily_returns(curve: Sequence[EquityDay]) -> list[Decimal]:
    """The return of each day but the first, which is where it begins; a day without any money has none, which is 0."""
    returns = []
    for before, after in pairwise(curve):
        at_work = before.equity.value + after.paid_in.value
        returns.append(after.equity.value / at_work - _ONE if at_work > 0 else Decimal(0))
    return returns


def figures_of(curve: Sequence[EquityDay]) -> ReturnFigures:
    """All figures of a curve, whose days are in order. Ratios are None below `FEWEST_DAYS`, or where nothing varied."""
    returns = daily_returns(curve)
    total = compounded(returns)
    drawdown = deepest_drawdown(curve)
    is_enough = len(returns) >= FEWEST_DAYS
    yearly = _yearly(total, len(returns)) if is_enough else None
    return ReturnFigures(
        days=len(returns),
        total_return=_rounded(total),
        yearly_return=None if yearly is None else _rounded(yearly),
        volatility=_told(_deviation(returns) * _root_of_a_year()) if is_enough else None,
        sharpe=_ratio(returns, _deviation(returns)) if is_enough else None,
        sortino=_ratio(returns, _downside(returns)) if is_enough else None,
        calmar=_calmar(yearly, drawdown),
        drawdown=drawdown,
    )


def compounded(returns: Sequence[Decimal]) -> Decimal:
    """What one dollar would have gained."""
    worth = _ONE
    for each in returns:
        worth *= _ONE + each
    return worth - _ONE


def deepest_drawdown(curve: Sequence[EquityDay]) -> Drawdown | None:
    """The deepest fall of a curve, the earliest of equal ones; None of an empty curve."""
    if not curve:
        return None
    worth = high = _ONE
    high_on = curve[0].day
    found = Drawdown(fraction=Decimal(0), high_on=high_on, low_on=high_on, recovered_on=high_on, days=0)
    for day, each in zip(curve[1:], daily_returns(curve), strict=True):
        worth *= _ONE + each
        if worth >= high:
            if found.recovered_on is None and high_on == found.high_on:
                found = _recovered(found, day.day)
            high, high_on = worth, day.day
            continue
        fraction = _ONE - worth / high
        if fraction > found.fraction:
            found = Drawdown(
                fraction=_rounded(fraction),
                high_on=high_on,
                low_on=day.day,
                recovered_on=None,
                days=(curve[-1].day - high_on).days,
            )
    return found


def _recovered(fall: Drawdown, day: date) -> Drawdown:
    return Drawdown(
        fraction=fall.fraction,
        high_on=fall.high_on,
        low_on=fall.low_on,
        recovered_on=day,
        days=(day - fall.high_on).days,
    )


def _yearly(total: Decimal, days: int) -> Decimal:
    """The same return each year; all is lost only once."""
    kept = _ONE + total
    return kept ** (Decimal(DAYS_A_YEAR) / Decimal(days)) - _ONE if kept > 0 else -_ONE


def _mean(values: Sequence[Decimal]) -> Decimal:
    return sum(values, Decimal(0)) / len(values)


def _deviation(returns: Sequence[Decimal]) -> Decimal:
    """The standard deviation of a sample; 0 where there are fewer than two."""
    if len(returns) < 2:
        return Decimal(0)
    mean = _mean(returns)
    return (sum(((each - mean) ** 2 for each in returns), Decimal(0)) / (len(returns) - 1)).sqrt()


def _downside(returns: Sequence[Decimal]) -> Decimal:
    """The root of the mean square of what fell, over all days."""
    return _mean([min(each, Decimal(0)) ** 2 for each in returns]).sqrt() if returns else Decimal(0)


def _ratio(returns: Sequence[Decimal], risk: Decimal) -> Decimal | None:
    return _rounded(_mean(returns) / risk * _root_of_a_year()) if risk else None


def _calmar(yearly: Decimal | None, drawdown: Drawdown | None) -> Decimal | None:
    if yearly is None or drawdown is None or not drawdown.fraction:
        return None
    return _rounded(yearly / drawdown.fraction)


def _root_of_a_year() -> Decimal:
    return Decimal(DAYS_A_YEAR).sqrt()


def _told(value: Decimal) -> Decimal | None:
    return _rounded(value) if value else None


def _rounded(value: Decimal) -> Decimal:
    return value.quantize(_PLACES)
