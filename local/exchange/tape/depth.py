"""The recorded depth at the replay's present, less what has been taken from it.

A recording does not know of our trades. What is taken at a price is therefore remembered until the token's
next snapshot, on both sides of the mirror: an ask of one outcome at p is a bid of the other at 1 − p.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from local.exchange.tape.recorded import RawBook, RecordedMarket
from local.exchange.terms import Side
from local.exchange.units import Price, Shares


class MarketSource(Protocol):
    """The recorded markets, as far as matching needs them."""

    def by_token(self, token_id: str) -> RecordedMarket | None: ...
    def by_condition(self, condition_id: str) -> RecordedMarket | None: ...
    def book(self, token_id: str, at_ms: int) -> RawBook | None: ...
    def book_times(self, token_id: str) -> tuple[int, ...]: ...
    def tick_size(self, token_id: str, at_ms: int) -> Price: ...
    def is_open(self, condition_id: str, at_ms: int) -> bool: ...


@dataclass(slots=True, kw_only=True)
class _Taken:
    """What has been taken from one snapshot of one token."""

    snapshot_ms: int
    shares: dict[tuple[Side, Price], Shares] = field(default_factory=dict)


class Depth:
    """Recorded levels of every token. `side` is always that of the order that takes from them."""

    def __init__(self, markets: MarketSource) -> None:
        self._markets = markets
        self._taken: dict[str, _Taken] = {}

    def levels(self, token_id: str, side: Side, now_ms: int) -> list[tuple[Price, Shares]]:
        """What an order on `side` could take, best price first."""
        book = self._markets.book(token_id, now_ms)
        if book is None:
            return []
        taken = self._taken_from(token_id, book.at_ms).shares
        recorded = book.asks if side is Side.BUY else book.bids
        left = ((price, shares - taken.get((side, price), Shares.zero())) for price, shares in recorded)
        return [(price, shares) for price, shares in left if shares.is_positive]

    def take(self, token_id: str, side: Side, price: Price, shares: Shares, now_ms: int) -> None:
        """Remember that an order on `side` took `shares` at a recorded `price`."""
        self._remember(token_id, side, price, shares, now_ms)
        market = self._markets.by_token(token_id)
        if market is not None:
            self._remember(other_token(market, token_id), opposite(side), mirrored(price), shares, now_ms)

    def _remember(self, token_id: str, side: Side, price: Price, shares: Shares, now_ms: int) -> None:
        book = self._markets.book(token_id, now_ms)
        if book is None:
            return
        taken = self._taken_from(token_id, book.at_ms).shares
        taken[side, price] = taken.get((side, price), Shares.zero()) + shares

    def _taken_from(self, token_id: str, snapshot_ms: int) -> _Taken:
        taken = self._taken.get(token_id)
        if taken is None or taken.snapshot_ms != snapshot_ms:
            taken = self._taken[token_id] = _Taken(snapshot_ms=snapshot_ms)
        return taken


def other_token(market: RecordedMarket, token_id: str) -> str:
    """The market's other outcome."""
    return market.token_ids[1 - market.outcome_index(token_id)]


def mirrored(price: Price) -> Price:
    """The price of the other outcome: both together are worth one dollar."""
    return Price(1 - price.value)


def opposite(side: Side) -> Side:
    """Who trades with an order of this side."""
    return Side.SELL if side is Side.BUY else Side.BUY
