"""What to change of one order after the venue was asked: a plan as a value, then applied in one transaction.

The plan says which fills are new, which moved on, which transition has a proof, and never more than the venue's facts
prove: an order ends, and gives back its reservation, only where the answer to its POST, the look-up and the sum of its
trades agree (see `order_proofs`). What the venue calls confirmed is held back as mined until the receipt of its
transaction has been read, and all trades of an order in one transaction settle together, because the receipt tells
their sum.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from live_trading.nouns.orders import Fill, FillStatus, Moved, RejectionCode
from live_trading.orders.machine import IN_DOUBT, TERMINAL, Cause
from live_trading.polymarket.clob.account import VenueOrder, VenueOrderStatus
from live_trading.services.orders.order_proofs import (
    ABSENCE_PROOFS,
    ABSENCE_SPACING,
    MARKETABLE,
    Trades,
    agree,
    is_filled,
    is_proof_of_end,
    is_whole,
    known_trades,
    tells_all,
)
from live_trading.store.orders.fills import StoredFill
from live_trading.store.orders.lt_orders import StoredOrder

_SETTLED = frozenset({FillStatus.CONFIRMED, FillStatus.FAILED})
_ENDED_WITH_REST = frozenset(
    {VenueOrderStatus.CANCELLED, VenueOrderStatus.UNMATCHED, VenueOrderStatus.INVALID, VenueOrderStatus.EXPIRED}
)
_MAY_TRADE = frozenset({VenueOrderStatus.LIVE, VenueOrderStatus.DELAYED})


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueTruth:
    """What the venue says: the order (None where it does not know the hash) and our fills of it.

    `moved` is what the chain says: by transaction, what it moved for this order; a missing one has not been read.
    `was_looked_up` is False where nobody asked for the order. `is_unlisted`: the venue's open orders were asked, and it
    is none of them.
    """

    order: VenueOrder | None
    fills: tuple[Fill, ...]
    moved: Mapping[str, Moved] = field(default_factory=dict)
    was_looked_up: bool = True
    is_unlisted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FillProgress:
    """A stored fill whose settlement moved on."""

    stored: StoredFill
    to: FillStatus
    transaction_hash: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderUpdate:
    """The plan. `cause` is None where nothing is proved yet.

    `absent` is True for a look that counts towards the proof that the order has ended, False for one with news of it,
    None for one that came too soon to prove anything more. `moved` is by transaction what its trades moved in sum;
    `unread` are the trades, with their transactions, that the venue calls confirmed and whose receipt is still to be
    read. `is_last_look`: the order had ended, was looked up once more, and stands as it ended; `is_contradicted`: the
    look-up tells of more than was booked, or of an order that may still trade.
    """

    new_fills: tuple[Fill, ...]
    progressed: tuple[FillProgress, ...]
    moved: Mapping[str, Moved]
    unread: Mapping[str, str | None]
    cause: Cause | None
    rejection: RejectionCode | None
    absent: bool | None
    is_last_look: bool = False
    is_contradicted: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether nothing of the order or its money changes."""
        return not (self.new_fills or self.progressed or self.moved or self.cause)

    @property
    def settled(self) -> list[FillStatus]:
        """How each fill ended that ends by this."""
        reached = [fill.status for fill in self.new_fills] + [each.to for each in self.progressed]
        return [status for status in reached if status in _SETTLED]


def plan_update(order: StoredOrder, stored: Sequence[StoredFill], truth: VenueTruth, now: datetime) -> OrderUpdate:
    """The changes that the venue's facts prove. Pure; planning twice from the same facts gives nothing new."""
    known = {each.fill.venue_trade_id: each for each in stored}
    told = _once(truth.fills)
    moved = readable(truth.moved, [*told, *_unheard(stored, told)])
    heard = [held_back(fill, moved) for fill in told]
    new = tuple(fill for fill in heard if fill.venue_trade_id not in known)
    progressed = tuple(
        FillProgress(stored=known[fill.venue_trade_id], to=fill.status, transaction_hash=fill.transaction_hash)
        for fill in heard
        if fill.venue_trade_id in known and _moved(known[fill.venue_trade_id].fill.status, fill.status)
    )
    trades = known_trades(stored, told)
    absent = _absent(order, trades, truth, is_news=bool(new), now=now)
    cause, rejection = _cause(order, trades, truth, is_proved=_is_proved(order, absent=absent), now=now)
    is_looked_up_again = order.state in TERMINAL and truth.was_looked_up
    is_contradicted = is_looked_up_again and _is_contradicted(order, trades, truth.order)
    return OrderUpdate(
        new_fills=new,
        progressed=progressed,
        moved=moved,
        unread={
            fill.venue_trade_id: fill.transaction_hash
            for fill in told
            if is_unread(fill, moved) and not _is_settled(known.get(fill.venue_trade_id))
        },
        cause=cause,
        rejection=rejection,
        absent=absent,
        is_last_look=is_looked_up_again and not is_contradicted,
        is_contradicted=is_contradicted,
    )


