"""Orders wait for one another just long enough to share a request."""

from __future__ import annotations

from uuid import UUID, uuid5

from live_trading.nouns.orders import OrderState
from live_trading.services.outbox import LONGEST_WAIT_SECONDS, ORDERS_A_BATCH, Outbox
from live_trading.services.posting import Sent
from tests.builders import ORDER


class Post:
    """Batches that went out; a clock that the test moves."""

    def __init__(self) -> None:
        self.batches: list[list[UUID]] = []
        self.told: list[tuple[UUID, OrderState, bool]] = []
        self.seconds = 0.0
        self.outbox = Outbox(send=self.send, sent=self.sent, elapsed=lambda: self.seconds)

    def send(self, batch: list[UUID]) -> Sent:
        self.batches.append(batch)
        return Sent(states=dict.fromkeys(batch, OrderState.LIVE), plan_again=batch[:1])

    def sent(self, lt_order_id: UUID, state: OrderState, plan_again: bool) -> None:
        self.told.append((lt_order_id, state, plan_again))


def numbered(count: int) -> list[UUID]:
    return [uuid5(ORDER, str(number)) for number in range(count)]


def test_a_full_batch_goes_out_at_once() -> None:
    post = Post()

    for lt_order_id in numbered(ORDERS_A_BATCH + 1):
        post.outbox.add(lt_order_id)

    assert [len(batch) for batch in post.batches] == [ORDERS_A_BATCH]


def test_an_order_never_waits_longer_than_the_bound_for_company() -> None:
    post = Post()
    first, second, third = numbered(3)

    post.outbox.add(first)
    post.seconds = LONGEST_WAIT_SECONDS
    post.outbox.add(second)
    post.outbox.add(third)

    assert post.batches == [[first, second]]


def test_what_still_waits_goes_out_at_the_end_and_only_once() -> None:
    post = Post()
    post.outbox.add(numbered(1)[0])

    post.outbox.flush()
    post.outbox.flush()

    assert post.batches == [numbered(1)]


def test_an_order_that_is_planned_anew_goes_out_in_the_same_flush() -> None:
    post = Post()
    first, second = numbered(2)
    again = {first: second}
    post.sent = lambda lt_order_id, _, __: (  # type: ignore[method-assign]
        post.outbox.add(again.pop(lt_order_id)) if lt_order_id in again else None
    )
    post.outbox = Outbox(send=post.send, sent=post.sent, elapsed=lambda: post.seconds)
    post.outbox.add(first)

    post.outbox.flush()

    assert post.batches == [[first], [second]]


def test_each_order_is_told_its_own_state_and_whether_to_plan_it_anew() -> None:
    post = Post()
    first, second = numbered(2)
    post.outbox.add(first)
    post.outbox.add(second)

    post.outbox.flush()

    assert post.told == [(first, OrderState.LIVE, True), (second, OrderState.LIVE, False)]
