"""What an entry is made of on its way into the ledger, and what is said of it: values and pure functions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from live_trading.ledger import order_entries
from live_trading.ledger.transactions import LedgerTransaction
from live_trading.nouns.decisions import Evaluation, Reason
from live_trading.nouns.locks import LockScope
from live_trading.nouns.markets import Market, OrderBook
from live_trading.nouns.money import Usd
from live_trading.nouns.orders import OrderPlan, Purpose, SignedOrder
from live_trading.orders.rounding import Unplanned, UnusableTick
from live_trading.polymarket.clob.account import VenueAccount
from live_trading.risk.gate import GateVerdict
from live_trading.risk.results import RuleName, RuleResult, RuleVerdict
from live_trading.services.entering.entry_planning import plan_entry
from live_trading.services.following.decision_records import accepted, decision_record, refused, unplanned_check
from live_trading.services.following.evaluation import PreparedTrade, Subject
from live_trading.services.running.trail import Key, Step, passed
from live_trading.store.accounts.live_strategies import LiveStrategy
from live_trading.store.database.audit import Change
from live_trading.store.database.connection import Transaction
from live_trading.store.database.leases import Lease
from live_trading.store.feed.decisions import DecisionRecord
from live_trading.store.orders.intents import BookView, Intent
from live_trading.store.risk.locks import LockRow


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
class Entry:
    """What is to be entered, for whom and under which lease."""

    lease: Lease
    account: VenueAccount
    strategy: LiveStrategy
    subject: Subject
    candidate: Candidate

    def planned(self, stake: Usd, now: datetime) -> OrderPlan | Unplanned:
        """The order that this stake makes on the candidate's book."""
        return plan_entry(
            self.strategy,
            market=self.candidate.market,
            book=self.candidate.book,
            signal_price=self.candidate.prepared.inputs.trade.price,
            stake=stake,
            now=now,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
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


_REASONS = {
    RuleVerdict.PASS: Reason.ACCEPTED,
    RuleVerdict.SHRINK: Reason.RISK_REJECTED,
    RuleVerdict.REJECT: Reason.RISK_REJECTED,
    RuleVerdict.NO_DATA: Reason.RISK_NO_DATA,
    RuleVerdict.TRIP: Reason.RISK_TRIPPED,
}


def reason_of(verdict: GateVerdict) -> Reason:
    """Why the gate lets nothing in; a wallet that is short of money is a reason of its own, whatever else there is."""
    hindered = {result.rule for result in verdict.results if not result.lets_enter}
    return Reason.WALLET_OVERDRAWN if RuleName.WALLET_UNALLOCATED in hindered else _REASONS[verdict.worst]


def reason_of_unplanned(plan: Unplanned) -> Reason:
    """Why there is no order at all."""
    return Reason.TICK_UNUSABLE if isinstance(plan, UnusableTick) else Reason.BELOW_MINIMUM_ORDER


def blocked(stopping: Iterable[LockRow], *, is_active: bool) -> Reason | None:
    """What stops an entry before any rule is asked: a strategy that does not run, or locks."""
    if not is_active:
        return Reason.WALLET_NOT_RUNNING
    found = list(stopping)
    if not found:
        return None
    return Reason.STRATEGY_PAUSED if any(lock.is_pause for lock in found) else Reason.ENTRIES_LOCKED


def is_stopped_by(lock: LockRow, strategy: LiveStrategy, candidate: Candidate) -> bool:
    """Whether a lock in force is one for this entry."""
    match lock.scope:
        case LockScope.GLOBAL:
            return True
        case LockScope.STRATEGY:
            return lock.scope_id == str(strategy.lt_strategy_id)
        case LockScope.TRADING_WALLET:
            return lock.scope_id == str(strategy.trading_wallet_id)
        case LockScope.TRADER:
            return lock.scope_id == candidate.prepared.inputs.trade.trader
        case LockScope.MARKET:
            return lock.scope_id == candidate.market.condition_id
        case LockScope.EVENT:
            return candidate.market.event_id is not None and lock.scope_id == candidate.market.event_id


def decided(entry: Entry, draft: Draft, reason: Reason, verdict: GateVerdict, now: datetime) -> DecisionRecord:
    """The decision on an entry that the gate was asked about."""
    evaluation = entry.candidate.evaluation
    ended = accepted(evaluation, draft.plan.usd) if reason is Reason.ACCEPTED else refused(evaluation, reason)
    results = (*draft.cuts, *verdict.results)
    return decision_record(entry.subject, entry.candidate.prepared, ended, now, results)


def decided_unplanned(
    entry: Entry, plan: Unplanned, cuts: tuple[RuleResult, ...], now: datetime
) -> tuple[Reason, DecisionRecord]:
    """The decision that there is no order, and why."""
    reason = reason_of_unplanned(plan)
    ended = refused(entry.candidate.evaluation, reason, unplanned_check(plan))
    return reason, decision_record(entry.subject, entry.candidate.prepared, ended, now, cuts)


def intent_of(entry: Entry, draft: Draft, decision_id: int, now: datetime) -> Intent:
    """The intent with everything that was seen when it was decided."""
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


def reservation_of(entry: Entry, draft: Draft, now: datetime) -> LedgerTransaction:
    """What the order may cost, set aside."""
    return order_entries.reservation(
        trading_wallet_id=entry.strategy.trading_wallet_id,
        lt_strategy_id=entry.strategy.lt_strategy_id,
        lt_order_id=draft.lt_order_id,
        amount=draft.plan.reservation,
        occurred_at=now,
    )


def log_entered(transaction: Transaction, entry: Entry, draft: Draft, decision_id: int) -> None:
    """The trail's lines of an accepted decision and of its intent; those of a second attempt have the decision."""
    decided = {
        Key.SOURCE_TRADE_ID: entry.candidate.prepared.source_trade_id,
        Key.DECISION_ID: decision_id,
        Key.LT_STRATEGY_ID: entry.strategy.lt_strategy_id,
        Key.CONDITION_ID: entry.candidate.market.condition_id,
    }
    if draft.decision_id is None:
        passed(transaction, Step.ACCEPTED, decided)
    order = {Key.LT_ORDER_ID: draft.lt_order_id, Key.ORDER_HASH: draft.signed.order_hash}
    passed(transaction, Step.COMMITTED, decided | order)


def change_of(draft: Draft) -> Change:
    """The intent in the audit log."""
    return Change(
        action="intent_committed",
        subject_type="lt_order",
        subject_id=str(draft.lt_order_id),
        before=None,
        after={"state": "INTENT", "order_hash": draft.signed.order_hash},
        cause="accepted",
    )
