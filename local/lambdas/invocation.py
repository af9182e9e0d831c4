"""One invocation of a function and what came of it, as the platform words it."""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from dataclasses import dataclass, field
from enum import StrEnum

MAX_PAYLOAD_BYTES = 6 * 1024 * 1024 + 100


class ErrorType(StrEnum):
    """Errors that the platform reports on behalf of a function that could not."""

    EXIT = "Runtime.ExitError"
    TIMED_OUT = "Sandbox.Timedout"
    RESPONSE_TOO_LARGE = "Function.ResponseSizeTooLarge"


class TooManyRequests(Exception):
    """The function runs as often at once as it may; the event was not taken."""


class RequestTooLarge(Exception):
    """The event is larger than a synchronous invocation may carry."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What an invocation came to. `payload` is the handler's answer, or the error document.

    `milliseconds` counts from the handing over of the event; `init_milliseconds` is None for a warm start.
    """

    request_id: str
    is_error: bool
    payload: bytes
    milliseconds: float
    init_milliseconds: float | None
    log: str


def _answer() -> asyncio.Future[tuple[bool, bytes]]:
    return asyncio.get_running_loop().create_future()


@dataclass(slots=True, kw_only=True)
class Invocation:
    """An event on its way through an execution environment; `answer` is whether it is an error, and the payload."""

    event: bytes
    timeout_seconds: float
    request_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    delivered: asyncio.Event = field(default_factory=asyncio.Event)
    answer: asyncio.Future[tuple[bool, bytes]] = field(default_factory=_answer)
    deadline_ms: int = 0

    def deliver(self) -> None:
        """Note that the runtime client has it: its time runs from now."""
        self.deadline_ms = int((time.time() + self.timeout_seconds) * 1000)
        self.delivered.set()


def error_document(kind: ErrorType, request_id: str, message: str) -> bytes:
    """The platform's own error document."""
    return json.dumps({"errorType": kind, "errorMessage": f"RequestId: {request_id} Error: {message}"}).encode()
