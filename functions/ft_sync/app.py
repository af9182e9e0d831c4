"""ft-sync: every minute. Ingests what followed traders did and runs the paper wallets on it."""

from __future__ import annotations

from typing import Any

from live_trading.wiring.composition import Parts
from live_trading.wiring.deadline import budget_of
from live_trading.wiring.jobs import answer

parts = Parts()


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """One pass of ingest and paper trading; see `services.paper`."""
    return answer(context, "ft-sync", lambda: parts.paper_trader(context.aws_request_id).run(budget_of(context)), parts)
