"""Says how far something is and how long it still takes, where it takes longer than ten seconds.

On a terminal one line that is written over, else a line each ten seconds. Uses nothing but the standard library.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

from local.console import durations

QUIET_SECONDS = 10.0
# Before this share the pace is guessed from too little.
TELLING_SHARE = 0.05
_REDRAW_SECONDS = 0.5
_CLEAR = "\r\x1b[K"


def remaining(elapsed: float, share: float | None, usual: float | None) -> float | None:
    """Seconds that are left: by the pace of what is done, else by the last time; None where neither is known."""
    if share is not None and share >= TELLING_SHARE:
        return elapsed * (1 - share) / share
    return None if usual is None or elapsed >= usual else usual - elapsed


def spoken(seconds: float) -> str:
    """A span as a person says it."""
    whole = round(seconds)
    if whole < 100:
        return f"{whole} s"
    if whole < 5_940:
        return f"{round(whole / 60)} min"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


class Progress:
    """One thing that takes time. May be told as often as one likes, from any thread."""

    def __init__(
        self,
        what: str,
        *,
        usual: float | None = None,
        out: TextIO | None = None,
        elapsed: Callable[[], float] = time.monotonic,
    ) -> None:
        """`usual` are the seconds of the last time; `elapsed` are seconds that only grow."""
        self.is_to_be_kept = True
        self._what = what
        self._usual = usual
        self._out = sys.stdout if out is None else out
        self._elapsed = elapsed
        self._began = elapsed()
        self._share: float | None = None
        self._note = ""
        self._said_at = self._began
        self._is_drawn = False
        self._turn = threading.Lock()

    @property
    def seconds(self) -> float:
        """Since it began."""
        return self._elapsed() - self._began

    def tell(self, share: float | None = None, note: str = "") -> None:
        """Say how far it is, if it is time to; `share` is done of it, 0..1, and stays until another is told."""
        with self._turn:
            self._share = self._share if share is None else share
            self._note = note or self._note
            now, is_terminal = self._elapsed(), self._out.isatty()
            if now - self._began < QUIET_SECONDS and not is_terminal:
                return
            if now - self._said_at < (_REDRAW_SECONDS if is_terminal else QUIET_SECONDS):
                return
            self._said_at = now
            start, end = (_CLEAR, "") if is_terminal else ("", "\n")
            print(f"{start}{self._line()}", end=end, file=self._out, flush=True)
            self._is_drawn = is_terminal

    def line(self, text: str) -> None:
        """Write a line of something else, which must not be written into ours."""
        with self._turn:
            self._wipe()
            print(text, file=self._out, flush=True)

    def forget(self) -> None:
        """It came to nothing, and how long that took is no measure for the next time."""
        self.is_to_be_kept = False

    def end(self) -> None:
        """Take the line away."""
        with self._turn:
            self._wipe()

    def _wipe(self) -> None:
        if self._is_drawn:
            print(_CLEAR, end="", file=self._out, flush=True)
            self._is_drawn = False

    def _line(self) -> str:
        seconds = self.seconds
        done = f"{self._share:.0%} after {spoken(seconds)}" if self._share is not None else spoken(seconds)
        left = remaining(seconds, self._share, self._usual)
        if left is not None:
            rest = f", about {spoken(left)} left"
        else:
            rest = "" if self._usual is None else f", it took {spoken(self._usual)} the last time"
        note = f" ({self._note})" if self._note else ""
        return f"  {self._what}: {done}{rest}{note}"


@contextmanager
def measured(name: str, what: str, *, file: TextIO | None = None) -> Iterator[Progress]:
    """Progress over the block, told by itself, with the last time as its measure; the next one has this one's.

    Only a block that comes to its end without an error is remembered.
    """
    progress = Progress(what, usual=durations.last(name), out=file)
    is_over = threading.Event()

    def beat() -> None:
        while not is_over.wait(_REDRAW_SECONDS):
            progress.tell()

    beating = threading.Thread(target=beat, name="progress", daemon=True)
    beating.start()
    try:
        yield progress
        if progress.is_to_be_kept:
            durations.keep(name, progress.seconds)
    finally:
        is_over.set()
        beating.join()
        progress.end()
