"""A stack whose callers wait two seconds, with what is asked of it over the front door."""

from __future__ import annotations

import json
import os
import signal
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from aws_lambda_powertools.utilities import parameters

from live_trading.wiring.composition import Parts
from local.lambdas.template.intrinsics import REGION
from local.machine.patience import HANG_SECONDS
from local.stack.assembly import Stack, StackFacts
from tests.e2e.live_fixtures import LiveDesk, desk_on
from tests.waiting import await_true

ANSWER_WITHIN_SECONDS = 2
GATEWAY_SECONDS = 7.5
# Longer than the gateway waits, and shorter than the venue's client does.
VENUE_TAKES_SECONDS = 8.0


@dataclass(slots=True, kw_only=True)
class Hurried:
    """The front door of a stack that is in a hurry, and a strategy on the stack's own database."""

    desk: LiveDesk
    directory: Path

    def ask(self, method: str, path: str, body: object = None, *, key: str | None = None) -> httpx.Response:
        """One request of the operator; it has to be answered before the gateway gives up."""
        headers = _operator(self.desk.stack)
        headers |= {} if key is None else {"idempotency-key": key}
        began = time.monotonic()
        answer = httpx.request(
            method, self.desk.stack.front_door_url + path, json=body, headers=headers, timeout=HANG_SECONDS
        )
        assert time.monotonic() - began < GATEWAY_SECONDS, answer.text
        return answer

    def job(self, job_id: str) -> dict[str, Any]:
        found: dict[str, Any] = self.ask("GET", f"/api/jobs/{job_id}").json()
        return found

    def ended(self, job_id: str) -> dict[str, Any]:
        """The job once it has ended."""
        await_true(lambda: self.job(job_id)["ended_at"] is not None, f"job {job_id} has ended")
        return self.job(job_id)

    def begun(self, job_id: str) -> dict[str, Any]:
        """The job once a run has it."""
        await_true(lambda: self.job(job_id)["begun_at"] is not None, f"job {job_id} has begun")
        return self.job(job_id)

    def run(self) -> dict[str, Any]:
        """A pass of lt-execute that is asked for, once it has ended."""
        answer = self.ask("POST", "/api/lt/execute", key=a_key())
        return self.ended(answer.headers["location"].rsplit("/", 1)[1])

    def hand_on(self, job_id: str) -> dict[str, Any]:
        """The event of a job, once more."""
        answer = httpx.post(
            f"{self.desk.stack.host_url}/invoke/lt-execute", json={"job_request": job_id}, timeout=HANG_SECONDS
        )
        return dict(answer.json()["payload"])

    def orders(self) -> list[dict[str, Any]]:
        """Those of the desk's own strategy."""
        return [order for order in self.desk.orders() if order["lt_strategy_id"] == self.desk.lt_strategy_id]

    def log_lines(self, function: str) -> list[dict[str, Any]]:
        """What the function has logged as JSON, in all its execution environments."""
        lines: list[dict[str, Any]] = []
        for log in sorted((self.directory / "logs").glob(f"{function}*.log")):
            lines += [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]
        return lines

    def kill(self, function: str) -> None:
        """Every process of a function of this stack dies in the middle of what it does."""
        wanted = f"AWS_LAMBDA_FUNCTION_NAME=live-trading-{function}\0"
        ours = f"DATABASE_URL={self.desk.stack.settings['DATABASE_URL']}\0"
        for place in Path("/proc").glob("[0-9]*"):
            try:
                environment = (place / "environ").read_bytes().decode(errors="replace")
            except OSError:
                continue
            if wanted in environment and ours in environment:
                os.kill(int(place.name), signal.SIGKILL)


@pytest.fixture(scope="module")
def hurried_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[StackFacts, Path]]:
    directory: Path = tmp_path_factory.mktemp("hurried")
    parameters.clear_caches()  # type: ignore[no-untyped-call]
    with Stack(
        directory=directory,
        front_door_port=None,
        exchange_options={"traders": 0},
        parameters={"AnswerWithinSeconds": str(ANSWER_WITHIN_SECONDS)},
        gateway_seconds=GATEWAY_SECONDS,
    ) as facts:
        with ThreadPoolExecutor(4) as pool:
            # The one that is asked and the one that it hands on to, warm.
            for warmed in [pool.submit(_invoked, facts, function) for function in ("lt-execute", "lt-resolve") * 2]:
                warmed.result()
        httpx.get(f"{facts.front_door_url}/api/jobs", headers=_operator(facts), timeout=HANG_SECONDS).raise_for_status()
        yield facts, directory


@pytest.fixture
def hurried(hurried_stack: tuple[StackFacts, Path], monkeypatch: pytest.MonkeyPatch) -> Iterator[Hurried]:
    """A strategy of its own for each test; those of the tests before it are at rest."""
    stack, directory = hurried_stack
    for name, value in {
        "AWS_ENDPOINT_URL": stack.aws_endpoint_url,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
    }.items():
        monkeypatch.setenv(name, value)
    parts = Parts(stack.settings)
    with parts.database.transaction() as transaction:
        transaction.execute("UPDATE lt_strategies SET is_active = FALSE")
    desk = desk_on(stack, parts, stack.database_url)
    yield Hurried(desk=desk, directory=directory)
    desk.clear_faults()
    parts.database.close()


def _operator(stack: StackFacts) -> dict[str, str]:
    return {"authorization": f"Bearer {stack.operator_token}"}


def _invoked(stack: StackFacts, function: str) -> None:
    httpx.post(f"{stack.host_url}/invoke/{function}", json={}, timeout=HANG_SECONDS).raise_for_status()


def a_key() -> str:
    return uuid.uuid4().hex
