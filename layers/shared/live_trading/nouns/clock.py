"""The one source of time: passed to whatever needs it, never read on the side."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """Says what time it is."""

    def now(self) -> datetime:
        """The current moment, timezone-aware UTC."""
        ...
