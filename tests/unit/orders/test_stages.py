"""The way of an order: steps in their order, and no step told twice."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from live_trading.nouns.orders import OrderState
from live_trading.orders.stages import OrderMoments, StateChange, Step, stages
from tests.builders import NOON


def moments(**known: float) -> OrderMoments:
    """An order that is committed at NOON, with what else is known in seconds after it."""
    others: dict[str, Any] = dict.fromkeys(OrderMoments.__dataclass_fields__)
    others |= {"decided_at": NOON, "intent_at": NOON}
    return OrderMoments(**others | {name: NOON + timedelta(seconds=seconds) for name, seconds in known.items()})


def change(seconds: float, before: OrderState, after: OrderState, cause: str) -> StateChange:
    at = NOON + timedelta(seconds=seconds)
    return StateChange(at=at, action="order_state", before=before, after=after, cause=cause, actor="lt-execute")


def test_what_no_change_tells_of_is_told_by_the_moments() -> None:
    found = stages(moments(trade_time=-3, sent_at=0.1, answered_at=0.4, finished_at=2), (), ())

    assert [each.step for each in found] == [
        Step.TRADED, Step.DECIDED, Step.COMMITTED, Step.SENT, Step.ANSWERED, Step.FINISHED,
    ]  # fmt: skip
    assert [each.milliseconds for each in found] == [None, 3000, 0, 100, 300, 1600]


def test_a_moment_that_a_change_tells_of_is_one_step() -> None:
    changes = (
        change(0.1, OrderState.INTENT, OrderState.SENT, "sent_to_venue"),
        change(0.4, OrderState.SENT, OrderState.LIVE, "accepted_matched"),
        change(2, OrderState.LIVE, OrderState.FILLED, "found_filled"),
    )

    found = stages(moments(sent_at=0.1, answered_at=0.4, finished_at=2), changes, ())

    assert [each.step for each in found[2:]] == [Step.SENT, Step.ANSWERED, Step.FINISHED]
    assert [each.change for each in found[2:]] == list(changes)


def test_a_look_up_that_is_the_sending_itself_is_no_step() -> None:
    sent = stages(moments(sent_at=1, last_looked_up_at=1), (), ())
    looked = stages(moments(sent_at=1, last_looked_up_at=9), (), ())

    assert Step.CHECKED not in [each.step for each in sent]
    assert looked[-1].step is Step.CHECKED
