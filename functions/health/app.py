"""health: every five minutes, and by the API. Looks after every part and raises alerts."""

from __future__ import annotations

from typing import Any

from live_trading.api.reporting import HEALTH, OPEN_HEALTH
from live_trading.wiring.composition import Parts
from live_trading.wiring.jobs import answer, as_json, http_json, is_http, refused

parts = Parts()


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """The schedule's run keeps findings and alerts; the routes only look, and the open one says only up or not.

    Anybody may ask the open one, so it repeats what was seen some seconds ago instead of asking every part again.
    """
    if not is_http(event):
        return answer(context, "health", lambda: parts.health().run(), parts)
    is_open = event.get("rawPath") == OPEN_HEALTH.path
    refusal = refused(event, OPEN_HEALTH if is_open else HEALTH)
    if refusal is not None:
        return refusal
    report = parts.recent_health.seen() if is_open else parts.recent_health.look()
    status = 200 if report.is_up else 503
    if is_open:
        return http_json(status, {"status": report.status}, event)
    return http_json(status, as_json(report), event)
