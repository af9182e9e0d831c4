"""Win rates, cost, edge and conviction, each None where it is not known."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from live_trading.nouns.money import Price, Usd
from live_trading.signals.probability import (
    conviction,
    cost_per_share,
    shrunken_interval,
    shrunken_win_rate,
    win_rate,
    win_rate_interval,
)
from tests.builders import CRYPTO_FEES, NO_FEES, a_record

NO_SLIPPAGE = Decimal(0)
USUAL_SLIPPAGE = Decimal("0.003")


def test_a_win_rate_is_won_over_resolved() -> None:
    assert win_rate(a_record(resolved=40, won=30)) == Decimal("0.75")


def test_nothing_resolved_has_no_win_rate() -> None:
    assert win_rate(a_record(resolved=0, won=0)) is None


@pytest.mark.parametrize(
    ("resolved", "won", "prior", "expected"),
    [
        (0, 0, "0.55", "0.55"),
        (30, 30, "0.5", "0.75"),
        (30, 0, "0.5", "0.25"),
        (100, 70, "0.5", "0.65384615"),
        (3000, 2100, "0.5", "0.69801980"),
    ],
)
def test_a_shrunken_win_rate_weighs_the_population_like_thirty_positions(
    resolved: int, won: int, prior: str, expected: str
) -> None:
    assert shrunken_win_rate(a_record(resolved=resolved, won=won), Decimal(prior)) == Decimal(expected)


def test_without_a_population_there_is_no_shrunken_win_rate() -> None:
    assert shrunken_win_rate(a_record(), None) is None


@given(
    st.integers(min_value=0, max_value=10_000).flatmap(
        lambda resolved: st.tuples(st.just(resolved), st.integers(min_value=0, max_value=resolved))
    ),
    st.decimals(min_value=0, max_value=1, places=6),
)
def test_a_shrunken_win_rate_lies_between_the_record_and_the_population(
    counts: tuple[int, int], prior: Decimal
) -> None:
    record = a_record(resolved=counts[0], won=counts[1])
    rate = win_rate(record)
    own = prior if rate is None else rate

    shrunken = shrunken_win_rate(record, prior)

    assert shrunken is not None
    assert min(own, prior) - Decimal("1e-8") <= shrunken <= max(own, prior) + Decimal("1e-8")


@pytest.mark.parametrize(
    ("resolved", "won", "low", "high"),
    # The published intervals of Wilson's score for these counts.
    [
        (10, 0, "0.0000", "0.2775"),
        (10, 10, "0.7225", "1.0000"),
        (20, 10, "0.2993", "0.7007"),
        (263, 81, "0.2553", "0.3662"),
    ],
)
def test_a_win_rate_comes_with_the_interval_of_wilsons_score(resolved: int, won: int, low: str, high: str) -> None:
    found = win_rate_interval(a_record(resolved=resolved, won=won))

    assert found is not None
    assert [round(bound, 4) for bound in found] == [Decimal(low), Decimal(high)]


@given(st.integers(1, 5_000), st.data(), st.decimals(0, 1, places=4))
def test_rates_lie_within_their_intervals_which_four_times_as_many_positions_narrow(
    resolved: int, data: st.DataObject, prior: Decimal
) -> None:
    won = data.draw(st.integers(0, resolved))
    few, many = a_record(resolved=resolved, won=won), a_record(resolved=4 * resolved, won=4 * won)

    for rate, interval in (
        (win_rate, win_rate_interval),
        (lambda record: shrunken_win_rate(record, prior), lambda record: shrunken_interval(record, prior)),
    ):
        bounds, narrower = interval(few), interval(many)
        own = rate(few)
        assert bounds is not None
        assert narrower is not None
        assert own is not None
        assert 0 <= bounds[0] <= own <= bounds[1] <= 1
        if 0 < won < resolved and rate is win_rate:
            assert narrower[1] - narrower[0] < bounds[1] - bounds[0]


def test_what_is_not_known_has_no_interval() -> None:
    assert win_rate_interval(a_record(resolved=0, won=0)) is None
    assert shrunken_interval(a_record(), None) is None


@pytest.mark.parametrize(
    ("price", "slippage", "expected"),
    [
        ("0.40", "0", "0.4"),
        ("0.40", "0.003", "0.4012"),
        ("0", "0.003", "0"),
        ("0.997", "0.003", "0.9999"),
        ("1", "0", "0.9999"),
    ],
)
def test_the_cost_of_a_share_is_the_slipped_price_and_at_most_nearly_a_dollar(
    price: str, slippage: str, expected: str
) -> None:
    assert cost_per_share(Price(price), Decimal(slippage), NO_FEES) == Decimal(expected)


def test_the_cost_of_a_share_contains_the_fee_at_the_slipped_price() -> None:
    # 0.4012 + 0.07 x 0.4012 x 0.5988
    assert cost_per_share(Price("0.40"), USUAL_SLIPPAGE, CRYPTO_FEES) == Decimal("0.41801670")


def test_slippage_is_in_the_cost_once() -> None:
    assert cost_per_share(Price("0.40"), USUAL_SLIPPAGE, NO_FEES) == Decimal("0.40") * Decimal("1.003")
    assert cost_per_share(Price("0.40"), NO_SLIPPAGE, NO_FEES) == Decimal("0.40")


def test_conviction_is_this_trade_over_the_usual_one() -> None:
    assert conviction(Usd(40), Usd(20)) == 2


@pytest.mark.parametrize("average", [None, Usd(0), Usd(-1)])
def test_without_a_usual_trade_there_is_no_conviction(average: Usd | None) -> None:
    assert conviction(Usd(40), average) is None


def test_an_absurd_conviction_still_fits_its_column() -> None:
    assert conviction(Usd(10**14 - 1), Usd("0.000001")) == 10**6
