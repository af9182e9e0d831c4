"""What the services ask of the outside when they read: the venue's adapters answer it, and so do recorded answers."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Protocol

from live_trading.nouns.markets import Market, OrderBook, PayoutVector, PricePoint
from live_trading.polymarket.data.feed_rows import FeedPage
from live_trading.polymarket.data.trader_history import PositionsPage
from live_trading.polymarket.gamma.gamma_rows import GammaAnswer
from live_trading.signals.trader_record import TradeSize


class TradeFeed(Protocol):
    def trades(self, trader: str, since: datetime) -> FeedPage:
        """Every fill of a trader from `since` on. Raises RetryLater, GiveUp or MalformedAnswer."""


class TraderHistory(Protocol):
    def closed_positions(self, trader: str) -> PositionsPage:
        """A trader's finished positions. Raises RetryLater, GiveUp or MalformedAnswer."""

    def trade_sizes(self, trader: str, since: datetime | None = None) -> list[TradeSize]:
        """When a trader traded and for how many dollars. Raises as `closed_positions` does."""


class MarketSource(Protocol):
    def markets(self, condition_ids: Sequence[str]) -> GammaAnswer:
        """The markets of these conditions. Raises RetryLater, GiveUp or MalformedAnswer."""


class PayoutSource(Protocol):
    def vectors_of(self, markets: Iterable[Market]) -> dict[str, PayoutVector | None]:
        """What the chain pays of each market by condition, None where it has not resolved. Raises RetryLater."""


class BookSource(Protocol):
    def books(self, token_ids: Collection[str]) -> dict[str, OrderBook]:
        """The books of these tokens, without those that are missing. Raises RetryLater, GiveUp or MalformedAnswer."""


class PriceHistorySource(Protocol):
    def price_history(self, token_id: str, since: datetime, until: datetime) -> list[PricePoint]:
        """Prices between two moments, oldest first or not. Raises RetryLater, GiveUp or MalformedAnswer."""
