"""Children of the stack are watched, reported well when they fail, and never left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.machine.env import ROOT, python_part
from local.machine.patience import HANG_SECONDS
from local.machine.processes import Part, PartFailed, Processes
from tests.waiting import await_true

pytestmark = pytest.mark.integration

FAMILY = """
import os, signal, sys, time
from pathlib import Path
from local.machine.env import python_part
from local.machine.processes import Processes, signals_as_exit

directory = Path(sys.argv[1])
grandchild = "import time, pathlib, os, sys; pathlib.Path(sys.argv[1]).write_text(str(os.getpid())); time.sleep(600)"
child = f'''
import subprocess, sys, time
subprocess.Popen([sys.executable, "-c", {grandchild!r}, sys.argv[1] + "/grandchild"])
open(sys.argv[1] + "/child", "w").write(str(__import__("os").getpid()))
time.sleep(600)
'''
# A shell that starts this in the background has it ignore the interrupt, and nohup the end of its terminal.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)
with signals_as_exit(), Processes(directory) as processes:
    processes.start(python_part("child", "-c", child, str(directory), remedy="none"))
    time.sleep(600)
"""


@pytest.fixture
def processes(tmp_path: Path) -> Iterator[Processes]:
    with Processes(tmp_path / "logs") as started:
        yield started


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that has ended and waits to be reaped does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def pid_in(file: Path) -> int:
    await_true(lambda: file.exists() and file.read_text() != "", f"{file} is written")
    return int(file.read_text())


def family(directory: Path) -> tuple[subprocess.Popen[bytes], int, int]:
    """A parent that holds a child, which has one of its own; the last two as process ids."""
    parent = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(FAMILY), str(directory)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": f"{ROOT / 'layers/shared'}{os.pathsep}{ROOT}"},
    )
    return parent, pid_in(directory / "child"), pid_in(directory / "grandchild")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_to_the_parent_ends_its_children_and_theirs(tmp_path: Path, number: signal.Signals) -> None:
    parent, child, grandchild = family(tmp_path)

    parent.send_signal(number)

    assert parent.wait(HANG_SECONDS) != 0
    await_true(lambda: not is_alive(child) and not is_alive(grandchild), "the children have ended")


def test_a_killed_parent_takes_its_children_with_it(tmp_path: Path) -> None:
    parent, child, grandchild = family(tmp_path)

    parent.kill()

    assert parent.wait(HANG_SECONDS) == -signal.SIGKILL
    await_true(lambda: not is_alive(child), "the child has ended")
    os.kill(grandchild, signal.SIGKILL)


def test_a_part_that_ends_early_is_reported_with_its_last_words_and_what_to_do(processes: Processes) -> None:
    part = python_part("oven", "-c", "print('no gas'); raise SystemExit(3)", remedy="pay the bill.")

    with pytest.raises(PartFailed) as failure:
        processes.start(part).wait_until(lambda: False, seconds=HANG_SECONDS)

    message = str(failure.value)
    assert message.startswith("oven ended with exit status 3 before it was ready.")
    assert "oven.log:\n    no gas\n" in message
    assert message.endswith("What to do: pay the bill.")


def test_a_part_that_is_not_ready_in_time_is_reported(processes: Processes) -> None:
    child = processes.start(python_part("oven", "-c", "import time; time.sleep(600)", remedy="wait."))

    with pytest.raises(PartFailed, match=r"oven was not ready after 0\.1 s"):
        child.wait_until(lambda: False, seconds=0.1)

    child.stop()
    assert not child.is_running()


def test_a_program_that_is_missing_is_reported(processes: Processes, tmp_path: Path) -> None:
    part = Part(name="oven", command=["no-such-program"], environment={}, directory=tmp_path, remedy="buy one.")

    with pytest.raises(PartFailed, match=r"oven cannot be run: .*no-such-program.*\nWhat to do: buy one\."):
        processes.start(part)


def test_a_part_that_ignores_the_stop_signal_is_killed(processes: Processes) -> None:
    stubborn = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(600)"
    )
    child = processes.start(python_part("oven", "-c", stubborn, remedy="pull the plug."))
    child.wait_for_line("deaf", seconds=HANG_SECONDS)

    child.stop(seconds=0.2)

    assert not child.is_running()


def test_a_part_that_died_is_noticed(processes: Processes) -> None:
    child = processes.start(python_part("oven", "-c", "import time; time.sleep(600)", remedy="light it again."))

    child.kill()

    with pytest.raises(PartFailed, match="oven ended with signal SIGKILL"):
        processes.check_running()
