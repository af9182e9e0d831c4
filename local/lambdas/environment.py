"""An execution environment: one process of the runtime client, its place at the Runtime API, its log.

Started by the first event, kept warm, and replaced after a crash or a timeout.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import Awaitable
from pathlib import Path
from typing import Any, BinaryIO

from local.lambdas.invocation import ErrorType, Invocation, Outcome, error_document
from local.lambdas.template.application import FunctionSpec
from local.lambdas.template.variables import process_variables
from local.machine.processes import dies_with_parent

_INIT_SECONDS = 10.0
_LOG_TAIL_BYTES = 65_536


class Environment:
    """Runs one invocation at a time. The Runtime API serves it on `port`."""

    def __init__(
        self, spec: FunctionSpec, *, port: int, log: Path, aws_endpoint_url: str, lambda_endpoint_url: str
    ) -> None:
        self.is_busy = False
        self.spec = spec
        self._log = log
        self._variables = process_variables(
            spec, runtime_port=port, aws_endpoint_url=aws_endpoint_url, lambda_endpoint_url=lambda_endpoint_url
        )
        self._process: asyncio.subprocess.Process | None = None
        self._exit: asyncio.Future[int] | None = None
        self._inbox: asyncio.Queue[Invocation] = asyncio.Queue()
        self._current: Invocation | None = None
        self._init_error: bytes | None = None

    @property
    def is_warm(self) -> bool:
        return self._process is not None and self._process.returncode is None

    async def invoke(self, event: bytes) -> Outcome:
        """Hand an event to the process, a new one if need be, and wait for what comes of it."""
        self.is_busy = True
        try:
            with self._log.open("ab", buffering=0) as log:
                return await self._run(Invocation(event=event, timeout_seconds=self.spec.timeout_seconds), log)
        finally:
            self._current = None
            self.is_busy = False

    async def next_invocation(self) -> Invocation:
        """What the runtime client is to do next; waits until there is something."""
        return await self._inbox.get()

    def answer(self, request_id: str, payload: bytes, *, is_error: bool) -> bool:
        """Take the runtime client's answer; False if no such invocation is waiting for one."""
        current = self._current
        if current is None or current.request_id != request_id or current.answer.done():
            return False
        current.answer.set_result((is_error, payload))
        return True

    def init_failed(self, payload: bytes) -> None:
        """Take the runtime client's word that the handler cannot be loaded."""
        self._init_error = payload

    async def stop(self) -> None:
        """End the process, if there is one."""
        if self._process is None:
            return
        if self._process.returncode is None:
            os.killpg(self._process.pid, signal.SIGKILL)
        await self._process.wait()
        self._process = None

    async def _run(self, invocation: Invocation, log: BinaryIO) -> Outcome:
        log_start, began = log.tell(), time.monotonic()
        is_cold = not self.is_warm
        if is_cold:
            await self._spawn(log)
        log.write(f"START RequestId: {invocation.request_id} Version: $LATEST\n".encode())
        self._current = invocation
        self._inbox.put_nowait(invocation)
        await self._wait_for(invocation.delivered.wait(), _INIT_SECONDS + invocation.timeout_seconds)
        handed_over = time.monotonic()
        if invocation.delivered.is_set():
            await self._wait_for(asyncio.shield(invocation.answer), invocation.timeout_seconds)
        is_error, payload = await self._conclusion(invocation)
        milliseconds = (time.monotonic() - handed_over) * 1000
        init_milliseconds = (handed_over - began) * 1000 if is_cold else None
        log.write(_report(invocation.request_id, milliseconds, init_milliseconds))
        return Outcome(
            request_id=invocation.request_id,
            is_error=is_error,
            payload=payload,
            milliseconds=milliseconds,
            init_milliseconds=init_milliseconds,
            log=_text_from(self._log, log_start),
        )

    async def _spawn(self, log: BinaryIO) -> None:
        self._inbox = asyncio.Queue()
        self._init_error = None
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "awslambdaric", self.spec.handler),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=self.spec.code,
            env=self._variables,
            start_new_session=True,
            preexec_fn=dies_with_parent(signal.SIGKILL),
        )
        self._exit = asyncio.ensure_future(self._process.wait())

    async def _wait_for(self, wanted: Awaitable[Any], seconds: float) -> None:
        """Return when `wanted` is there, the process has ended, or the time is up."""
        assert self._exit is not None
        waiting = asyncio.ensure_future(wanted)
        await asyncio.wait({waiting, self._exit}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()

    async def _conclusion(self, invocation: Invocation) -> tuple[bool, bytes]:
        if invocation.answer.done():
            return invocation.answer.result()
        assert self._process is not None
        status = self._process.returncode
        await self.stop()
        request_id = invocation.request_id
        if status is None:
            limit = f"Task timed out after {invocation.timeout_seconds:.2f} seconds"
            return True, error_document(ErrorType.TIMED_OUT, request_id, limit)
        if self._init_error is not None:
            return True, self._init_error
        return True, error_document(ErrorType.EXIT, request_id, _exit_message(status))


def _exit_message(status: int) -> str:
    if status == 0:
        return "Runtime exited without providing a reason"
    how = f"exit status {status}" if status > 0 else f"signal: {signal.strsignal(-status)}".lower()
    return f"Runtime exited with error: {how}"


def _report(request_id: str, milliseconds: float, init_milliseconds: float | None) -> bytes:
    init = "" if init_milliseconds is None else f"\tInit Duration: {init_milliseconds:.2f} ms"
    return (
        f"END RequestId: {request_id}\nREPORT RequestId: {request_id}\tDuration: {milliseconds:.2f} ms{init}\n".encode()
    )


def _text_from(log: Path, start: int) -> str:
    with log.open("rb") as written:
        written.seek(max(start, log.stat().st_size - _LOG_TAIL_BYTES))
        return written.read().decode(errors="replace")
