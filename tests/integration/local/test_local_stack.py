"""The one-machine stack comes up whole, refuses a twin, and goes without leaving anything behind."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from local.machine.env import ROOT
from local.machine.patience import HANG_SECONDS
from local.machine.ports import LOOPBACK
from local.stack.assembly import WALLET_COLLATERAL, Stack, StackFacts
from local.stack.aws import secret_text
from local.stack.facts import read_facts, write_facts
from local.stack.lock import StackIsUp, stack_lock
from tests.waiting import await_true

pytestmark = pytest.mark.e2e

HOLD_A_STACK = """
import signal, sys, time
from pathlib import Path
from local.stack.assembly import Stack
# A shell that starts this in the background has it ignore the interrupt.
signal.signal(signal.SIGINT, signal.default_int_handler)
with Stack(directory=Path(sys.argv[1]), markets=1, front_door_port=int(sys.argv[2])) as facts:
    Path(sys.argv[1], "is-up").touch()
    time.sleep(600)
"""


@contextmanager
def stack_in_another_process(directory: Path, front_door_port: int) -> Iterator[subprocess.Popen[bytes]]:
    """A process that holds a stack which is up."""
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD_A_STACK, str(directory), str(front_door_port)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": f"{ROOT / 'layers/shared'}{os.pathsep}{ROOT}"},
    )
    try:
        await_true(lambda: (directory / "is-up").exists() or holder.poll() is not None, "the stack is up")
        assert holder.poll() is None
        yield holder
    finally:
        holder.kill()
        holder.wait()


def descendants(pid: int) -> set[int]:
    """Every process below one."""
    found: set[int] = set()
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in map(int, children.read_text().split()):
            found |= {child} | descendants(child)
    return found


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that has ended and waits to be reaped does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_however_a_stack_ends_no_process_is_left_and_its_directory_is_free(
    tmp_path: Path, number: signal.Signals
) -> None:
    with socket.create_server((LOOPBACK, 0)) as other:
        taken = other.getsockname()[1]
        with stack_in_another_process(tmp_path, taken) as holder:
            facts = read_facts(tmp_path)
            httpx.post(f"{facts.host_url}/invoke/health", json={}, timeout=HANG_SECONDS)
            processes = descendants(holder.pid)

            holder.send_signal(number)

            holder.wait(HANG_SECONDS)
            await_true(lambda: not any(map(is_alive, processes)), "all processes have ended")

    # Postgres, chain, exchange, AWS, the host, and two functions: migrate and health.
    assert len(processes) >= 7
    assert int(facts.front_door_url.rpartition(":")[2]) > taken
    with stack_lock(tmp_path):
        assert (tmp_path / "stack.json").exists() == (number is signal.SIGKILL)


def test_a_second_stack_in_the_same_directory_is_refused_with_the_process_that_has_it(tmp_path: Path) -> None:
    with stack_lock(tmp_path), pytest.raises(StackIsUp, match=f"process {os.getpid()}"), Stack(directory=tmp_path):
        pass


def test_the_schema_is_there(stack: StackFacts) -> None:
    connection = stack.connect()

    assert connection.run("SELECT count(*) > 0 FROM schema_migrations") == [[True]]
    connection.close()


def test_the_trading_wallet_has_money_and_its_secret_opens_the_venue(stack: StackFacts) -> None:
    secret = json.loads(secret_text(stack.aws_endpoint_url, stack.wallet_secret_name))

    assert stack.chain_reader().collateral_balance(stack.wallet_address) == WALLET_COLLATERAL
    assert set(secret) == {"private_key", "api_key", "api_secret", "api_passphrase"}


def test_the_front_door_asks_for_a_token_and_takes_the_operators(stack: StackFacts) -> None:
    url = f"{stack.front_door_url}/api/lt/strategies"

    without = httpx.get(url, timeout=HANG_SECONDS)
    with_token = httpx.get(url, headers={"authorization": f"Bearer {stack.operator_token}"}, timeout=HANG_SECONDS)

    assert (without.status_code, without.json()) == (401, {"message": "Unauthorized"})
    assert with_token.status_code == 200


def test_the_facts_are_for_the_owner_only(tmp_path: Path, stack: StackFacts) -> None:
    write_facts(stack, tmp_path)

    assert (tmp_path / "stack.json").stat().st_mode & 0o077 == 0
    assert read_facts(tmp_path) == stack
