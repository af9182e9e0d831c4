"""What a check is given, and what it is: it asks first, together with the others, and judges when all is told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias

from live_trading.services.watching.findings import Finding
from live_trading.services.watching.thresholds import HealthThresholds
from live_trading.store.database.connection import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One look at everything: at a moment, by these limits.

    `required_schema` is the newest migration that this code was made for, `stays` how long lt-execute stays by intent.
    """

    now: datetime
    limits: HealthThresholds
    required_schema: str | None = None
    stays: timedelta = timedelta()

    def since(self, limit: str) -> datetime:
        """The moment that lies that limit back."""
        return self.now - self.limits.span(limit)


Judge: TypeAlias = Callable[[], Sequence[Finding]]
Check: TypeAlias = Callable[[Transaction, Look], Judge]
