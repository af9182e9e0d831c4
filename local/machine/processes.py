"""Child processes of the one-machine stack: started in groups of their own, watched, and never left behind.

A child gets a signal from the kernel when its parent dies, however that happens; `Processes` stops them all
in an orderly way before. Not responsible for what the children are.
"""

from __future__ import annotations

import atexit
import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType, TracebackType
from typing import Self

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None
_POLL_SECONDS = 0.01
_STOP_SECONDS = 5.0
_TAIL_LINES = 15


class PartFailed(RuntimeError):
    """A part of the stack did not start or has ended; the message says which, why and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What to run. `remedy` is what the reader of a failure should try.

    `death_signal` is what the kernel sends it when the parent is gone; `user` is a uid and gid to become.
    """

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    directory: Path
    remedy: str
    stop_signal: signal.Signals = signal.SIGTERM
    death_signal: signal.Signals = signal.SIGKILL
    user: int | None = None


class Child:
    """A part that has been started. `log` holds what it wrote."""

    def __init__(self, part: Part, process: subprocess.Popen[bytes], log: Path) -> None:
        self.part = part
        self.log = log
        self._process = process
        self._began = time.monotonic()

    @property
    def pid(self) -> int:
        return self._process.pid

    def is_running(self) -> bool:
        return self._process.poll() is None

    def wait_until(self, is_ready: Callable[[], bool], *, seconds: float) -> None:
        """Return once `is_ready` says so; PartFailed if the part ends before, or is not ready in time."""
        deadline = self._began + seconds
        while not is_ready():
            status = self._process.poll()
            if status is not None:
                raise PartFailed(self._failure(f"ended with {_status_text(status)} before it was ready"))
            if time.monotonic() > deadline:
                raise PartFailed(self._failure(f"was not ready after {seconds:g} s"))
            time.sleep(_POLL_SECONDS)

    def wait_for_line(self, line: str, *, seconds: float) -> None:
        """Return once the part has written a line; PartFailed as for `wait_until`."""
        self.wait_until(lambda: line in self.log.read_text(errors="replace").splitlines(), seconds=seconds)

    def check_running(self) -> None:
        """PartFailed if the part has ended."""
        status = self._process.poll()
        if status is not None:
            raise PartFailed(self._failure(f"ended with {_status_text(status)}"))

    def request_stop(self) -> None:
        """Send the stop signal to the part's process group, without waiting."""
        self._signal(self.part.stop_signal)

    def stop(self, *, seconds: float = _STOP_SECONDS) -> None:
        """Stop the part and all that it started; killed if it takes longer than so many seconds."""
        self.request_stop()
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self._signal(signal.SIGKILL)
            self._process.wait()
        self._signal(signal.SIGKILL)

    def kill(self) -> None:
        """End the part at once, as the death of its parent would."""
        self._signal(self.part.death_signal)
        self._process.wait()

    def _signal(self, number: signal.Signals) -> None:
        try:
            os.killpg(self._process.pid, number)
        except (ProcessLookupError, PermissionError):
            # Nobody of the group is left (macOS says so with EPERM for a zombie).
            return

    def _failure(self, what: str) -> str:
        return f"{self.part.name} {what}.\n{_last_lines(self.log)}\nWhat to do: {self.part.remedy}"


class Processes:
    """All children of one owner. Leaving the block, or the interpreter, stops them."""

    def __init__(self, log_directory: Path) -> None:
        self._log_directory = log_directory
        self._children: list[Child] = []
        atexit.register(self.stop)

    def start(self, part: Part) -> Child:
        """Start a part without waiting for it; what it writes goes to `<name>.log`.

        PartFailed where the program is missing. To be called from the main thread only.
        """
        if threading.current_thread() is not threading.main_thread():
            # The kernel takes the end of the starting thread for the death of the parent.
            raise RuntimeError("children are started from the main thread")
        self._log_directory.mkdir(parents=True, exist_ok=True)
        log = self._log_directory / f"{part.name}.log"
        with log.open("ab") as output:
            try:
                process = subprocess.Popen(
                    part.command,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    cwd=part.directory,
                    env=dict(part.environment),
                    start_new_session=True,
                    user=part.user,
                    group=part.user,
                    extra_groups=None if part.user is None else [],
                    preexec_fn=dies_with_parent(part.death_signal),  # noqa: PLW1509 (no other thread forks)
                )
            except OSError as error:
                raise PartFailed(f"{part.name} cannot be run: {error}.\nWhat to do: {part.remedy}") from error
        child = Child(part, process, log)
        self._children.append(child)
        return child

    def check_running(self) -> None:
        """PartFailed if any part has ended."""
        for child in self._children:
            child.check_running()

    def forget(self, child: Child) -> None:
        """Stop watching a child that its owner has stopped; one that is not watched stays so."""
        self._children = [other for other in self._children if other is not child]

    def stop(self) -> None:
        """Stop all, the last started first."""
        atexit.unregister(self.stop)
        children, self._children = self._children[::-1], []
        for child in children:
            child.request_stop()
        for child in children:
            child.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


@contextmanager
def signals_as_exit() -> Iterator[None]:
    """Turn SIGTERM and SIGHUP into SystemExit inside the block, so that what is open is closed in order.

    A signal that is ignored stays so: under nohup a hangup ends nothing. Does nothing outside the main thread.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    heard = [each for each in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(each) is not signal.SIG_IGN]
    before = {number: signal.signal(number, _leave) for number in heard}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _leave(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 (the shape of a signal handler)
    raise SystemExit(128 + number)


def dies_with_parent(death_signal: signal.Signals) -> Callable[[], None] | None:
    """What a child runs before its program, so that the kernel signals it when its parent is gone.

    None where the system has no such thing.
    """
    libc = _LIBC
    if libc is None:
        return None
    parent = os.getpid()

    def prepare() -> None:
        if libc.prctl(_PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0) != 0 or os.getppid() != parent:
            os._exit(127)

    return prepare


def _status_text(status: int) -> str:
    return f"signal {signal.Signals(-status).name}" if status < 0 else f"exit status {status}"


def _last_lines(log: Path) -> str:
    lines = log.read_text(errors="replace").splitlines()[-_TAIL_LINES:]
    if not lines:
        return f"It wrote nothing to {log}."
    return "\n".join([f"The end of {log}:", *(f"    {line}" for line in lines)])
