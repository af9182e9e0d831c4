"""What the strategies of one wallet have before them in one run: newest signal first over all of them, part by part.

The first part is small, so that what is worth most leaves first and a run that is killed has kept something; each one
after it is larger, up to a bound, so that their number stays small whatever there is. When all is handed out, what has
come meanwhile is looked for.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from live_trading.nouns.clock import Clock
from live_trading.nouns.errors import RetryLater
from live_trading.nouns.trades import Side
from live_trading.services.entering.execute_report import ExecuteReport, add_counts
from live_trading.services.following import evaluation
from live_trading.services.following.evaluation import PreparedTrade, Subject, SubjectKey
from live_trading.services.following.evidence import EvidenceGatherer
from live_trading.services.following.subject_looks import Looks
from live_trading.services.running.failures import PartFailure, contained
from live_trading.store.accounts.live_strategies import LiveStrategy
from live_trading.store.books import ledger
from live_trading.store.database import leases, turns
from live_trading.store.database.connection import Database, Transaction
from live_trading.store.database.leases import Lease
from live_trading.store.feed.source_trades import StoredTrade

FIRST_PART = 500
MOST_AT_ONCE = 10_000
_TURNS = "lt-execute:strategies"


@dataclass(frozen=True, slots=True, kw_only=True)
class Follower:
    """A strategy and what it decides by."""

    strategy: LiveStrategy
    subject: Subject

    @property
    def part(self) -> str:
        """Its name in a report, and in the turns."""
        return f"strategy {self.strategy.lt_strategy_id}"

    def is_too_old(self, stored: StoredTrade, now: datetime) -> bool:
        """Whether the trade's age alone decides it, whatever else is known of it."""
        config = self.subject.config
        if stored.trade.side is not Side.BUY and config.exits is not None and config.exits.follow_trader:
            return False
        limits = [self.strategy.max_signal_age_seconds, config.max_signal_age_seconds]
        age = now - stored.trade.trade_time
        return any(limit is not None and age > timedelta(seconds=limit) for limit in limits)


@dataclass(frozen=True, slots=True)
class Signal:
    """A trade that one strategy has not decided."""

    follower: Follower
    stored: StoredTrade

    @property
    def key(self) -> tuple[UUID, int]:
        return self.follower.strategy.lt_strategy_id, self.stored.source_trade_id


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedSignal:
    """A trade that one strategy has not decided, with the inputs to judge it by."""

    follower: Follower
    prepared: PreparedTrade

    @property
    def strategy(self) -> LiveStrategy:
        return self.follower.strategy


