"""Applies ordered SQL files once each, one runner at a time, a transaction a file.

Files are named YYYYMMDDHHMM_what.sql and never change once applied: a changed, missing or out-of-order file stops the
run before anything is done. A file that says so builds its indexes outside a transaction (`concurrent_indexes`).

A lock that others hold is waited for briefly and asked for again, because whatever comes after a waiting DDL waits too.
The lock of the runners is only ever tried: a statement that waits for it would have a snapshot, for which the building
of an index waits in turn.
"""

from __future__ import annotations

import hashlib
import logging
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from live_trading.nouns.errors import GiveUp
from live_trading.store.database import concurrent_indexes
from live_trading.store.database.concurrent_indexes import ConcurrentIndex
from live_trading.store.database.connection import Conflict, Database, Transaction

logger = logging.getLogger(__name__)

# Any constant that nothing else locks.
_ADVISORY_LOCK = 7_312_045_501
_NAME = re.compile(r"^\d{12}_[a-z0-9_]+\.sql$")
# So long whoever comes after a waiting file waits with it.
_LOCK_TIMEOUT = "SET LOCAL lock_timeout = '3s'"
_STATEMENT_TIMEOUT = "SET LOCAL statement_timeout = '14min'"
_LOCK_TRIES = 40
_BETWEEN_TRIES_SECONDS = 2.0
_OTHER_RUNNER_SECONDS = 0.2
# A runner that has died holds the lock no longer; one that works is waited for as long as any invocation lives.
_OTHER_RUNNER_TRIES = int(15 * 60 / _OTHER_RUNNER_SECONDS)


