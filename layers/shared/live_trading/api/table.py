"""Every route of the HTTP API by the function that serves it; the template is checked against this table.

What a function serves is imported when it is asked for: no function pays for the others' routes at its cold start.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from live_trading.api.scopes import Scope

if TYPE_CHECKING:
    from live_trading.api.routing import Routes

EXECUTE_PATH = "/api/lt/execute"
OPEN_HEALTH_PATH = "/health"
# These run a job for everybody, or look at every part, and answer with its report; none of them takes a body.
REPORTING: Mapping[str, tuple[tuple[str, str, Scope | None], ...]] = MappingProxyType(
    {
        "lt-execute": (("POST", EXECUTE_PATH, Scope.ADMIN),),
        "lt-resolve": (("POST", "/api/lt/resolve", Scope.ADMIN),),
        "lt-redemptions": (("POST", "/api/lt/redemptions/process", Scope.ADMIN),),
        "health": (("GET", OPEN_HEALTH_PATH, None), ("GET", "/api/health", Scope.READ)),
    }
)


def strategy_api() -> tuple[Routes[Any], ...]:
    """What strategy-api serves: everything that needs no key."""
    from live_trading.api.routes import (
        approval_routes,
        break_routes,
        ft_wallet_routes,
        latency_routes,
        lock_routes,
        order_routes,
        position_routes,
        redemption_routes,
        risk_check_routes,
        strategy_routes,
        trader_routes,
        trading_wallet_routes,
    )

    return (
        ft_wallet_routes.ROUTES,
        trader_routes.ROUTES,
        trading_wallet_routes.ROUTES,
        strategy_routes.ROUTES,
        strategy_routes.CAPITAL_ROUTES,
        risk_check_routes.ROUTES,
        lock_routes.ROUTES,
        order_routes.ROUTES,
        latency_routes.ROUTES,
        position_routes.ROUTES,
        break_routes.ROUTES,
        redemption_routes.ROUTES,
        approval_routes.ROUTES,
    )


def lt_execute() -> tuple[Routes[Any], ...]:
    """What lt-execute serves beside its job: what acts at the venue."""
    from live_trading.api.routes import kill_switch_routes, trading_routes

    return (trading_routes.ROUTES, kill_switch_routes.ROUTES)


def table() -> Iterator[tuple[str, str, str, Scope | None]]:
    """(function, method, path, scope) of every route; the open one needs none."""
    for function, served in (("strategy-api", strategy_api()), ("lt-execute", lt_execute())):
        yield from ((function, route.method, route.path, route.scope) for routes in served for route in routes)
    for function, paths in REPORTING.items():
        yield from ((function, method, path, scope) for method, path, scope in paths)
