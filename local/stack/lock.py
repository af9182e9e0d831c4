"""At most one stack a directory: a lock that the system gives back however its holder ends."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from local.machine.processes import PartFailed


class StackIsUp(PartFailed):
    """Another process runs a stack in this directory."""


@contextmanager
def stack_lock(directory: Path) -> Iterator[None]:
    """Hold the directory for one stack; StackIsUp names the process that does already."""
    directory.mkdir(parents=True, exist_ok=True)
    with (directory / "lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            raise StackIsUp(
                f"a stack is up in {directory} already (process {file.read().strip() or 'unknown'}).\n"
                "What to do: end it with `make stop`, or wait until it has finished."
            ) from error
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        try:
            yield
        finally:
            # So that nobody takes whoever gets this number next for the holder.
            file.truncate(0)


def holder(directory: Path) -> int | None:
    """The process that has a stack up, or on its way, in the directory; None where there is none."""
    if not is_held(directory):
        return None
    told = (directory / "lock").read_text().strip()
    return int(told) if told.isdigit() else None


def is_held(directory: Path) -> bool:
    """Whether some process has a stack up, or on its way, in the directory."""
    try:
        with (directory / "lock").open("r") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False
