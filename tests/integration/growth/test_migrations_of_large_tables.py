"""Migrations while everybody goes on: indexes built concurrently, locks asked for briefly, any end made good."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pg8000.native
import pytest

from live_trading.store.database.connection import AlreadyExists, ConstraintViolated, Database, StoreUnavailable
from live_trading.store.database.migrations import Migration, MigrationRefused, Runner, migrate
from live_trading.wiring.database import database_of
from local.postgres.databases import connect, create_database, drop_database
from tests.waiting import await_true

pytestmark = pytest.mark.integration

TABLE = Migration(name="202601010000_table.sql", sql="CREATE TABLE parts (part int, kind int)")
INDEX = Migration(
    name="202601010001_index.sql",
    sql="-- The parts by kind.\n-- outside a transaction\nCREATE INDEX CONCURRENTLY parts_by_kind ON parts (kind);\n",
)
UNIQUE = Migration(
    name="202601010002_unique.sql",
    sql="-- outside a transaction\nCREATE UNIQUE INDEX CONCURRENTLY parts_once ON parts (part);\n",
)
COLUMN = Migration(name="202601010003_column.sql", sql="ALTER TABLE parts ADD COLUMN extra int")


@pytest.fixture
def empty_url(postgres_server: str) -> Iterator[str]:
    yield create_database(postgres_server, "migrations_of_large_tables")
    drop_database(postgres_server, "migrations_of_large_tables")


@pytest.fixture
def empty(empty_url: str) -> Iterator[Database]:
    with opened(empty_url) as database:
        yield database


@contextmanager
def opened(url: str) -> Iterator[Database]:
    database = database_of(url, application_name="a migration")
    yield database
    database.close()


@contextmanager
def connection_to(url: str) -> Iterator[pg8000.native.Connection]:
    connection = connect(url)
    yield connection
    connection.close()


def indexes(database: Database) -> dict[str, bool]:
    """Whether each index of the table is valid."""
    with database.transaction() as transaction:
        rows = transaction.rows(
            "SELECT indexrelid::regclass::text AS name, indisvalid FROM pg_index WHERE indrelid = 'parts'::regclass"
        )
    return {row["name"]: row["indisvalid"] for row in rows}


def test_an_index_is_built_while_rows_are_written_and_the_run_says_how_it_goes(empty: Database, empty_url: str) -> None:
    said: list[str] = []

    applied = migrate(empty, [TABLE, INDEX], Runner(say=said.append))

    assert applied == [TABLE.name, INDEX.name]
    assert indexes(empty) == {"parts_by_kind": True}
    assert [line.split(":")[0] for line in said] == [
        f"{TABLE.name} (1 of 2)", f"{TABLE.name} (1 of 2)",
        f"{INDEX.name} (2 of 2)", "index parts_by_kind", f"{INDEX.name} (2 of 2)",
    ]  # fmt: skip
    assert migrate(empty, [TABLE, INDEX]) == []


def test_an_index_that_a_failed_attempt_left_invalid_is_dropped_and_built_again(empty: Database) -> None:
    migrate(empty, [TABLE])
    with empty.transaction() as transaction:
        transaction.execute("INSERT INTO parts VALUES (1, 1), (1, 2)")
    with pytest.raises((AlreadyExists, ConstraintViolated)):
        migrate(empty, [TABLE, UNIQUE])
    assert indexes(empty) == {"parts_once": False}
    with empty.transaction() as transaction:
        transaction.execute("DELETE FROM parts WHERE kind = 2")
    said: list[str] = []

    assert migrate(empty, [TABLE, UNIQUE], Runner(say=said.append)) == [UNIQUE.name]

    assert indexes(empty) == {"parts_once": True}
    assert "index parts_once: left invalid by an earlier attempt, dropped" in said


def test_a_runner_that_dies_while_it_builds_is_made_good_by_the_next(empty: Database, empty_url: str) -> None:
    migrate(empty, [TABLE])
    raised: list[Exception] = []

    def build() -> None:
        with opened(empty_url) as other:
            try:
                migrate(other, [TABLE, INDEX])
            except StoreUnavailable as error:
                raised.append(error)

    with connection_to(empty_url) as writer, connection_to(empty_url) as watcher:
        writer.run("BEGIN")
        writer.run("INSERT INTO parts VALUES (1, 1)")
        builder = threading.Thread(target=build)
        builder.start()
        waiting = (
            "SELECT pid FROM pg_stat_activity "
            "WHERE query LIKE 'CREATE INDEX CONCURRENTLY%' AND wait_event_type = 'Lock'"
        )
        await_true(lambda: bool(watcher.run(waiting)), "the building waits for the writer")
        watcher.run(f"SELECT pg_terminate_backend(pid) FROM ({waiting}) AS dying")
        builder.join()
        writer.run("COMMIT")
    assert [type(each) for each in raised] == [StoreUnavailable]
    assert indexes(empty) == {"parts_by_kind": False}

    assert migrate(empty, [TABLE, INDEX]) == [INDEX.name]

    assert indexes(empty) == {"parts_by_kind": True}


def test_two_runners_at_once_apply_each_file_once(empty: Database, empty_url: str) -> None:
    files = [TABLE, INDEX, UNIQUE, COLUMN]
    applied: list[str] = []

    def run() -> None:
        with opened(empty_url) as database:
            applied.extend(migrate(database, files))

    runners = [threading.Thread(target=run) for _ in range(3)]
    for runner in runners:
        runner.start()
    for runner in runners:
        runner.join()

    assert sorted(applied) == [each.name for each in files]
    assert indexes(empty) == {"parts_by_kind": True, "parts_once": True}


def test_a_table_that_somebody_reads_is_not_waited_for_long_and_asked_for_again(
    empty: Database, empty_url: str
) -> None:
    migrate(empty, [TABLE])
    said: list[str] = []
    with connection_to(empty_url) as reader:
        reader.run("BEGIN")
        reader.run("SELECT * FROM parts")

        applied = migrate(
            empty, [TABLE, COLUMN], Runner(say=said.append, pause=lambda _: reader.run("COMMIT") and None)
        )

    assert applied == [COLUMN.name]
    assert [line for line in said if "try 1 of" in line] == [
        f"{COLUMN.name}: canceling statement due to lock timeout; try 1 of 40"
    ]


def test_a_file_outside_a_transaction_does_nothing_but_indexes(empty: Database) -> None:
    mixed = Migration(name="202601010004_mixed.sql", sql=INDEX.sql + "UPDATE parts SET kind = 1;")

    with pytest.raises(MigrationRefused, match=r"202601010004_mixed.sql: outside a transaction indexes are"):
        migrate(empty, [TABLE, mixed])
