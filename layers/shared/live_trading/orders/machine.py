"""The life of an order: ten states, named causes, and every transition that is allowed.

INTENT      committed with its signed bytes, not at the venue: not sent yet, or turned away until later
SENT        about to be sent for the first time, or sent and not answered
UNKNOWN     perhaps sent, and nothing proves what became of it; looked up by hash
DELAYED     taken by the venue, which matches it some seconds later
LIVE        resting at the venue, nothing filled, or matched with its fills not yet listed
PARTIALLY_FILLED  resting with fills
FILLED      ended, all of it bought or sold but for the venue's dust
CANCELLED   ended with a rest: a cancel, or a FAK whose rest found no match; what was filled before counts
EXPIRED     ended by its own time; what was filled before counts
REJECTED    ended without ever having been an order of the venue

The last four are final. Every pair of state and cause is either in the table or illegal; there is no default.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from live_trading.nouns.orders import OrderState


class Cause(StrEnum):
    """Why a state changes; each is a fact, not a guess.

    ACCEPTED_*, REFUSED and NO_ANSWER are what a POST was answered; NO_ANSWER is also an answer that proves nothing,
    such as a duplicate, and REFUSED_FOR_NOW one that is no verdict on the order. FOUND_* is what a look-up by hash
    says. PROVED_ABSENT is the look-ups, spaced in time, that together prove that the venue never had the order.
    NEVER_SENT is our own decision not to send an intent any more. FILL_REVERSED is a fill whose settlement failed: the
    ledger takes it back, and the order stays as it is.
    """

    SENT_TO_VENUE = "sent_to_venue"
    ACCEPTED_LIVE = "accepted_live"
    ACCEPTED_MATCHED = "accepted_matched"
    ACCEPTED_DELAYED = "accepted_delayed"
    REFUSED = "refused"
    REFUSED_FOR_NOW = "refused_for_now"
    NO_ANSWER = "no_answer"
    FOUND_LIVE = "found_live"
    FOUND_PARTIAL = "found_partial"
    FOUND_FILLED = "found_filled"
    FOUND_CANCELLED = "found_cancelled"
    FOUND_EXPIRED = "found_expired"
    PROVED_ABSENT = "proved_absent"
    NEVER_SENT = "never_sent"
    FILL_REVERSED = "fill_reversed"


class IllegalTransition(ValueError):
    """A cause that cannot happen in this state: the caller's picture of the order is wrong."""


TERMINAL = frozenset({OrderState.FILLED, OrderState.CANCELLED, OrderState.EXPIRED, OrderState.REJECTED})
"""States that nothing leaves."""

_AT_VENUE = (OrderState.DELAYED, OrderState.LIVE, OrderState.PARTIALLY_FILLED)
IN_DOUBT = (OrderState.SENT, OrderState.UNKNOWN)
"""Sent, perhaps, and nothing proves what became of it."""

_FOUND: Mapping[Cause, OrderState] = {
    Cause.FOUND_LIVE: OrderState.LIVE,
    Cause.FOUND_PARTIAL: OrderState.PARTIALLY_FILLED,
    Cause.FOUND_FILLED: OrderState.FILLED,
    Cause.FOUND_CANCELLED: OrderState.CANCELLED,
    Cause.FOUND_EXPIRED: OrderState.EXPIRED,
}
_ANSWERED: Mapping[Cause, OrderState] = {
    # Matched says that the venue traded it, not how much of it: the fills say so.
    Cause.ACCEPTED_LIVE: OrderState.LIVE,
    Cause.ACCEPTED_MATCHED: OrderState.LIVE,
    Cause.ACCEPTED_DELAYED: OrderState.DELAYED,
    Cause.REFUSED: OrderState.REJECTED,
    Cause.REFUSED_FOR_NOW: OrderState.INTENT,
    Cause.NO_ANSWER: OrderState.UNKNOWN,
}


def _table() -> dict[tuple[OrderState, Cause], OrderState]:
    table = {
        (OrderState.INTENT, Cause.SENT_TO_VENUE): OrderState.SENT,
        (OrderState.INTENT, Cause.NEVER_SENT): OrderState.REJECTED,
    }
    for cause, to in _ANSWERED.items():
        table[(OrderState.SENT, cause)] = to
        table[(OrderState.UNKNOWN, cause)] = to
    # A second POST of the same bytes that is refused (for want of the cash that the first one spent, say) proves
    # nothing about the first. SENT is the first one on its way; before a second one leaves the order is UNKNOWN.
    table[(OrderState.UNKNOWN, Cause.REFUSED)] = OrderState.UNKNOWN
    table[(OrderState.UNKNOWN, Cause.REFUSED_FOR_NOW)] = OrderState.UNKNOWN
    for state in IN_DOUBT:
        table[(state, Cause.SENT_TO_VENUE)] = OrderState.UNKNOWN
        table[(state, Cause.PROVED_ABSENT)] = OrderState.REJECTED
    for state in (*IN_DOUBT, *_AT_VENUE):
        for cause, to in _FOUND.items():
            table[(state, cause)] = to
    # With fills on record a stale answer that lists none changes nothing.
    table[(OrderState.PARTIALLY_FILLED, Cause.FOUND_LIVE)] = OrderState.PARTIALLY_FILLED
    for state in OrderState:
        if state not in (OrderState.INTENT, OrderState.REJECTED):
            table[(state, Cause.FILL_REVERSED)] = state
    return table


TRANSITIONS: Mapping[tuple[OrderState, Cause], OrderState] = MappingProxyType(_table())
"""Every allowed (state, cause) and where it leads."""


def next_state(state: OrderState, cause: Cause) -> OrderState:
    """Where a cause leads from a state. Raises IllegalTransition."""
    try:
        return TRANSITIONS[(state, cause)]
    except KeyError:
        raise IllegalTransition(f"{cause} cannot happen to an order that is {state}") from None
