"""Which of the points at which a process can die are tried.

`make test` tries the first, the last and every third between; CRASH_POINTS=effects in the environment tries each, and
CRASH_POINTS=all also those at which something was only asked, where dying is dying after the effect before it.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TypeVar

ASKED = os.environ.get("CRASH_POINTS", "")
EVERY_QUESTION = ASKED == "all"
STRIDE = 1 if ASKED in ("effects", "all") else 3


T = TypeVar("T")


def tried(points: Sequence[T]) -> list[T]:
    """The points of one scenario that are tried, in their order."""
    return [each for number, each in enumerate(points) if number % STRIDE == 0 or number == len(points) - 1]
