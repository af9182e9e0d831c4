"""`make invoke` runs one function on a stack that is up, and says clearly when it cannot."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from local.machine.env import ROOT
from local.stack.assembly import StackFacts
from local.stack.facts import write_facts

pytestmark = pytest.mark.e2e


def invoke(directory: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "local.invoke", *arguments, "--stack", str(directory)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": f"{ROOT / 'layers/shared'}{os.pathsep}{ROOT}"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def directory(tmp_path: Path, stack: StackFacts) -> Path:
    write_facts(stack, tmp_path)
    return tmp_path


def test_the_answer_is_printed_and_the_functions_log_beside_it(directory: Path) -> None:
    done = invoke(directory, "migrate")

    assert done.returncode == 0
    assert isinstance(json.loads(done.stdout), dict)
    assert "REPORT RequestId" in done.stderr


def test_an_unknown_function_is_refused_with_those_there_are(directory: Path) -> None:
    done = invoke(directory, "lt-excute")

    assert done.returncode == 2
    assert "no function lt-excute; there are strategy-api, lt-execute," in done.stderr


def test_an_event_that_is_not_json_is_refused(directory: Path, tmp_path: Path) -> None:
    (tmp_path / "event.json").write_text("{")

    done = invoke(directory, "migrate", "--event", str(tmp_path / "event.json"))

    assert done.returncode == 2
    assert "is not JSON" in done.stderr


def test_without_a_stack_it_says_how_to_start_one(tmp_path: Path) -> None:
    done = invoke(tmp_path, "migrate")

    assert done.returncode == 2
    assert "make run KEEP=1" in done.stderr


def test_without_a_function_it_says_how_to_name_one(tmp_path: Path) -> None:
    done = invoke(tmp_path, "")

    assert done.returncode == 2
    assert "make invoke FUNCTION=lt-execute" in done.stderr
