"""Every route of the HTTP API by the function that serves it; the template is checked against this table.

What a function serves is imported when it is asked for: no function pays for the others' routes at its cold start.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from live_trading.api.described import Described
from live_trading.api.reporting import REPORTING
from live_trading.api.scopes import Scope

if TYPE_CHECKING:
    from live_trading.api.routing import Routes


def strategy_api() -> tuple[Routes[Any], ...]:
    """What strategy-api serves: everything that needs no key."""
    from live_trading.api.routes.feed import decision_routes, source_trade_routes, trader_profile_routes, trader_routes
    from live_trading.api.routes.live import (
        latency_routes,
        lock_routes,
        order_routes,
        order_search_routes,
        performance_routes,
        position_routes,
        risk_check_routes,
        risk_routes,
        stop_state_routes,
        strategy_routes,
    )
    from live_trading.api.routes.money import (
        approval_routes,
        break_routes,
        export_routes,
        redemption_routes,
        statement_routes,
        trading_wallet_routes,
        wallet_detail_routes,
    )
    from live_trading.api.routes.paper import ft_order_routes, ft_result_routes, ft_wallet_routes
    from live_trading.api.routes.watch import alert_routes, audit_routes, document_routes, guard_routes, job_routes

    return (
        ft_wallet_routes.ROUTES,
        ft_result_routes.ROUTES,
        ft_order_routes.ROUTES,
        trader_routes.ROUTES,
        trader_profile_routes.ROUTES,
        source_trade_routes.ROUTES,
        decision_routes.ROUTES,
        trading_wallet_routes.ROUTES,
        wallet_detail_routes.ROUTES,
        strategy_routes.ROUTES,
        strategy_routes.CAPITAL_ROUTES,
        risk_check_routes.ROUTES,
        stop_state_routes.ROUTES,
        risk_routes.ROUTES,
        lock_routes.ROUTES,
        order_routes.ROUTES,
        order_search_routes.ROUTES,
        performance_routes.ROUTES,
        latency_routes.ROUTES,
        position_routes.ROUTES,
        break_routes.ROUTES,
        redemption_routes.ROUTES,
        approval_routes.ROUTES,
        alert_routes.ROUTES,
        job_routes.ROUTES,
        audit_routes.ROUTES,
        statement_routes.ROUTES,
        export_routes.ROUTES,
        guard_routes.ROUTES,
        document_routes.ROUTES,
    )


def lt_execute() -> tuple[Routes[Any], ...]:
    """What lt-execute serves beside its job: what acts at the venue."""
    from live_trading.api.routes.live import kill_switch_routes, trading_routes

    return (trading_routes.ROUTES, kill_switch_routes.ROUTES)


def described() -> Iterator[tuple[str, Described]]:
    """(function, route) of every route."""
    for function, served in (("strategy-api", strategy_api()), ("lt-execute", lt_execute())):
        yield from ((function, route) for routes in served for route in routes)
    for function, reporting in REPORTING.items():
        yield from ((function, route) for route in reporting)


def table() -> Iterator[tuple[str, str, str, Scope | None]]:
    """(function, method, path, scope) of every route; the open one needs none."""
    yield from ((function, route.method, route.path, route.scope) for function, route in described())
