"""retention: every hour. Removes rows that are over their time, in small batches."""

from __future__ import annotations

from typing import Any

from live_trading.wiring.composition import Parts
from live_trading.wiring.deadline import budget_of
from live_trading.wiring.jobs import answer

parts = Parts()


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """As many batches as there is time for; see `services/watching/retention.py`."""
    return answer(context, "retention", lambda: parts.retention(context.aws_request_id).run(budget_of(context)), parts)
