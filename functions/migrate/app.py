"""migrate: applies the database migrations; invoked by hand or by the deployment, never on a schedule."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from aws_lambda_powertools import Logger

from live_trading.store.database.migrations import Runner, migrate, read_migrations
from live_trading.wiring.composition import Parts

logger = Logger()
parts = Parts()


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Applies what is new and says what that was. A file that does not fit raises, and nothing is applied.

    An invocation that is killed is simply repeated.
    """
    applied = migrate(parts.migration_database, read_migrations(_directory()), Runner(say=logger.info))
    return {"applied": applied}


def _directory() -> Path:
    """The repository's own where this file is in one, else the copy that the build put beside it."""
    repository = Path(__file__).parents[2] / "migrations"
    return repository if repository.is_dir() else Path(__file__).parent / "migrations"
