"""The control port: the clock, the replay's contents, faults, and the venue's own view of accounts and orders."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.exchange.engine.truth import account_truth, all_orders
from local.exchange.faults.faults import Fault, FaultKind
from local.exchange.json_values import iso
from local.exchange.settlement.payments import STRANGER, PaymentKind, Payments
from local.exchange.tape.pace import Pacer
from local.exchange.tape.timeline import TimelineWentBackwards
from local.exchange.units import Usd
from local.exchange.world import World

AFTER_LAST_RESOLUTION_MS = 25 * 60_000


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Advance(_Body):
    to_ms: int | None = None
    seconds: Annotated[float, Field(ge=0)] | None = None


class _Speed(_Body):
    speed: Annotated[float, Field(ge=0, le=10_000)]


class _Pay(_Body):
    """A payment to an account; one without a kind is a stranger's, which no activity explains."""

    address: Annotated[str, Field(pattern=r"^0x[0-9a-fA-F]{40}$")]
    usd: Annotated[Decimal, Field(gt=0, decimal_places=6)]
    kind: PaymentKind | None = None


class _Arm(_Body):
    kind: FaultKind
    endpoint: str | None = None
    count: Annotated[int, Field(ge=1)] | None = None
    seconds: Annotated[float, Field(ge=0)] | None = None


def control_app(world: World, pacer: Pacer) -> Starlette:
    """The control API as an ASGI application."""
    control = _Control(world, pacer)
    routes: list[tuple[str, str, Callable[[Request], Awaitable[Any]]]] = [
        ("GET", "/clock", control.clock),
        ("PUT", "/clock", control.set_speed),
        ("POST", "/clock/advance", control.advance),
        ("GET", "/replay", control.replay),
        ("GET", "/faults", control.faults),
        ("POST", "/faults", control.arm),
        ("DELETE", "/faults", control.clear),
        ("POST", "/payments", control.pay),
        ("GET", "/accounts/{address}", control.account),
        ("GET", "/orders", control.orders),
    ]
    return Starlette(routes=[Route(path, _handler(answer), methods=[method]) for method, path, answer in routes])


class _Wrong(Exception):
    """A question that the control API refuses with 422."""


def _handler(answer: Callable[[Request], Awaitable[Any]]) -> Callable[[Request], Awaitable[Response]]:
    async def handle(request: Request) -> Response:
        try:
            return JSONResponse(await answer(request))
        except (ValidationError, _Wrong) as error:
            return JSONResponse({"error": str(error)}, status_code=422)
        except TimelineWentBackwards as error:
            return JSONResponse({"error": str(error)}, status_code=409)

    return handle


class _Control:
    def __init__(self, world: World, pacer: Pacer) -> None:
        self._world = world
        self._pacer = pacer
        self._start_ms = world.timeline.now_ms()

    async def clock(self, _: Request) -> Any:
        now_ms = self._world.timeline.now_ms()
        return {"now_ms": now_ms, "now": iso(now_ms), "speed": self._world.timeline.speed}

    async def set_speed(self, request: Request) -> Any:
        self._pacer.set_speed(_Speed.model_validate_json(await request.body()).speed)
        return await self.clock(request)

    async def advance(self, request: Request) -> Any:
        wanted = _Advance.model_validate_json(await request.body())
        if (wanted.to_ms is None) == (wanted.seconds is None):
            raise _Wrong("exactly one of to_ms and seconds is needed")
        now_ms = self._world.timeline.now_ms()
        step_ms = round((wanted.seconds or 0) * 1000)
        self._world.timeline.advance_to(now_ms + step_ms if wanted.to_ms is None else wanted.to_ms)
        return await self.clock(request)

    async def replay(self, _: Request) -> Any:
        """What is replayed. It ends when jobs of a ten-minute period have run twice after the last resolution."""
        listings = self._world.listings
        resolutions = [
            listing.resolves_ms
            for market in self._world.markets
            if (listing := listings.by_condition(market.condition_id)) and listing.resolves_ms is not None
        ]
        return {
            "start_ms": self._start_ms,
            "keys_work_after_ms": self._world.lags.api_key_ms,
            "end_ms": max(resolutions) + AFTER_LAST_RESOLUTION_MS,
            "markets": [
                {
                    "slug": market.slug,
                    "condition_id": market.condition_id,
                    "question_id": market.question_id,
                    "token_ids": market.token_ids,
                    "start_ms": market.start_ms,
                    "end_ms": market.end_ms,
                    "payouts": market.payouts,
                }
                for market in self._world.markets
            ],
            "traders": [
                {"address": trader.address, "label": trader.label, "style": trader.style, "synthetic": True}
                for trader in self._world.traders
            ],
        }

    async def faults(self, _: Request) -> Any:
        return {"faults": [_fault_json(fault) for fault in self._world.faults.active()]}

    async def arm(self, request: Request) -> Any:
        wanted = _Arm.model_validate_json(await request.body())
        fault = self._world.faults.arm(
            wanted.kind, endpoint=wanted.endpoint, count=wanted.count, seconds=wanted.seconds
        )
        return _fault_json(fault)

    async def clear(self, request: Request) -> Any:
        kind = request.query_params.get("kind")
        if kind is not None and kind not in set(FaultKind):
            raise _Wrong(f"unknown fault kind: {kind}")
        return {"cleared": self._world.faults.clear(FaultKind(kind) if kind else None)}

    async def pay(self, request: Request) -> Any:
        wanted = _Pay.model_validate_json(await request.body())
        account, usd, payments = wanted.address.lower(), Usd(wanted.usd), Payments(self._world)
        if wanted.kind is None:
            return {"transaction_hash": payments.send(STRANGER, account, usd)}
        return {"transaction_hash": payments.pay(account, wanted.kind, usd)}

    async def account(self, request: Request) -> Any:
        engine = self._world.engine
        return account_truth(engine.records, engine.holdings, request.path_params["address"].lower())

    async def orders(self, _: Request) -> Any:
        return {"orders": all_orders(self._world.engine.records)}


def _fault_json(fault: Fault) -> dict[str, Any]:
    return {
        "id": fault.fault_id,
        "kind": fault.kind,
        "endpoint": fault.endpoint,
        "remaining": fault.remaining,
        "seconds": fault.seconds,
    }
