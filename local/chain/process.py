"""The anvil process: started in its own process group, stopped with everything that it started."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import time
from pathlib import Path

from live_trading.chain.errors import RpcUnavailable
from live_trading.chain.rpc import JsonRpc
from local.chain.deployment import CHAIN_ID
from local.machine.patience import HANG_SECONDS
from local.machine.processes import dies_with_parent

REPOSITORY = Path(__file__).resolve().parents[2]
NODE_MODULES = REPOSITORY / "node_modules"

# States of past blocks that can be asked about. Without a bound anvil writes older ones to the home directory, and
# leaves them there when it is killed: some gigabytes a day of tests.
_STATES_KEPT = 500
_STOP_SECONDS = 5.0
_POLL_SECONDS = 0.01
_HOST = "127.0.0.1"


class ChainStartFailed(RuntimeError):
    """The chain did not come up; the message says what is missing or what the process said."""


class AnvilProcess:
    """One running anvil."""

    def __init__(self, process: subprocess.Popen[bytes], rpc_url: str, record: Path) -> None:
        self._process = process
        self._record = record
        self.rpc_url = rpc_url

    @classmethod
    def start(cls, directory: Path, *, port: int, genesis: Path | None) -> AnvilProcess:
        """Starts anvil on a loopback port, 0 for any free one, and returns when it answers.

        `directory` gets its log and its process id; a process that an earlier, killed run left there is ended
        first. Raises ChainStartFailed.
        """
        directory.mkdir(parents=True, exist_ok=True)
        record = directory / "anvil.json"
        end_leftover(record)
        chosen = _free_port(port)
        log = directory / "anvil.log"
        command = [str(anvil_binary()), *_arguments(chosen, genesis)]
        with log.open("wb") as output:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                preexec_fn=dies_with_parent(signal.SIGKILL),  # noqa: PLW1509 (no other thread forks)
            )
        record.write_text(json.dumps({"pid": process.pid, "port": chosen}))
        started = cls(process, f"http://{_HOST}:{chosen}", record)
        try:
            started._wait_until_it_answers(log)
        except BaseException:
            started.stop()
            raise
        return started

    def stop(self) -> None:
        """Ends the process group and waits for it. Stopping twice is harmless."""
        _end_group(self._process.pid, signal.SIGTERM)
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            _end_group(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._record.unlink(missing_ok=True)

    def _wait_until_it_answers(self, log: Path) -> None:
        rpc = JsonRpc(self.rpc_url, timeout_seconds=2)
        deadline = time.monotonic() + HANG_SECONDS
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise ChainStartFailed(f"anvil ended with {self._process.returncode}: {log.read_text()[-2000:]}")
            try:
                if rpc.quantity("eth_chainId") == CHAIN_ID:
                    rpc.close()
                    return
            except RpcUnavailable:
                time.sleep(_POLL_SECONDS)
        raise ChainStartFailed(f"anvil does not answer after {HANG_SECONDS} s: {log.read_text()[-2000:]}")


def anvil_binary() -> Path:
    """The binary that ANVIL names, else the one from npm. Raises ChainStartFailed where it is not there."""
    named = os.environ.get("ANVIL")
    binary = Path(named) if named else NODE_MODULES / "@foundry-rs/anvil-linux-amd64/bin/anvil"
    if not binary.is_file():
        raise ChainStartFailed(f"no anvil at {binary}: run `npm ci --ignore-scripts`, or name one in ANVIL")
    return binary


def _arguments(port: int, genesis: Path | None) -> list[str]:
    arguments = [
        "--host", _HOST, "--port", str(port), "--chain-id", str(CHAIN_ID), "--accounts", "0",
        "--auto-impersonate", "--silent", "--timestamp", str(int(time.time())),
        "--prune-history", str(_STATES_KEPT),
    ]  # fmt: skip
    return arguments if genesis is None else [*arguments, "--init", str(genesis)]


def _free_port(port: int) -> int:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((_HOST, port))
        except OSError as error:
            raise ChainStartFailed(f"port {port} is taken: {error.strerror}") from error
        return int(probe.getsockname()[1])


def end_leftover(record: Path) -> None:
    """Ends the process that a record names, but only if it still is that anvil."""
    try:
        left = json.loads(record.read_text())
        command = Path(f"/proc/{left['pid']}/cmdline").read_bytes().split(b"\0")
    except (OSError, ValueError, KeyError):
        record.unlink(missing_ok=True)
        return
    if b"anvil" in Path(os.fsdecode(command[0])).name.encode() and str(left["port"]).encode() in command:
        _end_group(int(left["pid"]), signal.SIGKILL)
    record.unlink(missing_ok=True)


def _end_group(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, number)
