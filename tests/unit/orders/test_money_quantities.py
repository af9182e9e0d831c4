"""Usd, Shares and Price are exact, never mix, and round only when asked to."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from live_trading.nouns.money import (
    InexactQuantity,
    Price,
    Shares,
    Usd,
    average_price,
    notional,
    total_shares,
    total_usd,
)

UNITS = st.integers(min_value=-(10**18), max_value=10**18)
POSITIVE_UNITS = st.integers(min_value=1, max_value=10**15)
PRICE_UNITS = st.integers(min_value=0, max_value=10**6)
RAW = st.decimals(min_value=-(10**9), max_value=10**9, places=9)


@pytest.mark.parametrize("raw", [0.1, True, None, "ten", "NaN", "Infinity", Decimal("NaN"), "0.0000001", ""])
def test_a_quantity_refuses_what_is_not_an_exact_decimal_of_six_places(raw: Any) -> None:
    with pytest.raises(InexactQuantity):
        Usd(raw)


@pytest.mark.parametrize("raw", ["-0.000001", "1.000001", 50, "100"])
def test_a_price_is_a_fraction_of_a_dollar_and_never_cents(raw: str | int) -> None:
    with pytest.raises(InexactQuantity):
        Price(raw)


def test_dollars_and_shares_do_not_add_compare_or_equal() -> None:
    dollars: Any = Usd(5)

    with pytest.raises(TypeError):
        dollars + Shares(5)
    with pytest.raises(TypeError):
        dollars - Shares(5)
    with pytest.raises(TypeError):
        dollars < Shares(5)  # noqa: B015 - the comparison itself is refused
    assert dollars != Shares(5)


def test_the_text_of_a_quantity_has_six_places_and_no_exponent() -> None:
    assert [str(Usd(raw)) for raw in ("0", "0.000001", "1e3", "-2.5")] == [
        "0.000000",
        "0.000001",
        "1000.000000",
        "-2.500000",
    ]


def test_equal_quantities_are_equal_keys_however_they_were_written() -> None:
    assert {Usd("1.5"), Usd("1.500000"), Usd("15e-1")} == {Usd("1.5")}


@given(UNITS, UNITS)
def test_addition_and_subtraction_are_exact(left: int, right: int) -> None:
    a, b = Usd.of_base_units(left), Usd.of_base_units(right)

    assert (a + b).base_units == left + right
    assert (a - b).base_units == left - right
    assert (-a).base_units == -left
    assert a + b - b == a


@given(UNITS)
def test_text_and_base_units_lose_nothing(units: int) -> None:
    quantity = Shares.of_base_units(units)

    assert Shares(str(quantity)) == quantity
    assert quantity.base_units == units


@given(RAW)
def test_floor_and_ceil_enclose_the_value_within_one_quantum(raw: Decimal) -> None:
    low, high = Usd.floor(raw), Usd.ceil(raw)

    assert low.value <= raw <= high.value
    assert (high - low).base_units in (0, 1)
    assert Usd.nearest(raw) in (low, high)


@given(st.lists(UNITS, max_size=20))
def test_totals_are_exact(units: list[int]) -> None:
    assert total_usd([Usd.of_base_units(each) for each in units]).base_units == sum(units)
    assert total_shares([Shares.of_base_units(each) for each in units]).base_units == sum(units)


@given(PRICE_UNITS, POSITIVE_UNITS)
def test_a_notional_is_floored_and_never_above_a_dollar_a_share(price_units: int, share_units: int) -> None:
    price, shares = Price.of_base_units(price_units), Shares.of_base_units(share_units)

    cost = notional(price, shares)

    assert cost.base_units == price_units * share_units // 10**6
    assert Usd.zero() <= cost <= Usd(shares.value)


@given(PRICE_UNITS, POSITIVE_UNITS)
def test_an_average_price_of_a_cost_within_a_dollar_a_share_exists(cost_of_million: int, share_units: int) -> None:
    shares = Shares.of_base_units(share_units)
    cost = Usd.of_base_units(cost_of_million * share_units // 10**6)

    average = average_price(cost, shares)

    assert average is not None
    assert abs(average.value * shares.value - cost.value) <= shares.value * Decimal("0.0000005")


def test_no_shares_have_no_average_price() -> None:
    assert average_price(Usd(0), Shares(0)) is None
