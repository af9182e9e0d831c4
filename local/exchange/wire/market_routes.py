"""Public market endpoints of the CLOB: what a market is, and what time it is at the venue."""

from __future__ import annotations

import re
from typing import Any

from local.exchange import errors
from local.exchange.engine.checks import MINIMUM_ORDER_SHARES
from local.exchange.json_values import iso, number
from local.exchange.tape.listings import Listing, recorded_listing
from local.exchange.tape.recorded import COARSE_TICK
from local.exchange.wire.book_routes import asked_token
from local.exchange.wire.calls import Call, Handler
from local.exchange.world import World

LEGACY_BASE_FEE = 1000
_CONDITION_ID = re.compile(r"0x[0-9a-fA-F]{62,64}")


def market_handlers(world: World) -> dict[tuple[str, str], Handler]:
    """Handlers by (method, path)."""
    return {
        ("GET", "/"): lambda _: "OK",
        ("GET", "/ok"): lambda _: "OK",
        ("GET", "/time"): lambda _: world.timeline.now_ms() // 1000,
        ("GET", "/version"): lambda _: {"version": 2},
        ("GET", "/tick-size"): lambda call: {"minimum_tick_size": _tick_size(world, _by_token(world, call))},
        ("GET", "/neg-risk"): lambda call: {"neg_risk": _by_token(world, call).neg_risk},
        ("GET", "/fee-rate"): lambda call: {"base_fee": _legacy_fee(_by_token(world, call))},
        ("GET", "/clob-markets/{condition_id}"): lambda call: _clob_market(world, _by_condition(world, call)),
        ("GET", "/markets/{condition_id}"): lambda call: _market(world, _by_condition(world, call)),
        ("GET", "/markets-by-token/{token_id}"): lambda call: _token_pair(_by_token(world, call)),
    }


def _by_token(world: World, call: Call) -> Listing:
    token_id = asked_token(call)
    listing = world.listings.by_asset(token_id)
    if listing is None:
        recorded = world.markets.by_token(token_id)
        listing = None if recorded is None else recorded_listing(recorded, 0)
    if listing is None:
        raise errors.market_not_found()
    return listing


def _by_condition(world: World, call: Call) -> Listing:
    condition_id = str(call.path_parameters["condition_id"]).lower()
    if not _CONDITION_ID.fullmatch(condition_id):
        raise errors.invalid_market()
    listing = world.listings.by_condition(condition_id)
    if listing is None:
        recorded = world.markets.by_condition(condition_id)
        listing = None if recorded is None else recorded_listing(recorded, 0)
    if listing is None:
        raise errors.market_not_found()
    return listing


def _tick_size(world: World, listing: Listing) -> float:
    token_id = listing.asset_ids[0]
    if world.markets.by_token(token_id) is None:
        return number(COARSE_TICK.value)
    return number(world.markets.tick_size(token_id, world.timeline.now_ms()).value)


def _legacy_fee(listing: Listing) -> int:
    return LEGACY_BASE_FEE if listing.fees.rate else 0


def _takes_orders(world: World, listing: Listing) -> bool:
    return world.markets.is_open(listing.condition_id, world.timeline.now_ms())


def _token_pair(listing: Listing) -> dict[str, str]:
    primary, secondary = listing.asset_ids
    return {
        "condition_id": listing.condition_id,
        "primary_token_id": primary,
        "secondary_token_id": secondary,
    }


def _clob_market(world: World, listing: Listing) -> dict[str, Any]:
    fee = _legacy_fee(listing)
    market: dict[str, Any] = {
        "r": {"mins": 0, "maxs": 0},
        "t": [
            {"t": token_id, "o": outcome} for token_id, outcome in zip(listing.asset_ids, listing.outcomes, strict=True)
        ],
        "mos": number(MINIMUM_ORDER_SHARES.value),
        "mts": _tick_size(world, listing),
        "mbf": fee,
        "tbf": fee,
        "ao": _takes_orders(world, listing),
        "cbos": False,
        "nr": listing.neg_risk,
        "itode": False,
        "fd": {"r": number(listing.fees.rate), "e": listing.fees.exponent, "to": True},
    }
    return market if listing.version is None else {**market, "v": listing.version}


def _market(world: World, listing: Listing) -> dict[str, Any]:
    resolution = world.listings.resolution(listing.condition_id)
    is_resolved = resolution is not None and resolution[0] <= world.timeline.now_ms()
    takes_orders = _takes_orders(world, listing)
    return {
        "condition_id": listing.condition_id,
        "question_id": listing.question_id,
        "question": listing.question,
        "market_slug": listing.slug,
        "tokens": [_token(listing, index, is_resolved=is_resolved) for index in range(len(listing.asset_ids))],
        "active": True,
        "closed": is_resolved,
        "archived": False,
        "accepting_orders": takes_orders,
        "enable_order_book": takes_orders,
        "minimum_order_size": number(MINIMUM_ORDER_SHARES.value),
        "minimum_tick_size": _tick_size(world, listing),
        "neg_risk": listing.neg_risk,
        "seconds_delay": 0,
        "game_start_time": None,
        "end_date_iso": iso(listing.end_ms),
        "is_50_50_outcome": is_resolved and listing.payouts is not None and len(set(listing.payouts)) == 1,
        "maker_base_fee": _legacy_fee(listing),
        "taker_base_fee": _legacy_fee(listing),
        "tags": list(listing.tags),
    }


def _token(listing: Listing, index: int, *, is_resolved: bool) -> dict[str, Any]:
    pays = listing.payout_per_share(index) if is_resolved else None
    return {
        "token_id": listing.asset_ids[index],
        "outcome": listing.outcomes[index],
        "price": 0.5 if pays is None else number(pays),
        "winner": pays == 1,
    }
