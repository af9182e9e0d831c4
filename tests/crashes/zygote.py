"""A process that has everything imported and forks one child a job, which may be killed at a chosen boundary.

One JSON job a line on stdin: {"settings", "environment", "task", "arguments", "kill_after", "copies"}; one JSON line
back, a list with one answer a copy: {"effects": how many there were, or null where the child was killed, "error": what
it raised, or null}. An effect is a commit or a request that may change something outside; dying after a mere question
is dying after the effect before it, and counts only where `tests/kill_points.py` says so. `kill_after` 0 kills before
the first, n right after the n-th. Copies run at the same time.
"""

from __future__ import annotations

import functools
import json
import os
import signal
import ssl
import sys
from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID, uuid4

import boto3
import certifi
import httpx
import polymarket  # noqa: F401 - imported once for all children

from live_trading.api.once import Caller
from live_trading.api.routes.live.trading_routes import ClosePosition
from live_trading.store.database.postgres_session import Session, Statement
from live_trading.wiring.composition import Parts
from tests.kill_points import EVERY_QUESTION


class Effects:
    """Counts commits and requests, and dies where it was told to."""

    def __init__(self, kill_after: int | None, settings: dict[str, str]) -> None:
        self.count = 0
        self._kill_after = kill_after
        self._clock_url = settings["CLOCK_URL"]
        self._rpc_url = settings["RPC_URL"]

    def watch(self) -> None:
        if self._kill_after == 0:
            _die()
        commit, send = Session.commit, httpx.Client.send

        def watched_commit(session: Session, last: Sequence[Statement] = ()) -> None:
            commit(session, last)
            self._done()

        def watched_send(client: httpx.Client, request: httpx.Request, **options: Any) -> httpx.Response:
            answer = send(client, request, **options)
            if not self._is_question(request):
                self._done()
            return answer

        Session.commit = watched_commit  # type: ignore[method-assign]
        httpx.Client.send = watched_send  # type: ignore[method-assign]

    def _is_question(self, request: httpx.Request) -> bool:
        url = str(request.url)
        # The clock is this machine's stand-in for the system's, which is no request at all.
        if url.startswith(self._clock_url):
            return True
        if EVERY_QUESTION:
            return False
        return request.method == "GET" or url.endswith("/books") or url.startswith(self._rpc_url)

    def _done(self) -> None:
        self.count += 1
        if self.count == self._kill_after:
            _die()


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _execute(parts: Parts, _: dict[str, Any]) -> None:
    parts.executor(f"crash-{uuid4().hex[:8]}").run()


def close_position(parts: Parts, arguments: dict[str, Any]) -> None:
    """The sale by hand that `arguments` name."""
    actions = parts.trading_actions(f"crash-{uuid4().hex[:8]}")
    caller = Caller(owner_id="operator", idempotency_key=arguments["key"], request_hash="0" * 64)
    body = ClosePosition(shares=arguments["shares"])
    actions.close_position(caller, UUID(arguments["lt_strategy_id"]), arguments["token_id"], body)


TASKS: dict[str, Callable[[Parts, dict[str, Any]], None]] = {"execute": _execute, "close": close_position}


def _child(job: dict[str, Any], answer: int) -> None:
    os.environ.update(job["environment"])
    effects = Effects(job["kill_after"], job["settings"])
    effects.watch()
    error = None
    try:
        TASKS[job["task"]](Parts(job["settings"]), job["arguments"])
    except Exception as failure:  # noqa: BLE001 - told to the test, which expects none
        error = f"{type(failure).__name__}: {failure}"
    os.write(answer, json.dumps({"effects": effects.count, "error": error}).encode())
    os._exit(0)


def _warm_up() -> None:
    """What every child would else read from disk again: certificates and the models of AWS."""
    ssl.create_default_context = functools.cache(ssl.create_default_context)
    ssl.create_default_context(cafile=certifi.where())
    boto3.client("secretsmanager", region_name="us-east-1", aws_access_key_id="none", aws_secret_access_key="none")


def main() -> None:
    """Serves jobs until stdin ends."""
    _warm_up()
    print("ready", flush=True)
    for line in sys.stdin:
        job = json.loads(line)
        children = [_forked(job) for _ in range(job["copies"])]
        print(json.dumps([_answer(*child) for child in children]), flush=True)


def _forked(job: dict[str, Any]) -> tuple[int, int]:
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reader)
        _child(job, writer)
    os.close(writer)
    return pid, reader


def _answer(pid: int, reader: int) -> Any:
    with os.fdopen(reader) as answered:
        told = answered.read()
    os.waitpid(pid, 0)
    return json.loads(told) if told else {"effects": None, "error": None}


if __name__ == "__main__":
    main()
