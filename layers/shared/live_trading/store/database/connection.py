"""One Postgres connection, explicit transactions, and Postgres errors as ours.

BEGIN travels with the first statement of a transaction. A connection that turns out to be lost right there is renewed,
and the two are sent once more: nothing of them can have been committed. A later statement that fails is never repeated,
because what the ones before it did is gone. Every statement is prepared once a connection: the texts are constants of
this package, so they are few, and reading them again costs more than running them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import Enum
from typing import Any

import pg8000.exceptions
import pg8000.native
from pg8000.core import Context, make_params

from live_trading.nouns.errors import GiveUp, OutcomeUnknown, RetryLater
from live_trading.nouns.money import Price, Shares, Usd

Row = dict[str, Any]

_UNIQUE_VIOLATION = "23505"
_RETRYABLE = frozenset({"40001", "40P01", "55P03", "57014"})
_UNAVAILABLE_PREFIXES = ("08", "53", "57P")
# A prepared statement whose tables a migration has changed since.
_STALE_PLAN = "0A000"


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
    """A check, foreign key or trigger refused the write, or a value does not fit its column."""


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
    if state.startswith(_UNAVAILABLE_PREFIXES) or state == _STALE_PLAN:
        return StoreUnavailable(message)
    if state.startswith(("22", "23")):
        return ConstraintViolated(message)
    return raised


class _Session:
    """A connection with the statements that it has prepared."""

    def __init__(self, connection: pg8000.native.Connection) -> None:
        self.connection = connection
        self._prepared: dict[str, tuple[str, Callable[[dict[str, object]], tuple[object, ...]], Any]] = {}

    def begin(self, sql: str, parameters: dict[str, object]) -> Context:
        """BEGIN and a statement in one round trip."""
        self._prepare(sql, parameters)
        self.connection.send_QUERY("BEGIN")
        try:
            # What is read here is the answer to BEGIN, which comes first.
            done = self.run(sql, parameters)
        except pg8000.exceptions.DatabaseError as error:
            # The answers are out of step from here on.
            raise pg8000.exceptions.InterfaceError(f"cannot begin: {error}") from error
        self.connection.handle_messages(done)
        return done

    def run(self, sql: str, parameters: dict[str, object]) -> Context:
        """One statement in one round trip, once it is prepared. Without parameters it may be several statements."""
        if not parameters:
            return self.connection.execute_simple(sql)
        self._prepare(sql, parameters)
        text, values_of, (name, columns, readers) = self._prepared[sql]
        values = make_params(self.connection.py_types, values_of(parameters))
        return self.connection.execute_named(name, values, columns, readers, text)

    def _prepare(self, sql: str, parameters: dict[str, object]) -> None:
        if parameters and sql not in self._prepared:
            text, values_of = pg8000.native.to_statement(sql)
            self._prepared[sql] = text, values_of, self.connection.prepare_statement(text, ())


class Transaction:
    """Runs statements with named parameters (`:name`) inside one transaction, which begins with the first of them."""

    def __init__(self, begin: Callable[[Transaction, str, dict[str, object]], Context]) -> None:
        """`begin` runs the first statement, and says in `session` on which connection the transaction has begun."""
        self._begin = begin
        self.session: _Session | None = None

    def rows(self, sql: str, **parameters: object) -> list[Row]:
        """Every row as a dict by column name.

        Raises AlreadyExists, ConstraintViolated, Conflict or StoreUnavailable.
        """
        done = self._run(sql, parameters)
        if not done.rows or done.columns is None:
            return []
        names = [column["name"] for column in done.columns]
        return [dict(zip(names, values, strict=True)) for values in done.rows]

    def _run(self, sql: str, parameters: dict[str, object]) -> Context:
        values = {name: _plain(value) for name, value in parameters.items()}
        try:
            if self.session is None:
                return self._begin(self, sql, values)
            return self.session.run(sql, values)
        except pg8000.exceptions.InterfaceError as error:
            raise StoreUnavailable(str(error)) from error
        except pg8000.exceptions.DatabaseError as error:
            raise _translated(error) from error
        except OSError as error:
            raise StoreUnavailable(str(error)) from error

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
        return int(self._run(sql, parameters).row_count)


class Database:
    """One connection of one execution environment, opened on first use."""

    def __init__(self, connect: Callable[[], pg8000.native.Connection]) -> None:
        self._connect = connect
        self._session: _Session | None = None

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """A transaction: committed when the block ends, rolled back when it raises.

        The statements raise StoreUnavailable where Postgres is away; its end raises CommitOutcomeUnknown where it went
        away in COMMIT. One without a statement asks nothing of Postgres.
        """
        transaction = Transaction(self._begin)
        try:
            yield transaction
        except StoreUnavailable:
            self.close()
            raise
        except BaseException:
            if transaction.session is not None:
                self._roll_back(transaction.session)
            raise
        if transaction.session is not None:
            self._commit(transaction.session)

    @contextmanager
    def outside_transaction(self) -> Iterator[Transaction]:
        """Statements that no transaction may hold, each by itself, on a connection of their own; for migrations.

        What is set for the session, and its locks, end with the block.
        """
        session = self._connected()
        alone = Transaction(self._begin)
        alone.session = session
        try:
            yield alone
        finally:
            _closed(session)

    def close(self) -> None:
        """Drops the connection, and with it what was not committed; the next transaction opens a new one."""
        session, self._session = self._session, None
        if session is not None:
            _closed(session)

    def _begin(self, transaction: Transaction, sql: str, parameters: dict[str, object]) -> Context:
        if self._session is not None:
            try:
                transaction.session = self._session
                return self._session.begin(sql, parameters)
            except (pg8000.exceptions.InterfaceError, OSError):
                self.close()
            except pg8000.exceptions.DatabaseError as error:
                if not isinstance(_translated(error), StoreUnavailable):
                    raise
                self.close()
        transaction.session = self._session = self._connected()
        return self._session.begin(sql, parameters)

    def _connected(self) -> _Session:
        try:
            return _Session(self._connect())
        except (pg8000.exceptions.InterfaceError, pg8000.exceptions.DatabaseError, OSError) as error:
            raise StoreUnavailable(f"cannot open a transaction: {error}") from error

    def _roll_back(self, session: _Session) -> None:
        try:
            session.connection.run("ROLLBACK")
        except (pg8000.exceptions.InterfaceError, pg8000.exceptions.DatabaseError, OSError):
            # The server rolls back what it loses; only this connection is of no more use.
            self.close()

    def _commit(self, session: _Session) -> None:
        try:
            session.connection.run("COMMIT")
        except pg8000.exceptions.InterfaceError as error:
            self.close()
            raise CommitOutcomeUnknown(str(error)) from error
        except pg8000.exceptions.DatabaseError as error:
            self._roll_back(session)
            raise _translated(error) from error
        except OSError as error:
            self.close()
            raise CommitOutcomeUnknown(str(error)) from error


def _closed(session: _Session) -> None:
    try:
        session.connection.close()
    except (pg8000.exceptions.InterfaceError, OSError):
        # Already gone: closing was all that was wanted.
        return