class MigrationRefused(GiveUp):
    """The files and what the database says was applied do not fit together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    """One file."""

    name: str
    sql: str

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.sql.encode()).hexdigest()

    @property
    def indexes(self) -> list[ConcurrentIndex] | None:
        """What a file outside a transaction builds and drops; None for every other. Raises MigrationRefused."""
        try:
            return concurrent_indexes.read(self.sql)
        except ValueError as error:
            raise MigrationRefused(f"{self.name}: {error}") from error


@dataclass(frozen=True, slots=True, kw_only=True)
class Runner:
    """How a run tells of its progress, and how it waits between two tries."""

    say: Callable[[str], None] = logger.info
    pause: Callable[[float], None] = time.sleep


def read_migrations(directory: Path) -> list[Migration]:
    """The files in order. Raises MigrationRefused for a name or content that does not fit, or for none at all."""
    files = sorted(directory.glob("*.sql"))
    wrong = [file.name for file in files if not _NAME.match(file.name)]
    if wrong:
        raise MigrationRefused(f"not named YYYYMMDDHHMM_what.sql: {', '.join(wrong)}")
    if not files:
        raise MigrationRefused(f"no migrations in {directory.name}")
    return [Migration(name=file.name, sql=file.read_text()) for file in files]


def newest_name(directory: Path) -> str | None:
    """The name of the newest file, which is the schema that the code beside it was made for; None without any."""
    return max((file.name for file in directory.glob("*.sql") if _NAME.match(file.name)), default=None)


def migrate(database: Database, migrations: list[Migration], runner: Runner | None = None) -> list[str]:
    """Applies what is not applied yet and returns the names; safe to repeat, to overlap and to be killed.

    `applied_at` is the database's own time: a schema belongs to its server, not to a replay.

    Raises MigrationRefused, or the store's errors with that file rolled back, or its index to be built again.
    """
    how = runner or Runner()
    _make_table(database, how)
    applied: list[str] = []
    for place, migration in enumerate(migrations, start=1):
        with database.transaction() as transaction:
            if _is_applied(transaction, migration, migrations):
                continue
        named = f"{migration.name} ({place} of {len(migrations)})"
        how.say(f"{named}: begins")
        indexes = migration.indexes
        if indexes is None:
            seconds = _in_transaction(database, migration, migrations, how)
        else:
            seconds = _outside_transaction(database, migration, migrations, indexes, how)
        if seconds is None:
            how.say(f"{named}: another runner has applied it")
            continue
        how.say(f"{named}: applied in {seconds} s")
        applied.append(migration.name)
    return applied


def schema_version(transaction: Transaction) -> str | None:
    """The newest applied migration; None on a database that was never migrated."""
    table = transaction.only("SELECT to_regclass('schema_migrations') AS found")
    if table["found"] is None:
        return None
    newest: str | None = transaction.only("SELECT max(name) AS newest FROM schema_migrations")["newest"]
    return newest


def _make_table(database: Database, how: Runner) -> None:
    def make(transaction: Transaction) -> None:
        transaction.execute(
            """
            CREATE TABLE IF NOT EXISTS schema_migrations (
                name TEXT PRIMARY KEY,
                sha256 TEXT NOT NULL,
                applied_at TIMESTAMPTZ NOT NULL
            )
            """
        )

    _locked(database, make, how)


def _in_transaction(
    database: Database, migration: Migration, all_of_them: list[Migration], how: Runner
) -> object | None:
    """How many seconds it took; None where it was applied meanwhile."""

    def apply(transaction: Transaction) -> object | None:
        if _is_applied(transaction, migration, all_of_them):
            return None
        transaction.execute(_LOCK_TIMEOUT)
        transaction.execute(_STATEMENT_TIMEOUT)
        transaction.execute(migration.sql)
        _note(transaction, migration)
        return _seconds_of(transaction)

    for number in range(1, _LOCK_TRIES + 1):
        try:
            return _locked(database, apply, how)
        except Conflict as error:
            if "statement timeout" in str(error) or number == _LOCK_TRIES:
                raise
            how.say(f"{migration.name}: {error}; try {number} of {_LOCK_TRIES}")
            how.pause(_BETWEEN_TRIES_SECONDS)
    raise AssertionError("the last try returns or raises")


def _outside_transaction(
    database: Database,
    migration: Migration,
    all_of_them: list[Migration],
    indexes: list[ConcurrentIndex],
    how: Runner,
) -> object | None:
    """The same for indexes, one after the other: what was built stays where a later one fails."""
    with database.outside_transaction() as session:
        for _ in range(_OTHER_RUNNER_TRIES):
            if session.only("SELECT pg_try_advisory_lock(:key::bigint) AS got", key=_ADVISORY_LOCK)["got"]:
                break
            how.pause(_OTHER_RUNNER_SECONDS)
        else:
            raise Conflict("another runner of migrations does not end")
        if _is_applied(session, migration, all_of_them):
            return None
        began = session.only("SELECT clock_timestamp() AS now")["now"]
        for index in indexes:
            concurrent_indexes.bring(session, index, how.say)
        _note(session, migration)
        took = session.only("SELECT clock_timestamp() AS now")["now"] - began
        seconds: float = round(took.total_seconds(), 1)
        return seconds


def _locked(database: Database, act: Callable[[Transaction], object], how: Runner) -> object:
    """What `act` returns, in a transaction that no other runner is beside."""
    for _ in range(_OTHER_RUNNER_TRIES):
        with database.transaction() as transaction:
            if transaction.only("SELECT pg_try_advisory_xact_lock(:key::bigint) AS got", key=_ADVISORY_LOCK)["got"]:
                return act(transaction)
        how.pause(_OTHER_RUNNER_SECONDS)
    raise Conflict("another runner of migrations does not end")


def _note(transaction: Transaction, migration: Migration) -> None:
    transaction.execute(
        "INSERT INTO schema_migrations (name, sha256, applied_at) VALUES (:name, :sha256, now())",
        name=migration.name,
        sha256=migration.sha256,
    )


def _seconds_of(transaction: Transaction) -> object:
    return transaction.only("SELECT round(extract(EPOCH FROM clock_timestamp() - now()), 1) AS took")["took"]


def _is_applied(transaction: Transaction, migration: Migration, all_of_them: list[Migration]) -> bool:
    rows = transaction.rows("SELECT name, sha256 FROM schema_migrations ORDER BY name")
    done = {row["name"]: row["sha256"] for row in rows}
    unknown = sorted(done.keys() - {each.name for each in all_of_them})
    if unknown:
        raise MigrationRefused(f"applied, but no longer among the files: {', '.join(unknown)}")
    if migration.name in done:
        if done[migration.name] != migration.sha256:
            raise MigrationRefused(f"{migration.name} was changed after it had been applied")
        return True
    if done and migration.name < max(done):
        raise MigrationRefused(f"{migration.name} is older than {max(done)}, which is applied already")
    return False
