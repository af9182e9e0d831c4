"""Statements that share a way to Postgres: nothing is kept of what fails, and a connection stays in step."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from live_trading.nouns.errors import LeaseLost
from live_trading.store.database import leases
from live_trading.store.database.connection import (
    AlreadyExists,
    CommitOutcomeUnknown,
    ConstraintViolated,
    Database,
    StoreUnavailable,
    Transaction,
    only_reads,
)
from live_trading.wiring.database import database_of
from local.machine.patience import HANG_SECONDS
from local.postgres.databases import connect
from tests.integration.source_builders import NOON, seconds
from tests.statement_counting import counted_round_trips

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[3]
_ADD = "INSERT INTO cursors (cursor_name, position, updated_at) VALUES (:name, :position, :now)"
_FIND = "SELECT cursor_name FROM cursors WHERE cursor_name = :name"


@pytest.fixture
def other(database_url: str) -> Iterator[Database]:
    opened = Database(lambda: connect(database_url))
    yield opened
    opened.close()


def add(transaction: Transaction, name: str) -> None:
    transaction.later(_ADD, name=name, position="1", now=NOON)


def names(database: Database) -> list[str]:
    with database.reading() as reading:
        return [row["cursor_name"] for row in reading.rows("SELECT cursor_name FROM cursors ORDER BY cursor_name")]


def work(database: Database, is_begun: bool, rest: Callable[[Transaction], object]) -> None:
    """A transaction of `rest`, behind a write that went out before where it has begun."""
    with database.transaction() as transaction:
        if is_begun:
            transaction.execute(_ADD, name="written", position="1", now=NOON)
        rest(transaction)


def backend(transaction: Transaction) -> int:
    return int(transaction.only("SELECT pg_backend_pid() AS pid, :_::text AS given", _="")["pid"])


def end_backend(database: Database, pid: int) -> None:
    with database.transaction() as transaction:
        transaction.rows("SELECT pg_terminate_backend(:pid::integer)", pid=pid)
        while transaction.rows("SELECT 1 FROM pg_stat_activity WHERE pid = :pid::integer", pid=pid):
            transaction.rows("SELECT pg_sleep(0.01), pg_stat_clear_snapshot()")


def test_a_transaction_begins_where_it_first_writes_or_locks(database: Database) -> None:
    names(database)
    with counted_round_trips() as made, database.transaction() as transaction:
        before = transaction.rows(_FIND, name="a")
        transaction.execute(_ADD, name="a", position="1", now=NOON)
        after = transaction.rows(_FIND, name="a")

    assert (before, after) == ([], [{"cursor_name": "a"}])
    assert [trip[0] for trip in made.trips] == [_FIND, "BEGIN", _FIND, "COMMIT"]


def test_a_transaction_that_only_reads_has_no_beginning_and_no_end(database: Database) -> None:
    names(database)
    with counted_round_trips() as made, database.transaction() as transaction:
        transaction.rows(_FIND, name="a")

    assert made.trips == [(_FIND,)]


_READING = {"IMMUTABLE", "STABLE"}


def test_functions_of_the_schema_that_write_are_known_by_their_names() -> None:
    text = "\n".join(file.read_text() for file in sorted((ROOT / "migrations").glob("*.sql")))
    made = re.findall(r"CREATE(?: OR REPLACE)? FUNCTION (\w+)\s*\([^$]*?\)\s*RETURNS (\w+)([^$]*)\$", text)
    writing = [name for name, returns, traits in made if returns != "TRIGGER" and not _READING & set(traits.split())]

    assert [name for name in writing if only_reads(f"SELECT {name}()")] == []


def test_what_is_left_for_later_travels_with_the_next_statement_and_with_commit(database: Database) -> None:
    names(database)
    with counted_round_trips() as made, database.transaction() as transaction:
        add(transaction, "a")
        found = transaction.rows(_FIND, name="a")
        add(transaction, "b")
        add(transaction, "c")

    assert found == [{"cursor_name": "a"}]
    assert names(database) == ["a", "b", "c"]
    assert len(made.trips) == 2


def test_a_transaction_of_later_statements_only_begins_before_it_commits(database: Database) -> None:
    with counted_round_trips() as made, database.transaction() as transaction:
        add(transaction, "a")

    assert names(database) == ["a"]
    assert len(made.trips) == 2


@pytest.mark.parametrize("is_begun", [False, True])
def test_a_later_statement_that_fails_takes_the_whole_transaction_with_it(
    database: Database, *, is_begun: bool
) -> None:
    with database.transaction() as transaction:
        add(transaction, "taken")

    with pytest.raises(AlreadyExists, match="cursors"):
        work(database, is_begun, lambda transaction: [add(transaction, name) for name in ("before", "taken", "behind")])

    assert names(database) == ["taken"]


def test_the_statement_behind_one_that_failed_raises_what_that_one_raised(database: Database) -> None:
    def fails(transaction: Transaction) -> None:
        transaction.later("SELECT :text::integer", text="no number")
        transaction.rows(_FIND, name="a")

    with pytest.raises(ConstraintViolated):
        work(database, False, fails)

    with database.transaction() as transaction:
        assert transaction.only("SELECT :one::integer AS one", one=1) == {"one": 1}


@pytest.mark.parametrize("is_begun", [False, True])
def test_nothing_is_committed_under_a_lost_lease_however_late_it_is_looked_at(
    database: Database, *, is_begun: bool
) -> None:
    with database.transaction() as transaction:
        lost = leases.acquire(transaction, "job", "first", NOON, 60)
    with database.transaction() as transaction:
        leases.acquire(transaction, "job", "second", NOON + seconds(61), 60)
    assert lost is not None

    def writes(transaction: Transaction) -> None:
        leases.assert_held(transaction, lost)
        add(transaction, "later")

    with pytest.raises(LeaseLost):
        work(database, is_begun, writes)

    assert names(database) == []


def test_asserting_a_lease_costs_no_round_trip_of_its_own(database: Database) -> None:
    with database.transaction() as transaction:
        lease = leases.acquire(transaction, "job", "first", NOON, 60)
    assert lease is not None

    with counted_round_trips() as made, database.transaction() as transaction:
        leases.assert_held(transaction, lease)
        add(transaction, "a")

    assert names(database) == ["a"]
    assert len(made.trips) == 2


def test_what_only_reads_needs_neither_begin_nor_commit(database: Database) -> None:
    names(database)

    with counted_round_trips() as made:
        names(database)

    assert made.statements == ["SELECT cursor_name FROM cursors ORDER BY cursor_name"]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE cursors SET position = :position",
        "WITH gone AS (DELETE FROM cursors RETURNING position) SELECT * FROM gone WHERE position = :position",
        "SELECT position FROM cursors WHERE position = :position FOR NO KEY UPDATE",
        "SELECT position FROM cursors WHERE position = :position FOR SHARE",
    ],
)
def test_what_writes_or_locks_is_refused_where_only_reading_is_meant(database: Database, statement: str) -> None:
    with database.transaction() as transaction:
        add(transaction, "a")

    with pytest.raises(ValueError, match="needs a transaction"), database.reading() as reading:
        reading.rows(statement, position="1")
    with pytest.raises(ValueError, match="needs a transaction"), database.reading() as reading:
        add(reading, "b")

    assert names(database) == ["a"]


def test_a_connection_that_was_lost_is_renewed_at_the_next_reading_and_transaction(
    database: Database, other: Database
) -> None:
    with database.reading() as reading:
        first = backend(reading)
        end_backend(other, first)
        second = backend(reading)
    end_backend(other, second)
    with database.transaction() as transaction:
        add(transaction, "a")
        third = backend(transaction)

    assert len({first, second, third}) == 3
    assert names(database) == ["a"]


def test_a_connection_that_is_lost_in_a_transaction_ends_it(database: Database, other: Database) -> None:
    def loses(transaction: Transaction) -> None:
        end_backend(other, backend(transaction))
        transaction.rows(_FIND, name="a")

    with pytest.raises(StoreUnavailable):
        work(database, True, loses)

    assert names(database) == []


def test_a_connection_that_is_lost_when_commit_goes_with_a_later_statement_leaves_it_unknown(
    database: Database, other: Database
) -> None:
    def loses(transaction: Transaction) -> None:
        end_backend(other, backend(transaction))
        add(transaction, "a")

    with pytest.raises(CommitOutcomeUnknown):
        work(database, True, loses)

    assert names(database) == []


def test_a_value_that_can_not_be_sent_leaves_no_connection_out_of_step(database: Database) -> None:
    def can_not(transaction: Transaction) -> None:
        add(transaction, "a")
        transaction.rows(_FIND, name="\ud800")

    with pytest.raises(UnicodeEncodeError):
        work(database, True, can_not)

    assert names(database) == []
    with database.transaction() as transaction:
        assert transaction.only("SELECT :one::integer AS one", one=1) == {"one": 1}


def test_threads_side_by_side_have_a_connection_each_and_one_after_the_other_the_same(database: Database) -> None:
    both = threading.Barrier(2, timeout=HANG_SECONDS)

    def held() -> int:
        with database.transaction() as transaction:
            # A transaction has a connection from where it first locks.
            transaction.rows("SELECT pg_advisory_xact_lock_shared(:key::bigint)", key=1)
            pid = backend(transaction)
            both.wait()
            return pid

    with ThreadPoolExecutor(2) as pool:
        beside = {pool.submit(held), pool.submit(held)}
        pids = {each.result(timeout=HANG_SECONDS) for each in beside}
    with database.transaction() as transaction:
        again = backend(transaction)
    with database.transaction() as transaction:
        once_more = backend(transaction)

    assert len(pids) == 2
    assert again in pids
    assert once_more == again


def test_what_is_left_of_a_large_statement_does_not_wait_for_an_acknowledgement(database_url: str) -> None:
    opened = database_of(database_url, application_name="large-statements")

    with opened.transaction() as transaction:
        transaction.execute(_ADD, name="large", position="1" * 100_000, now=NOON)
        assert transaction.session is not None
        option = transaction.session._connection._usock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
    opened.close()

    assert option != 0
