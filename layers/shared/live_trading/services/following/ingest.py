"""Ingest: what the followed traders did, stored once, with the markets that judging it needs, and traders' records.

The feed is the truth: it fills what the watch on the chain, which is faster, could not tell. Traders are asked side by
side and what came in is stored together, so that a pass without news costs the database the same for one trader and for
a hundred.

A trader followed at T yields trades from T on. The feed is late and not strictly ordered, so each run re-reads a
window before the newest stored trade of a trader; a row that trails a newer one by more than that is missed. The cursor
moves after the rows are stored or set aside, to the newest of them and no further.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from live_trading.nouns.clock import Clock
from live_trading.nouns.trades import QuarantinedRow, SourceTrade
from live_trading.polymarket.data.feed_rows import FeedPage
from live_trading.services.following.fills.feed_reading import FeedReader
from live_trading.services.following.fills.trade_storing import store_listed
from live_trading.services.following.market_keeping import MarketKeeper
from live_trading.services.following.trader_statistics import StatisticsKeeper, StatisticsReport
from live_trading.services.running import leasing
from live_trading.services.running.budget import Budget
from live_trading.services.running.failures import PartFailure, contained
from live_trading.store.database import cursors, leases, turns
from live_trading.store.database.connection import ConstraintViolated, Database
from live_trading.store.database.leases import Lease
from live_trading.store.feed import quarantine, traders
from live_trading.store.feed.traders import FollowedTrader

LEASE = "ingest"
LEASE_SECONDS = 60
TURNS = f"{LEASE}:traders"
TRADERS_A_CHUNK = 200
# What the feeds leave to the records of traders, which wait as long as the feeds have much to tell.
SECONDS_FOR_STATISTICS = 8.0
OVERLAP = timedelta(minutes=10)
# A trade from beyond this is no lateness of clocks: believed, its time would move the cursor past everything real.
FUTURE_TOLERANCE = timedelta(minutes=5)


@dataclass(slots=True, kw_only=True)
class IngestReport:
    """What one run did; `ran` is False where another invocation was at it.

    `seen` counts rows of the feed that could be read, `stored` those of them that were new, `quarantined` rows that
    could not be read, new or not. `left` are traders that time ran out for.
    """

    ran: bool
    traders: int = 0
    seen: int = 0
    stored: int = 0
    quarantined: int = 0
    markets_refreshed: int = 0
    statistics: StatisticsReport | None = None
    left: list[str] = field(default_factory=list)
    failures: list[PartFailure] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Page:
    """What the feed said of one trader; `newest` is the time of their newest trade, stored or set aside."""

    trader: str
    trades: Sequence[SourceTrade]
    aside: Sequence[QuarantinedRow]
    newest: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    """Pages to store, with the traders that were asked and, by cursor, where each stood; no cursor moves without."""

    asked: Sequence[str]
    pages: Sequence[_Page]
    positions: Mapping[str, datetime] | None = None

    def moved(self, now: datetime) -> dict[str, datetime]:
        """The cursors that move, and where to."""
        if self.positions is None:
            return {}
        to = {_cursor(page.trader): min(page.newest, now) for page in self.pages if page.newest is not None}
        return {name: at for name, at in to.items() if name not in self.positions or self.positions[name] < at}


class Ingest:
    """Reads the feed of every followed trader once a run."""

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        feed: FeedReader,
        markets: MarketKeeper,
        statistics: StatisticsKeeper | None,
        holder: str,
    ) -> None:
        """`holder` names this invocation in the lease; `statistics` is None where another job keeps them."""
        self._database = database
        self._clock = clock
        self._feed = feed
        self._markets = markets
        self._statistics = statistics
        self._holder = holder

    def run(self, budget: Budget | None = None) -> IngestReport:
        """One pass over all followed traders, least recently served first, as long as the budget lasts.

        Safe to repeat and to overlap.

        One trader's failure is reported and does not stop the others. Raises LeaseLost or StoreUnavailable.
        """
        with leasing.held(self._database, self._clock, name=LEASE, holder=self._holder, seconds=LEASE_SECONDS) as lease:
            if lease is None:
                return IngestReport(ran=False)
            report = IngestReport(ran=True)
            whole = budget or Budget.unlimited()
            fresh = self._read_all(lease, report, whole.keeping(SECONDS_FOR_STATISTICS) if self._statistics else whole)
            self._prepare(fresh, lease, report)
        if self._statistics is not None:
            with contained("records of traders", report.failures), leasing.below(self._database, lease):
                report.statistics = self._statistics.run(whole)
                report.failures += report.statistics.failures
        return report

    def _read_all(self, lease: Lease, report: IngestReport, budget: Budget) -> list[SourceTrade]:
        with self._database.transaction() as transaction:
            followed = {each.trader: each for each in traders.followed(transaction)}
            positions = cursors.times(transaction, [_cursor(trader) for trader in followed])
            in_turn = turns.in_turn(transaction, TURNS, list(followed))
        report.traders = len(followed)
        fresh: list[SourceTrade] = []
        # A chunk is what may be lost with a run that dies, and what is held in memory at once.
        for start in range(0, len(in_turn), TRADERS_A_CHUNK):
            some = in_turn[start : start + TRADERS_A_CHUNK]
            read = self._feed.read(
                [(trader, _since(followed[trader], positions.get(_cursor(trader)))) for trader in some], budget
            )
            report.left += read.left
            report.failures += read.failures
            now = self._clock.now()
            pages = [_page_of(followed[trader], page, now) for trader, page in read.pages.items()]
            fresh += self._keep(_Read(asked=read.asked, pages=pages, positions=positions), lease, report)
        return fresh

    def _keep(self, read: _Read, lease: Lease, report: IngestReport) -> list[SourceTrade]:
        """Stores what came in, all of it at once; trader by trader where the store refuses something of somebody."""
        if not read.asked:
            return []
        pages = list(read.pages)
        try:
            fresh = self._store(read, lease)
        except ConstraintViolated:
            fresh, pages = self._store_one_by_one(read, lease, report)
        report.stored += len(fresh)
        report.seen += sum(len(page.trades) for page in pages)
        report.quarantined += sum(len(page.aside) for page in pages)
        return fresh

    def _store(self, read: _Read, lease: Lease) -> list[SourceTrade]:
        now = self._clock.now()
        with self._database.transaction() as transaction:
            leases.renew(transaction, lease, now, LEASE_SECONDS)
            result = store_listed(transaction, [trade for page in read.pages for trade in page.trades], now)
            quarantine.record(transaction, [row for page in read.pages for row in page.aside], now)
            cursors.advance_times(transaction, read.moved(now), now)
            turns.served(transaction, TURNS, read.asked, now)
        return result.new

    def _store_one_by_one(
        self, read: _Read, lease: Lease, report: IngestReport
    ) -> tuple[list[SourceTrade], list[_Page]]:
        """Which trader the store refuses something of, and which of their trades, shows when each is stored alone."""
        fresh: list[SourceTrade] = []
        pages: list[_Page] = []
        for page in read.pages:
            with contained(page.trader, report.failures):
                try:
                    fresh += self._store(replace(read, asked=[page.trader], pages=[page]), lease)
                    pages.append(page)
                except ConstraintViolated:
                    kept = self._without_refused(page, lease, fresh)
                    fresh += self._store(replace(read, asked=[page.trader], pages=[kept]), lease)
                    pages.append(kept)
        return fresh, pages

    def _without_refused(self, page: _Page, lease: Lease, fresh: list[SourceTrade]) -> _Page:
        kept: list[SourceTrade] = []
        aside = list(page.aside)
        for trade in page.trades:
            try:
                fresh += self._store(_Read(asked=[], pages=[replace(page, trades=[trade], aside=[])]), lease)
                kept.append(trade)
            except ConstraintViolated as error:
                aside.append(_unread(trade, f"the store refuses it: {error}"))
        return replace(page, trades=kept, aside=aside)

    def _prepare(self, recent: Sequence[SourceTrade], lease: Lease, report: IngestReport) -> None:
        now = self._clock.now()
        refresh = self._markets.refresh({trade.condition_id for trade in recent}, lease, now)
        report.markets_refreshed = refresh.refreshed
        report.quarantined += refresh.malformed
        report.failures += refresh.failures


def _cursor(trader: str) -> str:
    return f"ingest:{trader}"


def _since(followed: FollowedTrader, position: datetime | None) -> datetime:
    if position is None:
        return followed.followed_since
    return max(followed.followed_since, position - OVERLAP)


def _page_of(followed: FollowedTrader, page: FeedPage, now: datetime) -> _Page:
    """What of a trader's page is theirs since they were followed; trades from the future are set aside."""
    latest = now + FUTURE_TOLERANCE
    impossible = [_unread(trade, "trade time is in the future") for trade in page.trades if trade.trade_time > latest]
    ours = [trade for trade in page.trades if followed.followed_since <= trade.trade_time <= latest]
    return _Page(
        trader=followed.trader,
        trades=ours,
        aside=[*page.quarantined, *impossible],
        newest=max((trade.trade_time for trade in ours), default=None),
    )


def _unread(trade: SourceTrade, reason: str) -> QuarantinedRow:
    return QuarantinedRow(source="data_api.trades", reason=reason, raw=repr(trade), trader=trade.trader)
