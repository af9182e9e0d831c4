"""What to do next with a transaction that is signed: a plan from what the chain shows, decided without I/O."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from live_trading.settlement.machine import UNSENT, RedemptionState

# What the relayer says of a submission that it did not send, because the wallet had nothing left to turn in
# (builder-relayer-client #30).
_SKIPPED = "PRECHECK_SKIPPED"


class NextStep(StrEnum):
    """One step; the follower takes it and looks again."""

    CONFIRM = "confirm"
    NOTE_MINED = "note_mined"
    WAIT = "wait"
    NOTE_REORG = "note_reorg"
    SEND = "send"
    SEND_AGAIN = "send_again"
    OUTBID = "outbid"
    BURY = "bury"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """What the chain shows of a transaction and its replacements: its confirmations, None where it is in no block.

    `dead` says why it can never be mined, where somebody knows that.
    """

    confirmations: int | None
    dead: str | None = None


def is_skipped(why: str) -> bool:
    """Whether a submission ended unsent because its tokens are gone: who was paid has to be looked for."""
    return _SKIPPED in why


def next_step(
    state: RedemptionState, seen: Sighting, *, needed: int, signed_at: datetime, now: datetime, patience: timedelta
) -> NextStep:
    """What to do with a transaction in `state`.

    `needed` counts its own block as the first. A transaction that has waited longer than `patience` since its last
    signature is outbid; until then it is sent again each time, because pools drop transactions.
    """
    if seen.confirmations is not None and seen.confirmations >= needed:
        return NextStep.CONFIRM
    if state is RedemptionState.CONFIRMED:
        return NextStep.NOTE_REORG
    if seen.confirmations is not None:
        return NextStep.WAIT if state is RedemptionState.MINED else NextStep.NOTE_MINED
    if state is RedemptionState.MINED:
        return NextStep.NOTE_REORG
    if seen.dead is not None:
        return NextStep.BURY
    if state in UNSENT:
        return NextStep.SEND
    return NextStep.OUTBID if now - signed_at >= patience else NextStep.SEND_AGAIN
