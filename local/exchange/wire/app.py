"""The CLOB port as an ASGI application."""

from __future__ import annotations

from starlette.applications import Starlette

from local.exchange.wire.account_routes import AccountRoutes
from local.exchange.wire.auth import Authentication
from local.exchange.wire.book_routes import book_handlers
from local.exchange.wire.calls import clob_route
from local.exchange.wire.market_routes import market_handlers
from local.exchange.wire.order_routes import OrderRoutes
from local.exchange.wire.relayer_routes import relayer_handlers
from local.exchange.world import World


def clob_app(world: World) -> Starlette:
    """Every endpoint of the CLOB over one venue."""
    authentication = Authentication(world.accounts, world.timeline, world.faults)
    orders = OrderRoutes(world, authentication)
    handlers = {
        **market_handlers(world),
        **book_handlers(world),
        **AccountRoutes(world, authentication).handlers(),
        **orders.handlers(),
        **relayer_handlers(world),
    }
    return Starlette(
        routes=[
            clob_route(path, method, handler, world.faults, orders.note_posts)
            for (method, path), handler in handlers.items()
        ]
    )
