"""A folder of recorded answers as the sources that the services read: feed, markets, books; nothing else is invented.

Files are told apart by what is in them. Trades and activity come in the v1 shape (a bare array) or in the v2 shape (an
envelope); markets are Gamma's, books the CLOB's. `replay_files` says how the files are written.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from live_trading.nouns.clock import Clock
from live_trading.nouns.markets import Market, OrderBook, PayoutVector
from live_trading.nouns.trades import QuarantinedRow, SourceTrade, SourceTradeKey
from live_trading.polymarket.clob.market_data import BookRow, ClobMarket
from live_trading.polymarket.data.data_api import PositionsStep, TradeSizesStep
from live_trading.polymarket.data.feed_rows import FeedPage, read_rows
from live_trading.polymarket.data.trader_history import PositionList, PositionStatus, Resolution
from live_trading.polymarket.gamma.gamma_rows import GammaAnswer, MarketSnapshot, read_markets
from live_trading.polymarket.wire.http_questions import NotFound
from live_trading.polymarket.wire.set_aside import ROW_FAILURES, set_aside
from live_trading.signals.trader_record import TradeSize
from local.replay_files import UnreadableFile, rows_of, written_as_rows

_TRANSACTION = ({"transactionHash"}, {"transaction_hash"}, {"side", "size", "price", "timestamp"})
_MARKET = ({"clobTokenIds"}, {"outcomes"})
_BOOK = ({"bids"}, {"asks"}, {"buys"}, {"sells"})


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
    """Everything that the folder holds, each trade once; `books` are a token's in the order of their times."""

    accounts: list[FileAccount] = field(default_factory=list)
    trades: dict[SourceTradeKey, SourceTrade] = field(default_factory=dict)
    quarantined: list[QuarantinedRow] = field(default_factory=list)
    markets: dict[str, MarketSnapshot] = field(default_factory=dict)
    books: dict[str, list[OrderBook]] = field(default_factory=dict)
    unused: list[str] = field(default_factory=list)

    def in_time(self) -> list[SourceTrade]:
        """The trades, oldest first."""
        return sorted(self.trades.values(), key=lambda trade: (trade.trade_time, trade.transaction_hash))


def read_recording(source: Path, *, as_rows: Callable[[list[object]], list[object]] = list) -> Recording:
    """Every file of rows in a folder, or the one file; `as_rows` puts the rows of one into the feed's words.

    Raises NothingToReplay where none of them has trades or activity.
    """
    recording = Recording()
    for file in _files(source):
        _read_file(file, recording, as_rows)
    if not recording.accounts:
        raise NothingToReplay(f"{source} has no file of trades; seen: {', '.join(recording.unused)}")
    return recording


def _files(source: Path) -> list[Path]:
    if source.is_file():
        if not written_as_rows(source):
            raise NothingToReplay(f"{source} is called neither JSON, JSON lines nor CSV")
        return [source]
    if not source.is_dir():
        raise NothingToReplay(f"{source} is not a folder, nor a file")
    files = sorted(file for file in source.iterdir() if file.is_file() and written_as_rows(file))
    if not files:
        raise NothingToReplay(f"{source} has no JSON files, nor JSON lines or CSV")
    return files


def _read_file(file: Path, recording: Recording, as_rows: Callable[[list[object]], list[object]]) -> None:
    try:
        rows = as_rows(rows_of(file))
    except UnreadableFile as error:
        recording.unused.append(f"{file.name} (not {error.expected})")
        recording.quarantined.append(QuarantinedRow(source=file.name, reason=str(error), raw=error.raw))
        return
    if _some_have(rows, _TRANSACTION):
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
        if not _some_have([row], _BOOK) and isinstance(row, dict):
            continue  # another event of the stream that the books were recorded from
        try:
            book = BookRow.model_validate(row).as_book()
        except ROW_FAILURES as error:
            recording.quarantined.append(set_aside(row, error, name))
        else:
            taken = recording.books.setdefault(book.token_id, [])
            taken.append(book)
            taken.sort(key=lambda each: each.taken_at)


def _some_have(rows: Sequence[object], shapes: Sequence[set[str]]) -> bool:
    return any(isinstance(row, dict) and shape <= row.keys() for row in rows for shape in shapes)


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


_NO_POSITIONS = PositionsStep(listed=PositionList(rows=[], quarantined=[]), next_cursor=None, digest="")


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

    def positions(self, trader: str, status: PositionStatus, cursor: str | None) -> PositionsStep:  # noqa: ARG002
        return _NO_POSITIONS

    def resolutions(self, condition_ids: Collection[str]) -> dict[str, Resolution]:  # noqa: ARG002 (none are recorded)
        return {}

    def trade_sizes(self, trader: str, after: datetime | None, until: datetime) -> TradeSizesStep:
        sizes = [
            TradeSize(time=trade.trade_time, usd=trade.trade_usd)
            for trade in self._by_trader[trader]
            if trade.trade_time <= until and (after is None or trade.trade_time > after)
        ]
        return TradeSizesStep(sizes=sizes, down_to=None)


class RecordedMarkets:
    """The markets that the folder describes; the chain has resolved none of them, because no chain was recorded."""

    def __init__(self, recording: Recording) -> None:
        self._markets = recording.markets

    def markets(self, condition_ids: Sequence[str]) -> GammaAnswer:
        known = {each: self._markets[each] for each in condition_ids if each in self._markets}
        return GammaAnswer(markets=known, malformed=[])

    def clob_market(self, condition_id: str) -> ClobMarket:
        raise NotFound(f"no order book's word on {condition_id} is recorded")

    def vectors_of(self, markets: Iterable[Market]) -> dict[str, PayoutVector | None]:
        return {market.condition_id: None for market in markets}


class RecordedBooks:
    """The books that the folder holds: of each token the newest taken by the clock's time, none before the first."""

    def __init__(self, recording: Recording, clock: Clock) -> None:
        self._books = recording.books
        self._clock = clock

    def books(self, token_ids: Collection[str]) -> dict[str, OrderBook]:
        now = self._clock.now()
        found: dict[str, OrderBook] = {}
        for token_id in token_ids:
            taken = self._books.get(token_id, [])
            count = bisect_right(taken, now, key=lambda book: book.taken_at)
            if count:
                found[token_id] = taken[count - 1]
        return found
