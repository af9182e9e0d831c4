"""A real Postgres for the tests: one server a session, the schema migrated once, a fresh copy of it per test."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from live_trading.store.database.connection import Database
from live_trading.store.database.migrations import migrate, read_migrations
from live_trading.wiring.database import database_of
from local.machine.ports import HeldPorts
from local.machine.processes import Processes
from local.machine.scratch import scratch_directory
from local.postgres.databases import create_database, drop_database, with_database
from local.postgres.server import LocalPostgres

ROOT = Path(__file__).parents[2]
_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URL of a server on which databases can be made: DATABASE_URL's if that is set, else an embedded one."""
    given = os.environ.get("DATABASE_URL")
    if given:
        yield given
        return
    with (
        scratch_directory() as directory,
        HeldPorts() as ports,
        Processes(directory / "logs") as processes,
        LocalPostgres(directory / "data", processes=processes, ports=ports, cache=ROOT / ".local" / "cache") as server,
    ):
        yield with_database(server.url, "postgres")


@pytest.fixture(scope="session")
def migrated_template(postgres_server: str) -> Iterator[str]:
    """The name of a database with the schema and no rows, to be copied."""
    name = f"template_{os.getpid()}"
    url = create_database(postgres_server, name)
    _migrate(url)
    yield name
    drop_database(postgres_server, name)


@pytest.fixture
def database_url(postgres_server: str, migrated_template: str) -> Iterator[str]:
    """A fresh migrated database of the test's own."""
    name = f"test_{os.getpid()}_{next(_numbers)}"
    yield create_database(postgres_server, name, template=migrated_template)
    drop_database(postgres_server, name)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """The product's own connection to the test's database."""
    opened = database_of(database_url, application_name="tests")
    yield opened
    opened.close()


def _migrate(url: str) -> None:
    opened = database_of(url, application_name="tests")
    migrate(opened, read_migrations(ROOT / "migrations"))
    opened.close()
