"""lt-redemptions: every ten minutes, or now by the API. Turns resolved tokens into collateral."""

from __future__ import annotations

from typing import Any

from live_trading.wiring.composition import Parts
from live_trading.wiring.deadline import answered_in_time, budget_of
from live_trading.wiring.jobs import answer, is_http

parts = Parts()


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """One run of the redeemer; see `services/redeeming/redeem.py`."""
    budget = answered_in_time if is_http(event) else budget_of
    return answer(event, "lt-redemptions", lambda: parts.redeemer(context.aws_request_id).run(budget(context)), parts)
