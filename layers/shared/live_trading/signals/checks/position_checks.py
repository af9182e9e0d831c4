"""Checks of what is held, by the trader and by us; there only where a configuration asks."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from live_trading.nouns.decisions import Reason
from live_trading.nouns.money import Price
from live_trading.signals.checks.findings import Finding, Findings, finding, off, text
from live_trading.signals.inputs import EvaluationInputs


def standing(inputs: EvaluationInputs) -> Findings:
    """Whether the trader is still in what they bought, where they are followed out of it."""
    theirs, exits = inputs.standing, inputs.config.exits
    if theirs is None or exits is None:
        return
    yield finding("trader_left", theirs.has_left, "False", Reason.TRADER_LEFT, passed=not theirs.has_left)
    hedged = theirs.is_hedged
    if exits.skip_hedged:
        yield finding("trader_hedged", hedged, "False", Reason.TRADER_HEDGED, passed=not hedged)
    else:
        yield off("trader_hedged", hedged)


def position(inputs: EvaluationInputs) -> Findings:
    """Whether the token and its market may be entered after what happened in them."""
    ours, rules = inputs.position, inputs.config.positions
    if ours is None or rules is None:
        return
    yield _cooldown(inputs.now, ours.last_stop_at, rules.cooldown)
    if rules.reentry:
        yield off("was_left", ours.was_left)
    else:
        yield finding("was_left", ours.was_left, "False", Reason.POSITION_WAS_LEFT, passed=not ours.was_left)
    if rules.max_entries is None:
        yield off("entries", ours.entries)
    else:
        yield finding(
            "entries",
            ours.entries,
            f"below {rules.max_entries}",
            Reason.TOO_MANY_ENTRIES,
            passed=ours.entries < rules.max_entries,
        )
    yield _distance(inputs.trade.price, ours.last_entry_price, rules.min_entry_distance_fraction)


def _cooldown(now: datetime, last_stop_at: datetime | None, cooldown: timedelta | None) -> Finding:
    if cooldown is None or last_stop_at is None:
        return off("last_stop_at", last_stop_at)
    until = last_stop_at + cooldown
    return finding(
        "last_stop_at", last_stop_at, lambda: f"cool until {text(until)}", Reason.COOLING_DOWN, passed=now >= until
    )


def _distance(price: Price, last: Price | None, wanted: Decimal | None) -> Finding:
    """Compared without a division, so that a distance of exactly the fraction is one that passes."""
    if last is None:
        return off("entry_distance")
    distance = abs(price.value - last.value)
    if wanted is None:
        return off("entry_distance", distance)
    least = last.value * wanted
    return finding("entry_distance", distance, least, Reason.TOO_CLOSE_TO_LAST_ENTRY, passed=distance >= least)
