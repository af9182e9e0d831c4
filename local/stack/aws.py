"""The AWS services that the functions use, emulated by moto's server in a process of its own."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

from local.lambdas.template.variables import aws_variables
from local.machine.env import python_part
from local.machine.patience import HANG_SECONDS
from local.machine.ports import LOOPBACK, HeldPorts, is_listening
from local.machine.processes import Child, Processes

if TYPE_CHECKING:
    import boto3


class LocalAws:
    """Secrets Manager, SNS and the rest, empty at the start and gone at the end."""

    def __init__(self, *, processes: Processes, ports: HeldPorts) -> None:
        self._processes = processes
        self._port = ports.any()
        self._child: Child | None = None

    @property
    def endpoint_url(self) -> str:
        return f"http://{LOOPBACK}:{self._port}"

    def start(self) -> None:
        """Start the server without waiting for it."""
        self._child = self._processes.start(
            python_part(
                "aws",
                *("-m", "moto.server", "-H", LOOPBACK, "-p", str(self._port)),
                remedy="run `make setup`, and read the log if it still does not start.",
            )
        )

    def wait(self) -> None:
        """Return when the server answers; PartFailed if it does not come up."""
        if self._child is None:
            raise RuntimeError("the AWS server has not been started")
        self._child.wait_until(lambda: is_listening(self._port), seconds=HANG_SECONDS)

    def put_secret(self, name: str, value: Mapping[str, str]) -> None:
        """Create a secret with a JSON value."""
        put_secret(self.endpoint_url, name, value)

    def create_topic(self, name: str) -> None:
        """Create a topic; its ARN follows from the name."""
        _session(self.endpoint_url).client("sns", endpoint_url=self.endpoint_url).create_topic(Name=name)


def put_secret(endpoint_url: str, name: str, value: Mapping[str, str]) -> None:
    """Create a secret of the server at `endpoint_url` with a JSON value."""
    client = _session(endpoint_url).client("secretsmanager", endpoint_url=endpoint_url)
    client.create_secret(Name=name, SecretString=json.dumps(value))


def secret_text(endpoint_url: str, name: str) -> str:
    """What a secret of the server at `endpoint_url` says."""
    client = _session(endpoint_url).client("secretsmanager", endpoint_url=endpoint_url)
    return client.get_secret_value(SecretId=name)["SecretString"]


def _session(endpoint_url: str) -> boto3.session.Session:
    import boto3

    variables = aws_variables(endpoint_url)
    return boto3.session.Session(
        region_name=variables["AWS_REGION"],
        aws_access_key_id=variables["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
    )
