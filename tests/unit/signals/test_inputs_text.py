"""The canonical text of the inputs: its hash is for ever, and it falls apart into what is shared and what is one's own.

The hashes are those that decisions stored in databases carry.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from live_trading.nouns.money import Price, Usd
from live_trading.signals.inputs import (
    EvaluationInputs,
    PositionStanding,
    TraderStanding,
    canonical,
    inputs_hash,
    own_part,
    shared_part,
)
from tests.builders import CRYPTO_FEES, NOON, a_config, a_market, inputs

WHOLE = inputs(
    stake_multiplier=Decimal("0.75"),
    model_probability=Decimal("0.61"),
    model_name="m1",
    standing=TraderStanding(is_held=True, has_left=False, is_hedged=True),
    position=PositionStanding(entries=2, last_entry_price=Price("0.4"), last_stop_at=NOON, was_left=False),
    market=a_market(fees=CRYPTO_FEES, game_start_time=NOON),
)
BARE = inputs(market=None, stats=None, prior_mean=None)
HASHES = [
    (inputs(), "c7b51d7e0e71410c2a9517a73108d2b0b65218a5c71c6bb67bc3e4c77a631e06"),
    (WHOLE, "aa054a8f4cdb3b466c60047d145f3ff439d61e7b1f66f1a7a5f30e969666cfc2"),
    (BARE, "a6173ebe0b3d7a1f3c900a83d1bebf99d9540b61b36e30688819d9fc4a46821a"),
]


@pytest.mark.parametrize(("made", "expected"), HASHES, ids=["usual", "whole", "bare"])
def test_the_hash_of_inputs_never_changes(made: EvaluationInputs, expected: str) -> None:
    assert inputs_hash(made) == expected


@pytest.mark.parametrize("made", [inputs(), WHOLE, BARE], ids=["usual", "whole", "bare"])
def test_the_text_is_what_is_shared_and_what_is_ones_own(made: EvaluationInputs) -> None:
    shared, own = shared_part(made), own_part(made)

    assert shared | own == canonical(made)
    assert not set(shared) & set(own)


def test_subjects_with_other_rules_money_and_positions_share_the_rest() -> None:
    other = replace(
        WHOLE,
        config=a_config(min_edge="0.1"),
        config_version=7,
        is_active=False,
        bankroll=Usd(3),
        stake_multiplier=Decimal(1),
        standing=None,
        position=None,
        max_signal_age_seconds=None,
    )

    assert shared_part(other) == shared_part(WHOLE)
    assert own_part(other) != own_part(WHOLE)
