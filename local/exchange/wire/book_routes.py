"""Public book and price endpoints of the CLOB."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from local.exchange import errors
from local.exchange.json_values import number, plain
from local.exchange.terms import Side
from local.exchange.units import Price
from local.exchange.wire.book_view import BookView, book_json, last_trade, view_book
from local.exchange.wire.calls import Call, Handler
from local.exchange.world import World

LARGEST_BATCH = 500
DEFAULT_FIDELITY_MINUTES = 1
INTERVAL_SECONDS = {"1h": 3600, "6h": 6 * 3600, "1d": 86_400, "1w": 7 * 86_400, "1m": 30 * 86_400}


def book_handlers(world: World) -> dict[tuple[str, str], Handler]:
    """Handlers by (method, path)."""
    return {
        ("GET", "/book"): lambda call: book_json(world, view_book(world, asked_token(call))),
        ("POST", "/books"): lambda call: [book_json(world, view) for view in _batch_views(world, call)],
        ("GET", "/price"): lambda call: {"price": _price(view_book(world, asked_token(call)), _side(call.query))},
        ("POST", "/prices"): lambda call: _prices(world, call),
        ("GET", "/midpoint"): lambda call: {"mid": _text(view_book(world, asked_token(call)).midpoint)},
        ("POST", "/midpoints"): lambda call: _by_token(world, call, lambda view: view.midpoint),
        ("GET", "/spread"): lambda call: {"spread": _text(view_book(world, asked_token(call)).spread)},
        ("POST", "/spreads"): lambda call: _by_token(world, call, lambda view: view.spread),
        ("GET", "/last-trade-price"): lambda call: _last_trade_price(world, asked_token(call)),
        ("POST", "/last-trades-prices"): lambda call: _last_trade_prices(world, call),
        ("GET", "/prices-history"): lambda call: _prices_history(world, call),
    }


def asked_token(call: Call) -> str:
    """The token of a query or path; Refused unless it is a number."""
    token_id = call.path_parameters.get("token_id") or call.query.get("token_id", "")
    if not token_id.isascii() or not token_id.isdigit():
        raise errors.invalid_token_id()
    return str(token_id)


def _asked_tokens(call: Call) -> list[dict[str, Any]]:
    try:
        asked = call.json()
    except ValueError:
        raise errors.invalid_batch() from None
    is_well_formed = isinstance(asked, list) and all(
        isinstance(item, dict) and isinstance(item.get("token_id"), str) for item in asked
    )
    if not is_well_formed:
        raise errors.invalid_batch()
    if len(asked) > LARGEST_BATCH:
        raise errors.batch_too_large()
    return list(asked)


def _batch_views(world: World, call: Call) -> list[BookView]:
    return [view for item in _asked_tokens(call) if (view := _view_or_none(world, item["token_id"]))]


def _view_or_none(world: World, token_id: str) -> BookView | None:
    try:
        return view_book(world, token_id)
    except errors.Refused:
        return None


def _side(asked: Any) -> Side:
    try:
        return Side(str(asked.get("side", "")).upper())
    except ValueError:
        raise errors.invalid_side() from None


def _price(view: BookView, side: Side) -> str:
    price = view.best_ask if side is Side.BUY else view.best_bid
    return _text(price)


def _text(price: Price | None) -> str:
    if price is None:
        raise errors.no_orderbook()
    return plain(price.value)


def _prices(world: World, call: Call) -> dict[str, dict[str, str]]:
    prices: dict[str, dict[str, str]] = {}
    for item in _asked_tokens(call):
        side = _side(item)
        view = _view_or_none(world, item["token_id"])
        best = None if view is None else (view.best_ask if side is Side.BUY else view.best_bid)
        if best is not None:
            prices.setdefault(item["token_id"], {})[side.value] = plain(best.value)
    return prices


def _by_token(world: World, call: Call, value: Callable[[BookView], Price | None]) -> dict[str, str]:
    values = {view.token_id: value(view) for view in _batch_views(world, call)}
    return {token_id: plain(price.value) for token_id, price in values.items() if price is not None}


def _last_trade_price(world: World, token_id: str) -> dict[str, str]:
    traded = last_trade(world, token_id)
    if traded is None:
        return {"price": "0.5", "side": ""}
    return {"price": plain(traded.price.value), "side": traded.side.value}


def _last_trade_prices(world: World, call: Call) -> list[dict[str, str]]:
    asked = [(item["token_id"], last_trade(world, item["token_id"])) for item in _asked_tokens(call)]
    return [
        {"token_id": token_id, "price": plain(traded.price.value), "side": traded.side.value}
        for token_id, traded in asked
        if traded is not None
    ]


def _prices_history(world: World, call: Call) -> dict[str, list[dict[str, Any]]]:
    """Midpoints of the recorded books, one for each `fidelity` minutes, never later than now."""
    token_id = call.query.get("market", "")
    times = world.markets.book_times(token_id)
    if not times:
        return {"history": []}
    now_s = world.timeline.now_ms() // 1000
    start_s, end_s = _asked_span(call, now_s)
    step_s = 60 * max(1, _whole(call, "fidelity", DEFAULT_FIDELITY_MINUTES))
    first_s = max(start_s, -(-times[0] // 1000))
    last_s = min(end_s, now_s, times[-1] // 1000)
    return {
        "history": [point for at_s in range(first_s, last_s + 1, step_s) if (point := _point(world, token_id, at_s))]
    }


def _asked_span(call: Call, now_s: int) -> tuple[int, int]:
    interval = call.query.get("interval")
    if interval is None:
        return _whole(call, "startTs", 0), _whole(call, "endTs", now_s)
    if interval == "max":
        return 0, now_s
    if interval not in INTERVAL_SECONDS:
        raise errors.Refused(400, "invalid filters: 'interval' is not valid")
    return now_s - INTERVAL_SECONDS[interval], now_s


def _whole(call: Call, name: str, default: int) -> int:
    raw = call.query.get(name, str(default))
    if not raw.isascii() or not raw.isdigit():
        raise errors.Refused(400, f"invalid filters: '{name}' is not valid")
    return int(raw)


def _point(world: World, token_id: str, at_s: int) -> dict[str, Any] | None:
    book = world.markets.book(token_id, at_s * 1000)
    if book is None or not book.bids or not book.asks:
        return None
    return {"t": at_s, "p": number((book.bids[0][0].value + book.asks[0][0].value) / 2)}
