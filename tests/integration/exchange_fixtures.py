"""Starts a local chain and the exchange process for tests, and stops both whatever happens."""

from __future__ import annotations

import json
import os
import selectors
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from local.chain import LocalChain
from local.machine.patience import HANG_SECONDS
from local.machine.ports import HeldPorts

ROOT = Path(__file__).resolve().parents[2]
PORT_NAMES = ("clob", "gamma", "data", "geoblock", "control")


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningExchange:
    """A venue that answers. Its replay stands still until it is advanced."""

    chain: LocalChain
    process: subprocess.Popen[str]
    http: httpx.Client
    clob_url: str
    gamma_url: str
    data_url: str
    geoblock_url: str
    control_url: str

    def control(self, method: str, path: str, **arguments: Any) -> Any:
        """One call of the control API; its JSON."""
        response = self.http.request(method, self.control_url + path, **arguments)
        response.raise_for_status()
        return response.json()

    def now_ms(self) -> int:
        return int(self.control("GET", "/clock")["now_ms"])

    def advance_to(self, to_ms: int) -> None:
        self.control("POST", "/clock/advance", json={"to_ms": to_ms})

    def advance(self, seconds: float) -> None:
        self.control("POST", "/clock/advance", json={"seconds": seconds})

    def replay(self) -> Any:
        return self.control("GET", "/replay")

    def arm(self, kind: str, **details: Any) -> None:
        self.control("POST", "/faults", json={"kind": kind, **details})

    def clear_faults(self) -> None:
        self.control("DELETE", "/faults")


@contextmanager
def running_exchange(
    directory: Path, *, markets: int | None = 2, seed: int = 1, traders: int = 8, **more: Any
) -> Iterator[RunningExchange]:
    """A chain and a paused exchange over it; `more` are further keys of the exchange's configuration."""
    settings = {"markets": markets, "seed": seed, "traders": traders, **more}
    with (
        LocalChain.start(directory / "chain") as chain,
        exchange_process(directory, chain, settings) as exchange,
    ):
        yield exchange


@contextmanager
def exchange_process(directory: Path, chain: LocalChain, settings: dict[str, Any]) -> Iterator[RunningExchange]:
    """The exchange process alone, over a chain that runs already."""
    with HeldPorts() as held:
        ports = {name: held.any() for name in PORT_NAMES}
        process = start_process(directory, {"ports": ports, "rpc_url": chain.rpc_url, "start_paused": True} | settings)
        try:
            await_ready(process)
            with httpx.Client(timeout=HANG_SECONDS) as http:
                yield _running(chain, process, http, ports)
        finally:
            stop_process(process)


def _running(
    chain: LocalChain, process: subprocess.Popen[str], http: httpx.Client, ports: dict[str, int]
) -> RunningExchange:
    urls = {name: f"http://127.0.0.1:{port}" for name, port in ports.items()}
    return RunningExchange(
        chain=chain,
        process=process,
        http=http,
        clob_url=urls["clob"],
        gamma_url=urls["gamma"],
        data_url=urls["data"],
        geoblock_url=urls["geoblock"] + "/api/geoblock",
        control_url=urls["control"],
    )


def start_process(directory: Path, config: dict[str, Any]) -> subprocess.Popen[str]:
    """`python -m local.exchange` with its output on pipes, in a process group of its own."""
    file = directory / f"exchange-{config['ports']['control']}.json"
    file.write_text(json.dumps(config))
    return subprocess.Popen(
        [sys.executable, "-m", "local.exchange", "--config", str(file)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": f"{ROOT / 'layers/shared'}{os.pathsep}{ROOT}"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def await_ready(process: subprocess.Popen[str]) -> None:
    """Wait for the line `ready`; RuntimeError with what it said if it ends or stays silent instead."""
    assert process.stdout is not None
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        spoke = selector.select(HANG_SECONDS)
    if not spoke or process.stdout.readline() != "ready\n":
        process.kill()
        _, said = process.communicate()
        raise RuntimeError(f"the exchange did not get ready: {said}")


def stop_process(process: subprocess.Popen[str]) -> None:
    """End it as an operator would, and by force if it does not obey."""
    process.terminate()
    try:
        process.communicate(timeout=HANG_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
