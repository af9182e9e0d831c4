"""One Postgres connection, explicit transactions, and Postgres errors as ours.

The connection is renewed only between transactions: a statement that fails inside one is never repeated,
because what it did is not known.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import Enum
from typing import Any

import pg8000.exceptions
import pg8000.native

from live_trading.nouns.errors import GiveUp, OutcomeUnknown, RetryLater
from live_trading.nouns.money import Price, Shares, Usd

Row = dict[str, Any]

_UNIQUE_VIOLATION = "23505"
_RETRYABLE = frozenset({"40001", "40P01", "55P03", "57014"})
_UNAVAILABLE_PREFIXES = ("08", "53", "57P")


class StoreUnavailable(RetryLater):
    """Postgres could not be reached or refused to work; nothing of the transaction is committed."""


class CommitOutcomeUnknown(OutcomeUnknown):
    """The connection was lost while committing: the transaction may or may not have been kept."""


class Conflict(RetryLater):
    """A deadlock, serialization failure, lock or statement timeout: the transaction was rolled back."""


class AlreadyExists(GiveUp):
    """A unique key is taken; `constraint` names it."""

    def __init__(self, constraint: str) -> None:
        super().__init__(f"already exists: {constraint}")
        self.constraint = constraint


class ConstraintViolated(GiveUp):
    """A check, foreign key or trigger refused the write."""


def _plain(value: object) -> object:
    if isinstance(value, Usd | Shares | Price):
        return value.value
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, dict):
        return json.dumps(value, sort_keys=True)
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


def _translated(error: pg8000.exceptions.DatabaseError) -> Exception:
    raised: Exception = error
    facts = error.args[0] if error.args and isinstance(error.args[0], dict) else {}
    state = str(facts.get("C", ""))
    message = str(facts.get("M", error))
    if state == _UNIQUE_VIOLATION:
        return AlreadyExists(str(facts.get("n", "")))
    if state in _RETRYABLE:
        return Conflict(message)
    if state.startswith(_UNAVAILABLE_PREFIXES):
        return StoreUnavailable(message)
    if state.startswith("23"):
        return ConstraintViolated(message)
    return raised


class Transaction:
    """Runs statements with named parameters (`:name`) inside one open transaction."""

    def __init__(self, connection: pg8000.native.Connection) -> None:
        self._connection = connection

    def rows(self, sql: str, **parameters: object) -> list[Row]:
        """Every row as a dict by column name.

        Raises AlreadyExists, ConstraintViolated, Conflict or StoreUnavailable.
        """
        try:
            found = self._connection.run(sql, **{name: _plain(value) for name, value in parameters.items()})
        except pg8000.exceptions.InterfaceError as error:
            raise StoreUnavailable(str(error)) from error
        except pg8000.exceptions.DatabaseError as error:
            raise _translated(error) from error
        except OSError as error:
            raise StoreUnavailable(str(error)) from error
        if not found or self._connection.columns is None:
            return []
        names = [column["name"] for column in self._connection.columns]
        return [dict(zip(names, values, strict=True)) for values in found]

    def row(self, sql: str, **parameters: object) -> Row | None:
        """The only row, or None. More than one raises ValueError."""
        found = self.rows(sql, **parameters)
        if len(found) > 1:
            raise ValueError(f"expected at most one row, got {len(found)}")
        return found[0] if found else None

    def only(self, sql: str, **parameters: object) -> Row:
        """The row that must exist; none raises LookupError."""
        found = self.row(sql, **parameters)
        if found is None:
            raise LookupError("expected one row, got none")
        return found

    def execute(self, sql: str, **parameters: object) -> int:
        """Runs a statement and returns how many rows it touched."""
        self.rows(sql, **parameters)
        return int(self._connection.row_count)


class Database:
    """One connection of one execution environment, opened on first use."""

    def __init__(self, connect: Callable[[], pg8000.native.Connection]) -> None:
        self._connect = connect
        self._connection: pg8000.native.Connection | None = None

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """A transaction: committed when the block ends, rolled back when it raises.

        Raises StoreUnavailable where Postgres is away, CommitOutcomeUnknown where it went away in COMMIT.
        """
        connection = self._begun()
        try:
            yield Transaction(connection)
        except BaseException:
            self._roll_back(connection)
            raise
        self._commit(connection)

    def close(self) -> None:
        """Drops the connection; the next transaction opens a new one."""
        connection, self._connection = self._connection, None
        if connection is not None:
            try:
                connection.close()
            except (pg8000.exceptions.InterfaceError, OSError):
                # Already gone: closing was all that was wanted.
                return

    def _begun(self) -> pg8000.native.Connection:
        if self._connection is not None:
            try:
                self._connection.run("BEGIN")
            except (pg8000.exceptions.InterfaceError, pg8000.exceptions.DatabaseError, OSError):
                self.close()
            else:
                return self._connection
        try:
            self._connection = self._connect()
            self._connection.run("BEGIN")
        except (pg8000.exceptions.InterfaceError, pg8000.exceptions.DatabaseError, OSError) as error:
            self.close()
            raise StoreUnavailable(f"cannot open a transaction: {error}") from error
        return self._connection

    def _roll_back(self, connection: pg8000.native.Connection) -> None:
        try:
            connection.run("ROLLBACK")
        except (pg8000.exceptions.InterfaceError, pg8000.exceptions.DatabaseError, OSError):
            # The server rolls back what it loses; only this connection is of no more use.
            self.close()

    def _commit(self, connection: pg8000.native.Connection) -> None:
        try:
            connection.run("COMMIT")
        except pg8000.exceptions.InterfaceError as error:
            self.close()
            raise CommitOutcomeUnknown(str(error)) from error
        except pg8000.exceptions.DatabaseError as error:
            self._roll_back(connection)
            raise _translated(error) from error
        except OSError as error:
            self.close()
            raise CommitOutcomeUnknown(str(error)) from error
