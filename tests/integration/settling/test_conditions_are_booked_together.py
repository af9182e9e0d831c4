"""Many conditions are booked in one transaction: with the books of one by one, in a fixed number of statements."""

from __future__ import annotations

import pytest

from live_trading.nouns.markets import PayoutVector
from live_trading.services.settling import resolution_booking
from live_trading.services.settling.resolution_booking import Resolved
from live_trading.store.books import resolutions
from live_trading.store.database.connection import Transaction
from live_trading.store.feed.markets import ContradictingResolution
from tests.builders import NOON
from tests.integration.settling.settling_world_fixtures import SettlingWorld
from tests.statement_counting import counted_round_trips

pytestmark = [pytest.mark.integration]


@pytest.mark.parametrize("seed", range(6))
def test_the_books_of_conditions_together_are_those_of_one_by_one(settling_world: SettlingWorld, seed: int) -> None:
    world = settling_world
    world.fill_at_random(seed, count=12)

    def together(transaction: Transaction) -> None:
        resolution_booking.book(transaction, world.resolved, NOON)

    def one_by_one(transaction: Transaction) -> None:
        for each in world.resolved:
            resolution_booking.book(transaction, [each], NOON)

    before, books = world.books(), world.books_after(together)

    assert books == world.books_after(one_by_one)
    assert books != before


def test_what_is_booked_of_many_conditions_is_owed_to_the_last_unit_of_each_vector(
    settling_world: SettlingWorld,
) -> None:
    world = settling_world
    world.fill_at_random(7, count=12)

    def book_twice(transaction: Transaction) -> None:
        resolution_booking.book(transaction, world.resolved, NOON)
        resolution_booking.book(transaction, world.resolved, NOON)

    books = world.books_after(lambda transaction: _book(transaction, world))
    assert books == world.books_after(book_twice)
    owed = sum(row["amount_usd"] for row in books if row["part"] == "ledger" and row["account"] == "PENDING_REDEMPTION")
    before = sum(row["expected_usd"] for row in world.redemptions())
    assert owed == sum(row["amount_usd"] for row in books if row["part"] == "redemption") - before


def test_statements_do_not_grow_with_conditions(settling_world: SettlingWorld) -> None:
    world = settling_world
    holders = world.holders()
    for number in range(1, 101):
        market = world.market(number, (1, 0))
        for holder in holders[: 1 + number % 4]:
            world.bought(holder, market, number % 2, "10", "0.5", "0")

    trips: list[int] = []
    for some in (world.resolved[:1], world.resolved[1:10], world.resolved[10:]):
        with counted_round_trips() as made, world.database.transaction() as transaction:
            resolution_booking.book(transaction, some, NOON)
        trips.append(len(made.trips))

    assert trips[0] == trips[1] == trips[2]
    assert trips[0] <= 14
    assert {row["outcome"] for row in world.rows("SELECT outcome FROM lt_orders")} == {"WON", "LOST"}


def test_positions_that_have_left_end_together_and_wait_for_no_resolution(settling_world: SettlingWorld) -> None:
    world = settling_world
    holders = world.holders()
    for number in (1, 2, 3):
        market = world.market(number, (1, 0))
        world.bought(holders[0], market, 0, "10", "4", "0")
        world.sold(holders[0], market, 0, "10", "6", "4")
        world.bought(holders[1], market, 0, "10", "4", "0")

    with world.database.transaction() as transaction:
        ids = [each.market.condition_id for each in world.resolved]
        outcomes = resolution_booking.end_sold_out(transaction, ids, NOON)

    assert outcomes == ["SOLD"] * 3
    ended = world.rows("SELECT outcome, pnl_usd FROM lt_orders WHERE outcome <> 'OPEN' AND purpose = 'ENTRY'")
    assert [(row["outcome"], row["pnl_usd"]) for row in ended] == [("SOLD", 2)] * 3
    assert resolutions_open(world) == dict.fromkeys(ids, 1)


def test_a_contradiction_leaves_nothing_of_the_others_in_its_transaction(settling_world: SettlingWorld) -> None:
    world = settling_world
    world.fill_at_random(8, count=3)
    first = world.resolved[0]
    with world.database.transaction() as transaction:
        resolution_booking.book(transaction, [first], NOON)
    before = world.books()
    turned = tuple(reversed(first.vector.numerators)) if len(set(first.vector.numerators)) > 1 else (9, 1)
    other = PayoutVector(condition_id=first.market.condition_id, numerators=turned, denominator=sum(turned))

    with pytest.raises(ContradictingResolution), world.database.transaction() as transaction:
        resolution_booking.book(transaction, [*world.resolved[1:], Resolved(market=first.market, vector=other)], NOON)

    assert world.books() == before


def _book(transaction: Transaction, world: SettlingWorld) -> None:
    resolution_booking.book(transaction, world.resolved, NOON)


def resolutions_open(world: SettlingWorld) -> dict[str, int]:
    with world.database.transaction() as transaction:
        return resolutions.open_conditions(transaction)
