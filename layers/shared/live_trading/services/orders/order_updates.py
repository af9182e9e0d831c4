"""What to change of one order after the venue was asked: a plan as a value, then applied in one transaction.

The plan says which fills are new, which moved on, which transition has a proof, and never more than the venue's facts
prove: only a terminal venue fact whose fills are all known ends an order and gives back its reservation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from live_trading.nouns.money import Usd, total_shares, total_usd
from live_trading.nouns.orders import Fill, FillStatus, OrderState, OrderType, RejectionCode
from live_trading.nouns.trades import Side
from live_trading.orders.machine import TERMINAL, Cause
from live_trading.polymarket.clob.account import VenueOrder, VenueOrderStatus
from live_trading.store.orders.fills import StoredFill
from live_trading.store.orders.lt_orders import StoredOrder

# Absence is believed only after this many look-ups this far apart: an order can show up late at the venue.
ABSENCE_PROOFS = 3
ABSENCE_SPACING = timedelta(seconds=30)
# A dollar-sized order leaves a rest that no price level can take; below this it counts as filled in full.
DUST_USD = Usd("0.01")

# An order that the venue has acknowledged is never absent, however long its trades take to be listed.
_FATE_UNKNOWN = frozenset({OrderState.SENT, OrderState.UNKNOWN})
_SETTLED = frozenset({FillStatus.CONFIRMED, FillStatus.FAILED})
_ENDED_WITHOUT_REST = frozenset(
    {VenueOrderStatus.CANCELLED, VenueOrderStatus.UNMATCHED, VenueOrderStatus.INVALID, VenueOrderStatus.EXPIRED}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueTruth:
    """What the venue says: the order (None where it does not know the hash) and our fills of it."""

    order: VenueOrder | None
    fills: tuple[Fill, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FillProgress:
    """A stored fill whose settlement moved on."""

    stored: StoredFill
    to: FillStatus
    transaction_hash: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderUpdate:
    """The plan. `cause` is None where nothing is proved yet.

    `absent` is True for a look-up that found nothing and counts as a proof, False for a find, None for a look-up too
    soon after the last one to prove anything more.
    """

    new_fills: tuple[Fill, ...]
    progressed: tuple[FillProgress, ...]
    cause: Cause | None
    rejection: RejectionCode | None
    absent: bool | None


def plan_update(order: StoredOrder, stored: Sequence[StoredFill], truth: VenueTruth, now: datetime) -> OrderUpdate:
    """The changes that the venue's facts prove. Pure; planning twice from the same facts gives nothing new."""
    known = {each.fill.venue_trade_id: each for each in stored}
    new = tuple(fill for fill in truth.fills if fill.venue_trade_id not in known)
    progressed = tuple(
        FillProgress(stored=known[fill.venue_trade_id], to=fill.status, transaction_hash=fill.transaction_hash)
        for fill in truth.fills
        if fill.venue_trade_id in known and _moved(known[fill.venue_trade_id].fill.status, fill.status)
    )
    cause, rejection = (None, None) if order.state in TERMINAL else _cause(order, truth, stored, now)
    return OrderUpdate(
        new_fills=new,
        progressed=progressed,
        cause=cause,
        rejection=rejection,
        absent=_absent(order, truth, stored, now),
    )


def is_proved_by_trades(order: StoredOrder, fills: Sequence[Fill]) -> bool:
    """Whether these fills are the whole order, so that a look-up could tell nothing more of it."""
    return _is_whole(order, [fill for fill in fills if fill.status is not FillStatus.FAILED])


def _absent(order: StoredOrder, truth: VenueTruth, stored: Sequence[StoredFill], now: datetime) -> bool | None:
    if truth.order is not None or truth.fills or stored:
        return False
    if order.last_looked_up_at is not None and now - order.last_looked_up_at < ABSENCE_SPACING:
        return None
    return True


def _moved(before: FillStatus, after: FillStatus) -> bool:
    """Settlement never goes back from its end, and CONFIRMED never from a stale answer."""
    return before is not after and before not in _SETTLED


def _cause(
    order: StoredOrder, truth: VenueTruth, stored: Sequence[StoredFill], now: datetime
) -> tuple[Cause | None, RejectionCode | None]:
    lasting = [fill for fill in truth.fills if fill.status is not FillStatus.FAILED]
    if truth.order is None:
        if truth.fills or stored:
            return _ended_by_trades(order, lasting), None
        proofs = order.absence_proofs + (1 if _absent(order, truth, stored, now) else 0)
        if order.state not in _FATE_UNKNOWN or proofs < ABSENCE_PROOFS:
            return None, None
        return Cause.PROVED_ABSENT, order.last_refusal or RejectionCode.NEVER_ARRIVED
    venue = truth.order
    matched = total_shares([fill.shares for fill in truth.fills])
    if venue.matched > matched:
        # The trades list lags behind the order: its fills have to be known before anything ends.
        return None, None
    if venue.status is VenueOrderStatus.MATCHED:
        return Cause.FOUND_FILLED, None
    if venue.status in _ENDED_WITHOUT_REST:
        if venue.status is VenueOrderStatus.EXPIRED:
            return Cause.FOUND_EXPIRED, None
        return Cause.FOUND_CANCELLED, None
    if venue.status is VenueOrderStatus.LIVE:
        return (Cause.FOUND_PARTIAL if matched else Cause.FOUND_LIVE), None
    return None, None


def _ended_by_trades(order: StoredOrder, lasting: list[Fill]) -> Cause | None:
    """The venue forgets finished orders: with fills on record a marketable one has ended, a resting one may not."""
    if _is_whole(order, lasting):
        return Cause.FOUND_FILLED
    if order.order_type in (OrderType.FAK, OrderType.FOK):
        return Cause.FOUND_CANCELLED
    return None


def _is_whole(order: StoredOrder, lasting: Sequence[Fill]) -> bool:
    usd, shares = total_usd([fill.usd for fill in lasting]), total_shares([fill.shares for fill in lasting])
    if order.side is Side.SELL:
        return shares >= order.order_shares
    return usd + DUST_USD > order.order_usd or shares >= order.order_shares
