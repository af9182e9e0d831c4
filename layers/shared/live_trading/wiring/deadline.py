"""From an invocation's context to the time that its run may take."""

from __future__ import annotations

from typing import Any

from live_trading.services.running.budget import Budget


def budget_of(context: Any) -> Budget:
    """What is left until the time-out, less what a run needs to leave in good order."""
    return Budget.of_invocation(context.get_remaining_time_in_millis)


def answered_in_time(context: Any, seconds: float) -> Budget:
    """The same for a run that a caller of the API waits for, for so long."""
    budget = budget_of(context)
    return budget.keeping(budget.seconds_left() - seconds)
