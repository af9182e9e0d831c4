"""Figures of returns are those of `empyrical`, and money that comes or goes is no profit."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import empyrical
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from live_trading.analytics.returns import (
    DAYS_A_YEAR,
    FEWEST_DAYS,
    EquityDay,
    ReturnFigures,
    daily_returns,
    figures_of,
)
from live_trading.nouns.money import Usd

pytestmark = pytest.mark.analytics

START = date(2026, 1, 1)


def curve(*equities: str | Decimal, paid_in: dict[int, str] | None = None) -> list[EquityDay]:
    flows = paid_in or {}
    return [
        EquityDay(day=START + timedelta(days=number), equity=Usd(each), paid_in=Usd(flows.get(number, "0")))
        for number, each in enumerate(equities)
    ]


def theirs(days: list[EquityDay]) -> pd.Series:
    return pd.Series([float(each) for each in daily_returns(days)], index=pd.date_range(START, periods=len(days) - 1))


equities = st.lists(st.decimals(min_value="50", max_value="150", places=2), min_size=FEWEST_DAYS + 1, max_size=90).map(
    lambda values: curve(*values)
)


@given(days=equities)
def test_figures_are_those_of_empyrical(days: list[EquityDay]) -> None:
    ours, returns = figures_of(days), theirs(days)

    def close(value: Decimal | None, other: float) -> bool:
        return value is None or float(value) == pytest.approx(other, rel=1e-4, abs=2e-6)

    assert close(ours.total_return, empyrical.cum_returns_final(returns))
    assert close(ours.yearly_return, empyrical.annual_return(returns, annualization=DAYS_A_YEAR))
    assert close(ours.volatility, empyrical.annual_volatility(returns, annualization=DAYS_A_YEAR))
    assert close(ours.sharpe, empyrical.sharpe_ratio(returns, annualization=DAYS_A_YEAR))
    assert close(ours.sortino, empyrical.sortino_ratio(returns, annualization=DAYS_A_YEAR))
    assert ours.drawdown is not None
    assert close(ours.drawdown.fraction, -empyrical.max_drawdown(returns))


def test_a_ratio_of_few_days_is_not_told() -> None:
    few = figures_of(curve(*["100", "101"] * (FEWEST_DAYS // 2)))

    assert few.days == FEWEST_DAYS - 1
    assert few.sharpe is few.sortino is few.calmar is few.volatility is few.yearly_return is None
    assert few.total_return == Decimal("0.01")


def test_nothing_that_varies_has_no_ratio() -> None:
    still = figures_of(curve(*["100"] * 40))

    assert still.sharpe is still.sortino is still.calmar is still.volatility is None
    assert still.yearly_return == 0


def test_money_that_is_paid_in_or_taken_out_is_no_profit() -> None:
    figures = figures_of(curve("100", "200", "110", paid_in={1: "100", 2: "-90"}))

    assert figures.total_return == 0
    assert figures.drawdown is not None
    assert figures.drawdown.fraction == 0


def test_a_day_without_money_has_no_return() -> None:
    assert daily_returns(curve("0", "0", "100", "110", paid_in={2: "100"})) == [0, 0, Decimal("0.1")]


def fall(figures: ReturnFigures) -> tuple[Decimal, date, date, date | None, int]:
    found = figures.drawdown
    assert found is not None
    return found.fraction, found.high_on, found.low_on, found.recovered_on, found.days


def test_a_fall_lasts_until_the_high_is_reached_again() -> None:
    day = [START + timedelta(days=number) for number in range(7)]

    recovered = figures_of(curve("100", "120", "90", "100", "120", "119"))
    never = figures_of(curve("100", "120", "90", "60", "100"))

    assert fall(recovered) == (Decimal("0.25"), day[1], day[2], day[4], 3)
    assert fall(never) == (Decimal("0.5"), day[1], day[3], None, 3)


def test_all_is_lost_only_once() -> None:
    assert figures_of(curve(*["100"] * 25, "0")).yearly_return == -1
