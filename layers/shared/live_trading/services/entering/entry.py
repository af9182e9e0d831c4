"""One entry: from an accepted evaluation to a committed intent, in one transaction with the risk check.

The order is planned and signed before the transaction, because signing must not hold row locks; the gate then judges
exactly that order on locked rows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from live_trading.ledger import order_entries
from live_trading.nouns.decisions import Evaluation, Reason
from live_trading.nouns.errors import StopEverything
from live_trading.nouns.markets import Market, OrderBook
from live_trading.nouns.money import Usd
from live_trading.nouns.orders import OrderPlan, Purpose, SignedOrder
from live_trading.orders.rounding import Unplanned, UnusableTick
from live_trading.polymarket.clob.account import VenueAccount
from live_trading.risk.gate import GateVerdict
from live_trading.risk.results import RuleName, RuleResult, RuleVerdict
from live_trading.services.entering.entry_judging import judged
from live_trading.services.entering.entry_planning import plan_entry, plan_within
from live_trading.services.following.decision_records import accepted, decision_record, refused, unplanned_check
from live_trading.services.following.evaluation import PreparedTrade, Subject
from live_trading.services.following.judging import part_of
from live_trading.services.guarding.trip_locks import put_locks
from live_trading.services.running.failures import PartFailure, contained
from live_trading.store.accounts import live_strategies
from live_trading.store.accounts.live_strategies import LiveStrategy
from live_trading.store.books import ledger
from live_trading.store.database import audit, leases
from live_trading.store.database.connection import Database, Transaction
from live_trading.store.database.leases import Lease
from live_trading.store.feed import decisions
from live_trading.store.orders import intents, lt_orders
from live_trading.store.orders.intents import BookView, Intent
from live_trading.store.risk import locks

# An order is cut down to what the rules leave; between two looks at them another entry may have taken from it.
_MOST_CUTS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """An accepted source trade with the market and the book to trade it on.

    `volatility` is None where the strategy does not ask for it, or where it is not known.
    """

    prepared: PreparedTrade
    evaluation: Evaluation
    market: Market
    book: OrderBook
    volatility: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entered:
    """The outcome: an intent that is committed and not yet sent, or the reason why there is none."""

    lt_order_id: UUID | None
    reason: Reason
    reserved: Usd


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A candidate with the strategy that it is to be entered for."""

    strategy: LiveStrategy
    subject: Subject
    candidate: Candidate


@dataclass(frozen=True, slots=True, kw_only=True)
class _Draft:
    """A signed order on its way into the ledger; `decision_id` where an earlier attempt has the decision.

    `cuts` are the results that made it smaller than it was asked for.
    """

    lt_order_id: UUID
    attempt: int
    plan: OrderPlan
    signed: SignedOrder
    decision_id: int | None
    cuts: tuple[RuleResult, ...]
    may_cut: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """What is to be entered, for whom and under which lease."""

    lease: Lease
    account: VenueAccount
    strategy: LiveStrategy
    subject: Subject
    candidate: Candidate


