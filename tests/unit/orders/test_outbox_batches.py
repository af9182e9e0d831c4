"""A batch is on its way while the next orders are entered; nothing waits longer than that."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID, uuid5

import pytest

from live_trading.nouns.errors import RetryLater
from live_trading.nouns.orders import OrderState
from live_trading.services.orders.outbox import ORDERS_A_BATCH, Outbox
from live_trading.services.orders.posting import Sent
from tests.builders import ORDER


@dataclass
class Batch:
    """A batch whose answer the test lets arrive."""

    orders: list[UUID]
    is_over: bool = False


class Post:
    """Batches that went out, and what was told of their orders."""

    def __init__(self) -> None:
        self.batches: list[Batch] = []
        self.landed: list[list[UUID]] = []
        self.told: list[tuple[UUID, OrderState, bool]] = []
        self.outbox = Outbox(depart=self.depart, land=self.land, sent=self.sent)

    @property
    def sizes(self) -> list[int]:
        return [len(batch.orders) for batch in self.batches]

    def depart(self, orders: list[UUID]) -> Batch:
        self.batches.append(Batch(orders))
        return self.batches[-1]

    def land(self, batch: Batch) -> Sent:
        self.landed.append(batch.orders)
        return Sent(states=dict.fromkeys(batch.orders, OrderState.LIVE), plan_again=batch.orders[:1])

    def sent(self, lt_order_id: UUID, state: OrderState, plan_again: bool) -> None:
        self.told.append((lt_order_id, state, plan_again))


def numbered(count: int) -> list[UUID]:
    return [uuid5(ORDER, str(number)) for number in range(count)]


def test_the_first_order_leaves_at_once() -> None:
    post = Post()

    post.outbox.add(numbered(1)[0])

    assert (post.sizes, post.landed) == ([1], [])


def test_orders_that_come_while_a_batch_is_on_its_way_share_the_next_request() -> None:
    post = Post()
    first, second, third, fourth = numbered(4)

    post.outbox.add(first)
    post.outbox.add(second)
    post.outbox.add(third)
    post.batches[0].is_over = True
    post.outbox.add(fourth)

    assert [batch.orders for batch in post.batches] == [[first], [second, third, fourth]]
    assert post.landed == [[first]]


def test_no_request_has_more_orders_than_the_venue_takes() -> None:
    post = Post()

    for lt_order_id in numbered(ORDERS_A_BATCH + 3):
        post.outbox.add(lt_order_id)
    post.outbox.flush()

    assert post.sizes == [1, ORDERS_A_BATCH, 2]


def test_at_the_end_everything_has_gone_out_once_and_every_answer_is_taken() -> None:
    post = Post()
    first, second = numbered(2)
    post.outbox.add(first)
    post.outbox.add(second)

    post.outbox.flush()
    post.outbox.flush()

    assert [batch.orders for batch in post.batches] == post.landed == [[first], [second]]
    assert post.told == [(first, OrderState.LIVE, True), (second, OrderState.LIVE, True)]


def test_an_order_that_is_planned_anew_goes_out_in_the_same_flush() -> None:
    post = Post()
    first, second = numbered(2)
    again = {first: second}
    post.sent = lambda lt_order_id, _, __: (  # type: ignore[method-assign]
        post.outbox.add(again.pop(lt_order_id)) if lt_order_id in again else None
    )
    post.outbox = Outbox(depart=post.depart, land=post.land, sent=post.sent)
    post.outbox.add(first)

    post.outbox.flush()

    assert post.landed == [[first], [second]]


def test_answers_that_cannot_be_booked_are_left_to_the_next_run_and_the_rest_goes_out() -> None:
    post = Post()
    first, second = numbered(2)
    booked = post.land

    def away(batch: Batch) -> Sent:
        post.outbox._land = booked
        raise RetryLater("no database for a moment")

    post.outbox._land = away
    post.outbox.add(first)
    post.outbox.add(second)

    with pytest.raises(RetryLater):
        post.outbox.flush()
    post.outbox.flush()

    assert [batch.orders for batch in post.batches] == [[first], [second]]
    assert post.landed == [[second]]


def test_orders_that_were_entered_together_leave_together_in_batches_that_fit() -> None:
    post = Post()

    post.outbox.add_all(numbered(ORDERS_A_BATCH + 2))
    assert (post.sizes, post.landed) == ([ORDERS_A_BATCH], [])

    post.outbox.flush()
    assert post.sizes == [ORDERS_A_BATCH, 2]


def test_before_more_is_decided_a_full_batch_that_waits_leaves() -> None:
    post = Post()
    first, *waiting = numbered(ORDERS_A_BATCH + 1)
    post.outbox.add(first)
    post.outbox.add_all(waiting)

    post.outbox.make_room()

    assert [batch.orders for batch in post.batches] == [[first], waiting]
    assert post.landed == [[first]]


def test_what_does_not_fill_a_batch_is_joined_by_more() -> None:
    post = Post()
    first, *waiting = numbered(ORDERS_A_BATCH)
    post.outbox.add(first)
    post.outbox.add_all(waiting)

    post.outbox.make_room()

    assert (post.sizes, post.landed) == ([1], [])
