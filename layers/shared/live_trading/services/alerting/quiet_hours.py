"""When nobody is to be woken: a span of the day in a named zone, over midnight too."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, tzinfo


@dataclass(frozen=True, slots=True, kw_only=True)
class QuietHours:
    """From `begin` up to, not including, `end`, by the clock of the zone; never where the two are the same."""

    begin: time
    end: time
    zone: tzinfo

    def hold(self, now: datetime) -> bool:
        """Whether it is quiet now."""
        local = now.astimezone(self.zone).time().replace(tzinfo=None)
        if self.begin <= self.end:
            return self.begin <= local < self.end
        return local >= self.begin or local < self.end
