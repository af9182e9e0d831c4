"""Sends committed intents, and books what the venue answered to each.

The order of effects is the whole point: the intent is in the database before this module sees it, SENT is committed
before the request leaves, and the answer is booked after. A crash between any two leaves a state that says which
question to ask the venue. The bytes are always the stored ones. What went out once and was not answered is in doubt
before it goes out again, so that no refusal of the second ends what the first may have become.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType
from uuid import UUID

from live_trading.nouns.clock import Clock
from live_trading.nouns.errors import GiveUp, RetryLater
from live_trading.nouns.locks import LockScope
from live_trading.nouns.orders import AcceptedStatus, OrderState, RejectionCode
from live_trading.nouns.trades import Side
from live_trading.nouns.wallets import AssetType
from live_trading.orders import refusals
from live_trading.orders.machine import IN_DOUBT, Cause
from live_trading.orders.refusals import NextStep
from live_trading.polymarket.clob.account import VenueAccount
from live_trading.polymarket.clob.outcomes import Accepted, AlreadyKnown, PostOutcome, Rejected, Unknown
from live_trading.services.following.sources import BookSource
from live_trading.services.orders.order_booking import Refusal, Transition, transition_all
from live_trading.services.orders.second_look import SecondLook
from live_trading.services.running.trail import Key, Step, passed
from live_trading.store.chain import venue_spenders
from live_trading.store.database import leases
from live_trading.store.database.connection import Database, Transaction
from live_trading.store.database.leases import Lease
from live_trading.store.orders import entry_signals, lt_orders, order_changes
from live_trading.store.orders.lt_orders import StoredOrder
from live_trading.store.risk import locks
from live_trading.store.watch.health import venue_modes

# How long the venue's refusal of a whole wallet stops its entries before they are tried again.
STOP_FOR = timedelta(hours=1)

_STOPPED = Refusal(code=RejectionCode.ENTRIES_LOCKED, text="a lock stopped entries before it was sent")
_TOO_OLD = Refusal(
    code=RejectionCode.SIGNAL_TOO_OLD, text="its signal became older than the strategy allows before it was sent"
)
_ACCEPTED = {
    AcceptedStatus.LIVE: Cause.ACCEPTED_LIVE,
    AcceptedStatus.MATCHED: Cause.ACCEPTED_MATCHED,
    AcceptedStatus.DELAYED: Cause.ACCEPTED_DELAYED,
}


@dataclass(slots=True, kw_only=True)
class Sent:
    """Where each order stands after its answer, and which of the refused ones are to be planned anew.

    Those in `refresh` go out again when the venue has looked at `refresh_tokens` anew; None is the collateral.
    """

    states: dict[UUID, OrderState] = field(default_factory=dict)
    plan_again: list[UUID] = field(default_factory=list)
    refresh: list[UUID] = field(default_factory=list)
    refresh_tokens: set[str | None] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Flight:
    """A batch on its way to the venue: its orders are SENT since `sent_at` and committed, their answers not booked."""

    orders: tuple[StoredOrder, ...]
    sent_at: datetime
    answers: Future[list[PostOutcome]]

    @property
    def is_over(self) -> bool:
        return self.answers.done()


class OrderPoster:
    """Takes intents to the venue, each at most once at a time under one lease."""

    def __init__(self, *, database: Database, clock: Clock, actor: str, books: BookSource) -> None:
        self._database = database
        self._clock = clock
        self._actor = actor
        self._second_look = SecondLook(database=database, clock=clock, books=books)

    def send(self, lease: Lease, account: VenueAccount, lt_order_ids: Sequence[UUID]) -> Sent:
        """INTENT to SENT, the POST, and the states that the answers prove.

        An order that is refused for want of balance goes out once more after the venue has looked again.
        """
        return self._after_refresh(lease, account, self._send_once(lease, account, lt_order_ids))

    def depart(self, lease: Lease, account: VenueAccount, lt_order_ids: Sequence[UUID], beside: Executor) -> Flight:
        """INTENT to SENT, and the POST from another thread; `land` takes its answers. One flight at a time."""
        now = self._clock.now()
        orders = tuple(self._mark_sent(lease, lt_order_ids, now))
        return Flight(orders, now, beside.submit(account.post, [order.signed for order in orders]))

    def land(self, lease: Lease, account: VenueAccount, flight: Flight) -> Sent:
        """Waits for a flight and books its answers, as `send` does."""
        return self._after_refresh(lease, account, self._book(lease, flight.orders, flight.answers.result()))

    def resume(self, lease: Lease, account: VenueAccount, orders: Sequence[StoredOrder]) -> None:
        """Intents that are not at the venue: sent while fresh and due, ended with their reason once too old.

        An entry that goes out later than it was decided is looked at again on the book of now, and ended where the
        rules of price or liquidity would not have it any more; where its book cannot be had it waits.
        """
        now = self._clock.now()
        with self._database.transaction() as transaction:
            too_old = entry_signals.too_old(transaction, [order.lt_order_id for order in orders], now)
        ended = {order.lt_order_id: _TOO_OLD for order in orders if order.lt_order_id in too_old}
        for order in orders:
            if not _is_fresh(order, now):
                ended.setdefault(order.lt_order_id, _why_unsent(order))
        due = [order for order in orders if order.lt_order_id not in ended and _is_due(order, now)]
        hindered = self._second_look.hindered(due)
        self._end_unsent(lease, ended | {each: why for each, why in hindered.items() if why is not None})
        going = [order.lt_order_id for order in due if order.lt_order_id not in hindered]
        if going:
            self.send(lease, account, going)

    def send_again(self, lease: Lease, account: VenueAccount, orders: Sequence[StoredOrder]) -> None:
        """The same bytes once more for orders that may never have arrived and whose signals are still fresh.

        The venue makes one order of them however often they come: what it has seen before it calls duplicated.
        """
        now = self._clock.now()
        due = [order for order in orders if _is_fresh(order, now) and _is_due(order, now) and _may_go_again(order)]
        hindered = self._second_look.hindered(due)
        ids = [order.lt_order_id for order in due if order.lt_order_id not in hindered]
        if not ids:
            return
        now = self._clock.now()
        with self._database.transaction() as transaction:
            leases.assert_held(transaction, lease)
            # An entry that may never have arrived is not sent again once a lock stops entries or its signal is too old.
            kept = locks.stopped_entries(transaction, ids, now) | entry_signals.too_old(transaction, ids, now)
            due = [order for order in lt_orders.locked(transaction, ids) if order.lt_order_id not in kept]
            due = [order for order in due if order.state in IN_DOUBT]
            moving = [Transition(order=order, cause=Cause.SENT_TO_VENUE) for order in due]
            transition_all(transaction, moving, actor=self._actor, now=now)
            order_changes.note_sent_again(transaction, [order.lt_order_id for order in due], now)
            _log(transaction, Step.SENT, due)
        if due:
            self._book(lease, due, account.post([order.signed for order in due]))

    def _send_once(self, lease: Lease, account: VenueAccount, lt_order_ids: Sequence[UUID]) -> Sent:
        orders = self._mark_sent(lease, lt_order_ids, self._clock.now())
        if not orders:
            return Sent()
        return self._book(lease, orders, account.post([order.signed for order in orders]))

    def _after_refresh(self, lease: Lease, account: VenueAccount, sent: Sent) -> Sent:
        if sent.refresh and _refreshed(account, sent.refresh_tokens):
            with self._database.transaction() as transaction:
                refused = lt_orders.locked(transaction, sent.refresh)
            hindered = self._second_look.hindered(refused)
            self._end_unsent(lease, {each: why for each, why in hindered.items() if why is not None})
            again = self._send_once(lease, account, [each for each in sent.refresh if each not in hindered])
            sent.states |= again.states
            sent.plan_again += again.plan_again
        return sent

    def _mark_sent(self, lease: Lease, lt_order_ids: Sequence[UUID], now: datetime) -> list[StoredOrder]:
        with self._database.transaction() as transaction:
            leases.assert_held(transaction, lease)
            due = [order for order in lt_orders.locked(transaction, lt_order_ids) if order.state is OrderState.INTENT]
            ids = [order.lt_order_id for order in due]
            kept = dict.fromkeys(entry_signals.too_old(transaction, ids, now), _TOO_OLD)
            kept |= dict.fromkeys(locks.stopped_entries(transaction, ids, now), _STOPPED)
            transition_all(
                transaction, [_sending(order, kept.get(order.lt_order_id)) for order in due], actor=self._actor, now=now
            )
            going = [order for order in due if order.lt_order_id not in kept]
            _log(transaction, Step.SENT, going)
        return going

    def _book(self, lease: Lease, posted: Sequence[StoredOrder], outcomes: Sequence[PostOutcome]) -> Sent:
        answers = {order.lt_order_id: outcome for order, outcome in zip(posted, outcomes, strict=True)}
        sent = Sent()
        if not answers:
            return sent
        now = self._clock.now()
        with self._database.transaction() as transaction:
            leases.assert_held(transaction, lease)
            orders = lt_orders.locked(transaction, list(answers))
            taken = {each: told.answer for each, told in answers.items() if isinstance(told, Accepted)}
            order_changes.note_answers(transaction, taken)
            _note_modes(transaction, answers.values(), now)
            booked = [self._answered(transaction, order, answers[order.lt_order_id], now) for order in orders]
            moving = [each.transition for each in booked]
            sent.states = transition_all(transaction, moving, actor=self._actor, now=now)
            for each in booked:
                each.note(transaction, sent, now)
            _log(transaction, Step.ANSWERED, orders, sent.states)
        return sent

    def _answered(self, transaction: Transaction, order: StoredOrder, outcome: PostOutcome, now: datetime) -> _Answered:
        """What an answer proves; what else one that was not taken tells is noted."""
        match outcome:
            case Accepted(status=status):
                return _Answered(transition=Transition(order=order, cause=_ACCEPTED[status]))
            case AlreadyKnown() | Unknown():
                # Known already is no verdict: it is looked up like an unknown one. Sending it again would make nothing.
                if isinstance(outcome, AlreadyKnown):
                    order_changes.note_not_before(transaction, order.lt_order_id, now + refusals.SEND_WITHIN)
                return _Answered(transition=Transition(order=order, cause=Cause.NO_ANSWER))
            case Rejected():
                return self._refused(transaction, order, outcome, now)

    def _refused(self, transaction: Transaction, order: StoredOrder, refused: Rejected, now: datetime) -> _Answered:
        step = refusals.next_step(
            refused.code, may_try_again=refused.may_try_again, sends=order.sends, attempt=order.attempt
        )
        _note_spender(transaction, order, refused, now)
        if step is NextStep.STOP_WALLET:
            _stop_entries(transaction, order, refused, actor=self._actor, now=now)
        if step in (NextStep.SEND_LATER, NextStep.REFRESH):
            moving = Transition(order=order, cause=Cause.REFUSED_FOR_NOW)
        else:
            refusal = Refusal(code=refused.code, text=refused.text)
            moving = Transition(order=order, cause=Cause.REFUSED, refusal=refusal)
        return _Answered(transition=moving, refused=refused, step=step)

    def _end_unsent(self, lease: Lease, refusals_by_order: Mapping[UUID, Refusal]) -> None:
        if not refusals_by_order:
            return
        now = self._clock.now()
        with self._database.transaction() as transaction:
            leases.assert_held(transaction, lease)
            unsent = [
                _sending(order, refusals_by_order[order.lt_order_id])
                for order in lt_orders.locked(transaction, list(refusals_by_order))
                if order.state is OrderState.INTENT
            ]
            transition_all(transaction, unsent, actor=self._actor, now=now)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answered:
    """What an answer moves, and what follows from a refusal once that is done."""

    transition: Transition
    refused: Rejected | None = None
    step: NextStep | None = None

    def note(self, transaction: Transaction, sent: Sent, now: datetime) -> None:
        """Keeps what a refusal says of a later sending, by where the order stands after it."""
        if self.refused is None:
            return
        order = self.transition.order
        state = sent.states[order.lt_order_id]
        if self.step in (NextStep.SEND_LATER, NextStep.REFRESH):
            wait = 0.0 if self.step is NextStep.REFRESH else self.refused.retry_after_seconds
            _note_refusal(transaction, order, self.refused, now, wait=wait)
            if self.step is NextStep.REFRESH and state is OrderState.INTENT:
                sent.refresh.append(order.lt_order_id)
                sent.refresh_tokens.add(_asked_for(order))
        elif state is not OrderState.REJECTED:
            _note_refusal(transaction, order, self.refused, now, wait=None)
        elif self.step is NextStep.PLAN_AGAIN:
            sent.plan_again.append(order.lt_order_id)


def _log(
    transaction: Transaction,
    step: Step,
    orders: Sequence[StoredOrder],
    states: Mapping[UUID, OrderState] = MappingProxyType({}),
) -> None:
    for order in orders:
        keys = {
            Key.LT_ORDER_ID: order.lt_order_id,
            Key.ORDER_HASH: order.signed.order_hash,
            Key.STATE: states.get(order.lt_order_id),
        }
        passed(transaction, step, keys)


def _sending(order: StoredOrder, refusal: Refusal | None) -> Transition:
    """To the venue, unless something keeps it."""
    cause = Cause.SENT_TO_VENUE if refusal is None else Cause.NEVER_SENT
    return Transition(order=order, cause=cause, refusal=refusal)


def _is_fresh(order: StoredOrder, now: datetime) -> bool:
    return now - order.decided_at <= refusals.SEND_WITHIN and (order.expires_at is None or now < order.expires_at)


def _is_due(order: StoredOrder, now: datetime) -> bool:
    return order.not_before is None or order.not_before <= now


def _may_go_again(order: StoredOrder) -> bool:
    """Whether the last refusal of these bytes, if there was one, was for a moment only."""
    if order.last_refusal is None:
        return True
    step = refusals.next_step(order.last_refusal, may_try_again=False, sends=order.sends, attempt=order.attempt)
    return step is NextStep.SEND_LATER


def _note_refusal(
    transaction: Transaction, order: StoredOrder, refused: Rejected, now: datetime, *, wait: float | None
) -> None:
    order_changes.note_refusal_for_now(
        transaction,
        lt_order_id=order.lt_order_id,
        code=refused.code,
        text=refused.text,
        not_before=refusals.not_before(now, wait),
    )


def _why_unsent(order: StoredOrder) -> Refusal:
    if order.last_refusal is not None:
        return Refusal(code=order.last_refusal, text=order.last_refusal_text or "")
    return Refusal(code=RejectionCode.NOT_PLACED, text="the signal was too old to send it later")


def _asked_for(order: StoredOrder) -> str | None:
    """The token that an order gives; None where it gives collateral."""
    return order.token_id if order.side is Side.SELL else None


def _note_modes(transaction: Transaction, outcomes: Collection[PostOutcome], now: datetime) -> None:
    """Keeps the modes of the venue that refusals told of, and that they are over where it took an order."""
    said = {told.code: told.text for told in outcomes if isinstance(told, Rejected) and told.code in venue_modes.MODES}
    if said:
        venue_modes.note_seen(transaction, said, now)
    elif any(isinstance(told, Accepted) for told in outcomes):
        venue_modes.note_taken(transaction, now)


def _note_spender(transaction: Transaction, order: StoredOrder, refused: Rejected, now: datetime) -> None:
    """Keeps the contract that a refusal names, so that the owner sees whom the venue checks."""
    spender = refusals.spender_named(refused.text)
    if refused.code is RejectionCode.NOT_ENOUGH_BALANCE and spender is not None:
        token_id = _asked_for(order)
        asset_type = AssetType.COLLATERAL if token_id is None else AssetType.of_token(token_id)
        venue_spenders.note_refused(transaction, order.trading_wallet_id, asset_type, spender, now)


def _refreshed(account: VenueAccount, tokens: Collection[str | None]) -> bool:
    """Whether the venue has looked at the balances again; where it did not, the bytes go out with a later run."""
    try:
        for token_id in tokens:
            account.refresh_balance(token_id)
    except (RetryLater, GiveUp):
        return False
    return True


def _stop_entries(
    transaction: Transaction, order: StoredOrder, refused: Rejected, *, actor: str, now: datetime
) -> None:
    locks.put(
        transaction,
        scope=LockScope.TRADING_WALLET,
        scope_id=str(order.trading_wallet_id),
        reason=refusals.lock_reason(refused.code),
        detail=f"{refused.code}: {refused.text}",
        created_by=actor,
        now=now,
        ends_at=now + STOP_FOR,
    )
