"""The geoblock endpoint: whether the venue refuses where the question comes from."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.exchange.faults.faults import FaultKind
from local.exchange.faults.faulty_ports import struck_by
from local.exchange.world import World

OPEN_COUNTRY, BLOCKED_COUNTRY = "CH", "US"


def geoblock_app(world: World) -> Starlette:
    """`GET /api/geoblock` as an ASGI application; a fault turns the answer to blocked."""

    async def geoblock(request: Request) -> Response:
        blocked = world.faults.find(FaultKind.GEOBLOCKED, request.method, request.url.path) is not None
        return JSONResponse(
            {
                "blocked": blocked,
                "ip": request.client.host if request.client else "",
                "country": BLOCKED_COUNTRY if blocked else OPEN_COUNTRY,
                "region": "",
            }
        )

    return Starlette(routes=[Route("/api/geoblock", geoblock, methods=["GET"])], middleware=struck_by(world.faults))
