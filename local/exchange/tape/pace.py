"""What moves the replay: real time at its speed while it runs freely, else the time that requests take at the venue.

A stepped replay goes by this model of the venue's time and not by the machine's, so that it comes out the same however
fast or loaded the machine is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from starlette.types import ASGIApp, Receive, Scope, Send

from local.exchange.tape.timeline import Timeline

STEP_SECONDS = 0.02


class Pacer:
    """Advances a timeline while its speed is above zero; costs nothing while it is paused."""

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self._is_moving = asyncio.Event()
        self.set_speed(timeline.speed)

    def set_speed(self, speed: float) -> None:
        """Replay seconds per real second from now on; ValueError outside 0 to 10000."""
        self._timeline.speed = speed
        if speed > 0:
            self._is_moving.set()
        else:
            self._is_moving.clear()

    async def run(self) -> None:
        """Keep pace for ever; an error of an action on the timeline ends it."""
        loop = asyncio.get_running_loop()
        while True:
            await self._is_moving.wait()
            stepped_at, owed_ms = loop.time(), 0.0
            while self._is_moving.is_set():
                await asyncio.sleep(STEP_SECONDS)
                now = loop.time()
                owed_ms += (now - stepped_at) * 1000 * self._timeline.speed
                stepped_at = now
                whole_ms = int(owed_ms)
                owed_ms -= whole_ms
                self._timeline.advance_to(self._timeline.now_ms() + whole_ms)


class TakesTime:
    """A port whose answers come some replay time after their requests, in which whatever falls due happens.

    While the replay runs freely it is real time that passes, and nothing is added.
    """

    def __init__(self, app: ASGIApp, timeline: Timeline, milliseconds: Callable[[str, str], int]) -> None:
        """`milliseconds` says what a request takes, by its method and path."""
        self._app = app
        self._timeline = timeline
        self._milliseconds = milliseconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        taken = self._milliseconds(scope["method"], scope["path"]) if scope["type"] == "http" else 0
        if taken and self._timeline.speed == 0:
            self._timeline.advance_to(self._timeline.now_ms() + taken)
        await self._app(scope, receive, send)
