"""lt-execute: every two minutes, or now by the API. Decides new source trades and trades them."""

from __future__ import annotations

from typing import Any

from live_trading.wiring.composition import Parts
from live_trading.wiring.jobs import answer

parts = Parts()


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """One pass of the executor; see `services.execute`."""
    return answer(event, "lt-execute", lambda: parts.executor(context.aws_request_id).run())
