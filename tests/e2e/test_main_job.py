"""The main job, whole: through the API, every function in its own process, on recorded books."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from local.demo import job, report
from local.demo.facts import Facts
from local.machine.env import ROOT
from local.machine.patience import HANG_SECONDS
from local.stack.assembly import Stack, StackFacts

pytestmark = pytest.mark.e2e

MINUTE_MS = 60_000


def start_run(directory: Path, *, markets: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "local.run", "--markets", str(markets), "--port", "0", "--directory", str(directory)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": f"{ROOT / 'layers/shared'}{os.pathsep}{ROOT}"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_one_command_takes_copied_trades_the_whole_way_and_says_so(tmp_path: Path) -> None:
    run = start_run(tmp_path, markets=2)
    said, complaint = run.communicate(timeout=HANG_SECONDS)

    assert (run.returncode, complaint) == (0, "")
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert {"source_trades", "decisions", "orders", "fills", "resolved", "redemptions", "seconds"} <= set(summary)
    assert summary["breaks"] == 0
    assert summary["whole_way"] > 0
    assert sum(summary["decisions"].values()) == summary["to_decide"]
    assert sum(summary["orders"].values()) == summary["decisions"]["accepted"]
    assert f"Source trades seen: {summary['source_trades']}" in said
    assert "agree to 1e-6" in said


def test_the_same_recording_gives_the_same_decisions_fills_and_money_however_the_machine_is_loaded(
    tmp_path: Path,
) -> None:
    """One run has a machine that is busy with the other; ids, salts and hash seeds are others in each process."""
    runs = [(tmp_path / name, start_run(tmp_path / name, markets=2)) for name in ("first", "second")]
    ended = [
        (directory, process.communicate(timeout=2 * HANG_SECONDS), process.returncode) for directory, process in runs
    ]

    assert [code for _, _, code in ended] == [0, 0], [output for _, output, _ in ended]
    first, second = (json.loads((directory / "summary.json").read_text()) for directory, _, _ in ended)
    assert first.pop("seconds") > 0
    assert second.pop("seconds") > 0
    assert first == second
    assert first["fills"] > 0


def all_of(part: dict[str, int]) -> int:
    return sum(part.values())


def walk_with_a_bad_quarter(stack: StackFacts, hurt: Callable[[], None], heal: Callable[[], None]) -> Facts:
    """A market's life in which something is broken from its third minute to its eighth."""
    replay = job.create(stack)
    failed: list[int] = []
    hurt_ms = replay.start_ms + 18 * MINUTE_MS
    heal_ms = hurt_ms + 5 * MINUTE_MS
    job.walk(stack, replay.start_ms, hurt_ms, lambda at_ms, count: failed.append(count))
    assert sum(failed) == 0
    hurt()
    httpx.post(f"{stack.host_url}/tick", json={"to_ms": heal_ms}, timeout=HANG_SECONDS).raise_for_status()
    heal()
    failed.clear()
    job.walk(stack, heal_ms, replay.end_ms, lambda at_ms, count: failed.append(count))
    facts, lines = job.outcome(stack)
    assert sum(failed) == 0
    assert all(line.agrees for line in lines), report.text(facts, lines, 0)
    assert facts.open_breaks == 0
    assert all_of(facts.decisions) == facts.to_decide
    venue = httpx.get(f"{stack.control_url}/orders", timeout=HANG_SECONDS).raise_for_status().json()["orders"]
    assert len(venue) == len({order["order_hash"] for order in venue}) <= all_of(facts.orders)
    return facts


def test_postgres_killed_in_mid_run_and_started_again_loses_and_doubles_nothing(tmp_path: Path) -> None:
    held = Stack(directory=tmp_path, markets=1, front_door_port=None)
    with held as stack:

        def start_again() -> None:
            held.postgres.start()
            held.postgres.wait()

        facts = walk_with_a_bad_quarter(stack, held.postgres.kill, start_again)

    assert facts.source_trades > 0


def test_an_exchange_that_answers_500_to_everything_costs_time_and_nothing_else(tmp_path: Path) -> None:
    with Stack(directory=tmp_path, markets=1, front_door_port=None) as stack:

        def hurt() -> None:
            body = {"kind": "server_error", "count": None}
            httpx.post(f"{stack.control_url}/faults", json=body, timeout=HANG_SECONDS).raise_for_status()

        def heal() -> None:
            httpx.delete(f"{stack.control_url}/faults", timeout=HANG_SECONDS).raise_for_status()

        facts = walk_with_a_bad_quarter(stack, hurt, heal)

    assert facts.source_trades > 0
