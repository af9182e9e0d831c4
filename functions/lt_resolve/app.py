"""lt-resolve: every ten minutes, or now by the API. Books what the chain says of markets with live positions."""

from __future__ import annotations

from typing import Any

from live_trading.wiring.composition import Parts
from live_trading.wiring.deadline import answered_in_time, budget_of
from live_trading.wiring.jobs import answer, is_http

parts = Parts()


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """One pass of the resolver; see `services/settling/resolve.py`."""
    budget = answered_in_time if is_http(event) else budget_of
    return answer(event, "lt-resolve", lambda: parts.resolver(context.aws_request_id).run(budget(context)), parts)
