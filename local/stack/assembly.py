"""The one-machine stack: Postgres, chain, exchange, AWS, issuer and the functions, started and stopped together.

Starts what can start side by side, puts the schema, a funded trading wallet and its secret in place, and stops
everything at the end of the block, on a signal and on any failure. Logs and addresses are kept in one directory.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Any

from live_trading.nouns.money import Usd
from local.chain import ChainStartFailed, LocalChain
from local.chain.deployment import FILL_EMITTER
from local.lambdas.template.application import Application
from local.lambdas.template.intrinsics import TemplateError
from local.lambdas.template.reading import load_application
from local.machine.env import LOCAL_STATE, TEMPLATE
from local.machine.ports import HeldPorts
from local.machine.processes import PartFailed, Processes, signals_as_exit
from local.machine.scratch import scratch_directory
from local.postgres.databases import GivenPostgres
from local.postgres.server import LocalPostgres
from local.stack.aws import LocalAws
from local.stack.facts import DEFAULT_DIRECTORY, StackFacts, forget_facts, write_facts
from local.stack.issuer import LocalIssuer
from local.stack.issuer.clients import MACHINE_CLIENT_ID
from local.stack.lock import stack_lock
from local.stack.parts import ExchangePart, HostPart
from local.stack.trading_wallet import KeyedWallet, LoginRefused, fund, secret_of, wallet_of_seed

__all__ = ["Stack", "StackFacts"]

STACK_NAME = "live-trading"
GATEWAY_SECONDS = 30.0
AUDIENCE = "live-trading-api"
OPERATOR = "operator"
FRONT_DOOR_PORT = 8787
WALLET_COLLATERAL = Usd(10_000)
_WALLET_SECRET_NAME = f"live-trading/wallets/{OPERATOR}/main"
# The model of the venue's time: replay milliseconds of a request by kind. They are assumed, in the range that callers
# report; what matters is that they are stated, so that a run does not depend on how fast this machine is.
STEPPED_TIMES = {"orders": 150, "clob": 50, "gamma": 80, "data": 120, "geoblock": 60}
# The chain goes by the machine's time, whatever the replay's is.
AGES_OF_THE_CHAIN = dict.fromkeys(("head_age_seconds", "critical_head_age_seconds"), 100 * 365 * 86_400)
# The chain's own directory says which process an earlier, killed run left behind.
_KEPT = frozenset({"lock", "summary.json", "chain"})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parts:
    """What has been started."""

    issuer: LocalIssuer
    postgres: LocalPostgres | GivenPostgres
    aws: LocalAws
    chain: LocalChain
    exchange: ExchangePart
    host: HostPart
    application: Application


class Stack:
    """Starts on entering and gives the facts of what is up; a second one in the same directory is refused.

    `markets` limits the replay to the first so many recorded markets, `seed` decides the scripted traders and the
    wallet's key, `exchange_options` are further keys of the exchange's configuration and `parameters` values
    of the template's parameters. `front_door_port` is the preferred one, None takes any; the front door waits for
    `gateway_seconds`. With `stepped` a run over it can be repeated exactly: requests take the venue's time
    of `STEPPED_TIMES`, and functions do one thing after the other.

    Raises PartFailed; its message names the part, the end of its log and what to do.
    """

    def __init__(
        self,
        *,
        directory: Path = DEFAULT_DIRECTORY,
        markets: int | None = None,
        seed: int = 1,
        front_door_port: int | None = FRONT_DOOR_PORT,
        exchange_options: Mapping[str, Any] = MappingProxyType({}),
        parameters: Mapping[str, str] = MappingProxyType({}),
        gateway_seconds: float = GATEWAY_SECONDS,
        stepped: bool = False,
    ) -> None:
        self._directory = directory.resolve()
        times = {"request_times": STEPPED_TIMES} if stepped else {}
        self._exchange_options = {"markets": markets, "seed": seed, **times, **exchange_options}
        self._own_parameters = parameters
        self._gateway_seconds = gateway_seconds
        self._stepped = stepped
        self._seed = seed
        self._front_door_port = front_door_port
        self._open = ExitStack()
        self._postgres: LocalPostgres | GivenPostgres | None = None
        self._issuer: LocalIssuer | None = None

    @property
    def postgres(self) -> LocalPostgres:
        """The embedded server, for drills: it can be killed and started again while the stack is up."""
        if not isinstance(self._postgres, LocalPostgres):
            raise PartFailed("the stack has no embedded Postgres: it is not up, or DATABASE_URL is set.")
        return self._postgres

    @property
    def issuer(self) -> LocalIssuer:
        """Signs tokens of any kind while the stack is up."""
        if self._issuer is None:
            raise PartFailed("the stack has no issuer: it is not up.")
        return self._issuer

    def __enter__(self) -> StackFacts:
        with ExitStack() as opened:
            try:
                parts = self._start(opened)
                wallet = _prepare(parts, self._seed)
            except (ChainStartFailed, LoginRefused, TemplateError) as error:
                raise PartFailed(str(error)) from error
            facts = _facts(parts, wallet)
            write_facts(facts, self._directory)
            self._open = opened.pop_all()
            return facts

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    def _start(self, opened: ExitStack) -> _Parts:
        """Start every part, and wait only for what the next one needs."""
        opened.enter_context(signals_as_exit())
        opened.enter_context(stack_lock(self._directory))
        _clear(self._directory)
        opened.callback(forget_facts, self._directory)
        issuer = self._issuer = opened.enter_context(LocalIssuer(audience=AUDIENCE, local_user=OPERATOR))
        ports = opened.enter_context(HeldPorts())
        processes = Processes(self._directory / "logs")
        postgres = self._postgres = _postgres(opened.enter_context(scratch_directory()), processes, ports)
        opened.callback(postgres.stop)
        opened.enter_context(processes)
        aws = LocalAws(processes=processes, ports=ports)
        exchange = ExchangePart(processes=processes, ports=ports, directory=self._directory)
        host = HostPart(
            processes=processes, ports=ports, directory=self._directory, front_door_port=self._front_door_port
        )

        aws.start()
        chain = LocalChain.start(self._directory / "chain", ports.any())
        opened.callback(chain.stop)
        exchange.start({"rpc_url": chain.rpc_url, **self._exchange_options})
        parameters = {
            **_parameters(postgres.url, chain.rpc_url, issuer.url, exchange),
            **({"HealthThresholds": json.dumps(AGES_OF_THE_CHAIN)} if self._stepped else {}),
            **self._own_parameters,
        }
        host.start(
            parameters=parameters,
            stack_name=STACK_NAME,
            control_url=exchange.url("control"),
            aws_endpoint_url=aws.endpoint_url,
            gateway_seconds=self._gateway_seconds,
            stepped=self._stepped,
        )
        postgres.start()
        application = load_application(TEMPLATE, parameters=parameters, stack_name=STACK_NAME)
        return _Parts(
            issuer=issuer,
            postgres=postgres,
            aws=aws,
            chain=chain,
            exchange=exchange,
            host=host,
            application=application,
        )


def _parameters(database_url: str, rpc_url: str, issuer_url: str, exchange: ExchangePart) -> dict[str, str]:
    """The template's parameters for this machine: other addresses, schedules on, and a chain that never reorganises.

    An invocation makes one pass, since it is the replay's clock that says when the next is due. Nobody is asked to come
    back later: what a run does in a minute takes hours elsewhere.
    """
    return {
        "DatabaseUrl": database_url,
        "RpcUrl": rpc_url,
        "JwtIssuer": issuer_url,
        "JwtAudience": AUDIENCE,
        "SchedulesEnabled": "true",
        "Confirmations": "1",
        "WatchSeconds": "0",
        "ApiRatePerSecond": "10000",
        "ApiBurst": "5000",
        "RequestsAMinutePerUser": "1000000",
        "FurtherExchanges": FILL_EMITTER,
        **exchange.parameters(),
    }


def _prepare(parts: _Parts, seed: int) -> KeyedWallet:
    """Schema, topics, and a trading wallet with money, approvals and API credentials."""
    wallet = wallet_of_seed(seed)
    fund(parts.chain, wallet, WALLET_COLLATERAL)
    parts.postgres.wait()
    parts.host.wait()
    parts.host.invoke("migrate", {})
    parts.aws.wait()
    for name in parts.application.topic_names:
        parts.aws.create_topic(name)
    parts.exchange.wait()
    parts.aws.put_secret(_WALLET_SECRET_NAME, secret_of(wallet, parts.exchange.url("clob")))
    return wallet


def _postgres(directory: Path, processes: Processes, ports: HeldPorts) -> LocalPostgres | GivenPostgres:
    given = os.environ.get("DATABASE_URL")
    if given:
        return GivenPostgres(given)
    return LocalPostgres(directory / "data", processes=processes, ports=ports, cache=LOCAL_STATE / "cache")


def _clear(directory: Path) -> None:
    """Remove what an earlier stack left, killed or not."""
    for place in directory.iterdir():
        if place.name in _KEPT:
            continue
        if place.is_dir() and not place.is_symlink():
            shutil.rmtree(place)
        else:
            place.unlink()


def _facts(parts: _Parts, wallet: KeyedWallet) -> StackFacts:
    exchange = parts.exchange
    settings = dict(parts.application.function("lt-execute").environment)
    return StackFacts(
        database_url=parts.postgres.url,
        is_own_postgres=isinstance(parts.postgres, LocalPostgres),
        clob_url=exchange.url("clob"),
        gamma_url=exchange.url("gamma"),
        data_api_url=exchange.url("data"),
        geoblock_url=settings["GEOBLOCK_URL"],
        relayer_url=settings["RELAYER_URL"],
        control_url=exchange.url("control"),
        rpc_url=parts.chain.rpc_url,
        aws_endpoint_url=parts.aws.endpoint_url,
        front_door_url=parts.host.front_door_url,
        host_url=parts.host.host_url,
        issuer_url=parts.issuer.url,
        token_url=parts.issuer.token_url,
        machine_client_id=MACHINE_CLIENT_ID,
        machine_secret=parts.issuer.machine_secret,
        operator_token=parts.issuer.token(OPERATOR, scopes=["read", "trade", "admin"]),
        wallet_address=wallet.address,
        wallet_secret_name=_WALLET_SECRET_NAME,
        settings=settings,
    )