class SignalQueue:
    """The undecided trades of one wallet's strategies, to be taken part by part."""

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        evidence: EvidenceGatherer,
        strategies: Sequence[LiveStrategy],
        report: ExecuteReport,
    ) -> None:
        self._database = database
        self._clock = clock
        self._evidence = evidence
        self._strategies = strategies
        self._report = report
        self._followers: list[Follower] | None = None
        self._found: deque[Signal] = deque()
        self._seen: set[tuple[UUID, int]] = set()
        self._served: set[str] = set()
        self._size = FIRST_PART
        self._is_settled = True

    def next_part(self, lease: Lease) -> list[PreparedSignal]:
        """The next signals, newest first; none where there is nothing more. Raises LeaseLost or StoreUnavailable.

        What cannot be prepared is a failure of its own and stays undecided.
        """
        while self._found or self._look(lease):
            part = [self._found.popleft() for _ in range(min(self._size, len(self._found)))]
            self._size = min(self._size * 2, MOST_AT_ONCE)
            self._served |= {each.follower.part for each in part}
            with contained(f"{len(part)} signals", self._report.failures):
                prepared = self._prepared(lease, part)
                if prepared:
                    return prepared
        return []

    def left(self) -> Counter[str]:
        """How many signals of each strategy were found and not handed out."""
        return Counter(each.follower.part for each in self._found)

    def settle(self, lease: Lease) -> None:
        """Remembers how far every strategy has come; no effect where that is remembered already."""
        if self._is_settled:
            return
        now = self._clock.now()
        with self._database.transaction() as transaction:
            leases.assert_held(transaction, lease)
            self._settle(transaction, now)

    def _settle(self, transaction: Transaction, now: datetime, *, has_new: bool = True) -> None:
        """Where nothing is new to anybody the marks stand where they belong."""
        if has_new:
            passed = evaluation.settle(transaction, [each.subject for each in self._followers or ()], now)
            for counts in passed.values():
                add_counts(self._report.decisions, counts)
        turns.served(transaction, _TURNS, sorted(self._served), now)

    def _look(self, lease: Lease) -> bool:
        """Finds what is undecided and was not handed out before; what is too old is decided at once."""
        now = self._clock.now()
        with self._database.transaction() as transaction:
            leases.assert_held(transaction, lease)
            if self._followers is None:
                self._followers = self._read_followers(transaction)
            in_turn: list[str] = []
            turns.ask(transaction, _TURNS, [each.part for each in self._followers], in_turn.extend)
            looks = evaluation.look(transaction, [each.subject for each in self._followers], now)
            fresh = self._undecided(transaction, self._followers, looks, now) if looks.of_subjects else []
            if not fresh:
                self._settle(transaction, now, has_new=bool(looks.of_subjects))
        self._is_settled = not fresh
        self._seen |= {each.key for each in fresh}
        # Of strategies with the same signal the one served longest ago comes first.
        place = {part: number for number, part in enumerate(in_turn)}
        fresh.sort(key=lambda each: place[each.follower.part])
        fresh.sort(key=lambda each: (each.stored.trade.trade_time, each.stored.source_trade_id), reverse=True)
        self._found.extend(fresh)
        return bool(fresh)

    def _undecided(
        self, transaction: Transaction, followers: Sequence[Follower], looks: Looks, now: datetime
    ) -> list[Signal]:
        limits = [(each.subject, each.strategy.max_signal_age_seconds) for each in followers]
        for counts in evaluation.decide_too_old(transaction, limits, now, looks).values():
            add_counts(self._report.decisions, counts)
        found = evaluation.undecided(transaction, [each.subject for each in followers], newest_first=True)
        signals = [Signal(each, stored) for each in followers for stored in found.get(each.subject.key, ())]
        return [each for each in signals if each.key not in self._seen]

    def _read_followers(self, transaction: Transaction) -> list[Follower]:
        """The strategies whose configuration can be read; any other is a failure of its own."""
        strategies = {each.lt_strategy_id: each for each in self._strategies}
        followers: list[Follower] = []
        for found in evaluation.strategy_subjects(transaction, list(strategies)):
            if isinstance(found, PartFailure):
                self._report.failures.append(found)
            elif found.lt_strategy_id is not None:
                followers.append(Follower(strategy=strategies[found.lt_strategy_id], subject=found))
        return followers

    def _prepared(self, lease: Lease, part: Sequence[Signal]) -> list[PreparedSignal]:
        """The inputs of a part; where they cannot be had together, those of its halves, down to the one that fails."""
        failures: list[PartFailure] = []
        # What may work later is left for the next run as a whole.
        with contained(f"trade {part[0].stored.source_trade_id}", failures, passing=(RetryLater,)):
            return self._prepared_together(lease, part)
        if len(part) == 1:
            self._report.failures += failures
            return []
        middle = len(part) // 2
        return [*self._prepared(lease, part[:middle]), *self._prepared(lease, part[middle:])]

    def _prepared_together(self, lease: Lease, part: Sequence[Signal]) -> list[PreparedSignal]:
        now = self._clock.now()
        ready = self._with_evidence(lease, part, now)
        now = self._clock.now()
        by_follower: dict[SubjectKey, list[Signal]] = {}
        for each in ready:
            by_follower.setdefault(each.follower.subject.key, []).append(each)
        followers = {key: theirs[0].follower for key, theirs in by_follower.items()}
        with self._database.reading() as reading:
            available = ledger.available_of(reading, [each.strategy.lt_strategy_id for each in followers.values()])
            found = evaluation.inputs_for(
                reading,
                [(followers[key].subject, [each.stored for each in theirs]) for key, theirs in by_follower.items()],
                bankrolls={key: available[each.strategy.lt_strategy_id] for key, each in followers.items()},
                now=now,
                max_signal_age_seconds={key: each.strategy.max_signal_age_seconds for key, each in followers.items()},
            )
        prepared = {(key, each.source_trade_id): each for key, theirs in found.items() for each in theirs}
        return [
            PreparedSignal(
                follower=each.follower, prepared=prepared[each.follower.subject.key, each.stored.source_trade_id]
            )
            for each in ready
        ]

    def _with_evidence(self, lease: Lease, part: Sequence[Signal], now: datetime) -> list[Signal]:
        """Those that can be judged now. For what its age alone decides nobody is asked anything."""
        asked = {
            each.stored.source_trade_id: each.stored for each in part if not each.follower.is_too_old(each.stored, now)
        }
        if not asked:
            return list(part)
        evidence = self._evidence.gather(list(asked.values()), lease, now)
        self._report.failures += evidence.failures
        waiting = {each.source_trade_id for each in evidence.waiting}
        ready = [
            each
            for each in part
            if each.stored.source_trade_id not in waiting or each.follower.is_too_old(each.stored, now)
        ]
        if len(ready) < len(part):
            add_counts(self._report.waiting, {"evidence": len(part) - len(ready)})
        return ready
