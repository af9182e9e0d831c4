"""The state machine of a redemption: every transition has a named cause, and there are no others.

A transaction that carries redemptions moves by the same causes between PREPARED and CONFIRMED.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from live_trading.nouns.errors import StopEverything


class RedemptionState(StrEnum):
    """Where a redemption stands; the signed bytes are committed before each state that sends them."""

    DUE = "DUE"
    PREPARED = "PREPARED"
    BROADCAST = "BROADCAST"
    REPLACED = "REPLACED"
    MINED = "MINED"
    CONFIRMED = "CONFIRMED"
    BOOKED = "BOOKED"
    NOTHING_TO_DO = "NOTHING_TO_DO"
    FAILED = "FAILED"
    NEEDS_OPERATOR = "NEEDS_OPERATOR"


class Cause(StrEnum):
    """Why a redemption moves."""

    SIGNED = "signed"
    SENT = "sent"
    OUTBID = "outbid"
    INCLUDED = "included"
    REORGED = "reorged"
    DEEP_ENOUGH = "deep_enough"
    PAID = "paid"
    PAID_ELSEWHERE = "paid_elsewhere"
    PAID_NOTHING = "paid_nothing"
    PAID_OTHERWISE = "paid_otherwise"
    NOT_BOOKABLE = "not_bookable"
    TAKEN_BACK = "taken_back"
    REVERTED = "reverted"
    NEVER_MINED = "never_mined"
    NOTHING_OWED = "nothing_owed"
    CHECK_FAILED = "check_failed"
    TRIED_ENOUGH = "tried_enough"
    TOLD_TO_WAIT = "told_to_wait"
    RETRIED_BY_OPERATOR = "retried_by_operator"
    HANDLED_BY_OPERATOR = "handled_by_operator"


class IllegalTransition(StopEverything):
    """A cause that cannot happen in this state."""


FINISHED = frozenset({RedemptionState.BOOKED, RedemptionState.NOTHING_TO_DO})
UNSIGNED = frozenset({RedemptionState.DUE, RedemptionState.FAILED})
UNSENT = frozenset({RedemptionState.PREPARED, RedemptionState.REPLACED})
IN_FLIGHT = frozenset(
    {
        RedemptionState.PREPARED,
        RedemptionState.BROADCAST,
        RedemptionState.REPLACED,
        RedemptionState.MINED,
        RedemptionState.CONFIRMED,
    }
)
IN_A_BLOCK = frozenset({RedemptionState.MINED, RedemptionState.CONFIRMED})

_S = RedemptionState
_POOLED = (_S.PREPARED, _S.BROADCAST, _S.REPLACED)

TRANSITIONS: Mapping[tuple[RedemptionState, Cause], RedemptionState] = {
    **{(state, Cause.SIGNED): _S.PREPARED for state in UNSIGNED},
    **{(state, Cause.NOTHING_OWED): _S.NOTHING_TO_DO for state in UNSIGNED},
    **{(state, Cause.CHECK_FAILED): _S.FAILED for state in UNSIGNED},
    **{(state, Cause.TRIED_ENOUGH): _S.NEEDS_OPERATOR for state in UNSIGNED},
    (_S.FAILED, Cause.TOLD_TO_WAIT): _S.DUE,
    **{(state, Cause.PAID_ELSEWHERE): _S.NOTHING_TO_DO for state in (*UNSIGNED, _S.CONFIRMED)},
    **{(state, Cause.SENT): _S.BROADCAST for state in UNSENT},
    **{(state, Cause.OUTBID): _S.REPLACED for state in _POOLED},
    **{(state, Cause.INCLUDED): _S.MINED for state in _POOLED},
    **{(state, Cause.NEVER_MINED): _S.FAILED for state in _POOLED},
    **{(state, Cause.REORGED): _S.BROADCAST for state in IN_A_BLOCK},
    (_S.MINED, Cause.DEEP_ENOUGH): _S.CONFIRMED,
    (_S.CONFIRMED, Cause.PAID): _S.BOOKED,
    (_S.CONFIRMED, Cause.PAID_NOTHING): _S.FAILED,
    (_S.CONFIRMED, Cause.REVERTED): _S.FAILED,
    (_S.CONFIRMED, Cause.PAID_OTHERWISE): _S.NEEDS_OPERATOR,
    **{(state, Cause.NOT_BOOKABLE): _S.NEEDS_OPERATOR for state in (*UNSIGNED, _S.CONFIRMED)},
    # A reorganisation deeper than the confirmations: ours is sent again, somebody else's payment is due again.
    (_S.BOOKED, Cause.TAKEN_BACK): _S.BROADCAST,
    (_S.NOTHING_TO_DO, Cause.TAKEN_BACK): _S.DUE,
    **{(state, Cause.RETRIED_BY_OPERATOR): _S.DUE for state in (_S.FAILED, _S.NEEDS_OPERATOR)},
    **{(state, Cause.HANDLED_BY_OPERATOR): _S.NOTHING_TO_DO for state in (*UNSIGNED, _S.NEEDS_OPERATOR)},
}


def next_state(state: RedemptionState, cause: Cause) -> RedemptionState:
    """Where `cause` leads from `state`. Raises IllegalTransition."""
    try:
        return TRANSITIONS[(state, cause)]
    except KeyError:
        raise IllegalTransition(f"a redemption that is {state} cannot be {cause}") from None
