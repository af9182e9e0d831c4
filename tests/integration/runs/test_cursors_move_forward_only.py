"""Cursors against a real Postgres."""

from __future__ import annotations

import pytest

from live_trading.store.database import cursors
from live_trading.store.database.connection import Database
from tests.integration.source_builders import NOON, minutes

pytestmark = pytest.mark.integration


def test_a_cursor_that_never_moved_is_missing(database: Database) -> None:
    with database.transaction() as transaction:
        assert cursors.times(transaction, ["ingest:x"]) == {}
        assert cursors.number(transaction, "decided:x") == 0


def test_a_time_cursor_moves_forward_and_never_back(database: Database) -> None:
    with database.transaction() as transaction:
        cursors.advance_times(transaction, {"a": NOON, "b": NOON}, NOON)
        cursors.advance_times(transaction, {"a": NOON + minutes(1), "b": NOON - minutes(1)}, NOON)

        assert cursors.times(transaction, ["a", "b"]) == {"a": NOON + minutes(1), "b": NOON}


def test_a_number_cursor_compares_as_a_number(database: Database) -> None:
    with database.transaction() as transaction:
        cursors.advance_number(transaction, "a", 9, NOON)
        cursors.advance_number(transaction, "a", 10, NOON)
        cursors.advance_number(transaction, "a", 9, NOON)

        assert cursors.number(transaction, "a") == 10


def test_a_cursor_goes_back_with_the_transaction_that_moved_it(database: Database) -> None:
    def move_and_fail() -> None:
        with database.transaction() as transaction:
            cursors.advance_number(transaction, "a", 5, NOON)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        move_and_fail()

    with database.transaction() as transaction:
        assert cursors.number(transaction, "a") == 0
