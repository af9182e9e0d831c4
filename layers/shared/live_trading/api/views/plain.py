"""Values of the core as the text that an answer holds; what is not known stays null."""

from __future__ import annotations

from datetime import datetime


def text(value: object) -> str | None:
    """Its text."""
    return None if value is None else str(value)


def moment(value: datetime | None) -> str | None:
    """ISO 8601."""
    return None if value is None else value.isoformat()