def _once(fills: Sequence[Fill]) -> list[Fill]:
    """Each venue trade once, with the settlement that has come furthest."""
    found: dict[str, Fill] = {}
    for fill in fills:
        before = found.get(fill.venue_trade_id)
        if before is None or fill.status.progress > before.status.progress:
            found[fill.venue_trade_id] = fill
    return list(found.values())


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
    trades = known_trades((), fills)
    return is_whole(order, trades.lasting) and agree(order, trades, None)


def awaits_its_trades(order: StoredOrder, fills: Sequence[Fill], now: datetime) -> bool:
    """Whether the answer to its POST told of trades just now that are not among these yet.

    Whatever a look-up told, nothing is proved before they are listed.
    """
    if order.answer is None or order.absence_proofs or order.sent_at is None:
        return False
    return now - order.sent_at < ABSENCE_SPACING and not agree(order, known_trades((), fills), None)


def _absent(order: StoredOrder, trades: Trades, truth: VenueTruth, *, is_news: bool, now: datetime) -> bool | None:
    if order.state in TERMINAL or not truth.was_looked_up:
        return None
    return is_proof_of_end(order, trades, truth.order, is_news=is_news, is_unlisted=truth.is_unlisted, now=now)


def _is_proved(order: StoredOrder, *, absent: bool | None) -> bool:
    return bool(absent) and order.absence_proofs + 1 >= ABSENCE_PROOFS


def _is_contradicted(order: StoredOrder, trades: Trades, venue: VenueOrder | None) -> bool:
    return not agree(order, trades, venue) or (venue is not None and venue.status in _MAY_TRADE)


def _moved(before: FillStatus, after: FillStatus) -> bool:
    """Settlement never goes back from its end, and CONFIRMED never from a stale answer."""
    return before is not after and before not in _SETTLED


def _cause(
    order: StoredOrder, trades: Trades, truth: VenueTruth, *, is_proved: bool, now: datetime
) -> tuple[Cause | None, RejectionCode | None]:
    """`is_proved`: enough looks, spaced in time, have shown that nothing more comes of the order."""
    venue = truth.order
    if order.state in TERMINAL or not agree(order, trades, venue):
        # A list lags behind: all its fills have to be known before anything ends.
        return None, None
    if is_whole(order, trades.lasting):
        return Cause.FOUND_FILLED, None
    if venue is not None and venue.status is VenueOrderStatus.LIVE:
        return (Cause.FOUND_PARTIAL if trades.fills else Cause.FOUND_LIVE), None
    if is_proved and not trades.fills and order.state in IN_DOUBT and venue is None:
        return Cause.PROVED_ABSENT, order.last_refusal or RejectionCode.NEVER_ARRIVED
    if is_proved or _has_ended(order, trades, venue):
        return _ended(order, trades, venue, now), None
    return None, None


def _has_ended(order: StoredOrder, trades: Trades, venue: VenueOrder | None) -> bool:
    """Whether the venue's word that it has ended is proved by quantities that agree with the trades."""
    if venue is None:
        # The venue forgets finished orders; of a marketable one its answer has told everything.
        return bool(trades.fills) and tells_all(order, trades)
    says_how_much = venue.states_matched and bool(venue.matched or venue.matched_usd)
    if venue.status is VenueOrderStatus.MATCHED:
        is_told = bool(trades.fills) and (says_how_much or tells_all(order, trades))
        return is_told and (order.order_type in MARKETABLE or is_filled(order, trades))
    if venue.status in _ENDED_WITH_REST:
        is_nothing = venue.states_matched and not trades.fills
        return says_how_much or is_nothing or tells_all(order, trades)
    return False


def _ended(order: StoredOrder, trades: Trades, venue: VenueOrder | None, now: datetime) -> Cause:
    """One name for an end, whichever answer told it."""
    if is_filled(order, trades):
        return Cause.FOUND_FILLED
    if venue is not None:
        return Cause.FOUND_EXPIRED if venue.status is VenueOrderStatus.EXPIRED else Cause.FOUND_CANCELLED
    is_past_its_end = order.expires_at is not None and order.expires_at <= now and order.cancel_asked_at is None
    return Cause.FOUND_EXPIRED if is_past_its_end else Cause.FOUND_CANCELLED
