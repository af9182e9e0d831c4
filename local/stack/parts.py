"""The two parts of the stack that are Python processes of ours: the exchange and the Lambda host."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx

from local.machine.env import TEMPLATE, python_part
from local.machine.patience import HANG_SECONDS
from local.machine.ports import LOOPBACK, HeldPorts, is_listening
from local.machine.processes import Child, PartFailed, Processes

_EXCHANGE_PORTS = ("clob", "gamma", "data", "geoblock", "control")


class ExchangePart:
    """`python -m local.exchange` and where it can be reached."""

    def __init__(self, *, processes: Processes, ports: HeldPorts, directory: Path) -> None:
        self._processes = processes
        self._ports = {name: ports.any() for name in _EXCHANGE_PORTS}
        self._config = directory / "exchange.json"
        self._child: Child | None = None

    def start(self, options: Mapping[str, Any]) -> None:
        """Start it without waiting; `options` are the other keys of its configuration."""
        self._config.write_text(json.dumps({"ports": self._ports, "start_paused": True, **options}))
        self._child = self._processes.start(
            python_part(
                "exchange",
                *("-m", "local.exchange", "--config", str(self._config)),
                remedy="read the log; the recorded books are in the package resolvedkit, which `make setup` installs.",
            )
        )

    def wait(self) -> None:
        """Return when it serves; PartFailed if it does not come up."""
        _started(self._child).wait_for_line("ready", seconds=HANG_SECONDS)

    def url(self, name: str) -> str:
        """One of clob, gamma, data, geoblock and control."""
        return f"http://{LOOPBACK}:{self._ports[name]}"

    def parameters(self) -> dict[str, str]:
        """The template's parameters that point the functions at it."""
        return {
            "ClobUrl": self.url("clob"),
            "GammaUrl": self.url("gamma"),
            "DataApiUrl": self.url("data"),
            "GeoblockUrl": f"{self.url('geoblock')}/api/geoblock",
            "RelayerUrl": self.url("clob"),
            "ClockUrl": f"{self.url('control')}/clock",
        }


class HostPart:
    """`python -m local.lambdas` and where it can be reached."""

    def __init__(self, *, processes: Processes, ports: HeldPorts, directory: Path, front_door_port: int | None) -> None:
        self._processes = processes
        self._directory = directory
        self._front_door_port = ports.any() if front_door_port is None else ports.first_from(front_door_port)
        self._host_port = ports.any()
        self._child: Child | None = None

    @property
    def front_door_url(self) -> str:
        return f"http://{LOOPBACK}:{self._front_door_port}"

    @property
    def host_url(self) -> str:
        return f"http://{LOOPBACK}:{self._host_port}"

    def start(
        self,
        *,
        parameters: Mapping[str, str],
        stack_name: str,
        control_url: str,
        aws_endpoint_url: str,
        gateway_seconds: float,
        stepped: bool,
    ) -> None:
        """Start it without waiting, on the checkout's template with these parameter values."""
        config = self._directory / "host.json"
        config.touch(mode=0o600)
        config.write_text(
            json.dumps(
                {
                    "template": str(TEMPLATE),
                    "parameters": dict(parameters),
                    "stack_name": stack_name,
                    "front_door_port": self._front_door_port,
                    "host_port": self._host_port,
                    "control_url": control_url,
                    "aws_endpoint_url": aws_endpoint_url,
                    "logs": str(self._directory / "logs"),
                    "gateway_seconds": gateway_seconds,
                    "stepped": stepped,
                }
            )
        )
        self._child = self._processes.start(
            python_part(
                "lambda-host",
                *("-m", "local.lambdas", "--config", str(config)),
                remedy="read the log; an error in template.yaml is named there.",
            )
        )

    def wait(self) -> None:
        """Return when it serves; PartFailed if it does not come up."""
        child = _started(self._child)
        child.wait_until(lambda: is_listening(self._host_port), seconds=HANG_SECONDS)

    def invoke(self, function: str, event: Mapping[str, Any]) -> Any:
        """What a function answers; PartFailed with its error and its log if it fails."""
        try:
            answer = httpx.post(f"{self.host_url}/invoke/{function}", json=event, timeout=HANG_SECONDS).json()
        except httpx.HTTPError as error:
            _started(self._child).check_running()
            raise PartFailed(f"the Lambda host does not answer: {error!r}\nWhat to do: read its log.") from error
        if answer["status"] != "ok":
            raise PartFailed(f"the function {function} failed: {json.dumps(answer['error'])}\n{answer.get('log', '')}")
        return answer["payload"]


def _started(child: Child | None) -> Child:
    if child is None:
        raise RuntimeError("the part has not been started")
    return child
