"""The replay's clock: the only time that the simulated venue knows, and the actions due on it.

Not responsible for how fast it goes; `local.exchange.control` steps it or lets it run.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable

Action = Callable[[], None]


class TimelineWentBackwards(ValueError):
    """The replay was asked to go to a time before its present."""


class Timeline:
    """Milliseconds since the epoch, standing still until it is advanced."""

    def __init__(self, start_ms: int) -> None:
        self._now_ms = start_ms
        self._speed = 0.0
        self._due: list[tuple[int, int, Action]] = []
        self._order = itertools.count()

    def now_ms(self) -> int:
        """The present of the replay; while an action runs, the time it was due at."""
        return self._now_ms

    @property
    def speed(self) -> float:
        """Replay seconds per real second; 0 is paused."""
        return self._speed

    @speed.setter
    def speed(self, speed: float) -> None:
        if not 0 <= speed <= 10_000:
            raise ValueError(f"a replay speed is between 0 and 10000: {speed!r}")
        self._speed = speed

    def call_at(self, at_ms: int, action: Action) -> None:
        """Run `action` when the replay reaches `at_ms`; actions of one time run in the order they were given.

        A time that is already past is run by the next advance.
        """
        heapq.heappush(self._due, (at_ms, next(self._order), action))

    def advance_to(self, ms: int) -> None:
        """Go to `ms`, running every action that falls due on the way, those they add included.

        An action that raises stops the advance at its time; the later ones stay due.
        Raises TimelineWentBackwards for a time before the present.
        """
        if ms < self._now_ms:
            raise TimelineWentBackwards(f"the replay is at {self._now_ms}, not before {ms}")
        while self._due and self._due[0][0] <= ms:
            at_ms, _, action = heapq.heappop(self._due)
            self._now_ms = max(self._now_ms, at_ms)
            action()
        self._now_ms = ms
