"""Where the parts of a stack that is up are, for whoever works with it: `stack.json` in its directory."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from urllib.parse import urlsplit

import pg8000.native

from live_trading.chain.reading.reader import ChainReader
from local.machine.env import LOCAL_STATE
from local.machine.ports import is_listening
from local.machine.processes import PartFailed
from local.postgres.databases import connect

DEFAULT_DIRECTORY = LOCAL_STATE / "run"
_FILE = "stack.json"
_WATCH_SECONDS = 2.0


class NoStack(RuntimeError):
    """No stack is up in the directory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StackFacts:
    """Addresses of the parts, a token for the API, a client that gets more, and the wallet that is ready to trade.

    `settings` are the environment variables that the functions get from the template.
    """

    database_url: str
    is_own_postgres: bool
    clob_url: str
    gamma_url: str
    data_api_url: str
    geoblock_url: str
    relayer_url: str
    control_url: str
    rpc_url: str
    aws_endpoint_url: str
    front_door_url: str
    host_url: str
    issuer_url: str
    token_url: str
    machine_client_id: str
    machine_secret: str
    operator_token: str
    wallet_address: str
    wallet_secret_name: str
    settings: dict[str, str]

    def connect(self) -> pg8000.native.Connection:
        """A connection to the stack's database."""
        return connect(self.database_url)

    def chain_reader(self) -> ChainReader:
        """Reads the stack's chain at the addresses that the functions use."""
        from local.chain import ADDRESSES

        return ChainReader(self.rpc_url, ADDRESSES)

    def addresses(self) -> dict[str, str]:
        """What a person needs to look around, by name."""
        return {
            "front door": self.front_door_url,
            "lambda host": self.host_url,
            "postgres": self.database_url,
            "chain": self.rpc_url,
            "clob": self.clob_url,
            "gamma": self.gamma_url,
            "data api": self.data_api_url,
            "replay": self.control_url,
            "aws": self.aws_endpoint_url,
            "issuer": self.issuer_url,
            "wallet": self.wallet_address,
        }

    def ports(self) -> dict[str, int]:
        """Where the parts listen that came up with the stack, by name."""
        ports = {name: urlsplit(url).port for name, url in self.addresses().items()}
        if not self.is_own_postgres:
            del ports["postgres"]
        return {name: port for name, port in ports.items() if port is not None}

    def wait(self) -> None:
        """Stay while every part answers; PartFailed names the one that no longer does."""
        while True:
            self.check()
            time.sleep(_WATCH_SECONDS)

    def check(self) -> None:
        """PartFailed names a part that does not answer."""
        for name, port in self.ports().items():
            if not is_listening(port):
                raise PartFailed(f"the stack is no longer whole: {name} does not answer at {self.addresses()[name]}.")


def write_facts(facts: StackFacts, directory: Path) -> None:
    """Leave the facts for other processes of this user; they contain a token and a secret."""
    file = directory / _FILE
    file.touch(mode=0o600)
    file.write_text(json.dumps(asdict(facts), indent=2) + "\n")


def has_facts(directory: Path) -> bool:
    """Whether a stack has left its facts, and so came up; a killed one leaves them too."""
    return (directory / _FILE).exists()


def read_facts(directory: Path = DEFAULT_DIRECTORY) -> StackFacts:
    """The facts of the stack that is up in a directory; NoStack if none left any that are whole."""
    try:
        found = json.loads((directory / _FILE).read_text())
        return StackFacts(**{field.name: found[field.name] for field in fields(StackFacts)})
    except FileNotFoundError as error:
        raise NoStack(f"no stack is up in {directory}: start one with `make run KEEP=1`") from error
    except (ValueError, KeyError) as error:
        raise NoStack(f"the facts of the stack in {directory} are not whole: end it with `make stop`") from error


def forget_facts(directory: Path) -> None:
    """Remove the facts of a stack that is no longer up."""
    (directory / _FILE).unlink(missing_ok=True)
