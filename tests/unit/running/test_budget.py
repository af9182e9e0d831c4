"""How much time a run has left, as its invocation tells it."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from live_trading.services.running.budget import RESERVE_SECONDS, Budget
from live_trading.wiring.deadline import budget_of

pytestmark = pytest.mark.money_faults


def test_the_time_of_an_invocation_is_less_what_its_end_takes() -> None:
    budget = Budget.of_invocation(lambda: int(RESERVE_SECONDS * 1000) + 5_000)

    assert budget.has(5)
    assert not budget.has(5.001)


def test_the_invocation_is_asked_each_time() -> None:
    remaining = [60_000, 9_000]
    budget = Budget.of_invocation(lambda: remaining.pop(0))

    assert budget.has(30)
    assert not budget.has(30)


def test_a_step_leaves_time_to_those_behind_it() -> None:
    budget = Budget.of_invocation(lambda: 60_000, reserve_seconds=0).keeping(45)

    assert budget.has(15)
    assert not budget.has(16)


def test_who_is_killed_by_nobody_has_all_the_time() -> None:
    assert Budget.unlimited().keeping(1_000_000).has(1_000_000)


def test_a_run_ends_before_the_time_out_that_its_context_tells_of() -> None:
    context = SimpleNamespace(get_remaining_time_in_millis=lambda: 100_000)

    assert budget_of(context).has(100 - RESERVE_SECONDS)
    assert not budget_of(context).has(100)