class EntryDesk:
    """Turns accepted evaluations of one strategy into intents."""

    def __init__(
        self, *, database: Database, now: Callable[[], datetime], new_id: Callable[[], UUID], actor: str
    ) -> None:
        self._database = database
        self._now = now
        self._new_id = new_id
        self._actor = actor

    def enter(
        self, lease: Lease, account: VenueAccount, strategy: LiveStrategy, subject: Subject, candidate: Candidate
    ) -> Entered:
        """Commits decision, reservation and signed intent together, or the decision that there is none.

        Raises StoreUnavailable, LeaseLost, or the venue adapter's errors; then nothing is committed and the trade is
        undecided as before.
        """
        entry = _Entry(lease=lease, account=account, strategy=strategy, subject=subject, candidate=candidate)
        return self._entered(entry, self._planned(entry, entry.candidate.evaluation.stake), attempt=1, decision_id=None)

    def enter_all(
        self, lease: Lease, account: VenueAccount, candidates: Sequence[Wanted], failures: list[PartFailure]
    ) -> list[Entered | None]:
        """What `enter` would make of these candidates of one wallet, one after the other in the order given.

        Each is judged on what those before it have taken. None where one failed, which is then in `failures` and stops
        no other. Raises StoreUnavailable or LeaseLost; whatever is committed by then stays.
        """
        outcomes: list[Entered | None] = []
        for each in candidates:
            entered: Entered | None = None
            with contained(part_of(each.candidate.prepared), failures):
                entered = self.enter(lease, account, each.strategy, each.subject, each.candidate)
            outcomes.append(entered)
        return outcomes

    def enter_again(
        self,
        lease: Lease,
        account: VenueAccount,
        strategy: LiveStrategy,
        subject: Subject,
        candidate: Candidate,
        refused: UUID,
    ) -> Entered | None:
        """A second order for a signal whose first one, `refused`, does not fit the market's grid any more.

        It is checked like the first and belongs to the same decision. None where the first one still counts, so that
        there are never two. Raises as `enter` does.
        """
        entry = _Entry(lease=lease, account=account, strategy=strategy, subject=subject, candidate=candidate)
        plan = self._planned(entry, entry.candidate.evaluation.stake)
        if isinstance(plan, Unplanned):
            return None
        with self._database.transaction() as transaction:
            decision_id = lt_orders.decision_of_refused(transaction, refused)
        if decision_id is None:
            return None
        return self._entered(entry, plan, attempt=2, decision_id=decision_id)

    def _planned(self, entry: _Entry, stake: Usd) -> OrderPlan | Unplanned:
        candidate = entry.candidate
        return plan_entry(
            entry.strategy,
            market=candidate.market,
            book=candidate.book,
            signal_price=candidate.prepared.inputs.trade.price,
            stake=stake,
            now=self._now(),
        )

    def _entered(self, entry: _Entry, plan: OrderPlan | Unplanned, *, attempt: int, decision_id: int | None) -> Entered:
        """Enters the plan, or what the rules leave of it."""
        cuts: tuple[RuleResult, ...] = ()
        for cut in range(_MOST_CUTS + 1):
            if isinstance(plan, Unplanned):
                return self._unplanned(entry, plan, cuts, decision_id)
            draft = _Draft(
                lt_order_id=self._new_id(),
                attempt=attempt,
                plan=plan,
                signed=entry.account.sign(plan),
                decision_id=decision_id,
                cuts=cuts,
                may_cut=cut < _MOST_CUTS,
            )
            outcome = self._reserve(entry, draft)
            if isinstance(outcome, Reason):
                is_in = outcome is Reason.ACCEPTED
                return Entered(
                    lt_order_id=draft.lt_order_id if is_in else None,
                    reason=outcome,
                    reserved=plan.reservation if is_in else Usd.zero(),
                )
            cuts += tuple(result for result in outcome.results if not result.lets_enter)
            room = outcome.shrink_to or Usd.zero()
            plan = plan_within(lambda stake: self._planned(entry, stake), plan, room)
        raise StopEverything("an entry was cut more often than it may be")

    def _reserve(self, entry: _Entry, draft: _Draft) -> Reason | GateVerdict:
        """Check and reservation in one transaction on locked rows; a verdict where a smaller order might do."""
        now = self._now()
        strategy, candidate = entry.strategy, entry.candidate
        with self._database.transaction() as transaction:
            leases.assert_held(transaction, entry.lease)
            is_active = live_strategies.lock_for_entry(transaction, strategy)
            blocked = _blocked(transaction, strategy, candidate, is_active=is_active, now=now)
            verdict = GateVerdict(results=())
            if blocked is None:
                verdict = _judged(transaction, entry, draft.plan, now)
                if draft.may_cut and verdict.shrink_to is not None:
                    return verdict
                put_locks(transaction, strategy, verdict.trips, actor=self._actor, now=now)
            reason = blocked or _reason(verdict)
            decision_id = draft.decision_id
            if decision_id is None:
                evaluation = candidate.evaluation
                is_in = reason is Reason.ACCEPTED
                ended = accepted(evaluation, draft.plan.usd) if is_in else refused(evaluation, reason)
                results = (*draft.cuts, *verdict.results)
                record = decision_record(entry.subject, candidate.prepared, ended, now, results)
                decision_id = decisions.record(transaction, [record]).get((record.key, record.source_trade_id))
            if decision_id is None:
                raise StopEverything(f"trade {candidate.prepared.source_trade_id} was decided under this run's lease")
            if reason is Reason.ACCEPTED:
                self._commit_intent(transaction, entry, draft, decision_id, now)
        return reason

    def _commit_intent(
        self, transaction: Transaction, entry: _Entry, draft: _Draft, decision_id: int, now: datetime
    ) -> None:
        intents.insert(transaction, _intent(entry, draft, decision_id, now), now)
        reserved = order_entries.reservation(
            trading_wallet_id=entry.strategy.trading_wallet_id,
            lt_strategy_id=entry.strategy.lt_strategy_id,
            lt_order_id=draft.lt_order_id,
            amount=draft.plan.reservation,
            occurred_at=now,
        )
        ledger.post(transaction, reserved, now)
        audit.record(
            transaction,
            actor=self._actor,
            action="intent_committed",
            subject_type="lt_order",
            subject_id=str(draft.lt_order_id),
            before=None,
            after={"state": "INTENT", "order_hash": draft.signed.order_hash},
            cause="accepted",
            at=now,
        )

    def _unplanned(
        self, entry: _Entry, plan: Unplanned, cuts: tuple[RuleResult, ...], decision_id: int | None
    ) -> Entered:
        reason = Reason.TICK_UNUSABLE if isinstance(plan, UnusableTick) else Reason.BELOW_MINIMUM_ORDER
        now = self._now()
        if decision_id is None:
            with self._database.transaction() as transaction:
                leases.assert_held(transaction, entry.lease)
                ended = refused(entry.candidate.evaluation, reason, unplanned_check(plan))
                record = decision_record(entry.subject, entry.candidate.prepared, ended, now, cuts)
                decisions.record(transaction, [record])
        return Entered(lt_order_id=None, reason=reason, reserved=Usd.zero())


