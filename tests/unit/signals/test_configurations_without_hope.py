"""A configuration that is said never to bet never bets, and one that may is left alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from live_trading.nouns.markets import FeeSchedule
from live_trading.nouns.money import Price, Usd
from live_trading.signals.config import parse_config
from live_trading.signals.hopeless import DoubtCode, doubts
from live_trading.signals.probability import cost_per_share
from live_trading.signals.sizing import SizingFacts, stake

NOW = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)
RATES = st.decimals("0", "1", places=4)
CENTS = st.decimals("0.001", "3", places=3)


def told(config: dict[str, Any]) -> list[tuple[DoubtCode, str]]:
    return [(each.code, each.field) for each in doubts(parse_config(config), NOW)]


def facts(edge: Decimal, price: Decimal = Decimal("0.5")) -> SizingFacts:
    return SizingFacts(
        bankroll=Usd(1000),
        trade_usd=Usd(500),
        probability=price + edge,
        cost=price,
        edge=edge,
        conviction=Decimal(2),
        win_rate=Decimal("0.6"),
        model_probability=None,
    )


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({}, []),
        ({"end_date": (NOW + timedelta(seconds=1)).isoformat()}, []),
        ({"end_date": NOW.isoformat()}, [(DoubtCode.IS_OVER, "end_date")]),
        ({"use_model": True, "model_threshold": "0"}, [(DoubtCode.NO_MODEL, "use_model")]),
        ({"allocation_method": "ML_SCALED"}, [(DoubtCode.NO_MODEL, "allocation_method")]),
        ({"price_min": "0.5", "min_edge": "0.4985"}, []),
        ({"price_min": "0.5", "min_edge": "0.4986"}, [(DoubtCode.EDGE_OUT_OF_REACH, "min_edge")]),
        (
            {"probability_source": "trader_win_rate", "max_trader_win_rate": "0.6", "price_min": "0.6"},
            [(DoubtCode.EDGE_OUT_OF_REACH, "min_edge")],
        ),
        ({"max_trader_win_rate": "0.6", "price_min": "0.6"}, []),
        ({"allocation_method": "KELLY", "max_edge": "0.01"}, []),
        ({"allocation_method": "KELLY", "max_edge": "0"}, [(DoubtCode.EDGE_OUT_OF_REACH, "max_edge")]),
        (
            {"allocation_method": "EDGE_SCALED", "min_edge": "-1", "max_edge": "-0.2"},
            [(DoubtCode.EDGE_OUT_OF_REACH, "max_edge")],
        ),
        (
            {"allocation_method": "TIERED", "bet_size": "1", "min_bet": "1.001", "max_bet": "1.009"},
            [(DoubtCode.NO_WHOLE_CENT, "max_bet")],
        ),
    ],
)
def test_what_can_never_bet_is_named_by_its_key(config: dict[str, Any], expected: list[tuple[DoubtCode, str]]) -> None:
    assert told(config) == expected


@given(low=CENTS, width=st.decimals("0", "0.02", places=3), edge=st.decimals("-0.1", "0.4", places=3))
def test_bounds_without_a_whole_cent_are_named_and_only_these(low: Decimal, width: Decimal, edge: Decimal) -> None:
    high = low + width
    config = {"allocation_method": "TIERED", "min_edge": "-1", "bet_size": f"{high:f}"}
    parsed = parse_config({**config, "min_bet": f"{low:f}", "max_bet": f"{high:f}"})

    is_named = DoubtCode.NO_WHOLE_CENT in [each.code for each in doubts(parsed, NOW)]

    assert is_named == (stake(parsed, facts(edge)) == Usd.zero())


@given(price=RATES, least=RATES, probability=RATES, min_edge=st.decimals("-1", "1", places=4))
def test_no_trade_that_could_pass_is_beyond_the_edge_that_is_named(
    price: Decimal, least: Decimal, probability: Decimal, min_edge: Decimal
) -> None:
    config = parse_config({"price_min": f"{least:f}", "min_edge": f"{min_edge:f}"})
    fees = FeeSchedule(rate=Decimal(0), exponent=Decimal(1))
    cost = cost_per_share(Price(max(price, least)), config.assumed_slippage_fraction, fees)

    passes = probability - cost >= min_edge

    assert not (passes and DoubtCode.EDGE_OUT_OF_REACH in [each.code for each in doubts(config, NOW)])
