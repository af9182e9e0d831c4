"""The strategy API as API Gateway calls it: the real handler and events, a real Postgres and a real chain."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qsl

import pytest

from functions.strategy_api import app
from live_trading.nouns.money import Usd
from live_trading.nouns.risk_rules import RULE_FIELDS, SWITCHES
from live_trading.store.database.connection import Database, Row
from live_trading.wiring.composition import Parts
from local.chain import LocalChain
from local.lambdas.template.reading import load_application
from local.machine.env import ROOT, TEMPLATE
from tests.api.contract import hold
from tests.integration.chain_fixtures import running_chain

OWNER = "operator"
STRANGER = "somebody-else"
SECRET_NAME = f"live-trading/wallets/{OWNER}/main"
NO_LIMITS: dict[str, Any] = dict.fromkeys(RULE_FIELDS) | dict.fromkeys(SWITCHES, False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What the API answered."""

    status: int
    body: Any
    headers: dict[str, str]

    @property
    def error(self) -> dict[str, Any]:
        error: dict[str, Any] = self.body["error"]
        return error

    @property
    def fields(self) -> dict[str, dict[str, Any]]:
        """The problems by the field that they are about."""
        return {each["field"]: each for each in self.error["fields"]}


@dataclass(slots=True, kw_only=True)
class Api:
    """Calls the handler, and looks at what it left behind."""

    database: Database
    chain: LocalChain

    def call(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        owner: str | None = OWNER,
        key: str | None = None,
        scopes: str = "read trade",
    ) -> Reply:
        """One request; a body that is text goes as it is, anything else as JSON."""
        text = body if isinstance(body, str) or body is None else json.dumps(body)
        return self.send(http_event(method, path, text, owner=owner, key=key, scopes=scopes))

    def send(self, event: dict[str, Any]) -> Reply:
        """One event as it is; the answer has to be one that the document allows."""
        return reply_of(event, self.answer(event))

    def answer(self, event: dict[str, Any]) -> dict[str, Any]:
        """What the function answers to an event, as API Gateway takes it."""
        answered: dict[str, Any] = app.handler(
            event, SimpleNamespace(aws_request_id="test", function_name="strategy-api")
        )
        return answered

    def rows(self, sql: str, **parameters: object) -> list[Row]:
        with self.database.transaction() as transaction:
            return transaction.rows(sql, **parameters)

    def ft_wallet(self, name: str = "paper", **changes: Any) -> dict[str, Any]:
        """A new FT wallet."""
        return self._created("/api/ft/wallets", {**ft_wallet_body(name), **changes})

    def trading_wallet(self, *, holding: str = "1000", name: str = "main") -> dict[str, Any]:
        """A registered wallet that holds so many dollars on the chain."""
        address = fresh_address()
        if Usd(holding):
            self.chain.mint_collateral(address, Usd(holding))
        return self._created("/api/trading-wallets", trading_wallet_body(address, name=name))

    def strategy(self, **changes: Any) -> dict[str, Any]:
        """A new strategy behind a new FT wallet, from a new trading wallet unless one is named."""
        return self._created("/api/lt/strategies", self.strategy_body(**changes))

    def strategy_body(self, **changes: Any) -> dict[str, Any]:
        """A body that is accepted; the wallets that it needs are created unless `changes` name some."""
        name = f"wallet {secrets.token_hex(4)}"
        body = {
            "name": "live",
            "initial_capital_usd": "500",
            "slippage_bound_fraction": "0.02",
            "risk_rules": {**NO_LIMITS, "daily_budget_usd": "100"},
            **changes,
        }
        if "ft_wallet_id" not in body:
            body["ft_wallet_id"] = self.ft_wallet(name)["ft_wallet_id"]
        if "trading_wallet_id" not in body:
            body["trading_wallet_id"] = self.trading_wallet(name=name)["trading_wallet_id"]
        return body

    def _created(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        reply = self.call("POST", path, body)
        assert reply.status == 201, reply.body
        created: dict[str, Any] = reply.body
        return created


def reply_of(event: dict[str, Any], answer: dict[str, Any]) -> Reply:
    """What a function answered, held to the document."""
    headers = {name.lower(): str(value) for name, value in answer["headers"].items()}
    text: str = answer["body"]
    hold(
        event["requestContext"]["http"]["method"],
        event["rawPath"],
        status=answer["statusCode"],
        headers=headers,
        text=text,
    )
    is_json = headers["content-type"].endswith("json") and bool(text)
    return Reply(status=answer["statusCode"], body=json.loads(text) if is_json else text, headers=headers)


def http_event(
    method: str,
    path: str,
    body: str | None = None,
    *,
    owner: str | None = OWNER,
    key: str | None = None,
    scopes: str = "read trade",
) -> dict[str, Any]:
    """The recorded event with another request in it."""
    event: dict[str, Any] = json.loads((ROOT / "events" / "strategy-api.json").read_text())
    path, _, query = path.partition("?")
    event |= {"rawPath": path, "rawQueryString": query, "routeKey": f"{method} {path}"}
    event["queryStringParameters"] = dict(parse_qsl(query, keep_blank_values=True))
    event["requestContext"]["http"] |= {"method": method, "path": path}
    if owner is None:
        del event["requestContext"]["authorizer"]
    else:
        event["requestContext"]["authorizer"]["jwt"]["claims"] |= {"sub": owner, "scope": scopes}
    if key is not None:
        event["headers"]["idempotency-key"] = key
    if body is not None:
        event["body"] = body
    return event


def fresh_address() -> str:
    return "0x" + secrets.token_hex(20)


def ft_wallet_body(name: str = "paper", **config: Any) -> dict[str, Any]:
    return {"name": name, "starting_balance_usd": "1000", "config": {"bet_size": "10", "max_bet": "40", **config}}


def trading_wallet_body(address: str, *, name: str = "main") -> dict[str, Any]:
    return {"name": name, "address": address, "signature_type": 0, "secret_name": SECRET_NAME}


@pytest.fixture(scope="session")
def api_chain() -> Iterator[LocalChain]:
    """A chain of the session's own."""
    with running_chain() as chain:
        yield chain


@pytest.fixture
def api(database: Database, database_url: str, api_chain: LocalChain, monkeypatch: pytest.MonkeyPatch) -> Iterator[Api]:
    """The API over an empty migrated database, with the environment that the template gives it."""
    parameters = {
        "DatabaseUrl": database_url,
        "JwtIssuer": "https://issuer.example.com",
        "JwtAudience": "live-trading-api",
        "RpcUrl": api_chain.rpc_url,
    }
    application = load_application(TEMPLATE, parameters=parameters, stack_name="live-trading")
    for name, value in application.function("strategy-api").environment.items():
        monkeypatch.setenv(name, value)
    parts = Parts()
    monkeypatch.setattr(app, "parts", parts)
    yield Api(database=database, chain=api_chain)
    parts.database.close()
