"""What judging a trade needs from outside, brought in before the judging: its market and its trader's record.

Both callers of the evaluation, paper and live, gather first and evaluate then, so that the evaluation itself reads only
the store.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from live_trading.nouns.trades import Side
from live_trading.services.following.judging import may_wait
from live_trading.services.following.market_keeping import MarketKeeper
from live_trading.services.following.trader_statistics import StatisticsKeeper, snapshot_hour
from live_trading.services.running.failures import PartFailure
from live_trading.store.database.leases import Lease
from live_trading.store.feed.source_trades import StoredTrade


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Which trades can be judged now; `waiting` ones lack something that may be there at the next run."""

    ready: tuple[StoredTrade, ...]
    waiting: tuple[StoredTrade, ...]
    failures: tuple[PartFailure, ...]


class EvidenceGatherer:
    """Fetches what is missing or stale for a batch of trades, each thing once."""

    def __init__(self, *, markets: MarketKeeper, statistics: StatisticsKeeper) -> None:
        self._markets = markets
        self._statistics = statistics

    def gather(self, trades: Sequence[StoredTrade], lease: Lease, now: datetime) -> Evidence:
        """Brings the store up to date for these trades.

        A source that is away makes its trades wait; one that answers without the thing does not, because then its
        absence is the answer. Raises LeaseLost or StoreUnavailable.
        """
        entries = [each.trade for each in trades if each.trade.side is Side.BUY]
        refresh = self._markets.refresh({trade.condition_id for trade in entries}, lease, now)
        records = self._statistics.take(
            {(trade.trader, snapshot_hour(trade.trade_time)) for trade in entries}, lease, now
        )

        def is_waiting(each: StoredTrade) -> bool:
            lacks = each.trade.condition_id in refresh.unavailable or each.trade.trader in records.unavailable
            return lacks and each.trade.side is Side.BUY and may_wait(each.seen_at, now)

        return Evidence(
            ready=tuple(each for each in trades if not is_waiting(each)),
            waiting=tuple(each for each in trades if is_waiting(each)),
            failures=(*refresh.failures, *records.failures),
        )
