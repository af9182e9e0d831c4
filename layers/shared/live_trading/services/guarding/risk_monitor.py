"""Watches how strategies stand, whether or not anything is to be entered: marks positions, trips and releases locks.

Runs in lt-execute before entries. What it sees of the outside is committed first, so that it and the gate judge the
same state.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from live_trading.nouns.clock import Clock
from live_trading.nouns.locks import LockReason, LockScope, ReleaseKind
from live_trading.nouns.wallets import TradingWallet
from live_trading.polymarket.data.data_api import FeedStatus
from live_trading.risk.gate import check_standing, trips_of
from live_trading.risk.losses import has_recovered
from live_trading.risk.proposal import mark_price
from live_trading.services.following.sources import BookSource
from live_trading.services.guarding.trip_locks import put_locks
from live_trading.services.running.failures import PartFailure, contained
from live_trading.store.accounts.live_strategies import LiveStrategy
from live_trading.store.database import audit, leases
from live_trading.store.database.connection import Database, Transaction
from live_trading.store.database.leases import Lease
from live_trading.store.risk import locks, observations, standing
from live_trading.store.watch import alerts

_VENUE_STOPS = (LockReason.GEOBLOCKED, LockReason.CLOSED_ONLY)


@dataclass(slots=True, kw_only=True)
class MonitorReport:
    """Locks that came and went in one pass, and what could not be looked at."""

    tripped: int = 0
    recovered: int = 0
    failures: list[PartFailure] = field(default_factory=list)


class RiskMonitor:
    """One pass over one trading wallet and its active strategies."""

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        books: BookSource,
        feed_status: Callable[[], FeedStatus],
        may_open: Callable[[TradingWallet], bool],
        actor: str,
    ) -> None:
        """`may_open` asks the venue whether it lets a wallet open positions."""
        self._database = database
        self._clock = clock
        self._books = books
        self._feed_status = feed_status
        self._may_open = may_open
        self._actor = actor

    def run(self, lease: Lease, wallet: TradingWallet, strategies: Sequence[LiveStrategy]) -> MonitorReport:
        """Marks what is held, judges each strategy, and ends the venue's own stops where the venue says so.

        Raises StoreUnavailable or LeaseLost.
        """
        report = MonitorReport()
        with contained("marks of what is held", report.failures):
            self._mark(wallet.trading_wallet_id)
        if any(each.rules.breaker_feed_lag_seconds is not None for each in strategies):
            with contained("freshness of the feed", report.failures):
                self._note_feed()
        self._judge_all(lease, strategies, report)
        with contained(f"eligibility of wallet {wallet.trading_wallet_id}", report.failures):
            self._ask_the_venue_again(lease, wallet, report)
        return report

    def _ask_the_venue_again(self, lease: Lease, wallet: TradingWallet, report: MonitorReport) -> None:
        """A wallet that the venue refused as a whole is free again as soon as the venue says that it may open."""
        now = self._clock.now()
        with self._database.transaction() as transaction:
            stops = [
                lock
                for lock in locks.on_entries(transaction, now)
                if lock.reason in _VENUE_STOPS and lock.scope_id == str(wallet.trading_wallet_id)
            ]
        if not stops or not self._may_open(wallet):
            return
        now = self._clock.now()
        with self._database.transaction() as transaction:
            leases.assert_held(transaction, lease)
            for lock in stops:
                locks.release_one(
                    transaction,
                    lock.lock_id,
                    released_by=self._actor,
                    detail="the venue says that the wallet may open positions",
                    now=now,
                    kind=ReleaseKind.RECOVERED,
                )
                audit.record(
                    transaction,
                    actor=self._actor,
                    action="lock_released",
                    subject_type="trading_wallet",
                    subject_id=str(wallet.trading_wallet_id),
                    before={"reason": lock.reason},
                    after={"release_kind": ReleaseKind.RECOVERED},
                    cause="the venue says that the wallet may open positions",
                    at=now,
                )
            alerts.resolve_alerts_of_ended_locks(transaction, now)
        report.recovered += len(stops)

    def _mark(self, trading_wallet_id: UUID) -> None:
        with self._database.transaction() as transaction:
            held = observations.held_shares(transaction, trading_wallet_id)
        if not held:
            return
        books = self._books.books(sorted(held))
        marks = {
            token_id: mark_price(book, held[token_id]) for token_id, book in books.items() if book.bids or book.asks
        }
        now = self._clock.now()
        with self._database.transaction() as transaction:
            observations.save_marks(transaction, trading_wallet_id, marks, now)

    def _note_feed(self) -> None:
        status = self._feed_status()
        complete_until = status.computed_at - timedelta(seconds=status.lag_seconds)
        now = self._clock.now()
        with self._database.transaction() as transaction:
            observations.save_feed_freshness(transaction, standing.TRADES_FEED, complete_until, now)

    def _judge_all(self, lease: Lease, strategies: Sequence[LiveStrategy], report: MonitorReport) -> None:
        """Reads how all stand at once; only who trips or may have recovered takes a transaction of its own.

        Where they cannot be read together each is read alone, so that one of them stops only itself.
        """
        concerned = strategies
        with contained("limits of all strategies", report.failures):
            concerned = self._concerned(strategies, self._clock.now())
        for strategy in concerned:
            with contained(f"limits of strategy {strategy.lt_strategy_id}", report.failures):
                now = self._clock.now()
                with self._database.transaction() as transaction:
                    leases.assert_held(transaction, lease)
                    self._judge(transaction, strategy, report, now)

    def _concerned(self, strategies: Sequence[LiveStrategy], now: datetime) -> list[LiveStrategy]:
        with self._database.transaction() as transaction:
            stood = standing.of_strategies(transaction, strategies, now)
            drawn_down = locks.open_scopes(transaction, LockScope.STRATEGY, LockReason.DRAWDOWN)
        return [
            strategy
            for strategy in strategies
            if trips_of(check_standing(strategy.rules, stood[strategy.lt_strategy_id]))
            or (
                str(strategy.lt_strategy_id) in drawn_down
                and has_recovered(strategy.rules, stood[strategy.lt_strategy_id])
            )
        ]

    def _judge(self, transaction: Transaction, strategy: LiveStrategy, report: MonitorReport, now: datetime) -> None:
        seen = standing.of_strategy(transaction, strategy, now)
        trips = trips_of(check_standing(strategy.rules, seen))
        report.tripped += put_locks(transaction, strategy, trips, actor=self._actor, now=now)
        if has_recovered(strategy.rules, seen) and self._released(transaction, strategy, now):
            report.recovered += 1
            audit.record(
                transaction,
                actor=self._actor,
                action="lock_released",
                subject_type="lt_strategy",
                subject_id=str(strategy.lt_strategy_id),
                before={"reason": LockReason.DRAWDOWN},
                after={"release_kind": ReleaseKind.RECOVERED},
                cause=f"drawdown is {seen.drawdown}",
                at=now,
            )

    def _released(self, transaction: Transaction, strategy: LiveStrategy, now: datetime) -> bool:
        return locks.release(
            transaction,
            scope=LockScope.STRATEGY,
            scope_id=str(strategy.lt_strategy_id),
            reason=LockReason.DRAWDOWN,
            released_by=self._actor,
            now=now,
            kind=ReleaseKind.RECOVERED,
        )
