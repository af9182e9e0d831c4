"""health: every five minutes, and by the API. Looks after every part and raises alerts."""

from __future__ import annotations

from typing import Any

from live_trading.api.scopes import Scope
from live_trading.api.table import OPEN_HEALTH_PATH
from live_trading.wiring.composition import Parts
from live_trading.wiring.jobs import answer, as_json, http_json, is_http, refused_without

parts = Parts()


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """The schedule's run keeps findings and alerts; the routes only look, and the open one says only up or not."""
    if not is_http(event):
        return answer(event, "health", lambda: parts.health().run())
    is_open = event.get("rawPath") == OPEN_HEALTH_PATH
    if not is_open and (refused := refused_without(Scope.READ, event)) is not None:
        return refused
    report = parts.health().look()
    status = 200 if report.is_up else 503
    if is_open:
        return http_json(status, {"status": report.status})
    return http_json(status, as_json(report))
