"""How often Python looks for circles of objects that nobody can reach any more."""

from __future__ import annotations

import gc

# So many new objects that hold others come between two looks, some ten megabytes; Python's own 700 are for programs
# that make circles. Here reference counts free nearly everything at once, and looking through all that a run holds,
# again and again while it grows, took a quarter of its time.
_YOUNG, _MIDDLE, _OLD = 100_000, 20, 50


def collect_seldom() -> None:
    """For this process; a second call changes nothing."""
    gc.set_threshold(_YOUNG, _MIDDLE, _OLD)
