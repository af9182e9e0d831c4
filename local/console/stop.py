"""`make stop`: ends the stack that is up, wherever it was started, and clears what a killed one left. Safe to repeat.

Exit status 0 where none is up any more, 1 where something of it could not be ended.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from local.chain.process import end_leftover
from local.console.progress import measured
from local.machine.ports import is_listening
from local.machine.scratch import remove_what_was_left
from local.stack.facts import DEFAULT_DIRECTORY, NoStack, StackFacts, forget_facts, has_facts, read_facts
from local.stack.lock import holder, is_held

# In good order it takes some seconds; a process that hangs or is suspended takes none of it in.
ORDERLY_SECONDS = 30.0
KILLED_SECONDS = 10.0
_LOOK_SECONDS = 0.1


def main() -> int:
    """Ends it, and says so."""
    parser = argparse.ArgumentParser(prog="make stop", description=__doc__)
    parser.add_argument("--directory", type=Path, default=DEFAULT_DIRECTORY, help="the stack's directory")
    return stop(parser.parse_args().directory.resolve())


def stop(directory: Path, *, orderly_seconds: float = ORDERLY_SECONDS) -> int:
    """The exit status; prints what was done."""
    facts, was_up = _facts(directory), is_held(directory)
    if was_up and not _ended(directory, orderly_seconds):
        print(f"The stack in {directory} does not end: process {holder(directory)}.", file=sys.stderr)
        return 1
    if not was_up and not has_facts(directory):
        print(f"No stack is up in {directory}: nothing to stop.")
        return 0
    left = _clear(directory, facts)
    for line in left:
        print(line, file=sys.stderr)
    print("The stack has stopped." if was_up else "What a killed stack had left is cleared.")
    return 1 if left else 0


def _facts(directory: Path) -> StackFacts | None:
    """None where there are none, or where a killed process has left half of them."""
    try:
        return read_facts(directory)
    except NoStack:
        return None


def _ended(directory: Path, orderly_seconds: float) -> bool:
    """Ask its process to end, and kill it where it does not; the kernel ends its parts with it."""
    with measured("make stop", "stopping the stack"):
        for number, seconds in ((signal.SIGTERM, orderly_seconds), (signal.SIGKILL, KILLED_SECONDS)):
            process = holder(directory)
            if process is not None:
                with suppress(ProcessLookupError):
                    os.kill(process, number)
                    # One that is suspended hears nothing else.
                    os.kill(process, signal.SIGCONT)
            if _came_true(lambda: not is_held(directory), seconds):
                return True
    return False


def _clear(directory: Path, facts: StackFacts | None) -> list[str]:
    """Remove what a killed one leaves; a line for each part that still answers."""
    end_leftover(directory / "chain" / "anvil.json")
    remove_what_was_left()
    forget_facts(directory)
    if facts is None:
        return []
    _came_true(lambda: not any(map(is_listening, facts.ports().values())), KILLED_SECONDS)
    return [
        f"{name} still answers at port {port}: end its process by hand"
        for name, port in facts.ports().items()
        if is_listening(port)
    ]


def _came_true(condition: Callable[[], bool], seconds: float) -> bool:
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() >= until:
            return False
        time.sleep(_LOOK_SECONDS)
    return True


if __name__ == "__main__":
    sys.exit(main())
