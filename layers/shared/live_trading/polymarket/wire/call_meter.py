"""Counts the calls of one account to the venue: how long each took, and how many came to nothing.

A refusal is an answer; a failure is none, or one that says to come back later.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock

from live_trading.nouns.errors import MalformedAnswer, OutcomeUnknown, RetryLater

_MILLISECONDS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredCalls:
    """Calls since the last time that somebody asked: milliseconds each, and how many failed."""

    latencies: tuple[int, ...]
    failed: int


class CallMeter:
    """One account's calls, of which several may be under way at once."""

    def __init__(self, elapsed: Callable[[], float]) -> None:
        """`elapsed` tells seconds that only ever grow."""
        self._elapsed = elapsed
        self._latencies: list[int] = []
        self._failed = 0
        self._lock = Lock()

    @contextmanager
    def call(self) -> Iterator[None]:
        """Measures the block as one call; what it raises passes through."""
        began = self._elapsed()
        try:
            yield
        except (RetryLater, MalformedAnswer, OutcomeUnknown):
            self.note_failure()
            raise
        finally:
            took = round((self._elapsed() - began) * _MILLISECONDS)
            with self._lock:
                self._latencies.append(took)

    def note_failure(self) -> None:
        """The call that was measured last came to nothing, though it raised nothing."""
        with self._lock:
            self._failed += 1

    def take(self) -> MeasuredCalls:
        """What was measured, and starts anew."""
        with self._lock:
            taken = MeasuredCalls(latencies=tuple(self._latencies), failed=min(self._failed, len(self._latencies)))
            self._latencies, self._failed = [], 0
        return taken
