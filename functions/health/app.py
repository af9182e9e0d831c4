"""health: every five minutes, and by the API, looks after every part and raises alerts; each minute tells them."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from live_trading.api.reporting import HEALTH, OPEN_HEALTH, SHORT_HEALTH
from live_trading.api.requests import is_admin, owner_of
from live_trading.api.views.health_views import health_view, open_health_view
from live_trading.services.watching.checkup import BriefReport, HealthReport
from live_trading.services.watching.health_figures import health_figures
from live_trading.store.database.migrations import newest_name
from live_trading.wiring.composition import Parts
from live_trading.wiring.jobs import answer, http_json, is_http, refused
from live_trading.wiring.metrics import publish

parts = Parts()
_TOKEN_PATHS = (HEALTH.path, SHORT_HEALTH.path)


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """The schedule's run keeps findings and alerts; the routes only look, and the open one says only up or not.

    Anybody may ask the open one, so it repeats what was seen some seconds ago instead of asking every part again.
    """
    if event.get("only") == "alerts":
        return answer(context, "alerts", parts.alert_teller.run, parts)
    parts.required_schema = _required_schema()
    if not is_http(event):
        return answer(context, "health", _run, parts)
    is_open = event.get("rawPath") not in _TOKEN_PATHS
    refusal = refused(event, OPEN_HEALTH if is_open else HEALTH)
    if refusal is not None:
        return refusal
    if is_open:
        report = parts.recent_health.seen()
        return http_json(_status(report), open_health_view(report), event)
    mine = parts.recent_health.look().seen_by(owner_of(event), is_admin=is_admin(event))
    return http_json(_status(mine), health_view(mine, is_admin=is_admin(event)), event)


def _run() -> BriefReport:
    report = parts.health().run()
    publish("health", health_figures(report))
    return report.brief


def _status(report: HealthReport) -> int:
    return 200 if report.is_up else 503


@cache
def _required_schema() -> str | None:
    """By the repository's files where this file is in one, else by the copy that the build put beside it."""
    repository = Path(__file__).parents[2] / "migrations"
    return newest_name(repository if repository.is_dir() else Path(__file__).parent / "migrations")
