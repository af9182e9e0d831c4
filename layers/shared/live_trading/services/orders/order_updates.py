"""What to change of one order after the venue was asked: a plan as a value, then applied in one transaction.

The plan says which fills are new, which moved on, which transition has a proof, and never more than the venue's facts
prove: only a terminal venue fact whose fills are all known ends an order and gives back its reservation. What the venue
calls confirmed is held back as mined until the receipt of its transaction has been read, and all trades of an order in
one transaction settle together, because the receipt tells their sum.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from live_trading.nouns.money import Usd, total_shares, total_usd
from live_trading.nouns.orders import Fill, FillStatus, Moved, OrderState, OrderType, RejectionCode
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
    """What the venue says: the order (None where it does not know the hash) and our fills of it.

    `moved` is what the chain says: by transaction, what it moved for this order; a missing one has not been read.
    """

    order: VenueOrder | None
    fills: tuple[Fill, ...]
    moved: Mapping[str, Moved] = field(default_factory=dict)


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
    soon after the last one to prove anything more. `moved` is by transaction what its trades moved in sum; `unread` are
    the trades, with their transactions, that the venue calls confirmed and whose receipt is still to be read.
    """

    new_fills: tuple[Fill, ...]
    progressed: tuple[FillProgress, ...]
    moved: Mapping[str, Moved]
    unread: Mapping[str, str | None]
    cause: Cause | None
    rejection: RejectionCode | None
    absent: bool | None


def plan_update(order: StoredOrder, stored: Sequence[StoredFill], truth: VenueTruth, now: datetime) -> OrderUpdate:
    """The changes that the venue's facts prove. Pure; planning twice from the same facts gives nothing new."""
    known = {each.fill.venue_trade_id: each for each in stored}
    moved = readable(truth.moved, [*truth.fills, *_unheard(stored, truth.fills)])
    heard = [held_back(fill, moved) for fill in truth.fills]
    new = tuple(fill for fill in heard if fill.venue_trade_id not in known)
    progressed = tuple(
        FillProgress(stored=known[fill.venue_trade_id], to=fill.status, transaction_hash=fill.transaction_hash)
        for fill in heard
        if fill.venue_trade_id in known and _moved(known[fill.venue_trade_id].fill.status, fill.status)
    )
    cause, rejection = (None, None) if order.state in TERMINAL else _cause(order, truth, stored, now)
    return OrderUpdate(
        new_fills=new,
        progressed=progressed,
        moved=moved,
        unread={
            fill.venue_trade_id: fill.transaction_hash
            for fill in truth.fills
            if is_unread(fill, moved) and not _is_settled(known.get(fill.venue_trade_id))
        },
        cause=cause,
        rejection=rejection,
        absent=_absent(order, truth, stored, now),
    )


def readable(moved: Mapping[str, Moved], fills: Sequence[Fill]) -> dict[str, Moved]:
    """The readings that count: those of transactions in which no trade of the order is still on its way."""
    on_its_way = {fill.transaction_hash for fill in fills if fill.status not in _SETTLED}
    return {each: sum_ for each, sum_ in moved.items() if each not in on_its_way}


def is_unread(fill: Fill, moved: Mapping[str, Moved]) -> bool:
    """Whether the venue calls it confirmed and nobody has read what it moved."""
    return fill.status is FillStatus.CONFIRMED and fill.transaction_hash not in moved


def held_back(fill: Fill, moved: Mapping[str, Moved]) -> Fill:
    """The fill as far as it counts: mined while it is unread."""
    return replace(fill, status=FillStatus.MINED) if is_unread(fill, moved) else fill


def _unheard(stored: Sequence[StoredFill], heard: Sequence[Fill]) -> list[Fill]:
    """Stored fills that this answer leaves out."""
    told = {fill.venue_trade_id for fill in heard}
    return [each.fill for each in stored if each.fill.venue_trade_id not in told]


def _is_settled(stored: StoredFill | None) -> bool:
    return stored is not None and stored.fill.status in _SETTLED


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
