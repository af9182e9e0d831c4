"""Waiting in tests: for a condition, with a deadline, never for a time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from local.machine.patience import HANG_SECONDS

_POLL_SECONDS = 0.005


def await_true(is_so: Callable[[], bool], what: str) -> None:
    """Return once `is_so`; AssertionError that names `what` was waited for if it does not come in time."""
    deadline = time.monotonic() + HANG_SECONDS
    pause = threading.Event()
    while not is_so():
        assert time.monotonic() < deadline, f"not in time: {what}"
        pause.wait(_POLL_SECONDS)
