"""Postgres connections, explicit transactions, and Postgres errors as ours.

What costs is the way to the database and back, so nothing travels alone that can travel with something: BEGIN with the
first statement of a transaction that writes or locks, a statement whose answer nobody waits for with the next one or
with COMMIT. What only reads needs neither BEGIN nor COMMIT: under READ COMMITTED, where every statement sees what is
committed when it begins, it sees the same without them.

A connection that turns out to be lost before a transaction has begun, or where it begins, is renewed, and what was sent
is sent once more: nothing of it can have been committed. A later statement that fails is never repeated, because what
the ones before it did is gone.
"""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from enum import Enum
from functools import cache
from uuid import UUID

import pg8000.exceptions
import pg8000.native
from pg8000.core import Context

from live_trading.nouns.money import Price, Shares, Usd
from live_trading.store.database.postgres_errors import (
    AlreadyExists,
    CommitOutcomeUnknown,
    Conflict,
    ConstraintViolated,
    StoreUnavailable,
    translated,
)
from live_trading.store.database.postgres_session import BEGIN, Row, Session, Statement, rows_of

__all__ = [
    "AlreadyExists",
    "CommitOutcomeUnknown",
    "Conflict",
    "ConstraintViolated",
    "Database",
    "Row",
    "StoreUnavailable",
    "Transaction",
]

# Most values are of these, and there are many.
_AS_THEY_ARE = frozenset({str, int, bool, type(None), Decimal, UUID, datetime})
_LOST = (pg8000.exceptions.InterfaceError, OSError)
# Functions of the schema that write end in one of these words.
_CHANGES = re.compile(
    r"\b(insert|update|delete|merge|truncate|create|alter|drop|lock|call|nextval|setval|set_config|pg_\w*lock\w*)\b"
    r"|\bfor\s+(key\s+)?share\b"
    r"|_(add|rebuild\w*|refresh)\s*\(",
    re.IGNORECASE,
)


def _plain(value: object) -> object:
    if type(value) in _AS_THEY_ARE:
        return value
    if isinstance(value, Usd | Shares | Price):
        return value.value
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, dict):
        return json.dumps(value, sort_keys=True)
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


@cache
def only_reads(sql: str) -> bool:
    """Whether a statement neither writes nor locks a row."""
    words = sql.split(maxsplit=1)
    return bool(words) and words[0].upper() in ("SELECT", "WITH") and _CHANGES.search(sql) is None


class Transaction:
    """Runs statements with named parameters (`:name`) inside one transaction.

    It begins with the first statement that does not only read.
    """

    def __init__(
        self,
        read: Callable[[Sequence[Statement]], list[Context]],
        begin: Callable[[Transaction, Sequence[Statement]], list[Context]],
    ) -> None:
        """`read` runs what only reads before the transaction has begun; `begin` runs the statements that it begins
        with, and says in `session` on which connection it has."""
        self._read = read
        self._begin = begin
        self._queued: list[Statement] = []
        self._when_committed: list[Callable[[], None]] = []
        self.session: Session | None = None

    def rows(self, sql: str, **parameters: object) -> list[Row]:
        """Every row as a dict by column name.

        Raises AlreadyExists, ConstraintViolated, Conflict or StoreUnavailable; and what the check of a statement before
        it raises that was left for later.
        """
        return rows_of(self._run(_statement(sql, parameters)))

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
        return int(self._run(_statement(sql, parameters)).row_count)

    def later(self, sql: str, *, check: Callable[[list[Row]], None] | None = None, **parameters: object) -> None:
        """A statement whose answer nobody waits for: it travels with the next one, or with COMMIT, and runs before it.

        What it raises is raised there. `check` is given its rows and raises where they do not allow to go on: nothing
        behind it is then kept.
        """
        self._queued.append(_statement(sql, parameters, check))

    def once_committed(self, act: Callable[[], None]) -> None:
        """Has something done once what was written is kept; never where it is not. It must not raise."""
        self._when_committed.append(act)

    def committed(self) -> None:
        """Does what waits for the commit, in the order in which it was given."""
        for act in self._when_committed:
            act()

    def flush(self) -> None:
        """Runs now what was left for later and can not go with COMMIT: what begins, and what has a check."""
        if self._queued and (self.session is None or any(each.check is not None for each in self._queued)):
            self._exchange(self._taken())

    def left(self) -> list[Statement]:
        """What was left for later and may go with COMMIT."""
        return self._taken()

    def _taken(self) -> list[Statement]:
        taken, self._queued = self._queued, []
        return taken

    def _run(self, statement: Statement) -> Context:
        return self._exchange([*self._taken(), statement])[-1]

    def _exchange(self, statements: Sequence[Statement]) -> list[Context]:
        try:
            if self.session is not None:
                answers = self.session.exchange(statements)
            elif all(only_reads(each.sql) for each in statements):
                answers = self._read(statements)
            else:
                answers = self._begin(self, statements)
        except _LOST as error:
            raise StoreUnavailable(str(error)) from error
        except pg8000.exceptions.DatabaseError as error:
            raise translated(error) from error
        for statement, answer in zip(statements, answers, strict=True):
            if statement.check is not None:
                statement.check(rows_of(answer))
        return answers


