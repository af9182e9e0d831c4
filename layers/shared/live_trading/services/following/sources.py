"""What the services ask of the outside when they read: the venue's adapters answer it, and so do recorded answers."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Protocol

from live_trading.chain.reading.order_logs import Block, LookedAt
from live_trading.nouns.markets import Market, OrderBook, PayoutVector
from live_trading.polymarket.clob.market_data import ClobMarket
from live_trading.polymarket.data.data_api import PositionsStep, TradeSizesStep
from live_trading.polymarket.data.feed_rows import FeedPage
from live_trading.polymarket.data.trader_history import PositionStatus, Resolution
from live_trading.polymarket.gamma.gamma_rows import GammaAnswer


class TradeFeed(Protocol):
    def trades(self, trader: str, since: datetime) -> FeedPage:
        """Every fill of a trader from `since` on. Raises RetryLater, GiveUp or MalformedAnswer."""


class TraderHistory(Protocol):
    """A trader's past in steps of about a page. Every method raises RetryLater, GiveUp or MalformedAnswer."""

    def trade_sizes(self, trader: str, after: datetime | None, until: datetime) -> TradeSizesStep:
        """When a trader traded and for how many dollars, from `until` back towards `after`."""

    def positions(self, trader: str, status: PositionStatus, cursor: str | None) -> PositionsStep:
        """One page of one list of a trader's positions, the latest events first."""

    def resolutions(self, condition_ids: Collection[str]) -> dict[str, Resolution]:
        """What is known of the results of these conditions, by id without padding."""


class MarketSource(Protocol):
    def markets(self, condition_ids: Sequence[str]) -> GammaAnswer:
        """The markets of these conditions. Raises RetryLater, GiveUp or MalformedAnswer."""


class TokenSource(Protocol):
    def markets_of_tokens(self, token_ids: Sequence[str]) -> GammaAnswer:
        """The markets of these tokens. Raises RetryLater, GiveUp or MalformedAnswer."""


class FillSource(Protocol):
    """The chain's logs. Every method raises RetryLater where the node is away or behind, and GiveUp."""

    def head(self) -> Block:
        """The newest block that may be looked at."""

    def blocks(self, numbers: Sequence[int]) -> list[Block | None]:
        """These blocks, None for those that there are not."""

    def look(self, accounts: Sequence[str], first: int, last: int, *, anchor: int) -> LookedAt:
        """The fills of these accounts in a range of blocks, and block `anchor`."""


class FeeSource(Protocol):
    def clob_market(self, condition_id: str) -> ClobMarket:
        """The order book's own view of a market. Raises NotFound, RetryLater, GiveUp or MalformedAnswer."""


class PayoutSource(Protocol):
    def vectors_of(self, markets: Iterable[Market]) -> dict[str, PayoutVector | None]:
        """What the chain pays of each market by condition, None where it has not resolved. Raises RetryLater."""


class BookSource(Protocol):
    def books(self, token_ids: Collection[str]) -> dict[str, OrderBook]:
        """The books of these tokens, without those that are missing. Raises RetryLater, GiveUp or MalformedAnswer."""
