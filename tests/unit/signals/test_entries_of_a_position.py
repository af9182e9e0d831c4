"""How entries into a token are counted, limited in one batch, and kept apart from configurations without limits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from live_trading.exits.token_entries import TokenMove, position_standing
from live_trading.nouns.decisions import Reason
from live_trading.nouns.money import Price, Shares
from live_trading.signals.config import InvalidConfig, config_hash, parse_config
from live_trading.signals.evaluate import evaluate
from live_trading.signals.inputs import PositionStanding, after_entries, after_entry, canonical, inputs_hash
from tests.builders import NOON, a_config, inputs

pytestmark = pytest.mark.exits

NEVER = PositionStanding(entries=0, last_entry_price=None, last_stop_at=None, was_left=False)


def standing(*moves: str) -> tuple[int, str | None, bool]:
    """After moves such as "10@0.40" for an entry and "-10" for what left."""
    found = position_standing([move(each) for each in moves], None)
    price = found.last_entry_price
    return found.entries, None if price is None else str(price), found.was_left


def move(text: str) -> TokenMove:
    shares, _, price = text.partition("@")
    return TokenMove(shares=Shares(shares), entered_at=Price(price) if price else None)


@pytest.mark.parametrize(
    ("moves", "entries", "last", "was_left"),
    [
        ((), 0, None, False),
        (("10@0.40",), 1, "0.400000", False),
        (("10@0.40", "10@0.30"), 2, "0.300000", False),
        # A part that was sold does not make room for a further entry.
        (("10@0.40", "10@0.30", "-15"), 2, "0.300000", False),
        (("10@0.40", "10@0.30", "-20"), 0, None, True),
        # Less than one share cannot be worth the dollar that a sale must bring, and so it stays behind.
        (("10.09@0.40", "-10"), 0, None, True),
        (("11@0.40", "-10"), 1, "0.400000", False),
        (("10@0.40", "-10", "5@0.60"), 1, "0.600000", False),
        (("10.5@0.40", "-10", "10.5@0.60", "-10"), 0, None, True),
        # Shares that somebody booked are held and no entry; when they go, nothing that was entered has been left.
        (("10", "-10"), 0, None, False),
        # An entry that came to less than a share is one.
        (("0.5@0.40",), 1, "0.400000", False),
    ],
)
def test_entries_count_while_something_is_held(
    moves: Sequence[str], entries: int, last: str | None, was_left: bool
) -> None:
    assert standing(*moves) == (entries, last, was_left)


def test_an_entry_of_the_same_batch_is_one_that_the_next_trade_finds() -> None:
    limits = a_config(positions={"max_entries": 2, "min_entry_distance_fraction": "0.1"})
    before = inputs(config=limits, position=NEVER)

    once = after_entries(before, [Price("0.40")])
    twice = after_entries(before, [Price("0.40"), Price("0.30")])

    assert evaluate(before).reason is Reason.ACCEPTED
    assert evaluate(once).reason is Reason.TOO_CLOSE_TO_LAST_ENTRY
    assert evaluate(twice).reason is Reason.TOO_MANY_ENTRIES


def test_what_is_entered_again_is_held_and_no_longer_left() -> None:
    left = replace(NEVER, was_left=True, last_stop_at=NOON)

    assert after_entry(left, Price("0.4")) == PositionStanding(
        entries=1, last_entry_price=Price("0.4"), last_stop_at=NOON, was_left=False
    )


def test_a_cooldown_outlasts_the_entries_of_its_batch() -> None:
    stopped = replace(NEVER, was_left=True, last_stop_at=NOON - timedelta(minutes=1))
    cooling = inputs(config=a_config(positions={"cooldown_minutes_after_stop": 5}), position=stopped)

    assert evaluate(after_entries(cooling, [Price("0.4")])).reason is Reason.COOLING_DOWN


def test_without_limits_texts_and_hashes_are_what_they_were() -> None:
    assert after_entries(inputs(), [Price("0.4")]) == inputs()
    assert "position" not in canonical(inputs())
    assert config_hash(parse_config({})) == config_hash(parse_config({"positions": None}))
    assert config_hash(parse_config({})) != config_hash(parse_config({"positions": {"max_entries": 2}}))


def test_the_standing_is_a_part_of_what_was_decided_on() -> None:
    stopped = replace(NEVER, entries=1, last_entry_price=Price("0.4"), last_stop_at=NOON)

    assert canonical(inputs(position=stopped))["position"] == {
        "entries": 1,
        "last_entry_price": "0.400000",
        "last_stop_at": NOON.isoformat(),
        "was_left": False,
    }
    assert inputs_hash(inputs(position=stopped)) != inputs_hash(inputs(position=NEVER))


@pytest.mark.parametrize(
    ("rules", "field"),
    [
        ({}, "positions"),
        ({"reentry": True}, "positions"),
        ({"max_entries": 0}, "positions.max_entries"),
        ({"cooldown_minutes_after_stop": 0}, "positions.cooldown_minutes_after_stop"),
        ({"min_entry_distance_fraction": "0"}, "positions.min_entry_distance_fraction"),
        ({"max_entries": 1, "min_entry_distance_fraction": "0.1"}, "min_entry_distance_fraction"),
        ({"most_entries": 1}, "positions.most_entries"),
    ],
)
def test_rules_that_say_nothing_or_cannot_be_meant_are_refused(rules: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidConfig) as refused:
        parse_config({"positions": rules})

    assert [error.field for error in refused.value.errors] == [field]
