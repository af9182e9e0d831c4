"""The last look at every part, repeated for some seconds: anybody may ask, as often as he likes, whether we are up."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from live_trading.nouns.clock import Clock
from live_trading.nouns.errors import RetryLater
from live_trading.services.watching.checkup import HealthReport

REPEATED_FOR = timedelta(seconds=15)


class RecentLook:
    """Keeps the newest report of one execution environment."""

    def __init__(self, *, look: Callable[[], HealthReport], clock: Clock) -> None:
        self._look = look
        self._clock = clock
        self._last: tuple[HealthReport, datetime] | None = None

    def look(self) -> HealthReport:
        """A fresh report, which is the one that is repeated from now on."""
        report, now = self._look(), self._now()
        self._last = None if now is None else (report, now)
        return report

    def seen(self) -> HealthReport:
        """The newest report where it is younger than REPEATED_FOR, else a fresh one."""
        now = self._now()
        if self._last is not None and now is not None:
            report, at = self._last
            if timedelta(0) <= now - at < REPEATED_FOR:
                return report
        return self.look()

    def _now(self) -> datetime | None:
        """None where the clock is away, which the report then says."""
        try:
            return self._clock.now()
        except RetryLater:
            return None
