"""Entries of one wallet together: signed first, then judged one after the other in one transaction, written in bulk.

Invariants: each is judged on what those before it have taken, so that the outcome is that of entering them one by one;
no lock is held while anything is signed or asked; what has to be cut down and signed anew, and what fails together with
others, goes the way of a single entry, in its turn.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID

from live_trading.nouns.decisions import Reason
from live_trading.nouns.errors import StopEverything
from live_trading.nouns.money import Usd
from live_trading.nouns.orders import OrderPlan
from live_trading.orders.rounding import Unplanned
from live_trading.risk.after_entry import MEDIAN_OF, EntryPlace, LetIn, after_entry, is_known_after, median_after
from live_trading.risk.gate import GateVerdict
from live_trading.risk.snapshot import RiskSnapshot
from live_trading.services.entering.entry_drafts import (
    Draft,
    Entered,
    Entry,
    blocked,
    change_of,
    decided,
    decided_unplanned,
    intent_of,
    is_stopped_by,
    log_entered,
    reason_of,
    reservation_of,
)
from live_trading.services.entering.entry_judging import judged_on
from live_trading.services.following.judging import part_of
from live_trading.services.guarding.trip_locks import put_locks
from live_trading.services.running.failures import PartFailure, contained
from live_trading.store.accounts import live_strategies
from live_trading.store.books import ledger
from live_trading.store.database import audit, leases
from live_trading.store.database.connection import Database, Transaction
from live_trading.store.database.leases import Lease
from live_trading.store.feed import decisions
from live_trading.store.feed.decisions import DecisionRecord
from live_trading.store.orders import entry_history, intents
from live_trading.store.risk import locks, risk_facts
from live_trading.store.risk.locks import LockRow
from live_trading.store.risk.risk_facts import EntryKey

# So many are judged under one hold of the wallet's row; whoever wants to get out waits no longer than that.
MOST_TOGETHER = 30


@dataclass(frozen=True, slots=True)
class _Ready:
    """An entry with its signed order, or with the reason why it comes to none; `number` is its place."""

    number: int
    entry: Entry
    draft: Draft | Unplanned


@dataclass(slots=True)
class _Facts:
    """What is committed before any of these entries; `states` has those that may be judged, by their place.

    `ended` are positions (strategy, token) that have come to their end before.
    """

    active: dict[UUID, bool] = field(default_factory=dict)
    stopping: list[LockRow] = field(default_factory=list)
    states: dict[int, RiskSnapshot] = field(default_factory=dict)
    last_stakes: dict[UUID, list[Usd]] = field(default_factory=dict)
    ended: set[tuple[UUID, str]] = field(default_factory=set)

    def hindrance(self, entry: Entry) -> Reason | None:
        """What stops an entry before any rule is asked."""
        stopping = [lock for lock in self.stopping if is_stopped_by(lock, entry.strategy, entry.candidate)]
        return blocked(stopping, is_active=self.active[entry.strategy.lt_strategy_id])


@dataclass(slots=True)
class _Round:
    """What one transaction decides, by place, and writes; `cuts_next`: the next in line has to be cut down."""

    outcomes: dict[int, Entered] = field(default_factory=dict)
    records: list[DecisionRecord] = field(default_factory=list)
    taken: list[tuple[Entry, Draft]] = field(default_factory=list)
    let_in: list[LetIn] = field(default_factory=list)
    cuts_next: bool = False

    def refuse(self, number: int, reason: Reason, record: DecisionRecord) -> None:
        self.records.append(record)
        self.outcomes[number] = Entered(lt_order_id=None, reason=reason, reserved=Usd.zero())

    def take(self, number: int, entry: Entry, draft: Draft, state: RiskSnapshot, record: DecisionRecord) -> None:
        reserved, opens = draft.plan.reservation, not state.holds_this_position
        self.records.append(record)
        self.taken.append((entry, draft))
        self.let_in.append(LetIn(place=_place(entry), reserved=reserved, opens_position=opens))
        self.outcomes[number] = Entered(lt_order_id=draft.lt_order_id, reason=Reason.ACCEPTED, reserved=reserved)


class EntryBatches:
    """Enters candidates of one trading wallet, each judged after those before it."""

    def __init__(
        self, *, database: Database, now: Callable[[], datetime], new_id: Callable[[], UUID], actor: str
    ) -> None:
        self._database = database
        self._now = now
        self._new_id = new_id
        self._actor = actor

    def enter_all(
        self,
        lease: Lease,
        entries: Sequence[Entry],
        singly: Callable[[Entry], Entered],
        failures: list[PartFailure],
    ) -> list[Entered | None]:
        """The outcomes in the order of the entries; None where one failed, which is then in `failures`.

        `singly` enters one by itself. Raises StoreUnavailable or LeaseLost.
        """
        outcomes: dict[int, Entered] = {}
        waiting = self._ready(entries, failures)
        while waiting:
            first, troubles = waiting[:MOST_TOGETHER], list[PartFailure]()
            done = _Round()
            with contained(f"{len(first)} entries together", troubles):
                done = self._together(lease, first)
            settled = len(done.outcomes)
            # Where a round came to nothing as a whole, each of it shows by itself what is wrong.
            alone = first if troubles else first[settled : settled + done.cuts_next]
            outcomes |= done.outcomes
            for each in alone:
                with contained(part_of(each.entry.candidate.prepared), failures):
                    outcomes[each.number] = singly(each.entry)
            waiting = waiting[settled + len(alone) :]
        return [outcomes.get(number) for number in range(len(entries))]

    def _ready(self, entries: Sequence[Entry], failures: list[PartFailure]) -> list[_Ready]:
        ready: list[_Ready] = []
        for number, entry in enumerate(entries):
            with contained(part_of(entry.candidate.prepared), failures):
                plan = entry.planned(entry.candidate.evaluation.stake, self._now())
                draft = plan if isinstance(plan, Unplanned) else self._draft(entry, plan)
                ready.append(_Ready(number, entry, draft))
        return ready

    def _draft(self, entry: Entry, plan: OrderPlan) -> Draft:
        return Draft(
            lt_order_id=self._new_id(),
            attempt=1,
            plan=plan,
            signed=entry.account.sign(plan),
            decision_id=None,
            cuts=(),
            may_cut=True,
        )

    def _together(self, lease: Lease, waiting: Sequence[_Ready]) -> _Round:
        """Decides these, or as many of them as follow from what is read once; all of that is committed, or nothing."""
        now, done = self._now(), _Round()
        with self._database.transaction() as transaction:
            leases.assert_held(transaction, lease)
            facts = _facts(transaction, waiting, now)
            for ready in waiting:
                if not self._decide(transaction, ready, facts, done, now):
                    break
            self._write(transaction, done, now)
        return done

    def _decide(self, transaction: Transaction, ready: _Ready, facts: _Facts, done: _Round, now: datetime) -> bool:
        """Decides one; False where the facts say nothing of those behind it, or where it has to be cut down first."""
        entry, draft = ready.entry, ready.draft
        if isinstance(draft, Unplanned):
            done.refuse(ready.number, *decided_unplanned(entry, draft, (), now))
            return True
        hindrance = facts.hindrance(entry)
        if hindrance is not None:
            done.refuse(ready.number, hindrance, decided(entry, draft, hindrance, GateVerdict(results=()), now))
            return True
        state = _state_after(facts, ready, done)
        verdict = _verdict(entry, draft, state, now)
        if verdict.shrink_to is not None:
            done.cuts_next = True
            return False
        put_locks(transaction, entry.strategy, verdict.trips, actor=self._actor, now=now)
        reason = reason_of(verdict)
        record = decided(entry, draft, reason, verdict, now)
        if reason is not Reason.ACCEPTED:
            done.refuse(ready.number, reason, record)
            # A lock that was put now stops others too.
            return not verdict.trips
        done.take(ready.number, entry, draft, state, record)
        return is_known_after(entry.strategy.rules, had_ended=_position(entry) in facts.ended)

    def _write(self, transaction: Transaction, done: _Round, now: datetime) -> None:
        numbers = _recorded(transaction, done.records)
        made = [intent_of(entry, draft, numbers[_decision_key(entry)], now) for entry, draft in done.taken]
        intents.insert_all(transaction, made, now)
        ledger.post_later(transaction, [reservation_of(entry, draft, now) for entry, draft in done.taken], now)
        audit.record_all(transaction, [change_of(draft) for _, draft in done.taken], actor=self._actor, at=now)
        for entry, draft in done.taken:
            log_entered(transaction, entry, draft, numbers[_decision_key(entry)])


def _facts(transaction: Transaction, waiting: Sequence[_Ready], now: datetime) -> _Facts:
    """Everything that these are judged on, with the rows of their wallet and strategies locked."""
    planned = [each for each in waiting if not isinstance(each.draft, Unplanned)]
    strategies = {each.entry.strategy.lt_strategy_id: each.entry.strategy for each in planned}
    facts = _Facts()
    if not planned:
        return facts
    (wallet,) = {each.trading_wallet_id for each in strategies.values()}
    facts.active = live_strategies.lock_for_entries(transaction, wallet, strategies)
    facts.stopping = locks.naming(transaction, _scope_ids(planned), now)
    asked = [each for each in planned if facts.hindrance(each.entry) is None]
    if asked:
        judged = {each.entry.strategy.lt_strategy_id for each in asked}
        entry_history.ask_last_stakes(transaction, judged, most=MEDIAN_OF, take=facts.last_stakes.update)
        entry_history.ask_ended(transaction, {_position(each.entry) for each in asked}, take=facts.ended.update)
        keys = [(each.entry.strategy, _key(each.entry)) for each in asked]
        states = risk_facts.snapshots(transaction, keys, now)
        facts.states = {each.number: state for each, state in zip(asked, states, strict=True)}
    return facts


def _scope_ids(planned: Sequence[_Ready]) -> set[str]:
    """Whatever a lock may name that stops one of these."""
    found: set[str] = set()
    for each in planned:
        strategy, candidate = each.entry.strategy, each.entry.candidate
        found |= {str(strategy.lt_strategy_id), str(strategy.trading_wallet_id), candidate.market.condition_id}
        found |= {each for each in (candidate.market.event_id, candidate.prepared.inputs.trade.trader) if each}
    return found


def _state_after(facts: _Facts, ready: _Ready, done: _Round) -> RiskSnapshot:
    """The state that an entry is judged on: what is committed, and what those before it have taken."""
    state, place, strategy = facts.states[ready.number], _place(ready.entry), ready.entry.strategy
    window = timedelta(seconds=strategy.rules.same_trade_window_seconds or 0)
    for let_in in done.let_in:
        state = after_entry(state, place, let_in, same_trade_window=window)
    stakes = [draft.plan.usd for entry, draft in done.taken if entry.strategy.lt_strategy_id == place.lt_strategy_id]
    return replace(
        state, median_stake=median_after(state.median_stake, facts.last_stakes[place.lt_strategy_id], stakes)
    )


def _verdict(entry: Entry, draft: Draft, state: RiskSnapshot, now: datetime) -> GateVerdict:
    candidate = entry.candidate
    trade = candidate.prepared.inputs.trade
    return judged_on(
        state,
        entry.strategy,
        draft.plan,
        book=candidate.book,
        signal_price=trade.price,
        trade_time=trade.trade_time,
        volatility=candidate.volatility,
        now=now,
    )


def _recorded(transaction: Transaction, records: Sequence[DecisionRecord]) -> dict[tuple[UUID | None, int], int]:
    """Stores the decisions: their numbers by strategy and trade. Raises StopEverything where one was there already."""
    stored = decisions.record(transaction, records)
    numbers = {(lt_strategy_id, trade): number for ((_, lt_strategy_id), trade), number in stored.items()}
    if len(numbers) != len(records):
        raise StopEverything("a trade was decided under this run's lease")
    return numbers


def _decision_key(entry: Entry) -> tuple[UUID | None, int]:
    return entry.strategy.lt_strategy_id, entry.candidate.prepared.source_trade_id


def _position(entry: Entry) -> tuple[UUID, str]:
    return entry.strategy.lt_strategy_id, entry.candidate.book.token_id


def _place(entry: Entry) -> EntryPlace:
    candidate = entry.candidate
    trade = candidate.prepared.inputs.trade
    return EntryPlace(
        lt_strategy_id=entry.strategy.lt_strategy_id,
        token_id=candidate.book.token_id,
        condition_id=candidate.market.condition_id,
        event_id=candidate.market.event_id,
        trader=trade.trader,
        trade_time=trade.trade_time,
    )


def _key(entry: Entry) -> EntryKey:
    place = _place(entry)
    return EntryKey(
        token_id=place.token_id,
        condition_id=place.condition_id,
        event_id=place.event_id,
        trader=place.trader,
        trade_time=place.trade_time,
    )
