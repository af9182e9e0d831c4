"""The life of an order: ten states, named causes, and every transition that is allowed.

INTENT      committed with its signed bytes, not sent
SENT        about to be sent, or sent and not answered
UNKNOWN     sent, and the answer proves nothing; looked up by hash
DELAYED     taken by the venue, which matches it some seconds later
LIVE        resting at the venue, nothing filled, or matched with its fills not yet listed
PARTIALLY_FILLED  resting with fills
FILLED      ended, all of it bought or sold but for dust
CANCELLED   ended by a cancel or because the rest found no match; what was filled before counts
EXPIRED     ended by its own time
REJECTED    ended without ever having been an order of the venue

The last four are final: a fill that fails later is reversed in the ledger and does not reopen an order.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from live_trading.nouns.orders import OrderState


class Cause(StrEnum):
    """Why a state changes; each is a fact, not a guess."""

    SENT_TO_VENUE = "sent_to_venue"
    ACCEPTED_LIVE = "accepted_live"
    ACCEPTED_MATCHED = "accepted_matched"
    ACCEPTED_DELAYED = "accepted_delayed"
    REFUSED = "refused"
    NO_ANSWER = "no_answer"
    FOUND_LIVE = "found_live"
    FOUND_PARTIAL = "found_partial"
    FOUND_FILLED = "found_filled"
    FOUND_CANCELLED = "found_cancelled"
    FOUND_EXPIRED = "found_expired"
    PROVED_ABSENT = "proved_absent"
    NEVER_SENT = "never_sent"


class IllegalTransition(ValueError):
    """A cause that cannot happen in this state: the caller's picture of the order is wrong."""


TERMINAL = frozenset({OrderState.FILLED, OrderState.CANCELLED, OrderState.EXPIRED, OrderState.REJECTED})
"""States that nothing leaves."""

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
    Cause.NO_ANSWER: OrderState.UNKNOWN,
}


def _table() -> dict[tuple[OrderState, Cause], OrderState]:
    table = {
        (OrderState.INTENT, Cause.SENT_TO_VENUE): OrderState.SENT,
        (OrderState.INTENT, Cause.NEVER_SENT): OrderState.REJECTED,
    }
    for cause, to in _ANSWERED.items():
        table[(OrderState.SENT, cause)] = to
        # The same bytes may be sent again, and the second answer then settles what the first left open.
        table[(OrderState.UNKNOWN, cause)] = to
    for state in (OrderState.SENT, OrderState.UNKNOWN):
        table[(state, Cause.PROVED_ABSENT)] = OrderState.REJECTED
        table[(state, Cause.SENT_TO_VENUE)] = OrderState.SENT
    for state in (
        OrderState.SENT,
        OrderState.UNKNOWN,
        OrderState.DELAYED,
        OrderState.LIVE,
        OrderState.PARTIALLY_FILLED,
    ):
        for cause, to in _FOUND.items():
            table[(state, cause)] = to
    # With fills on record a stale answer that lists none changes nothing.
    table[(OrderState.PARTIALLY_FILLED, Cause.FOUND_LIVE)] = OrderState.PARTIALLY_FILLED
    return table


TRANSITIONS: Mapping[tuple[OrderState, Cause], OrderState] = MappingProxyType(_table())
"""Every allowed (state, cause) and where it leads."""


def next_state(state: OrderState, cause: Cause) -> OrderState:
    """Where a cause leads from a state. Raises IllegalTransition."""
    try:
        return TRANSITIONS[(state, cause)]
    except KeyError:
        raise IllegalTransition(f"{cause} cannot happen to an order that is {state}") from None
