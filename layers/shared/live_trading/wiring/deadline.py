"""From an invocation's context to the time that its run may take."""

from __future__ import annotations

from typing import Any

from live_trading.services.running.budget import Budget


def budget_of(context: Any) -> Budget:
    """What is left until the time-out, less what a run needs to leave in good order."""
    return Budget.of_invocation(context.get_remaining_time_in_millis)
