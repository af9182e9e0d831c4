"""Leases against a real Postgres: who may write, and who may no longer."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from live_trading.nouns.errors import LeaseLost, RetryLater
from live_trading.services.running.leasing import LeaseKeeper, below
from live_trading.store.database import leases
from live_trading.store.database.connection import Database
from live_trading.store.database.leases import Lease
from local.machine.patience import HANG_SECONDS
from local.postgres.databases import connect
from tests.integration.paper_bench_fixtures import SetClock
from tests.integration.source_builders import NOON, seconds

pytestmark = pytest.mark.integration


@pytest.fixture
def other(database_url: str) -> Iterator[Database]:
    """A second connection, as another invocation has."""
    opened = Database(lambda: connect(database_url))
    yield opened
    opened.close()


def acquired(database: Database, holder: str = "first", after: float = 0, length: int = 60) -> Lease | None:
    with database.transaction() as transaction:
        return leases.acquire(transaction, "job", holder, NOON + seconds(after), length)


def held(database: Database, holder: str = "first", after: float = 0) -> Lease:
    lease = acquired(database, holder, after)
    assert lease is not None
    return lease


def test_a_free_lease_is_given_with_the_first_token(database: Database) -> None:
    lease = acquired(database)

    assert lease == Lease(name="job", holder="first", fencing_token=1, expires_at=NOON + seconds(60))


def test_a_held_lease_is_refused_to_everybody_its_holder_included(database: Database) -> None:
    held(database)

    assert acquired(database, "second", after=59) is None
    assert acquired(database, "first", after=59) is None


def test_an_expired_lease_is_taken_over_with_a_greater_token(database: Database) -> None:
    held(database)

    lease = acquired(database, "second", after=60)

    assert lease is not None
    assert (lease.holder, lease.fencing_token) == ("second", 2)


def test_a_released_lease_is_free_at_once_and_its_token_goes_on(database: Database) -> None:
    lease = held(database)
    with database.transaction() as transaction:
        leases.release(transaction, lease, NOON + seconds(1))

    again = acquired(database, "second", after=1)

    assert again is not None
    assert again.fencing_token == 2


def test_an_overtaken_run_can_not_write_any_more(database: Database) -> None:
    lost = held(database)
    held(database, "second", after=61)

    with pytest.raises(LeaseLost, match="job"), database.transaction() as transaction:
        leases.assert_held(transaction, lost)


def test_an_expired_lease_that_nobody_took_over_still_holds(database: Database) -> None:
    lease = held(database)

    with database.transaction() as transaction:
        leases.assert_held(transaction, lease)
        renewed = leases.renew(transaction, lease, NOON + seconds(300), 60)

    assert renewed.expires_at == NOON + seconds(360)
    assert acquired(database, "second", after=301) is None


def test_an_overtaken_run_neither_renews_nor_releases(database: Database) -> None:
    lost = held(database)
    current = held(database, "second", after=61)

    with pytest.raises(LeaseLost), database.transaction() as transaction:
        leases.renew(transaction, lost, NOON + seconds(62), 60)
    with database.transaction() as transaction:
        leases.release(transaction, lost, NOON + seconds(62))

    with database.transaction() as transaction:
        leases.assert_held(transaction, current)
    assert acquired(database, "third", after=62) is None


def test_nobody_takes_over_while_a_write_under_the_lease_is_open(database: Database, other: Database) -> None:
    lease = held(database)
    taken = threading.Event()

    def take_over() -> None:
        acquired(other, "second", after=61)
        taken.set()

    with database.transaction() as transaction:
        leases.assert_held(transaction, lease)
        transaction.row("SELECT 1 AS written")
        thread = threading.Thread(target=take_over)
        thread.start()
        waits = not taken.wait(0.3)
    thread.join(timeout=HANG_SECONDS)

    assert waits
    assert taken.is_set()


def test_of_many_that_ask_at_once_one_gets_it(database_url: str) -> None:
    def ask(holder: str) -> None:
        mine = Database(lambda: connect(database_url))
        barrier.wait()
        results.append(acquired(mine, holder))
        mine.close()

    barrier = threading.Barrier(6)
    results: list[Lease | None] = []
    threads = [threading.Thread(target=ask, args=(f"holder-{number}",)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=HANG_SECONDS)

    assert len(results) == 6
    assert len([lease for lease in results if lease is not None]) == 1


@pytest.mark.money_faults
def test_who_works_long_keeps_its_lease_by_renewing_it_between_steps(database: Database) -> None:
    clock = SetClock(NOON)
    keeper = LeaseKeeper(database=database, clock=clock, lease=_short(database), seconds=30)
    for second in (5, 12, 25, 40, 55):
        clock.at = NOON + seconds(second)

        assert keeper.keep() == clock.at

        assert acquired(database, "second", after=second) is None
    assert acquired(database, "second", after=86) is not None


@pytest.mark.money_faults
def test_a_lease_that_ended_in_a_long_step_is_renewed_unless_another_has_taken_it(database: Database) -> None:
    clock = SetClock(NOON + seconds(50))
    keeper = LeaseKeeper(database=database, clock=clock, lease=_short(database), seconds=30)
    keeper.keep()
    clock.at = NOON + seconds(90)
    held(database, "second", after=90)

    with pytest.raises(LeaseLost):
        keeper.keep()


@pytest.mark.money_faults
def test_losing_the_lease_of_a_part_ends_the_part_and_losing_the_runs_own_ends_the_run(database: Database) -> None:
    run = _short(database, "run")
    part = _short(database)
    held(database, "second", after=31)

    with (
        pytest.raises(RetryLater, match="taken over"),
        below(database, run),
        database.transaction() as transaction,
    ):
        leases.assert_held(transaction, part)

    assert _short(database, "run", after=31) is not None
    with pytest.raises(LeaseLost), below(database, run), database.transaction() as transaction:
        leases.assert_held(transaction, part)


def _short(database: Database, name: str = "job", after: float = 0) -> Lease:
    with database.transaction() as transaction:
        lease = leases.acquire(transaction, name, "first", NOON + seconds(after), 30)
    assert lease is not None
    return lease
