"""lt-execute: every two minutes and until the next, or now by the API. Trades; sells, cancels and stops by hand."""

from __future__ import annotations

from typing import Any

from live_trading.api.reporting import JOBS
from live_trading.api.serving import http_app
from live_trading.api.table import lt_execute
from live_trading.wiring.composition import Parts
from live_trading.wiring.deadline import budget_of
from live_trading.wiring.jobs import answer, is_http

parts = Parts()
app = http_app(lt_execute(), lambda: parts)


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """The passes of one tick, one pass where that is what is asked for, or one request of the HTTP API.

    See `services/copying/copy_run.py` and `services/entering/execute.py`.
    """
    if is_http(event) and event["rawPath"] != JOBS["lt-execute"].path:
        return app.resolve(event, context)
    if not is_http(event) and parts.stays(event):
        return answer(event, "lt-execute", lambda: parts.stay(context.aws_request_id, budget_of(context)), parts)
    return answer(event, "lt-execute", lambda: parts.pass_once(context.aws_request_id, budget_of(context)), parts)
