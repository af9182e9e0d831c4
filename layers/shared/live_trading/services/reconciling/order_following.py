"""Looks our orders up one by one and books what venue and receipts prove of each.

Invariants: an order is looked up only where its trades leave its end open; each order is booked in a transaction of its
own, with its row locked and the lease held; what cannot be read of one order is set aside and stops no other.
"""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from live_trading.nouns.chance import Chance
from live_trading.nouns.clock import Clock
from live_trading.nouns.errors import LiveTradingError, MalformedAnswer, StopEverything
from live_trading.nouns.markets import FeeSchedule
from live_trading.nouns.money import Shares, total_shares
from live_trading.nouns.orders import OrderState
from live_trading.nouns.trades import QuarantinedRow
from live_trading.orders.machine import TERMINAL, Cause
from live_trading.polymarket.clob.account import VenueAccount, VenueOrderStatus
from live_trading.services.orders.order_booking import apply_update
from live_trading.services.orders.order_updates import OrderUpdate, VenueTruth, is_proved_by_trades, plan_update
from live_trading.services.reconciling.venue_asking import Heard, Watched
from live_trading.services.running.failures import PartFailure, failed_part
from live_trading.store.books.breaks import Break, BreakKind
from live_trading.store.database import leases
from live_trading.store.database.connection import Database
from live_trading.store.database.leases import Lease
from live_trading.store.feed import quarantine
from live_trading.store.orders import fills, lt_orders, order_changes
from live_trading.store.orders.lt_orders import StoredOrder

# At 50 ms an answer these stay below the 900 questions in ten seconds that the venue allows.
LOOK_UPS_AT_ONCE = 4


@dataclass(slots=True, kw_only=True)
class Followed:
    """What became of the orders: how many ended up in each state, new fills, and what could not be read.

    Of `unseen` orders nobody knows in this pass what they have moved.
    """

    states: dict[str, int] = field(default_factory=dict)
    new_fills: int = 0
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

    def follow(self, lease: Lease, account: VenueAccount, watched: Watched, heard: Heard) -> Followed:
        """Books the truth of each order that has been at the venue."""
        followed = Followed()
        at_venue = [order for order in watched.orders if order.state is not OrderState.INTENT]
        if not at_venue:
            return followed
        asked_at = self._clock.now()
        with self._chance.side_by_side(LOOK_UPS_AT_ONCE) as beside:
            looked_up: list[tuple[StoredOrder, Future[VenueTruth]]] = [
                (order, beside.submit(_truth, account, order, heard, watched.schedules[order.condition_id]))
                for order in at_venue
            ]
            for order, truth in looked_up:
                try:
                    self._apply(lease, order, truth.result(), asked_at, followed)
                except StopEverything:
                    raise
                except MalformedAnswer as error:
                    followed.unseen.add(order.lt_order_id)
                    followed.unreadable.append(self._set_aside(order, error))
                    followed.failures.append(failed_part(f"order {order.lt_order_id}", error))
                except LiveTradingError as error:
                    followed.unseen.add(order.lt_order_id)
                    followed.failures.append(failed_part(f"order {order.lt_order_id}", error))
        return followed

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

    def _apply(self, lease: Lease, seen: StoredOrder, truth: VenueTruth, now: datetime, followed: Followed) -> None:
        with self._database.transaction() as transaction:
            leases.assert_held(transaction, lease)
            (order,) = lt_orders.locked(transaction, [seen.lt_order_id])
            stored = fills.of_orders(transaction, [order.lt_order_id])[order.lt_order_id]
            update = plan_update(order, stored, truth, now)
            state = apply_update(transaction, order, update, actor=self._actor, now=now)
            if update.absent is not None and _is_worth_noting(order, absent=update.absent):
                order_changes.note_lookup(transaction, lt_order_id=order.lt_order_id, absent=update.absent, now=now)
            seen_there = _status_at_venue(truth, update)
            if seen_there is not None:
                order_changes.note_venue_status(
                    transaction,
                    order_hash=order.signed.order_hash,
                    venue_status=seen_there[0],
                    matched=seen_there[1],
                    now=now,
                )
        followed.new_fills += len(update.new_fills)
        followed.states[state] = followed.states.get(state, 0) + 1


def _truth(account: VenueAccount, order: StoredOrder, heard: Heard, fees: FeeSchedule) -> VenueTruth:
    """What is said of one order; it is looked up where it may have ended otherwise than its trades tell."""
    own = account.own_fills(heard.trades, order.signed.order_hash, fees, order.signed)
    is_known = order.state in TERMINAL or is_proved_by_trades(order, own)
    venue = None if is_known else account.find_order(order.signed.order_hash, order.signed)
    return VenueTruth(order=venue, fills=tuple(own), moved=heard.receipts.of_order(order.signed.order_hash))


def _is_worth_noting(order: StoredOrder, *, absent: bool) -> bool:
    """Whether a look-up, or what stands in for one, changes what is remembered of earlier ones."""
    return order.state not in TERMINAL and (absent or order.absence_proofs > 0)


def _status_at_venue(truth: VenueTruth, update: OrderUpdate) -> tuple[str, Shares] | None:
    if truth.order is not None:
        return truth.order.raw_status, truth.order.matched
    if update.cause is Cause.FOUND_FILLED:
        return VenueOrderStatus.MATCHED, total_shares([fill.shares for fill in truth.fills])
    return None
