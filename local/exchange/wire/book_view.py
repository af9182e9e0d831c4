"""The book of a token as the venue shows it: recorded depth less what was taken, plus what rests."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from local.exchange import errors
from local.exchange.engine.checks import MINIMUM_ORDER_SHARES
from local.exchange.json_values import plain
from local.exchange.tape.depth import mirrored, other_token
from local.exchange.tape.recorded import RecordedMarket
from local.exchange.tape.tape import TapeTrade
from local.exchange.terms import Side
from local.exchange.units import Price, Shares
from local.exchange.world import World


@dataclass(frozen=True, slots=True, kw_only=True)
class BookView:
    """Levels of one token, best first on both sides."""

    market: RecordedMarket
    token_id: str
    at_ms: int
    bids: tuple[tuple[Price, Shares], ...]
    asks: tuple[tuple[Price, Shares], ...]

    @property
    def best_bid(self) -> Price | None:
        return self.bids[0][0] if self.bids else None

    @property
    def best_ask(self) -> Price | None:
        return self.asks[0][0] if self.asks else None

    @property
    def midpoint(self) -> Price | None:
        """Halfway between the best prices, None where a side is empty."""
        if self.best_bid is None or self.best_ask is None:
            return None
        return Price((self.best_bid.value + self.best_ask.value) / 2)

    @property
    def spread(self) -> Price | None:
        if self.best_bid is None or self.best_ask is None:
            return None
        return Price(max(self.best_ask.value - self.best_bid.value, Price.zero().value))


def view_book(world: World, token_id: str) -> BookView:
    """The present book of a token; Refused (404) for an unknown one and for a market that is not open."""
    now_ms = world.timeline.now_ms()
    market = world.markets.by_token(token_id)
    recorded = world.markets.book(token_id, now_ms)
    if market is None or recorded is None:
        raise errors.no_orderbook()
    return BookView(
        market=market,
        token_id=token_id,
        at_ms=recorded.at_ms,
        bids=_levels(world, market, token_id, Side.SELL),
        asks=_levels(world, market, token_id, Side.BUY),
    )


def _levels(world: World, market: RecordedMarket, token_id: str, taker_side: Side) -> tuple[tuple[Price, Shares], ...]:
    engine = world.engine
    shares: dict[Price, Shares] = defaultdict(Shares.zero)
    for price, size in engine.depth.levels(token_id, taker_side, world.timeline.now_ms()):
        shares[price] += size
    for order in engine.resting.of_token(token_id):
        if order.side is not taker_side:
            shares[order.limit] += order.remaining_shares
    for order in engine.resting.of_token(other_token(market, token_id)):
        if order.side is taker_side:
            shares[mirrored(order.limit)] += order.remaining_shares
    return tuple(sorted(shares.items(), reverse=taker_side is Side.SELL))


def last_trade(world: World, token_id: str) -> TapeTrade | None:
    """The newest fill of a token on the tape that has been matched by now."""
    now_ms = world.timeline.now_ms()
    for entry in reversed(world.tape.entries()):
        event = entry.event
        if isinstance(event, TapeTrade) and event.token_id == token_id and event.matched_ms <= now_ms:
            return event
    return None


def book_json(world: World, view: BookView) -> dict[str, Any]:
    """The venue's order book object, the best price of each side last."""
    tick_size = world.markets.tick_size(view.token_id, world.timeline.now_ms())
    traded = world.tape.last_price(view.token_id)
    book = {
        "market": view.market.condition_id,
        "asset_id": view.token_id,
        "timestamp": str(view.at_ms),
        "bids": _worst_first(view.bids),
        "asks": _worst_first(view.asks),
        "min_order_size": plain(MINIMUM_ORDER_SHARES.value),
        "tick_size": plain(tick_size.value),
        "neg_risk": view.market.neg_risk,
        "last_trade_price": plain(traded.value) if traded else "",
    }
    content = json.dumps(book, separators=(",", ":")).encode()
    return {**book, "hash": hashlib.sha1(content, usedforsecurity=False).hexdigest()}


def _worst_first(levels: tuple[tuple[Price, Shares], ...]) -> list[dict[str, str]]:
    return [{"price": plain(price.value), "size": plain(shares.value)} for price, shares in reversed(levels)]
