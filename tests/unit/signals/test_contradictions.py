"""A configuration that is valid key by key and cannot be meant as a whole is told with the key to change."""

from __future__ import annotations

from typing import Any

import pytest

from live_trading.signals.config import parse_config
from live_trading.signals.contradictions import contradictions
from tests.builders import ALICE, BOB

pytestmark = pytest.mark.money_faults


def found(**raw: Any) -> list[str]:
    return [each.field for each in contradictions(parse_config(raw))]


@pytest.mark.parametrize(
    ("raw", "field"),
    [
        ({"target_traders": [ALICE], "excluded_traders": [BOB, ALICE]}, "excluded_traders"),
        ({"target_traders": [ALICE.upper().replace("0X", "0x")], "excluded_traders": [ALICE]}, "excluded_traders"),
        ({"market_categories": ["US Politics"], "exclude_market_keywords": ["politics"]}, "exclude_market_keywords"),
        ({"price_max": "0"}, "price_max"),
        ({"price_min": "1"}, "price_min"),
        ({"bet_size": "10.01", "max_bet": "10"}, "bet_size"),
        ({"allocation_method": "EDGE_SCALED", "bet_size": "11", "max_bet": "10"}, "bet_size"),
        ({"bet_size": "6", "bet_allocation_weight": "2", "max_bet": "10"}, "bet_allocation_weight"),
        ({"bet_size": "4", "min_bet": "5"}, "bet_size"),
        ({"allocation_method": "TIERED", "copy_tiers": [{"from_usd": "10", "multiplier": "2"}]}, "copy_tiers"),
        (
            {"exits": {"take_profit_price": "0.9"}, "positions": {"cooldown_minutes_after_stop": 5}},
            "positions.cooldown_minutes_after_stop",
        ),
        ({"positions": {"cooldown_minutes_after_stop": 5}}, "positions.cooldown_minutes_after_stop"),
    ],
)
def test_keys_that_cannot_all_be_meant_are_told(raw: dict[str, Any], field: str) -> None:
    assert found(**raw) == [field]


@pytest.mark.parametrize(
    "raw",
    [
        {},
        {"target_traders": [ALICE], "excluded_traders": [BOB]},
        {"market_categories": ["Politics"], "exclude_market_keywords": ["polit"]},
        {"bet_size": "10", "max_bet": "10", "min_bet": "10"},
        {"allocation_method": "KELLY", "bet_size": "50", "max_bet": "10"},
        {"allocation_method": "EDGE_SCALED", "bet_size": "4", "min_bet": "5"},
        {"allocation_method": "TIERED"},
        {"exits": {"trailing_stop_fraction": "0.1"}, "positions": {"cooldown_minutes_after_stop": 5}},
        {"positions": {"reentry": False}},
        {
            "allocation_method": "COPY_FRACTION",
            "copy_fraction": "0.1",
            "copy_tiers": [{"from_usd": "10", "multiplier": "2"}],
        },
    ],
)
def test_keys_that_go_together_are_left_alone(raw: dict[str, Any]) -> None:
    assert found(**raw) == []
