"""Each sizing method by its documented formula, then the clamp to [min_bet, max_bet] and down to cents."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from live_trading.nouns.money import Usd
from live_trading.signals.config import AllocationMethod, WalletConfig
from live_trading.signals.sizing import SizingFacts, stake
from tests.builders import a_config

METHODS = tuple(AllocationMethod)
RATIOS = st.decimals(min_value=-2, max_value=2, places=8)
FRACTIONS = st.decimals(min_value=0, max_value=1, places=8)
DOLLARS = st.integers(min_value=0, max_value=10**12).map(Usd.of_base_units)


def facts(**changes: Any) -> SizingFacts:
    """Bankroll 1000, a source trade of 40, probability .6 at cost .5, usual conviction and win rate, no model."""
    values: dict[str, Any] = {
        "bankroll": Usd(1000),
        "trade_usd": Usd(40),
        "probability": Decimal("0.6"),
        "cost": Decimal("0.5"),
        "edge": Decimal("0.1"),
        "conviction": Decimal(1),
        "win_rate": Decimal("0.6"),
        "model_probability": None,
    }
    return SizingFacts(**{**values, **{key: _decimal(value) for key, value in changes.items()}})


def _decimal(value: Any) -> Any:
    return Decimal(value) if isinstance(value, str | int) else value


def sizing(method: str, **keys: Any) -> WalletConfig:
    """A base of ten dollars between nothing and a thousand, so that a formula shows."""
    return a_config(**{"allocation_method": method, "min_bet": "0", "max_bet": "1000", **keys})


def test_fixed_bets_the_base_which_is_size_times_weight() -> None:
    assert stake(sizing("FIXED"), facts()) == Usd(10)
    assert stake(sizing("FIXED", bet_allocation_weight="1.5"), facts()) == Usd(15)


@pytest.mark.parametrize(
    ("probability", "cost", "fraction", "expected"),
    [
        ("0.6", "0.5", "0.25", "50.00"),
        ("0.6", "0.5", "1", "200.00"),
        ("0.7", "0.4012", "0.25", "124.74"),
        ("1", "0.5", "0.1", "100.00"),
        ("0.5", "0.5", "0.25", "0.00"),
        ("0.4", "0.5", "0.25", "0.00"),
        ("0.6", "1", "0.25", "0.00"),
        ("1", "1.01", "0.25", "0.00"),
    ],
)
def test_kelly_bets_the_fraction_of_the_bankroll_that_edge_over_odds_gives(
    probability: str, cost: str, fraction: str, expected: str
) -> None:
    config = sizing("KELLY", kelly_fraction=fraction)

    assert stake(config, facts(probability=probability, cost=cost)) == Usd(expected)


def test_kelly_with_nothing_in_the_bank_is_no_bet() -> None:
    assert stake(sizing("KELLY"), facts(bankroll=Usd(0))) == Usd(0)
    assert stake(sizing("KELLY"), facts(bankroll=Usd(-5))) == Usd(0)


@pytest.mark.parametrize(
    ("edge", "expected"), [("0.1", "15"), ("0", "10"), ("-0.1", "5"), ("-0.2", "0"), ("-0.5", "0")]
)
def test_edge_scaled_adds_half_the_base_for_every_ten_points_of_edge(edge: str, expected: str) -> None:
    assert stake(sizing("EDGE_SCALED"), facts(edge=edge)) == Usd(expected)


@pytest.mark.parametrize(
    ("edge", "expected"),
    [
        ("0.15", "20"),
        ("0.14999999", "15"),
        ("0.10", "15"),
        ("0.09999999", "10"),
        ("0.05", "10"),
        ("0.04999999", "5"),
        ("-0.3", "5"),
    ],
)
def test_tiered_steps_up_at_five_ten_and_fifteen_points_of_edge(edge: str, expected: str) -> None:
    assert stake(sizing("TIERED"), facts(edge=edge)) == Usd(expected)


@pytest.mark.parametrize(
    ("conviction", "expected"), [("0", "5"), ("0.5", "5"), ("0.51", "5.1"), ("2.99", "29.9"), ("3", "30"), ("99", "30")]
)
def test_conviction_scales_the_base_from_half_to_three_times(conviction: str, expected: str) -> None:
    assert stake(sizing("CONVICTION"), facts(conviction=conviction)) == Usd(expected)


@pytest.mark.parametrize(
    ("model", "expected"), [("0", "5"), ("0.25", "5"), ("0.3", "6"), ("0.5", "10"), ("0.75", "15"), ("1", "20")]
)
def test_ml_scaled_is_the_base_at_one_half_and_double_at_certainty(model: str, expected: str) -> None:
    assert stake(sizing("ML_SCALED"), facts(model_probability=model)) == Usd(expected)


@pytest.mark.parametrize(
    ("edge", "conviction", "win_rate", "expected"),
    [
        ("0.2", "3", "0.8", "20"),
        ("9", "9", "1", "20"),
        ("0", "0.5", "0.5", "5"),
        ("-1", "0", "0", "5"),
        ("0.1", "0.5", "0.5", "8"),
        ("0", "1.75", "0.5", "7.25"),
        ("0", "0.5", "0.65", "7.25"),
    ],
)
def test_confidence_weighs_edge_conviction_and_win_rate(
    edge: str, conviction: str, win_rate: str, expected: str
) -> None:
    found = stake(sizing("CONFIDENCE"), facts(edge=edge, conviction=conviction, win_rate=win_rate))

    assert found == Usd(expected)


@pytest.mark.parametrize(
    ("model", "conviction", "win_rate", "edge", "expected"),
    [
        ("1", "3", "0.8", "0.2", "20"),
        ("0.5", "0.5", "0.5", "0", "5"),
        ("0", "0", "0", "-1", "5"),
        ("1", "0.5", "0.5", "0", "10.25"),
        ("0.5", "3", "0.5", "0", "9.5"),
        ("0.5", "0.5", "0.8", "0", "8.75"),
        ("0.5", "0.5", "0.5", "0.2", "6.5"),
    ],
)
def test_whale_weighs_model_conviction_win_rate_and_edge(
    model: str, conviction: str, win_rate: str, edge: str, expected: str
) -> None:
    found = stake(sizing("WHALE"), facts(model_probability=model, conviction=conviction, win_rate=win_rate, edge=edge))

    assert found == Usd(expected)


@pytest.mark.parametrize(
    ("trade_usd", "expected"), [("99.99", "9.99"), ("100", "20"), ("999.99", "199.99"), ("1000", "50"), ("4000", "200")]
)
def test_copy_fraction_copies_by_the_tier_that_the_source_trade_falls_in(trade_usd: str, expected: str) -> None:
    tiers = [{"from_usd": "100", "multiplier": "2"}, {"from_usd": "1000", "multiplier": "0.5"}]

    found = stake(sizing("COPY_FRACTION", copy_fraction="0.1", copy_tiers=tiers), facts(trade_usd=Usd(trade_usd)))

    assert found == Usd(expected)


def test_copy_fraction_without_tiers_copies_the_fraction() -> None:
    assert stake(sizing("COPY_FRACTION", copy_fraction="0.05"), facts(trade_usd=Usd(40))) == Usd(2)


@pytest.mark.parametrize(
    ("method", "missing"),
    [
        ("KELLY", "probability"),
        ("EDGE_SCALED", "edge"),
        ("TIERED", "edge"),
        ("CONVICTION", "conviction"),
        ("ML_SCALED", "model_probability"),
        ("CONFIDENCE", "edge"),
        ("CONFIDENCE", "conviction"),
        ("CONFIDENCE", "win_rate"),
        ("WHALE", "edge"),
        ("WHALE", "conviction"),
        ("WHALE", "win_rate"),
        ("WHALE", "model_probability"),
    ],
)
def test_a_method_whose_input_is_not_known_gives_no_stake_and_assumes_nothing(method: str, missing: str) -> None:
    known = facts(model_probability="0.8")

    assert stake(sizing(method), known) is not None
    assert stake(sizing(method), facts(**{"model_probability": "0.8", missing: None})) is None


def test_a_stake_under_the_minimum_is_raised_to_it() -> None:
    assert stake(sizing("FIXED", min_bet="25"), facts()) == Usd(25)


def test_a_stake_over_the_maximum_is_lowered_to_it() -> None:
    assert stake(sizing("FIXED", max_bet="7"), facts()) == Usd(7)


def test_a_positive_kelly_stake_under_the_minimum_is_no_bet() -> None:
    config = sizing("KELLY", min_bet="50.01")

    assert stake(config, facts()) == Usd(0)
    assert stake(sizing("KELLY", min_bet="50"), facts()) == Usd(50)


def test_a_stake_is_rounded_down_to_cents() -> None:
    assert stake(sizing("FIXED", bet_size="9.999"), facts()) == Usd("9.99")


def test_a_stake_of_less_than_a_cent_is_no_bet() -> None:
    assert stake(sizing("FIXED", bet_size="0.009"), facts()) == Usd(0)


def test_a_stake_of_nothing_is_not_raised_to_the_minimum() -> None:
    assert stake(sizing("EDGE_SCALED", min_bet="5"), facts(edge="-0.5")) == Usd(0)


@given(
    st.sampled_from(METHODS),
    st.builds(
        SizingFacts,
        bankroll=DOLLARS,
        trade_usd=DOLLARS,
        probability=FRACTIONS | st.none(),
        cost=st.decimals(min_value=0, max_value=3, places=8),
        edge=RATIOS | st.none(),
        conviction=st.decimals(min_value=0, max_value=10**6, places=8) | st.none(),
        win_rate=FRACTIONS | st.none(),
        model_probability=FRACTIONS | st.none(),
        multiplier=st.decimals(min_value=0, max_value=5, places=6),
    ),
    st.decimals(min_value=0, max_value=50, places=6),
    st.decimals(min_value=50, max_value=10_000, places=6),
)
def test_every_stake_is_whole_cents_between_nothing_and_the_maximum(
    method: AllocationMethod, known: SizingFacts, least: Decimal, most: Decimal
) -> None:
    config = sizing(method, copy_fraction="0.3", min_bet=least, max_bet=most)

    found = stake(config, known)

    if found is None:
        return
    assert Usd(0) <= found <= Usd(most)
    assert found.base_units % 10_000 == 0
    assert not found or found.value >= least


@pytest.mark.money_faults
@pytest.mark.parametrize(
    ("multiplier", "expected"), [("0.5", "6.00"), ("0.7", "7.00"), ("1", "10.00"), ("2", "12.00"), ("0", "0.00")]
)
def test_the_markets_volatility_scales_before_the_clamp(multiplier: str, expected: str) -> None:
    assert stake(sizing("FIXED", min_bet="6", max_bet="12"), facts(multiplier=multiplier)) == Usd(expected)


@pytest.mark.money_faults
@pytest.mark.parametrize(("least", "most", "expected"), [("1.005", "2", "1.01"), ("1.005", "1.009", "0.00")])
def test_a_minimum_between_two_cents_is_kept_to_or_is_no_bet(least: str, most: str, expected: str) -> None:
    assert stake(sizing("FIXED", bet_size="1", min_bet=least, max_bet=most), facts()) == Usd(expected)
