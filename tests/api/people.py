"""Two people with one of everything each, on a stack that is up, made through its front door and its functions.

The second has ids, names and numbers that cannot be mistaken, so that any byte of his in the other's answers is seen.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from live_trading.store.database.connection import Database, Row
from live_trading.wiring.composition import Parts
from local.stack.assembly import StackFacts
from local.stack.issuer import LocalIssuer
from tests.api.contract import hold
from tests.e2e.live_fixtures import LiveDesk

FIRST, SECOND = "the-first-person", "zq-second-person"
SCOPES = ("read", "trade", "admin")
# Where the numbered rows of the second person begin: no answer has such a number by chance.
SECOND_NUMBERS = 7_340_000_000
EVERYBODY_S = frozenset(
    {
        "/api/health",
        "/api/lt/health",
        "/api/lt/health/guards",
        "/api/lt/alerts",
        "/api/lt/alerts/{lt_alert_id}",
        "/api/lt/alerts/{lt_alert_id}/acknowledge",
        "/api/lt/alerts/{lt_alert_id}/resolve",
        "/api/lt/audit",
        "/api/lt/audit/{audit_id}",
        "/api/jobs",
        "/api/jobs/{job_id}",
        "/api/lt/execute",
        "/api/lt/resolve",
        "/api/lt/redemptions/process",
    }
)
"""What tells of everybody's things to whoever has the scope admin."""
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(slots=True, kw_only=True)
class Person:
    """Somebody with a token. `own` has an id of each kind of thing by the name that it has in a path."""

    subject: str
    trader: str
    own: dict[str, str] = field(default_factory=dict)
    spare_strategy_ids: list[str] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class World:
    """The stack with its people, and the ways to ask and to look."""

    stack: StackFacts
    issuer: LocalIssuer
    parts: Parts
    http: httpx.Client
    first: Person
    second: Person
    market: dict[str, Any] = field(default_factory=dict)
    marks: frozenset[str] = frozenset()
    """What stands in nothing but the second person's things, as `settle_in` left them."""

    @property
    def database(self) -> Database:
        return self.parts.database

    def token(self, person: Person, *scopes: str) -> str:
        return self.issuer.token(person.subject, scopes=scopes)

    def ask(
        self,
        method: str,
        path: str,
        *,
        token: str | None,
        body: object = None,
        content: bytes | None = None,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """One request through the front door, whose answer has to be one that the document allows."""
        sent = {"authorization": f"Bearer {token}".strip()} if token is not None else {}
        if content is None and body is not None:
            content = json.dumps(body).encode()
        if content is not None:
            sent["content-type"] = "application/json"
        response = self.http.request(
            method, path, params=query or None, content=content, headers={**sent, **(headers or {})}
        )
        hold(method, path, status=response.status_code, headers=response.headers, text=response.text)
        return response

    def made(self, person: Person, path: str, body: object, *, method: str = "POST") -> dict[str, Any]:
        """What a request of his did."""
        response = self.ask(
            method, path, token=self.token(person, *SCOPES), body=body, headers={"idempotency-key": uuid.uuid4().hex}
        )
        assert response.is_success, f"{method} {path}: {response.text}"
        found: dict[str, Any] = response.json()
        return found

    def run(self, function: str, event: object = None) -> Any:
        """What the function answers to its schedule."""
        answer = self.http.post(f"{self.stack.host_url}/invoke/{function}", json=event or {}).json()
        assert answer["status"] == "ok", answer
        return answer["payload"]

    def rows(self, sql: str, **parameters: object) -> list[Row]:
        with self.database.transaction() as transaction:
            return transaction.rows(sql, **parameters)

    def change(self, sql: str, **parameters: object) -> None:
        with self.database.transaction() as transaction:
            transaction.execute(sql, **parameters)

    def desk(self, person: Person) -> LiveDesk:
        """The levers of the replay, and the person's first strategy."""
        return LiveDesk(
            stack=self.stack,
            parts=self.parts,
            database=self.database,
            database_url=self.stack.database_url,
            trading_wallet_id=uuid.UUID(person.own["trading_wallet_id"]),
            ft_wallet_id=uuid.UUID(person.own["ft_wallet_id"]),
            lt_strategy_id=uuid.UUID(person.own["lt_strategy_id"]),
            market=self.market,
        )


_STRATEGIES = "SELECT lt_strategy_id FROM lt_strategies WHERE owner_id = :subject"
_WALLETS = "SELECT trading_wallet_id FROM trading_wallets WHERE owner_id = :subject"
_PAPER = "SELECT ft_wallet_id FROM ft_wallets WHERE owner_id = :subject"
_HASHES = f"SELECT order_hash FROM lt_orders WHERE lt_strategy_id IN ({_STRATEGIES}) AND order_hash IS NOT NULL"
_OWNED = (
    ("lt_strategies", "owner_id", ":subject"),
    ("trading_wallets", "owner_id", ":subject"),
    ("ft_wallets", "owner_id", ":subject"),
    ("exit_wishes", "owner_id", ":subject"),
    ("job_requests", "owner_id", ":subject"),
    ("lt_alerts", "owner_id", ":subject"),
    ("lt_orders", "lt_strategy_id", _STRATEGIES),
    ("lt_risk_rules", "lt_strategy_id", _STRATEGIES),
    ("decisions", "lt_strategy_id", _STRATEGIES),
    ("ft_wallet_versions", "ft_wallet_id", _PAPER),
    ("ft_orders", "ft_wallet_id", _PAPER),
    ("breaks", "trading_wallet_id", _WALLETS),
    ("lt_redemptions", "trading_wallet_id", _WALLETS),
    ("wallet_approvals", "trading_wallet_id", _WALLETS),
    ("ledger_entries", "trading_wallet_id", _WALLETS),
    ("audit_log", "actor", ":subject"),
    ("locks", "created_by", ":subject"),
)
"""Every table that has rows of somebody, by the column that says whose."""


def unchanged_things(world: World, person: Person) -> dict[str, str]:
    """A hash of all that is somebody's, by table: the same before and after what may not touch it."""
    return {
        table: str(
            world.rows(
                f"SELECT md5(coalesce(string_agg(found::text, chr(10) ORDER BY found::text), '')) AS whole"
                f" FROM {table} AS found WHERE {column} IN ({whose})",
                subject=person.subject,
            )[0]["whole"]
        )
        for table, column, whose in _OWNED
    }


def marks_of(world: World, person: Person, other: Person) -> frozenset[str]:
    """What stands in nothing but the person's things: his name, and the ids, hashes, addresses and secrets of his."""
    ids = set(_UUID.findall(_all_of(world, person))) - set(_UUID.findall(_all_of(world, other)))
    numbers = set(re.findall(rf"\b{str(SECOND_NUMBERS)[:6]}\d{{4}}\b", _all_of(world, person)))
    hashes = {row["order_hash"] for row in world.rows(_HASHES, subject=person.subject)}
    (wallet,) = world.rows(
        "SELECT address, secret_name FROM trading_wallets WHERE owner_id = :subject", subject=person.subject
    )
    return frozenset({person.subject, wallet["address"], wallet["secret_name"], *ids, *hashes, *numbers})


def _all_of(world: World, person: Person) -> str:
    return "\n".join(
        json.dumps(row, default=str)
        for table, column, whose in _OWNED
        for row in world.rows(
            f"SELECT to_jsonb(found) AS row FROM {table} AS found WHERE {column} IN ({whose})", subject=person.subject
        )
    )
