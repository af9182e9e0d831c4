"""Fires the template's schedules on the replay's clock: stepped, or beside a clock that runs by itself."""

from __future__ import annotations

import asyncio
import json
import logging
import uuid
from collections.abc import Sequence
from typing import Any

import httpx

from local.lambdas.functions import Functions
from local.lambdas.invocation import TooManyRequests
from local.lambdas.template.application import Schedule
from local.lambdas.template.schedules import Due, due_times, payload

_POLL_SECONDS = 0.25
_log = logging.getLogger(__name__)


class ReplayAway(Exception):
    """The replay's clock does not answer, or refuses to go where it should."""


class Scheduler:
    """The enabled schedules, first due where the replay stood when this was first asked."""

    def __init__(self, schedules: Sequence[Schedule], functions: Functions, *, control_url: str) -> None:
        self._schedules = schedules
        self._functions = functions
        self._http = httpx.AsyncClient(base_url=control_url, timeout=600)
        self._anchor_ms: int | None = None
        self._fired_until_ms = 0
        self._turn = asyncio.Lock()
        self._free_run: asyncio.Task[None] | None = None

    async def step_to(self, to_ms: int) -> list[dict[str, Any]]:
        """Go to `to_ms`, stopping the clock at each due time to invoke what is due, one after the other.

        Nothing is begun before what was begun earlier has ended. That may take time on the replay's clock too: what
        falls due meanwhile is late, and where the last one ends after `to_ms` the clock stays there.
        """
        async with self._turn:
            fired = []
            for due in await self._due_up_to(to_ms):
                await self._reach(due.at_ms)
                fired.append(await self._fire(due))
            await self._reach(to_ms)
            return fired

    async def run_freely(self, *, is_on: bool) -> None:
        """Start or stop following a clock that runs by itself. Firings that were missed are not made up for."""
        if self._free_run is not None:
            self._free_run.cancel()
            self._free_run = None
        if is_on:
            self._free_run = asyncio.ensure_future(self._follow())

    async def close(self) -> None:
        await self.run_freely(is_on=False)
        await self._http.aclose()

    async def _follow(self) -> None:
        while True:
            try:
                async with self._turn:
                    latest = {due.index: due for due in await self._due_up_to(await self.now_ms())}
                    for due in sorted(latest.values()):
                        await self._fire(due)
            except ReplayAway as error:
                _log.warning("%s", error)
            await asyncio.sleep(_POLL_SECONDS)

    async def _due_up_to(self, to_ms: int) -> list[Due]:
        if self._anchor_ms is None:
            self._anchor_ms = await self.now_ms()
            self._fired_until_ms = self._anchor_ms - 1
        found = due_times(
            [schedule.period_ms for schedule in self._schedules],
            anchor_ms=self._anchor_ms,
            after_ms=self._fired_until_ms,
            to_ms=to_ms,
        )
        self._fired_until_ms = max(self._fired_until_ms, to_ms)
        return found

    async def _fire(self, due: Due) -> dict[str, Any]:
        schedule = self._schedules[due.index]
        event = payload(schedule.input, at_ms=due.at_ms, execution_id=str(uuid.uuid4()))
        function = self._functions.find(schedule.function)
        fired: dict[str, Any] = {"function": function.spec.name, "at_ms": due.at_ms}
        try:
            outcome = await function.invoke(event.encode())
        except TooManyRequests as error:
            return {**fired, "status": "throttled", "error": {"errorMessage": str(error)}}
        if not outcome.is_error:
            return {**fired, "status": "ok", "milliseconds": round(outcome.milliseconds, 3)}
        _log.error("%s failed at %s: %s", function.spec.name, due.at_ms, outcome.payload.decode(errors="replace"))
        return {**fired, "status": "error", "error": json.loads(outcome.payload)}

    async def now_ms(self) -> int:
        """Where the replay stands. Raises ReplayAway."""
        return int((await self._ask("GET", "/clock"))["now_ms"])

    async def _reach(self, at_ms: int) -> None:
        await self._ask("POST", "/clock/advance", {"to_ms": max(at_ms, await self.now_ms())})

    async def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        try:
            return (await self._http.request(method, path, json=body)).raise_for_status().json()
        except httpx.HTTPStatusError as error:
            raise ReplayAway(f"the replay's clock refused: {error.response.text}") from error
        except httpx.HTTPError as error:
            raise ReplayAway(f"the replay's clock is away: {error!r}") from error
