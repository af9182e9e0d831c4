"""A folder of recorded answers as the sources that the services read: feed, markets, books; nothing else is invented.

Files are told apart by what is in them. Trades and activity come in the v1 shape (a bare array) or in the v2 shape (an
envelope); markets are Gamma's, books the CLOB's.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from live_trading.nouns.clock import Clock
from live_trading.nouns.errors import MalformedAnswer
from live_trading.nouns.markets import Market, OrderBook, PayoutVector
from live_trading.nouns.trades import QuarantinedRow, SourceTrade, SourceTradeKey
from live_trading.polymarket.clob.market_data import BookRow
from live_trading.polymarket.data.feed_rows import FeedPage, read_rows
from live_trading.polymarket.gamma.gamma_rows import GammaAnswer, MarketSnapshot, read_markets
from live_trading.polymarket.wire.field_types import read
from live_trading.polymarket.wire.json_text import parse_json
from live_trading.signals.trader_record import ClosedPosition, TradeSize

_TRANSACTION = frozenset({"transactionHash", "transaction_hash"})
_MARKET = frozenset({"clobTokenIds", "outcomes"})
_BOOK = frozenset({"bids", "asks"})


class NothingToReplay(Exception):
    """The folder has no trades; the message says what is wrong with it."""


@dataclass(slots=True, kw_only=True)
class FileAccount:
    """What became of the rows of one file of trades: they sum to `rows`."""

    name: str
    rows: int
    decided: int = 0
    duplicate: int = 0
    quarantined: int = 0
    other: int = 0

    @property
    def adds_up(self) -> bool:
        return self.rows == self.decided + self.duplicate + self.quarantined + self.other


@dataclass(slots=True, kw_only=True)
class Recording:
    """Everything that the folder holds, each trade once."""

    accounts: list[FileAccount] = field(default_factory=list)
    trades: dict[SourceTradeKey, SourceTrade] = field(default_factory=dict)
    quarantined: list[QuarantinedRow] = field(default_factory=list)
    markets: dict[str, MarketSnapshot] = field(default_factory=dict)
    books: dict[str, OrderBook] = field(default_factory=dict)
    unused: list[str] = field(default_factory=list)

    def in_time(self) -> list[SourceTrade]:
        """The trades, oldest first."""
        return sorted(self.trades.values(), key=lambda trade: (trade.trade_time, trade.transaction_hash))


def read_recording(folder: Path) -> Recording:
    """Every JSON file of the folder. Raises NothingToReplay where there are no trades in it."""
    if not folder.is_dir():
        raise NothingToReplay(f"{folder} is not a folder")
    files = sorted(folder.glob("*.json"))
    if not files:
        raise NothingToReplay(f"{folder} has no JSON files")
    recording = Recording()
    for file in files:
        _read_file(file, recording)
    if not recording.accounts:
        raise NothingToReplay(f"{folder} has no file of trades; seen: {', '.join(recording.unused)}")
    return recording


def _read_file(file: Path, recording: Recording) -> None:
    try:
        answer = parse_json(file.read_bytes())
    except MalformedAnswer as error:
        recording.unused.append(f"{file.name} (not JSON)")
        recording.quarantined.append(QuarantinedRow(source=file.name, reason=str(error), raw=error.raw[:1000]))
        return
    rows = answer.get("data", [answer]) if isinstance(answer, dict) else answer
    if not isinstance(rows, list):
        recording.unused.append(file.name)
    elif _some_have(rows, _TRANSACTION):
        _read_trades(file.name, rows, recording)
    elif _some_have(rows, _MARKET):
        answered = read_markets(rows)
        recording.markets |= answered.markets
        recording.quarantined += answered.malformed
    elif _some_have(rows, _BOOK):
        _read_books(file.name, rows, recording)
    else:
        recording.unused.append(file.name)


def _read_books(name: str, rows: Sequence[object], recording: Recording) -> None:
    for row in rows:
        try:
            book = read(BookRow, row, name).as_book()
        except MalformedAnswer as error:
            recording.quarantined.append(QuarantinedRow(source=name, reason=str(error), raw=error.raw))
        else:
            recording.books[book.token_id] = book


def _some_have(rows: Sequence[object], keys: frozenset[str]) -> bool:
    return any(isinstance(row, dict) and keys & row.keys() for row in rows)


def _read_trades(name: str, rows: Sequence[object], recording: Recording) -> None:
    page = read_rows(rows, name)
    account = FileAccount(name=name, rows=len(rows), quarantined=len(page.quarantined), other=page.other_activities)
    for trade in page.trades:
        if trade.key in recording.trades:
            account.duplicate += 1
        else:
            account.decided += 1
            recording.trades[trade.key] = trade
    recording.quarantined += page.quarantined
    recording.accounts.append(account)


class RecordedFeed:
    """Trades that have happened by the clock, and what they say of how much their traders usually trade."""

    def __init__(self, recording: Recording, clock: Clock) -> None:
        self._clock = clock
        self._by_trader: dict[str, list[SourceTrade]] = defaultdict(list)
        for trade in recording.in_time():
            self._by_trader[trade.trader].append(trade)

    def trades(self, trader: str, since: datetime) -> FeedPage:
        now = self._clock.now()
        found = [trade for trade in self._by_trader[trader] if since <= trade.trade_time <= now]
        return FeedPage(trades=found, quarantined=[])

    def closed_positions(self, trader: str) -> list[ClosedPosition]:  # noqa: ARG002 (the recording has none)
        return []

    def trade_sizes(self, trader: str, since: datetime | None = None) -> list[TradeSize]:
        return [
            TradeSize(time=trade.trade_time, usd=trade.trade_usd)
            for trade in self._by_trader[trader]
            if since is None or trade.trade_time >= since
        ]


class RecordedMarkets:
    """The markets that the folder describes; the chain has resolved none of them, because no chain was recorded."""

    def __init__(self, recording: Recording) -> None:
        self._markets = recording.markets

    def markets(self, condition_ids: Sequence[str]) -> GammaAnswer:
        known = {each: self._markets[each] for each in condition_ids if each in self._markets}
        return GammaAnswer(markets=known, malformed=[])

    def vectors_of(self, markets: Iterable[Market]) -> dict[str, PayoutVector | None]:
        return {market.condition_id: None for market in markets}


class RecordedBooks:
    """The books that the folder holds, taken as they stand at the clock's time."""

    def __init__(self, recording: Recording, clock: Clock) -> None:
        self._books = recording.books
        self._clock = clock

    def books(self, token_ids: Collection[str]) -> dict[str, OrderBook]:
        now = self._clock.now()
        return {each: replace(self._books[each], taken_at=now) for each in token_ids if each in self._books}
