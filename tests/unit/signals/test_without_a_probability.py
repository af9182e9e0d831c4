"""A configuration without a probability copies trades on their own terms, and asks for nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from live_trading.nouns.decisions import Reason
from live_trading.signals.config import AllocationMethod, parse_config
from live_trading.signals.config_errors import InvalidConfig
from live_trading.signals.evaluate import evaluate
from tests.builders import a_config, inputs, stats

NONE = {"probability_source": "none"}


def test_a_trade_of_a_trader_without_a_record_is_copied() -> None:
    found = evaluate(inputs(config=a_config(**NONE), stats=None))

    assert found.reason is Reason.ACCEPTED
    assert found.probability is found.edge is None


def test_a_record_that_something_else_asks_for_is_still_needed() -> None:
    config = a_config(**NONE, min_trader_win_rate="0.5")

    assert evaluate(inputs(config=config, stats=None)).reason is Reason.TRADER_STATS_MISSING
    assert evaluate(inputs(config=config, stats=stats())).reason is Reason.ACCEPTED


def test_the_least_record_can_be_asked_for() -> None:
    assert parse_config(NONE).min_trader_resolved_count == 0
    assert parse_config({**NONE, "min_trader_resolved_count": 5}).min_trader_resolved_count == 5


@pytest.mark.parametrize(
    ("keys", "field"),
    [
        ({"min_edge": "0.01"}, "min_edge"),
        ({"max_edge": "0.5"}, "max_edge"),
        *(
            ({"allocation_method": method}, "allocation_method")
            for method in ("KELLY", "EDGE_SCALED", "TIERED", "CONFIDENCE", "WHALE")
        ),
    ],
)
def test_what_would_be_inert_or_could_never_bet_is_refused(keys: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidConfig) as refused:
        parse_config({**NONE, **keys})

    assert [each.field for each in refused.value.errors] == [field]


@pytest.mark.parametrize("method", ["FIXED", "CONVICTION", "COPY_FRACTION", "ML_SCALED"])
def test_methods_that_need_no_probability_go_with_it(method: str) -> None:
    config = parse_config({**NONE, "allocation_method": method, "copy_fraction": "0.1"})

    assert config.allocation_method is AllocationMethod(method)
