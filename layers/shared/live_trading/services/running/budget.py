"""How long a run may still go on: it leaves in good order before the time-out that would kill it in the middle.

The time is the invocation's own, as its context tells it, so that a clock that is wrong or stepped does not matter.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from math import inf

from live_trading.nouns.clock import Clock

# Kept back for what ends a run: the answers of what is on its way, the last commit, the report.
RESERVE_SECONDS = 8.0


@dataclass(frozen=True, slots=True)
class Budget:
    """Asked before each part: whether a step that may take so long can still be begun."""

    seconds_left: Callable[[], float]

    @classmethod
    def unlimited(cls) -> Budget:
        """For a caller that nobody kills."""
        return cls(lambda: inf)

    @classmethod
    def of_invocation(
        cls, remaining_milliseconds: Callable[[], int], reserve_seconds: float = RESERVE_SECONDS
    ) -> Budget:
        """From the function that an invocation's context tells its remaining time by, less what ends the run."""
        return cls(lambda: remaining_milliseconds() / 1000 - reserve_seconds)

    @classmethod
    def until(cls, clock: Clock, ends_at: datetime) -> Budget:
        """Up to a moment of a clock."""

        def seconds_left() -> float:
            return (ends_at - clock.now()).total_seconds()

        return cls(seconds_left)

    def has(self, seconds: float) -> bool:
        """Whether at least so much time is left."""
        return self.seconds_left() >= seconds

    def keeping(self, seconds: float) -> Budget:
        """The budget of a step that leaves so much to those behind it."""
        return Budget(lambda: self.seconds_left() - seconds)

    def within(self, elapsed: Callable[[], float], seconds: float) -> Budget:
        """The budget of a step that begins now and may take no longer than this; `elapsed` only grows."""
        ends_at = elapsed() + seconds
        return Budget(lambda: min(self.seconds_left(), ends_at - elapsed()))
