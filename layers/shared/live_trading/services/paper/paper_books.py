"""The books that paper bets are filled on: each fetched once a run, as it stands at decision time."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from live_trading.nouns.errors import RetryLater
from live_trading.nouns.markets import BookLevel, OrderBook
from live_trading.nouns.money import Shares
from live_trading.services.following.sources import BookSource


class BookShelf:
    """Books by token for the length of one run."""

    def __init__(self, market_data: BookSource) -> None:
        self._market_data = market_data
        self._books: dict[str, OrderBook | None] = {}
        self._out_of_reach: set[str] = set()

    def fetch(self, token_ids: Collection[str]) -> None:
        """Gets those books that were not asked for in this run yet. Raises GiveUp where the answer is unusable."""
        asked = set(token_ids) - set(self._books) - self._out_of_reach
        if not asked:
            return
        try:
            found = self._market_data.books(asked)
        except RetryLater:
            self._out_of_reach |= asked
        else:
            self._books |= {token_id: found.get(token_id) for token_id in asked}

    def book(self, token_id: str) -> OrderBook | None:
        """The book, None where the venue has none that can be read, or could not be asked."""
        self.fetch([token_id])
        return self._books.get(token_id)


def without_offers(book: OrderBook, shares: Shares) -> OrderBook:
    """The book after `shares` were bought from it, best offers first: what the next bet in the same run finds."""
    left = shares
    asks: list[BookLevel] = []
    for level in book.asks:
        taken = min(left, level.shares)
        left -= taken
        if level.shares > taken:
            asks.append(BookLevel(price=level.price, shares=level.shares - taken))
    return replace(book, asks=tuple(asks))
