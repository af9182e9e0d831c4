"""The recording as the product's services read it, as of the clock: markets, payouts, books and traders' records.

Nothing is served that was not there yet: a market is open until it ended, an ending is told from its time on, a book is
the newest that was taken, a price the last that was traded. What was never recorded is assumed, counted, and said.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from live_trading.nouns.clock import Clock
from live_trading.nouns.markets import (
    BookLevel,
    Market,
    OrderBook,
    PayoutVector,
    ProtocolVersion,
    ResolutionState,
    is_position_id,
)
from live_trading.nouns.money import Price, Shares
from live_trading.nouns.trades import SourceTrade
from live_trading.polymarket.clob.market_data import ClobMarket
from live_trading.polymarket.gamma.gamma_rows import NO_FEES, GammaAnswer, MarketSnapshot
from live_trading.polymarket.wire.http_questions import NotFound
from local.backtest.endings import Ending
from local.backtest.sheets import other_token
from local.replay_data import RecordedBooks, Recording

ASSUMED_TICK = Price("0.001")
ASSUMED_DEPTH = Shares(10_000_000)
_LOWEST, _HIGHEST = Decimal("0.001"), Decimal("0.999")
# A market that ended at a time that nobody recorded has ended so long after its last trade.
AFTER_THE_LAST_TRADE = timedelta(minutes=1)


@dataclass(slots=True, kw_only=True)
class Assumptions:
    """What stands in for what was not recorded, by token or condition, as it was asked for."""

    markets: set[str] = field(default_factory=set)
    versions: set[str] = field(default_factory=set)
    books: set[str] = field(default_factory=set)
    times_of_endings: set[str] = field(default_factory=set)


class LastPrices:
    """What each token last traded at, as of any time."""

    def __init__(self, trades: Sequence[SourceTrade]) -> None:
        """`trades` in the order of their times."""
        self._times: dict[str, list[datetime]] = defaultdict(list)
        self._prices: dict[str, list[Price]] = defaultdict(list)
        for trade in trades:
            self._times[trade.token_id].append(trade.trade_time)
            self._prices[trade.token_id].append(trade.price)

    def at(self, token_id: str, at: datetime) -> Price | None:
        """The last price by then; None where it had not traded."""
        count = bisect_right(self._times.get(token_id, ()), at)
        return self._prices[token_id][count - 1] if count else None


class Endings:
    """When each market ended and what it paid, as of the clock."""

    def __init__(
        self, recorded: Mapping[str, Ending], trades: Sequence[SourceTrade], assumed: Assumptions, clock: Clock
    ) -> None:
        last: dict[str, datetime] = {}
        for trade in trades:
            last[trade.condition_id] = max(trade.trade_time, last.get(trade.condition_id, trade.trade_time))
        self._clock = clock
        self._vectors: dict[str, tuple[datetime, PayoutVector]] = {}
        for condition_id, ending in recorded.items():
            if condition_id not in last:
                continue
            after = last[condition_id] + AFTER_THE_LAST_TRADE
            if ending.at is None:
                assumed.times_of_endings.add(condition_id)
            # What was traded afterwards had not ended: a stated end of a day is no time of an ending.
            self._vectors[condition_id] = (max(ending.at or after, after), ending.vector)

    def times(self) -> list[datetime]:
        """When markets ended."""
        return [at for at, _ in self._vectors.values()]

    def at(self, condition_id: str) -> datetime | None:
        """When a market ended; None where the recording does not say that it did."""
        found = self._vectors.get(condition_id)
        return None if found is None else found[0]

    def vector(self, condition_id: str) -> PayoutVector | None:
        """What a market paid, from its end on."""
        found = self._vectors.get(condition_id)
        return found[1] if found is not None and found[0] <= self._clock.now() else None


class MarketsAsOf:
    """The markets of the recording and those of its trades, open until they ended."""

    def __init__(self, recording: Recording, endings: Endings, assumed: Assumptions) -> None:
        self._recorded = recording.markets
        self._endings = endings
        self._assumed = assumed
        self._trades: dict[str, list[SourceTrade]] = defaultdict(list)
        for trade in recording.in_time():
            self._trades[trade.condition_id].append(trade)

    def markets(self, condition_ids: Sequence[str]) -> GammaAnswer:
        found = {each: market for each in condition_ids if (market := self._market(each)) is not None}
        return GammaAnswer(markets={each: self._snapshot(market) for each, market in found.items()}, malformed=[])

    def clob_market(self, condition_id: str) -> ClobMarket:
        raise NotFound(f"no order book's word on {condition_id} is recorded")

    def vectors_of(self, markets: Iterable[Market]) -> dict[str, PayoutVector | None]:
        return {market.condition_id: self._endings.vector(market.condition_id) for market in markets}

    def _market(self, condition_id: str) -> Market | None:
        recorded = self._recorded.get(condition_id)
        if recorded is None:
            return self._of_trades(condition_id)
        market = recorded.market
        if market.version is ProtocolVersion.UNKNOWN and not any(is_position_id(each) for each in market.token_ids):
            # Rows from before there was a second protocol do not name the first.
            self._assumed.versions.add(condition_id)
            return replace(market, version=ProtocolVersion.V1)
        return market

    def _of_trades(self, condition_id: str) -> Market | None:
        """A market with two outcomes, of which the trades show one or both; no fees, no minimum, no stated end."""
        trades = self._trades.get(condition_id)
        if not trades:
            return None
        self._assumed.markets.add(condition_id)
        tokens, outcomes = _sides(condition_id, trades)
        return Market(
            condition_id=condition_id,
            version=ProtocolVersion.V1,
            question=trades[0].title,
            slug=trades[0].slug,
            category=None,
            tags=(),
            event_id=None,
            outcomes=outcomes,
            token_ids=tokens,
            is_open=True,
            accepting_orders=True,
            end_time=None,
            game_start_time=None,
            tick_size=ASSUMED_TICK,
            minimum_order_shares=Shares.zero(),
            fees=NO_FEES,
            neg_risk=False,
        )

    def _snapshot(self, market: Market) -> MarketSnapshot:
        has_ended = self._endings.vector(market.condition_id) is not None
        return MarketSnapshot(
            market=replace(market, is_open=not has_ended, accepting_orders=not has_ended),
            resolution_hint=ResolutionState.RESOLVED if has_ended else ResolutionState.OPEN,
        )


def _sides(condition_id: str, trades: Sequence[SourceTrade]) -> tuple[tuple[str, str], tuple[str, str]]:
    """Both tokens with their names, in the order that the trades claim, else as they come."""
    seen: dict[str, SourceTrade] = {}
    for trade in trades:
        seen.setdefault(trade.token_id, trade)
    named = [(token, trade.outcome or "?", trade.outcome_index) for token, trade in list(seen.items())[:2]]
    if len(named) == 1:
        index = named[0][2]
        missing = (other_token(condition_id), "the other", 1 - index if index in (0, 1) else 1)
        named.append(missing)
    first, second = sorted(named, key=lambda each: (each[2] is None, each[2]))
    return (first[0], second[0]), (first[1], second[1])


class BooksAsOf:
    """The newest recorded book of a token, else one about its last price: so much above it is sold, so much below
    it is bought, any number of shares."""

    def __init__(
        self,
        recording: Recording,
        conditions: Mapping[str, str],
        prices: LastPrices,
        clock: Clock,
        assumed: Assumptions,
        slippage: Decimal,
    ) -> None:
        """`conditions` by token; `slippage` is a fraction of the price."""
        self._recorded = RecordedBooks(recording, clock)
        self._conditions = conditions
        self._prices = prices
        self._clock = clock
        self._assumed = assumed
        self._slippage = slippage

    def books(self, token_ids: Collection[str]) -> dict[str, OrderBook]:
        found = self._recorded.books(token_ids)
        for token_id in token_ids:
            if token_id not in found and (book := self._about_the_price(token_id)) is not None:
                found[token_id] = book
                self._assumed.books.add(token_id)
        return found

    def _about_the_price(self, token_id: str) -> OrderBook | None:
        now = self._clock.now()
        price = self._prices.at(token_id, now)
        if price is None or token_id not in self._conditions:
            return None
        ask = (price.value * (1 + self._slippage)).quantize(ASSUMED_TICK.value, rounding=ROUND_CEILING)
        bid = (price.value * (1 - self._slippage)).quantize(ASSUMED_TICK.value, rounding=ROUND_FLOOR)
        return OrderBook(
            token_id=token_id,
            condition_id=self._conditions[token_id],
            bids=(BookLevel(price=Price(min(max(bid, _LOWEST), _HIGHEST)), shares=ASSUMED_DEPTH),),
            asks=(BookLevel(price=Price(min(max(ask, _LOWEST), _HIGHEST)), shares=ASSUMED_DEPTH),),
            book_hash="",
            taken_at=now,
            tick_size=None,
            minimum_order_shares=None,
        )
