"""Databases with a past: built once a session, and copied for each test."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from benchmarks import year
from benchmarks.year import YearSize
from live_trading.store.database.connection import Database
from live_trading.wiring.database import database_of
from local.postgres.databases import create_database, drop_database

AT = datetime(2026, 11, 26, 12, tzinfo=UTC)
# Four months in little: a third of it is older than what is kept of decisions.
FOUR_MONTHS = YearSize(days=120, source_trades=4_000, strategies=4, wallets=2, looks_a_day=2)
_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def four_months_template(postgres_server: str, migrated_template: str) -> Iterator[str]:
    """The name of a database with four months behind it, to be copied."""
    name = f"four_months_{os.getpid()}"
    url = create_database(postgres_server, name, template=migrated_template)
    year.build(url, FOUR_MONTHS, AT)
    assert year.proved(url) == []
    yield name
    drop_database(postgres_server, name)


@pytest.fixture
def four_months(postgres_server: str, four_months_template: str) -> Iterator[Database]:
    """A database of the test's own with four months behind it."""
    name = f"aged_{os.getpid()}_{next(_numbers)}"
    opened = database_of(
        create_database(postgres_server, name, template=four_months_template), application_name="tests"
    )
    yield opened
    opened.close()
    drop_database(postgres_server, name)
