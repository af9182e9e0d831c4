"""Sends a committed intent, and books what the venue answered.

The order of effects is the whole point: the intent is in the database before this module sees it, SENT is committed
before the request leaves, and the answer is booked after. A crash between any two leaves a state that says which
question to ask the venue. The bytes are always the stored ones.
"""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from live_trading.nouns.clock import Clock
from live_trading.nouns.orders import OrderState, RejectionCode
from live_trading.orders.machine import Cause
from live_trading.polymarket.account import VenueAccount
from live_trading.polymarket.outcomes import (
    Accepted,
    AcceptedStatus,
    AlreadyKnown,
    PostOutcome,
    Rejected,
    Unknown,
)
from live_trading.services.order_booking import Refusal, transition
from live_trading.store import leases, lt_orders
from live_trading.store.database import Database
from live_trading.store.leases import Lease
from live_trading.store.lt_orders import StoredOrder

# An intent that was never sent is sent only while its signal is as fresh as an entry has to be anyway.
RESUME_WITHIN = timedelta(minutes=5)

_ACCEPTED = {
    AcceptedStatus.LIVE: Cause.ACCEPTED_LIVE,
    AcceptedStatus.MATCHED: Cause.ACCEPTED_MATCHED,
    AcceptedStatus.DELAYED: Cause.ACCEPTED_DELAYED,
}


class OrderPoster:
    """Takes intents to the venue, at most once an intent under one lease."""

    def __init__(self, *, database: Database, clock: Clock, actor: str) -> None:
        self._database = database
        self._clock = clock
        self._actor = actor

    def send(self, lease: Lease, account: VenueAccount, lt_order_id: UUID) -> OrderState:
        """INTENT to SENT, the POST, and the state that its answer proves."""
        order = self._mark_sent(lease, lt_order_id)
        if order is None:
            return OrderState.UNKNOWN
        outcome = account.post(order.signed)
        return self._book_answer(lease, lt_order_id, outcome)

    def resume(self, lease: Lease, account: VenueAccount, order: StoredOrder) -> OrderState:
        """An intent whose run died before it was sent: sent now while fresh, else ended as not placed."""
        now = self._clock.now()
        if now - order.decided_at <= RESUME_WITHIN:
            return self.send(lease, account, order.lt_order_id)
        with self._database.transaction() as transaction:
            leases.assert_held(transaction, lease)
            current = lt_orders.locked(transaction, order.lt_order_id)
            if current.state is not OrderState.INTENT:
                return current.state
            return transition(
                transaction,
                current,
                Cause.NEVER_SENT,
                actor=self._actor,
                now=now,
                refusal=Refusal(code=RejectionCode.NOT_PLACED, text="the signal was too old to send it later"),
            )

    def _mark_sent(self, lease: Lease, lt_order_id: UUID) -> StoredOrder | None:
        now = self._clock.now()
        with self._database.transaction() as transaction:
            leases.assert_held(transaction, lease)
            order = lt_orders.locked(transaction, lt_order_id)
            if order.state is not OrderState.INTENT:
                return None
            transition(transaction, order, Cause.SENT_TO_VENUE, actor=self._actor, now=now)
        return order

    def _book_answer(self, lease: Lease, lt_order_id: UUID, outcome: PostOutcome) -> OrderState:
        now = self._clock.now()
        with self._database.transaction() as transaction:
            leases.assert_held(transaction, lease)
            order = lt_orders.locked(transaction, lt_order_id)
            cause, refusal = _meaning(outcome)
            return transition(transaction, order, cause, actor=self._actor, now=now, refusal=refusal)


def _meaning(outcome: PostOutcome) -> tuple[Cause, Refusal | None]:
    """The named cause of an answer. Known already is no verdict: it is looked up like an unknown one."""
    match outcome:
        case Accepted(status=status):
            return _ACCEPTED[status], None
        case Rejected(code=code, text=text):
            return Cause.REFUSED, Refusal(code=code, text=text)
        case AlreadyKnown() | Unknown():
            return Cause.NO_ANSWER, None
