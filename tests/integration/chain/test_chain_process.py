"""The chain as a process: it starts fast, refuses a taken port, and leaves nothing behind."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path

import pytest

from live_trading.chain.rpc import JsonRpc
from local.chain import ChainStartFailed, LocalChain
from local.chain.deployment import PLACEMENTS
from tests.integration.chain_fixtures import fresh_id, running_chain

pytestmark = pytest.mark.integration


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def pid_in(directory: Path) -> int:
    return int(json.loads((directory / "anvil.json").read_text())["pid"])


def test_stopping_leaves_no_process_and_no_record(tmp_path: Path) -> None:
    chain = LocalChain.start(tmp_path)
    pid = pid_in(tmp_path)

    chain.stop()
    chain.stop()

    assert not is_running(pid)
    assert not (tmp_path / "anvil.json").exists()


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]

        with pytest.raises(ChainStartFailed, match=f"port {port} is taken"):
            LocalChain.start(tmp_path, port)


def test_a_missing_binary_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANVIL", str(tmp_path / "nothing"))

    with pytest.raises(ChainStartFailed, match="npm ci"):
        LocalChain.start(tmp_path)


def test_the_process_of_a_killed_run_is_ended_by_the_next_start(tmp_path: Path) -> None:
    abandoned = LocalChain.start(tmp_path)
    pid = pid_in(tmp_path)

    with LocalChain.start(tmp_path):
        os.waitpid(pid, 0)

        assert not is_running(pid)
    abandoned.stop()


def test_another_process_id_in_a_stale_record_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "anvil.json").write_text(json.dumps({"pid": os.getpid(), "port": 1}))

    with LocalChain.start(tmp_path) as chain:
        assert JsonRpc(chain.rpc_url).quantity("eth_chainId") == 137


def test_attaching_to_something_else_is_refused(tmp_path: Path) -> None:
    with running_chain() as chain:
        JsonRpc(chain.rpc_url).call("anvil_setCode", PLACEMENTS[0].address, "0x")

        with pytest.raises(ChainStartFailed, match="no local chain"):
            LocalChain.attach(chain.rpc_url)


def test_a_market_that_is_prepared_already_is_the_same_from_every_process() -> None:
    question = fresh_id()
    with running_chain() as chain:
        first = chain.prepare_market(question)

        assert LocalChain.attach(chain.rpc_url).prepare_market(question) == first
