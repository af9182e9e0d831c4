"""What a caller waits for, but not for ever: it is done beside him, and left to others when his time is up."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, wait
from typing import TypeVar

from live_trading.nouns.chance import Chance

_Done = TypeVar("_Done")


class NotInTime(Exception):
    """It goes on by itself, or stops where its invocation does; whoever waits no longer leaves it to a run."""


def in_time(act: Callable[[], _Done], *, chance: Chance, seconds: float) -> _Done:
    """What `act` returns or raises, where that takes no longer; else raises NotInTime.

    `act` must be safe to be killed anywhere and to be gone on with by others: when the caller is answered, its
    invocation is over, and what is left of it may go on minutes later or never.
    """
    beside = chance.side_by_side(1)
    done = beside.submit(act)
    beside.shutdown(wait=False)
    wait([done], timeout=max(seconds, 0), return_when=FIRST_COMPLETED)
    if not done.done():
        raise NotInTime
    return done.result()
