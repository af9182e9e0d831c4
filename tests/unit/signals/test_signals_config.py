"""The configuration refuses what it does not know, and says for each field why and what is allowed."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from live_trading.signals.config import (
    AllocationMethod,
    ConfigError,
    InvalidConfig,
    PaperFillMethod,
    ProbabilitySource,
    config_hash,
    parse_config,
)
from tests.builders import ALICE

FRACTION_KEYS = (
    "price_min",
    "price_max",
    "min_trader_win_rate",
    "max_trader_win_rate",
    "model_threshold",
    "assumed_slippage_fraction",
    "min_edge",
    "max_edge",
    "kelly_fraction",
    "copy_fraction",
)


def refusal(**raw: Any) -> list[ConfigError]:
    with pytest.raises(InvalidConfig) as refused:
        parse_config(raw)
    return refused.value.errors


def test_the_defaults_are_the_documented_ones() -> None:
    config = parse_config({})

    assert (config.price_min, config.price_max) == (0, 1)
    assert config.min_trader_resolved_count == 30
    assert config.probability_source is ProbabilitySource.TRADER_WIN_RATE_SHRUNK
    assert config.assumed_slippage_fraction == Decimal("0.003")
    assert config.min_edge == 0
    assert config.min_minutes_to_end == 0
    assert config.allocation_method is AllocationMethod.FIXED
    assert config.paper_fill is PaperFillMethod.BOOK
    off = (config.target_traders, config.max_edge, config.min_conviction, config.market_categories)
    assert off == (None, None, None, None)
    assert not config.trade_live_only
    assert not config.use_model


def test_an_unknown_key_is_refused_by_name() -> None:
    (error,) = refusal(min_edgee="0.05")

    assert (error.field, error.reason) == ("min_edgee", "unknown key")


def test_every_field_at_fault_is_named() -> None:
    assert {error.field for error in refusal(price_min="x", max_bet="-1", use_model="yes")} == {
        "price_min",
        "max_bet",
        "use_model",
    }


@pytest.mark.parametrize("key", FRACTION_KEYS)
def test_a_percentage_where_a_fraction_is_meant_is_refused_with_the_allowed_range(key: str) -> None:
    (error,) = refusal(**{key: 5})

    assert error.field == key
    assert error.allowed is not None
    assert "not a percentage" in error.allowed


@pytest.mark.parametrize("number", [0.05, True])
def test_a_binary_float_is_refused_because_it_is_not_the_number_that_was_written(number: object) -> None:
    (error,) = refusal(min_edge=number)

    assert error.field == "min_edge"


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e400", "0.0000001", "ten", None])
def test_a_number_that_does_not_fit_six_places_is_refused(number: str | None) -> None:
    (error,) = refusal(max_bet=number)

    assert error.field == "max_bet"


@pytest.mark.money_faults
@pytest.mark.parametrize(
    "number", ["1e1", " 10 ", "+10", "1_0", "\uff11\uff10", "10.", ".5", "0x10", "nan", "-inf", ""]
)
def test_a_number_is_plain_digits_and_nothing_that_python_reads_besides(number: str) -> None:
    (error,) = refusal(bet_size=number)

    assert (error.field, error.allowed) == (
        "bet_size",
        "an exact decimal number with at most six decimal places, as text",
    )


@pytest.mark.money_faults
@pytest.mark.parametrize("number", ["5", "+5", Decimal("5"), Decimal("NaN"), True])
def test_a_whole_number_is_one_and_no_text(number: object) -> None:
    (error,) = refusal(min_minutes_to_end=number)

    assert error.field == "min_minutes_to_end"


def test_an_empty_list_of_targets_is_refused() -> None:
    (error,) = refusal(target_traders=[])

    assert (error.field, error.allowed) == ("target_traders", "length at least 1")


def test_an_empty_list_of_categories_is_refused() -> None:
    (error,) = refusal(market_categories=[])

    assert error.field == "market_categories"


def test_a_word_of_blanks_would_match_every_title_and_is_refused() -> None:
    (error,) = refusal(exclude_market_keywords=[" "])

    assert error.field == "exclude_market_keywords.0"


def test_the_model_switched_on_without_a_threshold_is_refused() -> None:
    (error,) = refusal(use_model=True)

    assert error.field == "model_threshold"


def test_a_threshold_of_zero_is_a_threshold() -> None:
    assert parse_config({"use_model": True, "model_threshold": 0}).model_threshold == 0


def test_copying_a_fraction_needs_the_fraction() -> None:
    (error,) = refusal(allocation_method="COPY_FRACTION")

    assert error.field == "copy_fraction"


@pytest.mark.parametrize("starts", [["10", "10"], ["20", "10"]])
def test_tiers_out_of_order_are_refused(starts: list[str]) -> None:
    (error,) = refusal(copy_tiers=[{"from_usd": start, "multiplier": "1"} for start in starts])

    assert error.field == "copy_tiers"


@pytest.mark.parametrize(
    ("low", "high"),
    [
        ("price_min", "price_max"),
        ("min_trader_win_rate", "max_trader_win_rate"),
        ("min_edge", "max_edge"),
        ("min_conviction", "max_conviction"),
        ("min_source_trade_usd", "max_source_trade_usd"),
        ("min_bet", "max_bet"),
    ],
)
def test_a_lower_bound_above_its_upper_bound_is_refused(low: str, high: str) -> None:
    (error,) = refusal(**{low: "0.6", high: "0.5"})

    assert error.field == low
    assert error.allowed == f"at most {high}, which is 0.5"
    assert parse_config({low: "0.5", high: "0.5"})


def test_an_end_at_or_before_the_start_is_refused() -> None:
    day = "2026-09-28T00:00:00Z"

    assert refusal(start_date=day, end_date=day)[0].field == "end_date"
    assert refusal(start_date=day, end_date="2026-09-27T00:00:00Z")[0].field == "start_date"


@pytest.mark.parametrize("moment", ["2026-09-28T12:00:00", "2026-09-28", "1790596800", 1790596800, "noon"])
def test_a_time_without_a_zone_or_as_a_bare_number_is_refused(moment: object) -> None:
    (error,) = refusal(start_date=moment)

    assert (error.field, error.allowed) == ("start_date", "ISO 8601 with a time zone")


@pytest.mark.parametrize("address", ["0xabc", "alice", ALICE[2:], "0x" + "g" * 40])
def test_a_trader_that_is_no_address_is_refused(address: str) -> None:
    assert refusal(target_traders=[ALICE, address])[0].field == "target_traders.1"


def test_a_trader_is_followed_whatever_the_case_of_the_address() -> None:
    assert parse_config({"target_traders": ["0x" + "A1" * 20]}).target_traders == (ALICE,)


def test_an_unknown_sizing_method_is_refused_and_not_taken_for_fixed() -> None:
    (error,) = refusal(allocation_method="ALL_IN")

    assert error.field == "allocation_method"
    assert error.allowed is not None
    assert all(method in error.allowed for method in AllocationMethod)


@pytest.mark.parametrize("raw", [[], "{}", None])
def test_what_is_no_mapping_is_refused_and_not_read_as_no_filters(raw: Any) -> None:
    with pytest.raises(InvalidConfig):
        parse_config(raw)


def test_equal_configurations_have_one_hash_however_they_were_written() -> None:
    written = [
        {"min_edge": "0.05", "start_date": "2026-09-28T12:00:00+00:00", "bet_size": "1.2"},
        {"min_edge": Decimal("0.050000"), "start_date": datetime(2026, 9, 28, 12, tzinfo=UTC), "bet_size": "1.20"},
        {"start_date": "2026-09-28T14:00:00+02:00", "min_edge": Decimal("5e-2")},
    ]

    assert len({config_hash(parse_config(raw)) for raw in written}) == 1
    assert config_hash(parse_config({"min_edge": "0.06"})) != config_hash(parse_config({"min_edge": "0.05"}))


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "min_edge": st.decimals(min_value=-1, max_value=1, places=6),
            "bet_size": st.decimals(min_value="0.000001", max_value=10**12, places=6),
            "min_trader_resolved_count": st.integers(min_value=0, max_value=10**6),
            "target_traders": st.lists(st.from_regex(r"0x[0-9a-fA-F]{40}", fullmatch=True), min_size=1, max_size=3),
            "end_date": st.datetimes(timezones=st.just(UTC)),
            "allocation_method": st.sampled_from(sorted(set(AllocationMethod) - {AllocationMethod.COPY_FRACTION})),
        },
    )
)
def test_the_json_form_of_a_configuration_reads_back_as_the_same_configuration(raw: dict[str, Any]) -> None:
    config = parse_config(raw)

    again = parse_config(config.model_dump(mode="json"))

    assert again == config
    assert config_hash(again) == config_hash(config)
