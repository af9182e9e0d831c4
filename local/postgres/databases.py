"""Databases on a Postgres server that is there already: connect, create, copy, drop."""

from __future__ import annotations

import uuid
from urllib.parse import parse_qs, unquote, urlsplit

import pg8000.exceptions
import pg8000.native

from local.machine.processes import PartFailed

DATABASE = "live_trading"


def connect(url: str, *, read_seconds: int | None = 30) -> pg8000.native.Connection:
    """A connection to a `postgresql://` URL, for the stack and its tests; without TLS where it says so.

    A statement that takes longer than `read_seconds` fails; None waits for ever.
    """
    parts = urlsplit(url)
    return pg8000.native.Connection(
        user=unquote(parts.username or "postgres"),
        password=unquote(parts.password) if parts.password else None,
        host=parts.hostname or "127.0.0.1",
        port=parts.port or 5432,
        database=parts.path.lstrip("/") or "postgres",
        ssl_context=False if parse_qs(parts.query).get("sslmode") == ["disable"] else None,
        timeout=read_seconds,
    )


def with_database(url: str, database: str) -> str:
    """The same server's URL with another database."""
    return urlsplit(url)._replace(path=f"/{database}").geturl()


def create_database(url: str, database: str, *, template: str | None = None) -> str:
    """Make a database on the server of `url`, a copy of `template` if given; its URL."""
    source = f' TEMPLATE "{template}" STRATEGY FILE_COPY' if template else ""
    _run_once(url, f'CREATE DATABASE "{database}"{source}')
    return with_database(url, database)


def drop_database(url: str, database: str) -> None:
    """Remove a database, and with it the connections to it."""
    _run_once(url, f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')


def _run_once(url: str, sql: str) -> None:
    connection = connect(url)
    try:
        connection.run(sql)
    finally:
        connection.close()


class GivenPostgres:
    """The server that DATABASE_URL names. Works in a new database beside the named one, and drops it at the end."""

    def __init__(self, url: str) -> None:
        self._given = url
        self._database = f"{DATABASE}_{uuid.uuid4().hex[:8]}"
        self.url = with_database(url, self._database)

    def start(self) -> str:
        """Make the database and return its URL; PartFailed where that cannot be done."""
        try:
            return create_database(self._given, self._database)
        except (pg8000.exceptions.InterfaceError, pg8000.exceptions.DatabaseError, OSError) as error:
            raise PartFailed(
                f"cannot create a database on the server of DATABASE_URL: {error}\nWhat to do: check that it is up "
                "and that its user has CREATEDB, or unset DATABASE_URL to use the embedded server."
            ) from error

    def wait(self) -> None:
        """The server was up already."""

    def stop(self) -> None:
        """Drop the database."""
        drop_database(self._given, self._database)