def _statement(sql: str, parameters: dict[str, object], check: Callable[[list[Row]], None] | None = None) -> Statement:
    return Statement(sql, {name: _plain(value) for name, value in parameters.items()}, check)


class Database:
    """The connections of one execution environment, opened on first use.

    One is enough for a thread, which has no two transactions at once; threads side by side have one each.
    """

    def __init__(self, connect: Callable[[], pg8000.native.Connection]) -> None:
        self._connect = connect
        # The last one given back is taken first, so that what runs alone always has the same.
        self._idle: deque[Session] = deque()

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """A transaction: committed when the block ends, rolled back when it raises.

        The statements raise StoreUnavailable where Postgres is away; its end raises CommitOutcomeUnknown where it went
        away in COMMIT, and what was left for later raises there. One that has written and locked nothing ends without
        asking Postgres anything.
        """
        transaction = Transaction(self._read, self._begin)
        try:
            yield transaction
            transaction.flush()
        except StoreUnavailable:
            _close(transaction.session)
            raise
        except BaseException:
            if transaction.session is not None:
                self._roll_back(transaction.session)
            raise
        if transaction.session is not None:
            self._commit(transaction.session, transaction.left())
        transaction.committed()

    @contextmanager
    def reading(self) -> Iterator[Transaction]:
        """For what only reads: a round trip a statement, and no transaction around them.

        Every statement sees what is committed when it begins, as in a transaction. A connection that is lost is
        renewed once a statement. Raises ValueError for a statement that writes or locks, else as the statements of a
        transaction do.
        """
        transaction = Transaction(self._read, _refused)
        yield transaction
        transaction.flush()

    @contextmanager
    def outside_transaction(self) -> Iterator[Transaction]:
        """Statements that no transaction may hold, each by itself, on a connection of their own; for migrations.

        What is set for the session, and its locks, end with the block.
        """
        alone = Transaction(self._read, self._begin)
        alone.session = self._connected()
        try:
            yield alone
        finally:
            _close(alone.session)

    def close(self) -> None:
        """Drops the connections that nobody uses; the next transaction opens a new one."""
        while self._idle:
            _close(self._idle.pop())

    def _begin(self, transaction: Transaction, statements: Sequence[Statement]) -> list[Context]:
        def begun(session: Session) -> list[Context]:
            transaction.session = session
            return session.exchange([BEGIN, *statements])[1:]

        return self._on_live_session(begun)

    def _read(self, statements: Sequence[Statement]) -> list[Context]:
        def read(session: Session) -> list[Context]:
            try:
                answers = session.exchange(statements)
            except _LOST:
                _close(session)
                raise
            except pg8000.exceptions.DatabaseError as error:
                if not isinstance(translated(error), StoreUnavailable):
                    self._idle.append(session)
                raise
            self._idle.append(session)
            return answers

        return self._on_live_session(read)

    def _on_live_session(self, run: Callable[[Session], list[Context]]) -> list[Context]:
        """What nothing came before on its connection: one that is lost is renewed, and it runs once more."""
        session = self._taken()
        if session is not None:
            try:
                return run(session)
            except _LOST:
                _close(session)
            except pg8000.exceptions.DatabaseError as error:
                if not isinstance(translated(error), StoreUnavailable):
                    raise
                _close(session)
        return run(self._connected())

    def _taken(self) -> Session | None:
        try:
            return self._idle.pop()
        except IndexError:
            return None

    def _connected(self) -> Session:
        try:
            return Session(self._connect())
        except (pg8000.exceptions.InterfaceError, pg8000.exceptions.DatabaseError, OSError) as error:
            raise StoreUnavailable(f"cannot open a transaction: {error}") from error

    def _roll_back(self, session: Session) -> None:
        if not session.is_in_step:
            _close(session)
            return
        try:
            session.roll_back()
        except (pg8000.exceptions.InterfaceError, pg8000.exceptions.DatabaseError, OSError):
            # The server rolls back what it loses; only this connection is of no more use.
            _close(session)
        else:
            self._idle.append(session)

    def _commit(self, session: Session, last: Sequence[Statement]) -> None:
        try:
            session.commit(last)
        except pg8000.exceptions.DatabaseError as error:
            self._roll_back(session)
            raise translated(error) from error
        except _LOST as error:
            _close(session)
            raise CommitOutcomeUnknown(str(error)) from error
        self._idle.append(session)


def _refused(_: Transaction, statements: Sequence[Statement]) -> list[Context]:
    raise ValueError(f"it does not only read, so it needs a transaction: {statements[-1].sql}")


def _close(session: Session | None) -> None:
    if session is not None:
        try:
            session.close()
        except _LOST:
            # Already gone: closing was all that was wanted.
            return
