"""The zygote as a fixture: runs a task against a desk in a process of its own, killed where the test says."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from local.lambdas.template.intrinsics import REGION
from local.machine.env import ROOT
from local.machine.patience import HANG_SECONDS
from tests.e2e.live_fixtures import LiveDesk


class Zygote:
    """One process that serves every crash of a session."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def run(self, desk: LiveDesk, task: str, *, kill_after: int | None = None, **arguments: Any) -> int | None:
        """How many effects the task had; None where it was killed. Raises AssertionError where it failed."""
        (answer,) = self.run_at_once(desk, task, copies=1, kill_after=kill_after, **arguments)
        assert answer["error"] is None
        effects: int | None = answer["effects"]
        return effects

    def run_at_once(
        self, desk: LiveDesk, task: str, *, copies: int, kill_after: int | None = None, **arguments: Any
    ) -> list[dict[str, Any]]:
        """The answers of so many processes that run the task at the same time."""
        job = {
            "settings": desk.settings,
            "environment": {
                "AWS_ENDPOINT_URL": desk.stack.aws_endpoint_url,
                "AWS_DEFAULT_REGION": REGION,
                "AWS_ACCESS_KEY_ID": "local",
                "AWS_SECRET_ACCESS_KEY": "local",
            },
            "task": task,
            "arguments": arguments,
            "kill_after": kill_after,
            "copies": copies,
        }
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(job) + "\n")
        self._process.stdin.flush()
        answers: list[dict[str, Any]] = json.loads(self._process.stdout.readline())
        return answers


@pytest.fixture(scope="session")
def zygote() -> Iterator[Zygote]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.crashes.zygote"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": f"{ROOT / 'layers/shared'}{os.pathsep}{ROOT}"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    yield Zygote(process)
    assert process.stdin is not None
    process.stdin.close()
    process.wait(HANG_SECONDS)
