"""Looks our orders up one by one and books what venue and receipts prove of each.

Invariants: an order is looked up only where its trades leave its end open and none that the venue has just told of is
still to be listed, and once more some minutes after its end; orders are booked with their rows locked and the lease
held, together, and each in a transaction of its own where that fails, so that what goes wrong with one order stops no
other. Of an order that may rest the venue's list of open ones is evidence too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from live_trading.nouns.chance import Chance
from live_trading.nouns.clock import Clock
from live_trading.nouns.errors import MalformedAnswer
from live_trading.nouns.markets import FeeSchedule
from live_trading.nouns.money import Shares, total_shares
from live_trading.nouns.orders import FillStatus, OrderState
from live_trading.nouns.trades import QuarantinedRow
from live_trading.orders.machine import TERMINAL, Cause
from live_trading.polymarket.clob.account import VenueAccount, VenueOrder, VenueOrderStatus
from live_trading.services.orders.order_alerts import tell_contradiction, tell_if_undecided
from live_trading.services.orders.order_booking import apply_updates
from live_trading.services.orders.order_proofs import LAST_LOOK_AFTER, UNDECIDED_AFTER
from live_trading.services.orders.order_updates import (
    OrderUpdate,
    VenueTruth,
    awaits_its_trades,
    is_proved_by_trades,
    plan_update,
)
from live_trading.services.reconciling.venue_asking import Heard, Watched
from live_trading.services.running.failures import PartFailure, contained
from live_trading.store.books.breaks import Break, BreakKind
from live_trading.store.database import leases
from live_trading.store.database.connection import Database, Transaction
from live_trading.store.database.leases import Lease
from live_trading.store.feed import quarantine
from live_trading.store.orders import fills, lt_orders, order_changes
from live_trading.store.orders.lt_orders import StoredOrder

# At 50 ms an answer these stay below the 900 questions in ten seconds that the venue allows.
LOOK_UPS_AT_ONCE = 4
# So many rows are locked at once.
MOST_TOGETHER = 100


@dataclass(slots=True, kw_only=True)
class Followed:
    """What became of the orders: how many ended up in each state, new fills, and what could not be read.

    `ended` counts by state the orders that came to their end, `settled` by status the fills that did.
    `has_booked` tells whether the ledger may have changed. Of `unseen` orders nobody knows in this pass what they have
    moved.
    """

    states: dict[str, int] = field(default_factory=dict)
    ended: Counter[OrderState] = field(default_factory=Counter)
    settled: Counter[FillStatus] = field(default_factory=Counter)
    new_fills: int = 0
    has_booked: bool = False
    unreadable: list[Break] = field(default_factory=list)
    unseen: set[UUID] = field(default_factory=set)
    failures: list[PartFailure] = field(default_factory=list)


class OrderFollowing:
    """Follows orders to their end and fills to their settlement."""

    def __init__(self, *, database: Database, clock: Clock, chance: Chance, actor: str) -> None:
        self._database = database
        self._clock = clock
        self._chance = chance
        self._actor = actor

    def follow(
        self,
        lease: Lease,
        account: VenueAccount,
        watched: Watched,
        heard: Heard,
        open_orders: Sequence[VenueOrder] | None = None,
    ) -> Followed:
        """Books the truth of each order that has been at the venue.

        `open_orders` are those that rest there; None where nobody asked.
        """
        followed = Followed()
        at_venue = [order for order in watched.orders if order.state is not OrderState.INTENT]
        if not at_venue:
            return followed
        asked_at = self._clock.now()
        resting = None if open_orders is None else {order.order_hash: order for order in open_orders}
        with self._chance.side_by_side(LOOK_UPS_AT_ONCE) as beside:
            looked_up: list[tuple[StoredOrder, Future[VenueTruth]]] = [
                (
                    order,
                    beside.submit(
                        _truth, account, order, heard, watched.schedules[order.condition_id], resting, asked_at
                    ),
                )
                for order in at_venue
            ]
            told: list[_Told] = []
            for order, truth in looked_up:
                with contained(_part(order), followed.failures):
                    try:
                        told.append(_Told(order, truth.result()))
                    except MalformedAnswer as error:
                        followed.unreadable.append(self._set_aside(order, error))
                        raise
        heard_of = {each.order.lt_order_id for each in told}
        followed.unseen |= {order.lt_order_id for order in at_venue if order.lt_order_id not in heard_of}
        for start in range(0, len(told), MOST_TOGETHER):
            self._apply_all(lease, told[start : start + MOST_TOGETHER], asked_at, followed)
        self._tell_undecided(lease, at_venue, asked_at)
        return followed

    def _apply_all(self, lease: Lease, told: Sequence[_Told], now: datetime, followed: Followed) -> None:
        """Books these together; where that fails, each by itself, so that what is wrong with one stops no other."""
        if len(told) > 1:
            troubles: list[PartFailure] = []
            with contained(f"{len(told)} orders together", troubles):
                self._apply(lease, told, now, followed)
            if not troubles:
                return
        for each in told:
            failures = len(followed.failures)
            with contained(_part(each.order), followed.failures):
                self._apply(lease, [each], now, followed)
            if len(followed.failures) > failures:
                followed.unseen.add(each.order.lt_order_id)

    def _tell_undecided(self, lease: Lease, orders: Sequence[StoredOrder], now: datetime) -> None:
        """Of orders whose end should be known by now, whether it could be asked for in this pass or not."""
        old = [order.lt_order_id for order in orders if now - (order.sent_at or now) > UNDECIDED_AFTER]
        if not old:
            return
        with self._database.transaction() as transaction:
            leases.assert_held(transaction, lease)
            for order in lt_orders.locked(transaction, old):
                tell_if_undecided(transaction, order, now)

    def _set_aside(self, order: StoredOrder, error: MalformedAnswer) -> Break:
        row = QuarantinedRow(source="clob.account", reason=str(error), raw=error.raw)
        now = self._clock.now()
        with self._database.transaction() as transaction:
            quarantine.record(transaction, [row], now)
        return Break(
            kind=BreakKind.UNREADABLE_ANSWER,
            subject=order.signed.order_hash,
            expected=order.order_shares.value,
            observed=order.order_shares.value,
        )

    def _apply(self, lease: Lease, told: Sequence[_Told], now: datetime, followed: Followed) -> None:
        """In round trips that do not grow with the orders, but for what is rare: sales, failed trades, late ones."""
        ids = [each.order.lt_order_id for each in told]
        with self._database.transaction() as transaction:
            leases.assert_held(transaction, lease)
            orders = lt_orders.locked(transaction, ids)
            stored = fills.of_orders(transaction, ids)
            updates = [
                (order, plan_update(order, stored[order.lt_order_id], each.truth, now))
                for order, each in zip(orders, told, strict=True)
            ]
            states = apply_updates(transaction, updates, actor=self._actor, now=now)
            for (order, update), each in zip(updates, told, strict=True):
                _note(transaction, order, update, each.truth, now)
        for order, update in updates:
            state = states[order.lt_order_id]
            followed.new_fills += len(update.new_fills)
            followed.has_booked |= not update.is_empty
            followed.states[state] = followed.states.get(state, 0) + 1
            followed.ended.update([state] if update.cause is not None and state in TERMINAL else [])
            followed.settled.update(update.settled)


@dataclass(frozen=True, slots=True)
class _Told:
    """An order and what is said of it."""

    order: StoredOrder
    truth: VenueTruth


def _part(order: StoredOrder) -> str:
    return f"order {order.lt_order_id}"


def _note(transaction: Transaction, order: StoredOrder, update: OrderUpdate, truth: VenueTruth, now: datetime) -> None:
    if update.absent is not None and (update.absent or order.absence_proofs > 0):
        order_changes.note_lookup(transaction, lt_order_id=order.lt_order_id, absent=update.absent, now=now)
    if update.is_last_look:
        order_changes.note_last_look(transaction, order.lt_order_id, now)
    if update.is_contradicted:
        tell_contradiction(transaction, order, _said(truth), now)
    seen_there = _status_at_venue(truth, update)
    if seen_there is not None:
        order_changes.note_venue_status(
            transaction,
            order_hash=order.signed.order_hash,
            venue_status=seen_there[0],
            matched=seen_there[1],
            now=now,
        )


def _truth(
    account: VenueAccount,
    order: StoredOrder,
    heard: Heard,
    fees: FeeSchedule,
    resting: Mapping[str, VenueOrder] | None,
    now: datetime,
) -> VenueTruth:
    """What is said of one order; it is looked up where it may have ended otherwise than its trades tell."""
    order_hash = order.signed.order_hash
    own = account.own_fills(heard.trades, order_hash, fees, order.signed)
    if order.state in TERMINAL:
        is_asked = _is_last_look_due(order, now)
    else:
        is_asked = not is_proved_by_trades(order, own) and not awaits_its_trades(order, own, now)
    venue = account.find_order(order_hash, order.signed) if is_asked else None
    listed = None if resting is None else resting.get(order_hash)
    return VenueTruth(
        order=venue or (listed if is_asked else None),
        fills=tuple(own),
        moved=heard.receipts.of_order(order_hash),
        was_looked_up=is_asked,
        is_unlisted=resting is not None and listed is None,
    )


def _is_last_look_due(order: StoredOrder, now: datetime) -> bool:
    return order.last_look_at is None and order.finished_at is not None and now - order.finished_at >= LAST_LOOK_AFTER


def _said(truth: VenueTruth) -> str:
    if truth.order is None:
        return "its answer to the POST told of more than its trades do"
    return f"{truth.order.raw_status} with {truth.order.matched} shares matched"


def _status_at_venue(truth: VenueTruth, update: OrderUpdate) -> tuple[str, Shares] | None:
    if truth.order is not None:
        return truth.order.raw_status, truth.order.matched
    if update.cause is Cause.FOUND_FILLED:
        return VenueOrderStatus.MATCHED, total_shares([fill.shares for fill in truth.fills])
    return None
