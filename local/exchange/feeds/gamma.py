"""Gamma, the market catalogue: keyset and plain lists of markets and events, and single ones."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from starlette.applications import Starlette
from starlette.datastructures import QueryParams
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from local.exchange.faults.faulty_ports import struck_by
from local.exchange.feeds.gamma_query import (
    BadGammaQuery,
    Selection,
    decode_cursor,
    encode_cursor,
    page_limit,
    page_offset,
)
from local.exchange.feeds.gamma_rows import Snapshot, event_json, market_json, tags_json
from local.exchange.tape.listings import Listing, Stage
from local.exchange.tape.recorded import COARSE_TICK
from local.exchange.world import World

MAX_MARKETS, MAX_EVENTS = 100, 500


def gamma_app(world: World) -> Starlette:
    """Gamma as an ASGI application on the venue's clock."""
    gamma = _Gamma(world)
    routes: dict[str, Callable[[Request], Response]] = {
        "/status": lambda _: PlainTextResponse("OK"),
        "/markets/keyset": gamma.markets_keyset,
        "/events/keyset": gamma.events_keyset,
        "/markets": gamma.markets,
        "/events": gamma.events,
        "/markets/slug/{slug}": gamma.market_by_slug,
        "/markets/{market_id}": gamma.market_by_id,
        "/markets/{market_id}/tags": gamma.market_tags,
        "/events/slug/{slug}": gamma.event_by_slug,
        "/events/{event_id}": gamma.event_by_id,
    }
    return Starlette(
        routes=[Route(path, _handler(answer), methods=["GET"]) for path, answer in routes.items()],
        exception_handlers={HTTPException: _http_error},
        middleware=struck_by(world.faults),
    )


def _handler(answer: Callable[[Request], Response]) -> Callable[[Request], Any]:
    async def handle(request: Request) -> Response:
        try:
            return answer(request)
        except BadGammaQuery as error:
            return JSONResponse({"type": "validation error", "error": str(error)}, status_code=422)

    return handle


async def _http_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return JSONResponse({"type": "not found error", "error": error.detail}, status_code=error.status_code)


class _Gamma:
    def __init__(self, world: World) -> None:
        self._world = world

    def markets_keyset(self, request: Request) -> Response:
        page, cursor = self._keyset(request.query_params, MAX_MARKETS)
        with_tags = request.query_params.get("include_tag") == "true"
        rows = [market_json(self._snapshot(listing), with_tags=with_tags) for listing in page]
        return JSONResponse({"markets": rows} | ({"next_cursor": cursor} if cursor else {}))

    def events_keyset(self, request: Request) -> Response:
        page, cursor = self._keyset(request.query_params, MAX_EVENTS, is_event=True)
        rows = [event_json(self._snapshot(listing)) for listing in page]
        return JSONResponse({"events": rows} | ({"next_cursor": cursor} if cursor else {}))

    def markets(self, request: Request) -> Response:
        with_tags = request.query_params.get("include_tag") == "true"
        return JSONResponse(
            [
                market_json(self._snapshot(listing), with_tags=with_tags)
                for listing in self._by_offset(request.query_params, MAX_MARKETS)
            ]
        )

    def events(self, request: Request) -> Response:
        page = self._by_offset(request.query_params, MAX_EVENTS, is_event=True)
        return JSONResponse([event_json(self._snapshot(listing)) for listing in page])

    def market_by_id(self, request: Request) -> Response:
        wanted = request.path_params["market_id"]
        return self._one_market(request, lambda listing: str(listing.market_id) == wanted)

    def market_by_slug(self, request: Request) -> Response:
        return self._one_market(request, lambda listing: listing.slug == request.path_params["slug"])

    def market_tags(self, request: Request) -> Response:
        wanted = request.path_params["market_id"]
        return JSONResponse(tags_json(self._only(lambda listing: str(listing.market_id) == wanted)))

    def event_by_id(self, request: Request) -> Response:
        wanted = request.path_params["event_id"]
        return self._one_event(lambda listing: str(listing.event_id) == wanted)

    def event_by_slug(self, request: Request) -> Response:
        return self._one_event(lambda listing: listing.slug == request.path_params["slug"])

    def _one_market(self, request: Request, is_it: Callable[[Listing], bool]) -> Response:
        with_tags = request.query_params.get("include_tag") == "true"
        return JSONResponse(market_json(self._snapshot(self._only(is_it)), with_tags=with_tags))

    def _one_event(self, is_it: Callable[[Listing], bool]) -> Response:
        return JSONResponse(event_json(self._snapshot(self._only(is_it))))

    def _only(self, is_it: Callable[[Listing], bool]) -> Listing:
        for listing in self._listed():
            if is_it(listing):
                return listing
        raise HTTPException(404, "id not found")

    def _listed(self) -> Iterable[Listing]:
        now_ms = self._world.timeline.now_ms()
        return (listing for listing in self._world.listings if listing.opens_ms <= now_ms)

    def _keyset(self, params: QueryParams, most: int, *, is_event: bool = False) -> tuple[list[Listing], str | None]:
        if "offset" in params:
            raise BadGammaQuery("offset is not supported; use after_cursor")
        found = self._found(params, is_event=is_event)
        token = params.get("after_cursor")
        if token:
            last = decode_cursor(token)
            ids = [listing.market_id for listing in found]
            found = found[ids.index(last) + 1 :] if last in ids else []
        limit = page_limit(params, most)
        page = found[:limit]
        return page, encode_cursor(page[-1].market_id) if len(found) > limit else None

    def _by_offset(self, params: QueryParams, most: int, *, is_event: bool = False) -> list[Listing]:
        offset = page_offset(params)
        return self._found(params, is_event=is_event)[offset : offset + page_limit(params, most)]

    def _found(self, params: QueryParams, *, is_event: bool) -> list[Listing]:
        selection = Selection.of(params, is_event=is_event)
        now_ms = self._world.timeline.now_ms()
        stage = self._world.listings.stage
        chosen = [listing for listing in self._listed() if selection.takes(listing, stage(listing, now_ms))]
        key = self._order(params.get("order") or "id")
        return sorted(chosen, key=key, reverse=params.get("ascending") == "false")

    def _order(self, order: str) -> Callable[[Listing], Any]:
        match order:
            case "id":
                return lambda listing: listing.market_id
            case "endDate":
                return lambda listing: (listing.end_ms, listing.market_id)
            case "startDate":
                return lambda listing: (listing.opens_ms, listing.market_id)
            case "volumeNum" | "volume" | "volume24hr":
                return lambda listing: (self._world.tape.volume(listing.condition_id), listing.market_id)
            case _:
                raise BadGammaQuery("order is invalid")

    def _snapshot(self, listing: Listing) -> Snapshot:
        world, now_ms = self._world, self._world.timeline.now_ms()
        market = world.markets.by_condition(listing.condition_id)
        asset_id = listing.asset_ids[0]
        resolution = world.listings.resolution(listing.condition_id)
        stage = world.listings.stage(listing, now_ms)
        # the last book stays in view until the market is resolved
        book_ms = min(now_ms, listing.closes_ms)
        return Snapshot(
            listing=listing,
            stage=stage,
            resolved_ms=resolution[0] if resolution and stage is Stage.RESOLVED else None,
            now_ms=now_ms,
            book=None if stage is Stage.RESOLVED else world.markets.book(asset_id, book_ms),
            tick=world.markets.tick_size(asset_id, book_ms) if market else COARSE_TICK,
            last_price=world.tape.last_price(asset_id),
            volume=world.tape.volume(listing.condition_id).value,
        )
