"""Directories for data that is thrown away, in memory where there is room; those of killed processes are cleared."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_PREFIX = "live-trading-scratch-"
_MEMORY = Path("/dev/shm")
_ROOM_BYTES = 1 << 30


@contextmanager
def scratch_directory() -> Iterator[Path]:
    """A new directory of this process, removed at the end of the block."""
    parent = _MEMORY if _has_room(_MEMORY) else Path(tempfile.gettempdir())
    remove_what_was_left()
    directory = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-", dir=parent))
    try:
        yield directory
    finally:
        shutil.rmtree(directory)


def _has_room(place: Path) -> bool:
    return place.is_dir() and os.access(place, os.W_OK) and shutil.disk_usage(place).free > _ROOM_BYTES


def remove_what_was_left() -> None:
    """Remove the directories of processes that are gone."""
    for parent in {_MEMORY, Path(tempfile.gettempdir())}:
        for directory in parent.glob(f"{_PREFIX}*"):
            pid = int(directory.name.removeprefix(_PREFIX).partition("-")[0])
            # Another process may be at the same.
            with suppress(FileNotFoundError):
                if directory.stat().st_uid == os.geteuid() and not _is_alive(pid):
                    shutil.rmtree(directory)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
