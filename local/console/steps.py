"""`python -m local.console.steps NAME -- COMMAND…`: runs a command and says how long it still takes.

What the command writes is passed on as it comes, and its exit status is ours. Uses nothing but the standard library,
because the set-up runs by it.
"""

from __future__ import annotations

import signal
import subprocess
import sys

from local.console.progress import Progress, measured


def main(arguments: list[str]) -> int:
    """The command's exit status; 130 after an interrupt, 127 where it cannot be run, 2 where none is named."""
    name, separator, *command = arguments if len(arguments) > 2 else ["", "", ""]
    if separator != "--":
        print("usage: python -m local.console.steps NAME -- COMMAND…", file=sys.stderr)
        return 2
    try:
        with measured(name, name) as progress:
            status = _run(command, progress)
            if status:
                progress.forget()
    except OSError as error:
        print(f"{command[0]} cannot be run: {error.strerror}", file=sys.stderr)
        return 127
    return status


def _run(command: list[str], progress: Progress) -> int:
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, errors="replace") as running:
        assert running.stdout is not None
        try:
            for line in running.stdout:
                progress.line(line.rstrip("\n"))
        except KeyboardInterrupt:
            # The terminal has interrupted the command too.
            running.wait()
            return 130
        return _status(running.wait())


def _status(code: int) -> int:
    """As a shell tells it, where a signal ended the command."""
    return code if code >= 0 else 128 + signal.Signals(-code).value


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
