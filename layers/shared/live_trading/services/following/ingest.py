"""Ingest: what the followed traders did, stored once, with the markets that judging it needs, and traders' records.

A trader followed at T yields trades from T on. The feed is late and not strictly ordered, so each run re-reads a
window before the newest stored trade of a trader; a row that trails a newer one by more than that is missed. The cursor
moves after the rows are stored or set aside, to the newest of them and no further.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from live_trading.nouns.clock import Clock
from live_trading.nouns.trades import QuarantinedRow, SourceTrade
from live_trading.polymarket.data.feed_rows import FeedPage
from live_trading.services.following.market_keeping import MarketKeeper
from live_trading.services.following.sources import TradeFeed
from live_trading.services.following.trade_storing import store_listed
from live_trading.services.following.trader_statistics import StatisticsKeeper, StatisticsReport
from live_trading.services.running import leasing
from live_trading.services.running.budget import Budget
from live_trading.services.running.failures import PartFailure, contained
from live_trading.services.running.rotation import Rotation
from live_trading.store.database import cursors, leases
from live_trading.store.database.connection import ConstraintViolated, Database
from live_trading.store.database.leases import Lease
from live_trading.store.feed import quarantine, traders
from live_trading.store.feed.traders import FollowedTrader

LEASE = "ingest"
LEASE_SECONDS = 60
SECONDS_A_TRADER = 3.0
# What the feeds leave to the records of traders, which wait as long as the feeds have much to tell.
SECONDS_FOR_STATISTICS = 8.0
OVERLAP = timedelta(minutes=10)
# A page without news leaves the lease alone until it has less than this to run.
RENEW_BEFORE = timedelta(seconds=30)
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


class Ingest:
    """Reads the feed of every followed trader once a run."""

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        feed: TradeFeed,
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
        self._traders = Rotation(database=database, clock=clock, name=f"{LEASE}:traders")

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
            followed = traders.followed(transaction)
            positions = cursors.times(transaction, [_cursor(each.trader) for each in followed])
        report.traders = len(followed)
        recent: list[SourceTrade] = []
        for each in self._traders.while_time_lasts(
            followed, lambda one: one.trader, budget=budget, seconds_each=SECONDS_A_TRADER, left=report.left
        ):
            with contained(each.trader, report.failures):
                recent += self._read_one(each, positions.get(_cursor(each.trader)), lease, report)
        return recent

    def _read_one(
        self, followed: FollowedTrader, position: datetime | None, lease: Lease, report: IngestReport
    ) -> Sequence[SourceTrade]:
        now = self._clock.now()
        page = _sound(self._feed.trades(followed.trader, _since(followed, position)), now)
        ours = [trade for trade in page.trades if trade.trade_time >= followed.followed_since]
        if not ours and not page.quarantined and lease.expires_at - now > RENEW_BEFORE:
            return ()
        aside = list(page.quarantined)
        try:
            stored = self._insert(ours, lease, now)
        except ConstraintViolated:
            # One of them is refused by the store: which, shows when each is stored alone.
            stored = sum(self._insert_one(trade, lease, now, aside) for trade in ours)
        with self._database.transaction() as transaction:
            leases.renew(transaction, lease, now, LEASE_SECONDS)
            quarantine.record(transaction, aside, now)
            if ours:
                newest = max(trade.trade_time for trade in ours)
                cursors.advance_times(transaction, {_cursor(followed.trader): min(newest, now)}, now)
        report.seen += len(ours)
        report.stored += stored
        report.quarantined += len(aside)
        return ours if stored else ()

    def _insert(self, trades: Sequence[SourceTrade], lease: Lease, now: datetime) -> int:
        with self._database.transaction() as transaction:
            leases.renew(transaction, lease, now, LEASE_SECONDS)
            return len(store_listed(transaction, trades, now).new)

    def _insert_one(self, trade: SourceTrade, lease: Lease, now: datetime, aside: list[QuarantinedRow]) -> int:
        try:
            return self._insert([trade], lease, now)
        except ConstraintViolated as error:
            aside.append(_unread(trade, f"the store refuses it: {error}"))
            return 0

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


def _sound(page: FeedPage, now: datetime) -> FeedPage:
    """The page with trades from the future moved to its quarantine."""
    impossible = [trade for trade in page.trades if trade.trade_time > now + FUTURE_TOLERANCE]
    if not impossible:
        return page
    return replace(
        page,
        trades=[trade for trade in page.trades if trade.trade_time <= now + FUTURE_TOLERANCE],
        quarantined=[*page.quarantined, *(_unread(trade, "trade time is in the future") for trade in impossible)],
    )


def _unread(trade: SourceTrade, reason: str) -> QuarantinedRow:
    return QuarantinedRow(source="data_api.trades", reason=reason, raw=repr(trade), trader=trade.trader)
