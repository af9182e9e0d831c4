"""migrate: applies the database migrations; invoked by hand or by the deployment, never on a schedule."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from live_trading.store.database.migrations import migrate, read_migrations
from live_trading.wiring.composition import Parts

parts = Parts()


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Applies what is new and says what that was. A file that does not fit raises, and nothing is applied."""
    applied = migrate(parts.database, read_migrations(_directory()))
    return {"applied": applied}


def _directory() -> Path:
    """The repository's own where this file is in one, else the copy that the build put beside it."""
    repository = Path(__file__).parents[2] / "migrations"
    return repository if repository.is_dir() else Path(__file__).parent / "migrations"
