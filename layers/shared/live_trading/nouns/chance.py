"""Everything of a run that its input does not decide: one value, handed in, so that a run can be repeated exactly."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Chance:
    """Ids, salts, stamps, measured time, and running side by side. What trading time it is says a Clock."""

    new_id: Callable[[], UUID]
    """An id that nobody has."""
    below: Callable[[int], int]
    """A whole number from 0 up to, not including, the bound."""
    wall_time: Callable[[], datetime]
    """The machine's own time, aware UTC: for stamps that the venue compares with its own clock."""
    elapsed: Callable[[], float]
    """Seconds that only ever grow."""
    side_by_side: Callable[[int], Executor]
    """Runs up to so many calls at once; used as a context manager."""
