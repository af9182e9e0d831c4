"""Applies ordered SQL files once each, under one advisory lock, a transaction a file.

Files are named YYYYMMDDHHMM_what.sql and never change once applied: a changed, missing or out-of-order file stops the
run before anything is done.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from live_trading.nouns.errors import GiveUp
from live_trading.store.database.connection import Database, Transaction

# Any constant that nothing else locks; held by the transaction that applies a file.
_ADVISORY_LOCK = 7_312_045_501
_NAME = re.compile(r"^\d{12}_[a-z0-9_]+\.sql$")
_LOCK_TIMEOUT = "SET LOCAL lock_timeout = '5s'"


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


def read_migrations(directory: Path) -> list[Migration]:
    """The files in order. Raises MigrationRefused for a name that does not fit, or for none at all."""
    files = sorted(directory.glob("*.sql"))
    wrong = [file.name for file in files if not _NAME.match(file.name)]
    if wrong:
        raise MigrationRefused(f"not named YYYYMMDDHHMM_what.sql: {', '.join(wrong)}")
    if not files:
        raise MigrationRefused(f"no migrations in {directory.name}")
    return [Migration(name=file.name, sql=file.read_text()) for file in files]


def migrate(database: Database, migrations: list[Migration]) -> list[str]:
    """Applies what is not applied yet and returns the names; safe to repeat and to overlap.

    `applied_at` is the database's own time: a schema belongs to its server, not to a replay.

    Raises MigrationRefused, or the store's errors with that file rolled back.
    """
    applied: list[str] = []
    with database.transaction() as transaction:
        _lock(transaction)
        transaction.execute(
            """
            CREATE TABLE IF NOT EXISTS schema_migrations (
                name TEXT PRIMARY KEY,
                sha256 TEXT NOT NULL,
                applied_at TIMESTAMPTZ NOT NULL
            )
            """
        )
    for migration in migrations:
        with database.transaction() as transaction:
            _lock(transaction)
            if _is_applied(transaction, migration, migrations):
                continue
            transaction.execute(_LOCK_TIMEOUT)
            transaction.execute(migration.sql)
            transaction.execute(
                "INSERT INTO schema_migrations (name, sha256, applied_at) VALUES (:name, :sha256, now())",
                name=migration.name,
                sha256=migration.sha256,
            )
            applied.append(migration.name)
    return applied


def schema_version(transaction: Transaction) -> str | None:
    """The newest applied migration; None on a database that was never migrated."""
    table = transaction.only("SELECT to_regclass('schema_migrations') AS found")
    if table["found"] is None:
        return None
    newest: str | None = transaction.only("SELECT max(name) AS newest FROM schema_migrations")["newest"]
    return newest


def _lock(transaction: Transaction) -> None:
    transaction.rows("SELECT pg_advisory_xact_lock(:key::bigint)", key=_ADVISORY_LOCK)


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
