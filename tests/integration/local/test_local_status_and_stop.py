"""`make status` says how a kept stack stands, and `make stop` ends one wherever it was started, half dead or whole."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from local.console.standing import read_standing
from local.console.standing_text import text
from local.console.status import NONE_UP, NOT_WELL, UP, status
from local.console.stop import stop
from local.machine.env import ROOT
from local.machine.patience import HANG_SECONDS
from local.stack.assembly import StackFacts
from local.stack.facts import has_facts
from local.stack.lock import stack_lock
from tests.e2e.live_fixtures import LiveDesk
from tests.integration.local.test_local_stack import descendants, is_alive, stack_in_another_process
from tests.waiting import await_true

pytestmark = pytest.mark.e2e


@contextmanager
def kept_in_the_background(directory: Path) -> Iterator[subprocess.Popen[bytes]]:
    """`nohup make run KEEP=1 &`, once its stack stays up."""
    log = directory.parent / "nohup.out"
    with log.open("wb") as output:
        run = subprocess.Popen(
            [
                "nohup",
                sys.executable,
                "-m",
                "local.run",
                "--keep",
                "--markets",
                "1",
                "--port",
                "0",
                "--directory",
                str(directory),
            ],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": f"{ROOT / 'layers/shared'}{os.pathsep}{ROOT}"},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        await_true(
            lambda: b"make invoke FUNCTION" in log.read_bytes() or run.poll() is not None, "the run keeps its stack"
        )
        assert run.poll() is None, log.read_text()
        yield run
    finally:
        run.kill()
        run.wait()


def test_a_stack_kept_in_the_background_tells_how_it_stands_outlives_its_shell_and_ends_when_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    directory = tmp_path / "run"
    with kept_in_the_background(directory) as run:
        run.send_signal(signal.SIGHUP)

        assert status(directory) == UP
        told = capsys.readouterr().out
        processes = descendants(run.pid)
        assert stop(directory) == 0
        assert run.wait(HANG_SECONDS) == 0

    assert f"A stack is up (process {run.pid}) and well" in told
    for job in ("lt-execute", "lt-resolve", "lt-redemptions", "health", "ft-sync", "ft-resolve", "retention"):
        assert f"  {job} " in told
    assert "checks, " in told
    assert "feed_lag " in told
    assert "chain_head " in told
    assert "for gas" in told
    assert "fixed-follow live: worth $" in told
    assert "front door     http://127.0.0.1:" in told
    assert "make stop ends it." in told
    assert capsys.readouterr().out == "The stack has stopped.\n"
    assert not any(map(is_alive, processes))
    assert stop(directory) == 0
    assert "nothing to stop" in capsys.readouterr().out
    assert status(directory) == NONE_UP
    assert "make run KEEP=1" in capsys.readouterr().out


def test_a_suspended_stack_is_ended_with_all_of_its_parts(tmp_path: Path) -> None:
    with stack_in_another_process(tmp_path, 0) as holder:
        processes = descendants(holder.pid)
        holder.send_signal(signal.SIGSTOP)

        assert stop(tmp_path) == 0

        holder.wait(HANG_SECONDS)
        await_true(lambda: not any(map(is_alive, processes)), "all processes have ended")


def test_one_that_does_not_end_in_good_order_is_killed(tmp_path: Path) -> None:
    with stack_in_another_process(tmp_path, 0) as holder:
        processes = descendants(holder.pid)

        assert stop(tmp_path, orderly_seconds=0) == 0

        holder.wait(HANG_SECONDS)
        await_true(lambda: not any(map(is_alive, processes)), "all processes have ended")


def test_what_a_killed_stack_left_is_told_and_cleared(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with stack_in_another_process(tmp_path, 0) as holder:
        holder.kill()
        holder.wait()

    assert status(tmp_path) == NONE_UP
    assert "was killed" in capsys.readouterr().out
    assert stop(tmp_path) == 0
    assert "is cleared" in capsys.readouterr().out
    assert not has_facts(tmp_path)
    assert stop(tmp_path) == 0


def test_facts_that_are_not_whole_are_told_and_cleared(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "stack.json").write_text('{"front_door_url": "http://127')
    with stack_lock(tmp_path):
        assert status(tmp_path) == NOT_WELL
    assert "not whole" in capsys.readouterr().out

    assert stop(tmp_path) == 0

    assert not has_facts(tmp_path)


def test_a_stack_that_comes_up_is_named_as_that(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with stack_lock(tmp_path):
        assert status(tmp_path) == NOT_WELL

    assert f"coming up in {tmp_path} (process {os.getpid()})" in capsys.readouterr().out


def facts_of(desk: LiveDesk, stack: StackFacts) -> StackFacts:
    """The stack's, with the desk's own database."""
    return replace(stack, database_url=desk.settings["DATABASE_URL"])


def page(facts: StackFacts) -> str:
    return text(read_standing(facts), facts.addresses(), holder=1)


def test_what_is_held_and_how_much_of_the_limits_is_used_is_shown(desk: LiveDesk, stack: StackFacts) -> None:
    desk.signal(outcome_index=desk.dearer())
    desk.execute()
    desk.settle()

    (strategy,) = read_standing(facts_of(desk, stack)).strategies

    (held,) = strategy.held
    assert held.shares > 0
    assert (strategy.open_positions, strategy.exposure > 0, strategy.spent_today > 0) == (1, True, True)
    assert f"holds {held.shares:,.2f} {held.outcome} of {held.market}" in page(facts_of(desk, stack))


def test_a_job_that_misses_its_ticks_and_a_critical_alert_are_not_well(desk: LiveDesk, stack: StackFacts) -> None:
    long_ago = desk.now() - timedelta(minutes=20)
    desk.change(
        f"""
        INSERT INTO job_runs (job, last_started_at, last_completed_at) VALUES ('lt-execute', '{long_ago}', '{long_ago}')
        """
    )
    desk.change(
        f"""
        INSERT INTO lt_alerts (alert_type, severity, subject, title, message, status, created_at)
        VALUES ('HEALTH', 'CRITICAL', 'venue', 'venue: CRITICAL', 'away', 'ACTIVE', '{long_ago}')
        """
    )

    said = page(facts_of(desk, stack))

    assert "and not well" in said
    assert "10 missed" in said
    assert "CRITICAL venue: CRITICAL, since" in said


@pytest.mark.parametrize(
    ("away", "named"),
    [
        ({"rpc_url": "http://127.0.0.1:1"}, "the chain does not tell"),
        ({"control_url": "http://127.0.0.1:1"}, "the replay's clock does not answer"),
        ({"host_url": "http://127.0.0.1:1"}, "the Lambda host does not answer"),
        ({"database_url": "postgresql://postgres@127.0.0.1:1/x?sslmode=disable"}, "the database does not answer"),
    ],
)
def test_a_part_that_is_away_is_named_and_hides_no_other(
    stack: StackFacts, desk: LiveDesk, away: dict[str, str], named: str
) -> None:
    facts = replace(facts_of(desk, stack), **away)  # type: ignore[arg-type]

    said = page(facts)

    assert "and not well" in said
    assert f"! {named}" in said
    assert facts.front_door_url in said
