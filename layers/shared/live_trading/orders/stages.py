"""The way of one order on a line of time: what happened to it, when, why, and how long after the step before.

What is kept of an order are its moments, every change of its state with the cause, and its fills. The bytes are signed
before the intent is committed. What no change tells of is told by the moments alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from live_trading.nouns.money import Price, Shares, Usd
from live_trading.nouns.orders import FillStatus, LiquidityRole, OrderState
from live_trading.orders.machine import TERMINAL, Cause


class Step(StrEnum):
    """What happened; a FILL_* concerns one trade of the order.

    ANSWERED is what a POST was answered, UNANSWERED that nothing proves what became of it. LOOKED_UP is news of a
    look-up by hash, CHECKED the last look-up that is known of, and CHECKED_AT_END the one after which nobody watches.
    """

    TRADED = "TRADED"
    SEEN = "SEEN"
    DECIDED = "DECIDED"
    COMMITTED = "COMMITTED"
    SENT = "SENT"
    ANSWERED = "ANSWERED"
    REFUSED = "REFUSED"
    UNANSWERED = "UNANSWERED"
    LOOKED_UP = "LOOKED_UP"
    WITHDRAWN = "WITHDRAWN"
    CANCEL_ASKED = "CANCEL_ASKED"
    FILL_MATCHED = "FILL_MATCHED"
    FILL_SETTLED = "FILL_SETTLED"
    FILL_FAILED = "FILL_FAILED"
    FINISHED = "FINISHED"
    CHECKED = "CHECKED"
    CHECKED_AT_END = "CHECKED_AT_END"
    RESOLVED = "RESOLVED"


@dataclass(frozen=True, slots=True, kw_only=True)
class StateChange:
    """One change of the state, or what somebody asked of the order."""

    at: datetime
    action: str
    before: OrderState | None
    after: OrderState | None
    cause: str
    actor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FillTimes:
    """One fill with its moments; `taken_back_at` is when the ledger undid one that did not settle."""

    venue_trade_id: str
    shares: Shares
    price: Price
    usd: Usd
    fee: Usd
    role: LiquidityRole
    status: FillStatus
    transaction_hash: str | None
    match_time: datetime
    recorded_at: datetime
    confirmed_at: datetime | None
    taken_back_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderMoments:
    """When each step of an order was, as far as it has been."""

    trade_time: datetime | None
    seen_at: datetime | None
    decided_at: datetime
    intent_at: datetime
    sent_at: datetime | None
    answered_at: datetime | None
    cancel_asked_at: datetime | None
    finished_at: datetime | None
    last_looked_up_at: datetime | None
    last_look_at: datetime | None
    resolved_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One step. `milliseconds` is since the step before, which the venue's clock may have stamped: it may be negative.

    `change` tells the states where the step changed one, `fill` the trade that it concerns.
    """

    step: Step
    at: datetime
    milliseconds: int | None
    change: StateChange | None = None
    fill: FillTimes | None = None


_OF_CAUSE = {
    Cause.SENT_TO_VENUE: Step.SENT,
    Cause.ACCEPTED_LIVE: Step.ANSWERED,
    Cause.ACCEPTED_MATCHED: Step.ANSWERED,
    Cause.ACCEPTED_DELAYED: Step.ANSWERED,
    Cause.REFUSED: Step.REFUSED,
    Cause.REFUSED_FOR_NOW: Step.REFUSED,
    Cause.NO_ANSWER: Step.UNANSWERED,
    Cause.NEVER_SENT: Step.WITHDRAWN,
}
# Of two steps at one moment, what leads to the other comes first.
_ORDER = {step: place for place, step in enumerate(Step)}
_CANCEL = "cancel_asked"


def stages(moments: OrderMoments, changes: Sequence[StateChange], fills: Sequence[FillTimes]) -> list[Stage]:
    """The steps, the first one first."""
    found = sorted(
        [*_of_moments(moments, changes), *_of_changes(changes), *_of_fills(fills)],
        key=lambda stage: (stage.at, _ORDER[stage.step]),
    )
    timed: list[Stage] = []
    for stage in found:
        since = None if not timed else _milliseconds(timed[-1].at, stage.at)
        timed.append(Stage(step=stage.step, at=stage.at, milliseconds=since, change=stage.change, fill=stage.fill))
    return timed


def _of_moments(moments: OrderMoments, changes: Sequence[StateChange]) -> Iterator[Stage]:
    told = {_step_of(change) for change in changes}
    changed_at = {change.at for change in changes}
    has_ended = any(change.after in TERMINAL for change in changes)
    for step, at in (
        (Step.TRADED, moments.trade_time),
        (Step.SEEN, moments.seen_at),
        (Step.DECIDED, moments.decided_at),
        (Step.COMMITTED, moments.intent_at),
        (Step.SENT, None if Step.SENT in told else moments.sent_at),
        (Step.ANSWERED, None if moments.answered_at in changed_at else moments.answered_at),
        (Step.CANCEL_ASKED, None if Step.CANCEL_ASKED in told else moments.cancel_asked_at),
        (Step.FINISHED, None if has_ended else moments.finished_at),
        (Step.CHECKED, _after_sending(moments)),
        (Step.CHECKED_AT_END, moments.last_look_at),
        (Step.RESOLVED, moments.resolved_at),
    ):
        if at is not None:
            yield Stage(step=step, at=at, milliseconds=None)


def _after_sending(moments: OrderMoments) -> datetime | None:
    """When it was looked up last; the sending itself starts the count with its own moment."""
    looked, sent = moments.last_looked_up_at, moments.sent_at
    return None if looked is None or (sent is not None and looked <= sent) else looked


def _of_changes(changes: Sequence[StateChange]) -> Iterator[Stage]:
    for change in changes:
        step = _step_of(change)
        if step is not None:
            yield Stage(step=step, at=change.at, milliseconds=None, change=change)


def _step_of(change: StateChange) -> Step | None:
    """None for the intent itself, whose moment is kept with the order."""
    if change.action == _CANCEL:
        return Step.CANCEL_ASKED
    if change.before is None:
        return None
    if change.cause in _OF_CAUSE:
        return _OF_CAUSE[Cause(change.cause)]
    return Step.FINISHED if change.after in TERMINAL else Step.LOOKED_UP


def _of_fills(fills: Sequence[FillTimes]) -> Iterator[Stage]:
    for fill in fills:
        yield Stage(step=Step.FILL_MATCHED, at=fill.match_time, milliseconds=None, fill=fill)
        if fill.confirmed_at is not None:
            yield Stage(step=Step.FILL_SETTLED, at=fill.confirmed_at, milliseconds=None, fill=fill)
        elif fill.status is FillStatus.FAILED:
            yield Stage(step=Step.FILL_FAILED, at=fill.taken_back_at or fill.recorded_at, milliseconds=None, fill=fill)


def _milliseconds(before: datetime, after: datetime) -> int:
    return round((after - before).total_seconds() * 1000)