_REASONS = {
    RuleVerdict.PASS: Reason.ACCEPTED,
    RuleVerdict.SHRINK: Reason.RISK_REJECTED,
    RuleVerdict.REJECT: Reason.RISK_REJECTED,
    RuleVerdict.NO_DATA: Reason.RISK_NO_DATA,
    RuleVerdict.TRIP: Reason.RISK_TRIPPED,
}


def _reason(verdict: GateVerdict) -> Reason:
    """Why the gate lets nothing in; a wallet that is short of money is a reason of its own, whatever else there is."""
    hindered = {result.rule for result in verdict.results if not result.lets_enter}
    return Reason.WALLET_OVERDRAWN if RuleName.WALLET_UNALLOCATED in hindered else _REASONS[verdict.worst]


def _intent(entry: _Entry, draft: _Draft, decision_id: int, now: datetime) -> Intent:
    prepared, book = entry.candidate.prepared, entry.candidate.book
    trade = prepared.inputs.trade
    return Intent(
        lt_order_id=draft.lt_order_id,
        lt_strategy_id=entry.strategy.lt_strategy_id,
        trading_wallet_id=entry.strategy.trading_wallet_id,
        decision_id=decision_id,
        source_trade_id=prepared.source_trade_id,
        purpose=Purpose.ENTRY,
        attempt=draft.attempt,
        plan=draft.plan,
        signed=draft.signed,
        signal_price=trade.price,
        signal_size=trade.trade_usd,
        book=BookView(
            best_bid=book.best_bid,
            best_ask=book.best_ask,
            midpoint=book.midpoint,
            book_hash=book.book_hash,
            depth=book.offered_within(draft.plan.limit_price),
        ),
        trade_time=trade.trade_time,
        seen_at=prepared.seen_at,
        decided_at=now,
    )


def _judged(transaction: Transaction, entry: _Entry, plan: OrderPlan, now: datetime) -> GateVerdict:
    candidate = entry.candidate
    trade = candidate.prepared.inputs.trade
    return judged(
        transaction,
        entry.strategy,
        plan,
        market=candidate.market,
        book=candidate.book,
        signal_price=trade.price,
        trader=trade.trader,
        trade_time=trade.trade_time,
        volatility=candidate.volatility,
        now=now,
    )


def _blocked(
    transaction: Transaction, strategy: LiveStrategy, candidate: Candidate, *, is_active: bool, now: datetime
) -> Reason | None:
    if not is_active:
        return Reason.WALLET_NOT_RUNNING
    found = locks.blocking_entries(
        transaction,
        lt_strategy_id=strategy.lt_strategy_id,
        trading_wallet_id=strategy.trading_wallet_id,
        trader_address=candidate.prepared.inputs.trade.trader,
        condition_id=candidate.market.condition_id,
        event_id=candidate.market.event_id,
        now=now,
    )
    if not found:
        return None
    return Reason.STRATEGY_PAUSED if any(lock.is_pause for lock in found) else Reason.ENTRIES_LOCKED
