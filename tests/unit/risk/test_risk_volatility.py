"""Volatility of log-odds, and what it leaves of a stake."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from live_trading.nouns.markets import PricePoint
from live_trading.nouns.money import Price
from live_trading.risk.volatility import FEWEST_CHANGES, multiplier, per_day, possible_multipliers
from tests.builders import NOON, risk_rules

pytestmark = pytest.mark.risk

ADJUSTED = risk_rules(
    use_volatility_adjustment=True,
    volatility_lookback_days=7,
    low_volatility_per_day=Decimal("0.2"),
    high_volatility_per_day=Decimal("1"),
    low_volatility_multiplier=Decimal("1"),
    high_volatility_multiplier=Decimal("0.5"),
)


def history(prices: list[str], *, every: timedelta = timedelta(hours=1)) -> list[PricePoint]:
    return [PricePoint(at=NOON + every * place, price=Price(price)) for place, price in enumerate(prices)]


def test_a_price_that_stands_still_has_none() -> None:
    assert per_day(history(["0.4"] * 20)) == 0


def test_the_same_odds_at_both_ends_count_alike() -> None:
    low = per_day(history(["0.1", "0.12"] * 10))
    high = per_day(history(["0.9", "0.88"] * 10))

    assert low is not None
    assert low == high


def test_a_move_of_a_cent_near_zero_is_a_greater_one_than_in_the_middle() -> None:
    near_zero, middle = per_day(history(["0.01", "0.02"] * 10)), per_day(history(["0.50", "0.51"] * 10))

    assert near_zero is not None
    assert middle is not None
    assert near_zero > middle * 10


def test_hourly_changes_of_one_tenth_in_log_odds_are_half_a_day_s_unit() -> None:
    up = Price.nearest(Decimal("0.1").exp() / (1 + Decimal("0.1").exp()))
    found = per_day(history([str(up), "0.5"] * 13))

    assert found is not None
    assert abs(found - Decimal("0.1") * Decimal(24).sqrt()) < Decimal("0.001")


def test_slower_points_of_the_same_changes_are_calmer() -> None:
    hourly, daily = (
        per_day(history(["0.4", "0.45"] * 10)),
        per_day(history(["0.4", "0.45"] * 10, every=timedelta(days=1))),
    )

    assert hourly is not None
    assert daily is not None
    assert hourly > daily


@pytest.mark.parametrize("prices", [[], ["0.5"], ["0.4"] * FEWEST_CHANGES, ["0", "1"] * 30])
def test_too_little_to_tell_is_none_and_never_zero(prices: list[str]) -> None:
    assert per_day(history(prices)) is None


def test_the_order_of_points_does_not_matter_and_twice_the_same_moment_is_no_change() -> None:
    points = history(["0.4", "0.45", "0.42"] * 6)

    assert per_day([*reversed(points), points[0]]) == per_day(points)


@pytest.mark.parametrize(
    ("volatility", "expected"), [("0", "1"), ("0.2", "1"), ("0.6", "0.75"), ("1", "0.5"), ("7", "0.5")]
)
def test_the_stake_goes_from_one_multiplier_to_the_other_between_the_levels(volatility: str, expected: str) -> None:
    assert multiplier(ADJUSTED, Decimal(volatility)) == Decimal(expected)


def test_what_sizing_may_be_given_is_one_and_the_ends_of_an_adjustment_that_is_on() -> None:
    assert possible_multipliers(risk_rules()) == (Decimal(1),)
    assert possible_multipliers(ADJUSTED) == (Decimal(1), Decimal(1), Decimal("0.5"))


@given(volatility=st.decimals(min_value=0, max_value=5, places=4))
def test_the_multiplier_stays_between_the_two_ends(volatility: Decimal) -> None:
    assert Decimal("0.5") <= multiplier(ADJUSTED, volatility) <= Decimal(1)
