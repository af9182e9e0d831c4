"""strategy-api: paper wallets, traders, trading wallets, strategies and what became of them. It holds no keys."""

from __future__ import annotations

from typing import Any

from live_trading.api.serving import http_app
from live_trading.api.table import strategy_api
from live_trading.wiring.composition import Parts

parts = Parts()
app = http_app(strategy_api(), lambda: parts)


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """One request of the HTTP API; the routes are in `api/routes` and in docs/api.md."""
    return app.resolve(event, context)
