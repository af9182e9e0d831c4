"""What quantities prove of an order: the answer to its POST, the look-up by hash and its trades, held together. Pure.

Trades are what counts, because they are what is booked; answer and look-up tell how much there is to come. While either
tells of more than the trades do, nothing is proved. Amounts decide, because the venue leaves names out; the trades that
it names only say how exactly the amounts have to agree.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from live_trading.nouns.money import Shares, Usd, total_shares, total_usd
from live_trading.nouns.orders import Fill, FillStatus, OrderState, OrderType, PostAnswer
from live_trading.nouns.trades import Side
from live_trading.orders.machine import IN_DOUBT
from live_trading.polymarket.clob.account import VenueOrder, VenueOrderStatus
from live_trading.store.orders.fills import StoredFill
from live_trading.store.orders.lt_orders import StoredOrder

# Absence is believed only after this many look-ups this far apart: an order can show up late at the venue.
ABSENCE_PROOFS = 3
ABSENCE_SPACING = timedelta(seconds=30)
# The longest that a match was put off after the order had been taken, and some more.
LONGEST_DELAY = timedelta(minutes=1)
# How long after its sending, or its end, an order may be without a proved end before somebody is told.
UNDECIDED_AFTER = timedelta(minutes=5)
# When a finished order is looked up once more.
LAST_LOOK_AFTER = timedelta(minutes=5)
# A dollar-sized order leaves a rest that no price level can take; below this it counts as filled in full.
DUST_USD = Usd("0.01")
# Sizes are printed with less precision than they have, so much a trade.
_PRINTING = Decimal("0.01")

MARKETABLE = frozenset({OrderType.FAK, OrderType.FOK})
"""Types that match at once and never rest."""

_SETTLED = frozenset({FillStatus.CONFIRMED, FillStatus.FAILED})
# The venue says of these that they may still trade, or nothing that could be understood.
_NOT_ENDED = frozenset({VenueOrderStatus.LIVE, VenueOrderStatus.DELAYED, VenueOrderStatus.UNRECOGNISED})


@dataclass(frozen=True, slots=True)
class Trades:
    """The trades of one order that are known, each once, in the amounts that the venue told."""

    fills: tuple[Fill, ...]

    @property
    def usd(self) -> Usd:
        return total_usd([fill.usd for fill in self.fills])

    @property
    def shares(self) -> Shares:
        return total_shares([fill.shares for fill in self.fills])

    @property
    def lasting(self) -> Trades:
        """Those whose settlement has not failed."""
        return Trades(tuple(fill for fill in self.fills if fill.status is not FillStatus.FAILED))

    def cover(self, *, usd: Usd, shares: Shares, trade_ids: Collection[str]) -> bool:
        """Whether they are all of what the venue tells of: nothing of it is still to be listed.

        Where it names a trade that is not here its amounts have to be here to the last unit, and must be more than
        nothing.
        """
        are_named = set(trade_ids) <= {fill.venue_trade_id for fill in self.fills}
        if not are_named and not usd and not shares:
            return False
        slack = _PRINTING * len(self.fills) if are_named else Decimal(0)
        return self.usd.value + slack >= usd.value and self.shares.value + slack >= shares.value


def known_trades(stored: Sequence[StoredFill], heard: Sequence[Fill]) -> Trades:
    """What is stored and what was heard now, whichever of them one list leaves out or repeats."""
    known = {each.fill.venue_trade_id: _as_told(each) for each in stored}
    for fill in heard:
        before = known.get(fill.venue_trade_id)
        if before is None:
            known[fill.venue_trade_id] = fill
        elif before.status not in _SETTLED and fill.status.progress >= before.status.progress:
            known[fill.venue_trade_id] = replace(before, status=fill.status)
    return Trades(tuple(known.values()))


def _as_told(stored: StoredFill) -> Fill:
    """The fill before its receipt corrected it: answer and look-up speak of these amounts."""
    told = stored.expected
    return stored.fill if told is None else replace(stored.fill, usd=told.usd, shares=told.shares, fee=told.fee)


def agree(order: StoredOrder, trades: Trades, venue: VenueOrder | None) -> bool:
    """Whether neither the answer to the POST nor the look-up tells of more than the trades."""
    if order.answer is not None and not _cover_answer(trades, order.answer):
        return False
    if venue is None:
        return True
    usd = venue.matched_usd or Usd.zero()
    return trades.cover(usd=usd, shares=venue.matched, trade_ids=venue.trade_ids)


def _cover_answer(trades: Trades, answer: PostAnswer) -> bool:
    """In shares, because dollars may be stated with or without the fee."""
    usd = Usd.zero() if answer.shares else answer.usd
    return trades.cover(usd=usd, shares=answer.shares, trade_ids=answer.trade_ids)


def tells_all(order: StoredOrder, trades: Trades) -> bool:
    """Whether the answer to the POST told all that the order would ever match, and the trades are that."""
    answer = order.answer
    if order.order_type not in MARKETABLE or answer is None:
        return False
    told_something = bool(answer.shares or answer.usd or answer.trade_ids)
    return told_something and _cover_answer(trades, answer)


def is_whole(order: StoredOrder, trades: Trades, *, slack: Decimal = Decimal(0)) -> bool:
    """Whether nothing is left to trade: an order in dollars has spent them, one in shares has them all.

    The shares of an order in dollars are only the fewest that it may get. `slack` is in shares.
    """
    if order.side is Side.BUY and order.order_type in MARKETABLE:
        return trades.usd + DUST_USD > order.order_usd
    return trades.shares.value + slack >= order.order_shares.value


def is_filled(order: StoredOrder, trades: Trades) -> bool:
    """Whether an order that has ended counts as FILLED, whichever answer told its end: all but dust was matched."""
    return is_whole(order, trades, slack=_PRINTING)


def is_proof_of_end(
    order: StoredOrder, trades: Trades, venue: VenueOrder | None, *, is_news: bool, is_unlisted: bool, now: datetime
) -> bool | None:
    """Whether a look counts towards the proof that the order has ended, or never was one of the venue.

    False starts the count anew: there was news of it, or the venue tells of more than the trades, or of an order that
    may still trade. None changes nothing: it came too soon after the sending or after the look before. `is_unlisted`:
    the venue's open orders were asked, and it is none of them.
    """
    if is_news or not agree(order, trades, venue) or (venue is not None and venue.status in _NOT_ENDED):
        return False
    if venue is not None and venue.status is VenueOrderStatus.MATCHED and not trades.fills:
        return False
    since = _should_have_ended(order, trades)
    if since is None or (order.order_type not in MARKETABLE and not is_unlisted):
        return None
    before = since if order.last_looked_up_at is None else max(since, order.last_looked_up_at)
    return True if now - before >= ABSENCE_SPACING else None


def _should_have_ended(order: StoredOrder, trades: Trades) -> datetime | None:
    """From when on the order cannot be expected to trade any more; None where it may rest."""
    sent_at = order.sent_at or order.intent_at
    if order.state in IN_DOUBT and not trades.fills:
        return sent_at
    if order.order_type in MARKETABLE:
        return sent_at + LONGEST_DELAY
    ends = [each for each in (order.expires_at, order.cancel_asked_at) if each is not None]
    if ends:
        return max(min(ends), sent_at)
    return sent_at + LONGEST_DELAY


def is_undecided(order: StoredOrder, now: datetime) -> bool:
    """Whether its end should long be known: it does not rest, or the venue has forgotten it."""
    if order.state is OrderState.INTENT or order.finished_at is not None:
        return False
    may_rest = order.order_type not in MARKETABLE and order.state not in IN_DOUBT and not order.absence_proofs
    ends = [each for each in (order.expires_at, order.cancel_asked_at) if each is not None]
    since = min(ends) if may_rest and ends else order.sent_at or order.intent_at
    return (not may_rest or bool(ends)) and now - since > UNDECIDED_AFTER
