"""One Postgres connection as a session: statements prepared once, and several of them in one round trip.

Every statement is prepared once a connection: the texts are constants of this package, so they are few, and reading
them again costs more than running them. Each statement ends with a Sync of its own, so that each has an answer of its
own, whatever became of the one before; behind one that failed inside a transaction the server refuses the rest.

What is sent leaves at once: what does not fit into one packet would else wait until the server has acknowledged the
first, and the server puts that off, for 40 ms on Linux.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pg8000.exceptions
import pg8000.native
from pg8000.core import DATA_ROW, READY_FOR_QUERY, SYNC_MSG, Context

from live_trading.store.database.postgres_values import as_parameter, read_quickly, row_of

Row = dict[str, Any]

# Of a message: its kind in a byte, and its length in four that count themselves.
_HEAD = 5


def _size_of(head: bytes) -> int:
    return int.from_bytes(head[1:], "big") - 4


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement with its parameters as Postgres takes them. Without any it may be several statements in one.

    `check` is called with the rows as soon as they are there, and raises where they do not allow to go on.
    """

    sql: str
    values: Mapping[str, object]
    check: Callable[[list[Row]], None] | None = None


BEGIN = Statement("BEGIN", {})
COMMIT = Statement("COMMIT", {})


def rows_of(answer: Context) -> list[Row]:
    """Every row of an answer as a dict by column name."""
    if not answer.rows or answer.columns is None:
        return []
    names = [column["name"] for column in answer.columns]
    return [dict(zip(names, values, strict=True)) for values in answer.rows]


class Session:
    """A connection with the statements that it has prepared."""

    def __init__(self, connection: pg8000.native.Connection) -> None:
        self._connection = connection
        # The client has no option for it.
        connection._usock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # noqa: SLF001
        read_quickly(connection)
        self._prepared: dict[str, tuple[str, Callable[[Mapping[str, object]], tuple[object, ...]], Any]] = {}
        self._is_in_step = True

    @property
    def is_in_step(self) -> bool:
        """Whether every statement that was sent has been answered; else the connection is of no more use."""
        return self._is_in_step

    def exchange(self, statements: Sequence[Statement]) -> list[Context]:
        """Statements in one round trip, once they are prepared; their answers in their order.

        Raises the first error of the server; InterfaceError or OSError where the connection is lost.
        """
        for each in statements:
            self._prepare(each)
        self._is_in_step = False
        sent = [self._send(each) for each in statements]
        self._socket.flush()
        failures = [error for each in sent if (error := self._answered(each)) is not None]
        self._is_in_step = True
        if failures:
            raise failures[0]
        return sent

    def commit(self, last: Sequence[Statement] = ()) -> None:
        """Commits, and sends `last` along, whose answers nobody needs: what fails of them undoes everything."""
        if last:
            self.exchange([*last, COMMIT])
        else:
            self._connection.run("COMMIT")

    def roll_back(self) -> None:
        self._connection.run("ROLLBACK")

    def close(self) -> None:
        self._connection.close()

    def _prepare(self, statement: Statement) -> None:
        sql = statement.sql
        if statement.values and sql not in self._prepared:
            text, values_of = pg8000.native.to_statement(sql)
            self._prepared[sql] = text, values_of, self._connection.prepare_statement(text, ())

    def _send(self, statement: Statement) -> Context:
        if not statement.values:
            self._connection.send_QUERY(statement.sql)
            return Context(statement.sql)
        text, values_of, (name, columns, readers) = self._prepared[statement.sql]
        writers = self._connection.py_types
        values = tuple([as_parameter(each, writers) for each in values_of(statement.values)])
        self._connection.send_BIND(name, values)
        self._connection.send_EXECUTE()
        self._socket.write(SYNC_MSG)
        return Context(columns=columns, input_funcs=readers, statement=text)

    @property
    def _socket(self) -> Any:
        # The client has no call that sends and does not wait for the answer.
        opened = self._connection._sock  # noqa: SLF001
        if opened is None:
            raise pg8000.exceptions.InterfaceError("connection is closed")
        return opened

    def _answered(self, sent: Context) -> Exception | None:
        """Reads the answer; the error in it, where there is one. Raises where there is no whole answer."""
        read, takers, kind = self._socket.read, self._connection.message_types, b""
        rows, readers = sent.rows, sent.input_funcs
        while kind != READY_FOR_QUERY:
            head = read(_HEAD)
            body = read(_size_of(head)) if len(head) == _HEAD else None
            if body is None or len(body) != _size_of(head):
                raise pg8000.exceptions.InterfaceError("network error")
            kind = head[:1]
            if kind == DATA_ROW and rows is not None and readers is not None:
                rows.append(row_of(body, readers))
            else:
                takers[kind](body, sent)
                rows, readers = sent.rows, sent.input_funcs
        failed: Exception | None = sent.error
        return failed
