"""ft-resolve: every ten minutes. Resolves paper positions from the chain's payout vectors."""

from __future__ import annotations

from typing import Any

from live_trading.wiring.composition import Parts
from live_trading.wiring.deadline import budget_of
from live_trading.wiring.jobs import answer

parts = Parts()


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """One pass of the paper resolver; see `services.ft_resolve`."""
    return answer(
        context, "ft-resolve", lambda: parts.paper_resolver(context.aws_request_id).run(budget_of(context)), parts
    )
