"""lt-redemptions: every ten minutes, or now by the API. Turns resolved tokens into collateral."""

from __future__ import annotations

from typing import Any

from live_trading.services.running.budget import Budget
from live_trading.wiring.composition import Parts
from live_trading.wiring.jobs import answer, is_http

# The API's gateway waits for no longer than 29 seconds.
API_SECONDS = 20

parts = Parts()


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """One run of the redeemer; see `services/redeeming/redeem.py`. Who asks over the API is answered in its time."""
    budget = Budget.of_invocation(context.get_remaining_time_in_millis)
    if is_http(event):
        budget = budget.keeping(budget.seconds_left() - API_SECONDS)
    return answer(event, "lt-redemptions", lambda: parts.redeemer(context.aws_request_id).run(budget))
