"""Chance as the machine has it; nothing else of the package reads a raw clock, a random number or starts a thread."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import replace
from datetime import UTC, datetime
from typing import ParamSpec, TypeVar
from uuid import uuid4

from live_trading.nouns.chance import Chance
from live_trading.nouns.clock import Clock

_Given = ParamSpec("_Given")
_Answer = TypeVar("_Answer")


class SideBySide(ThreadPoolExecutor):
    """Threads that know what is set for the code that starts them, and do not see each other's."""

    def submit(
        self, call: Callable[_Given, _Answer], /, *args: _Given.args, **kwargs: _Given.kwargs
    ) -> Future[_Answer]:
        context = copy_context()
        return super().submit(lambda: context.run(call, *args, **kwargs))


SYSTEM = Chance(
    new_id=uuid4,
    below=secrets.randbelow,
    wall_time=lambda: datetime.now(UTC),
    elapsed=time.monotonic,
    side_by_side=SideBySide,
)


class OneAfterTheOther(Executor):
    """Runs each call when it is given, so that effects come in the order of the program and in no other."""

    def submit(
        self, call: Callable[_Given, _Answer], /, *args: _Given.args, **kwargs: _Given.kwargs
    ) -> Future[_Answer]:
        """A future that is over, with the call's answer or with what it raised."""
        over: Future[_Answer] = Future()
        try:
            over.set_result(call(*args, **kwargs))
        except Exception as error:  # noqa: BLE001 (a future keeps whatever it is)
            over.set_exception(error)
        return over


def stepped(clock: Clock) -> Chance:
    """The machine's chance, but for what depends on its speed: how long calls take, and what is done first.

    Calls take as long as `clock` says, and nothing runs beside anything else. Ids and salts stay random: nothing that
    is decided may depend on them.
    """
    return replace(
        SYSTEM,
        elapsed=lambda: clock.now().timestamp(),
        side_by_side=lambda _: OneAfterTheOther(),
    )
