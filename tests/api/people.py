"""Two people with one of everything each, on a stack that is up, made through its front door and its functions.

The second has ids, names and numbers that cannot be mistaken, so that any byte of his in the other's answers is seen.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any

import httpx

from live_trading.nouns.money import Usd
from live_trading.nouns.risk_rules import RULE_FIELDS, SWITCHES
from live_trading.store.database.connection import Database, Row
from live_trading.wiring.composition import Parts
from local.chain import STANDARD_EXCHANGE, LocalChain
from local.stack.assembly import StackFacts
from local.stack.aws import put_secret
from local.stack.issuer import LocalIssuer
from local.stack.trading_wallet import fund, secret_of, wallet_of_seed
from tests.api.contract import hold
from tests.api.requests_of import EXAMPLE_SECRETS
from tests.e2e.live_fixtures import LiveDesk, follow_trader, market_with_time_left

FIRST, SECOND = "the-first-person", "zq-second-person"
SCOPES = ("read", "trade", "admin")
# Where the numbered rows of the second person begin: no answer has such a number by chance.
_SECOND_NUMBERS = 7_340_000_000
_NUMBERED = ("locks", "breaks", "decisions", "lt_alerts", "audit_log")
_NO_LIMITS: dict[str, Any] = dict.fromkeys(RULE_FIELDS) | dict.fromkeys(SWITCHES, False)
_WALLET_MONEY = Usd(20_000)
_CONFIG = {
    "bet_size": "20",
    "max_bet": "50",
    "min_bet": "1",
    "min_edge": "-1",
    "min_trader_resolved_count": 10,
    "probability_source": "trader_win_rate",
}
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
    numbers = set(re.findall(rf"\b{str(_SECOND_NUMBERS)[:6]}\d{{4}}\b", _all_of(world, person)))
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


def settle_in(world: World) -> None:
    """Gives both what they have: the second first, whose numbered rows stand far from everybody's."""
    world.market = market_with_time_left(_levers(world), seconds_left=600, settle_seconds=30)
    with world.database.transaction() as transaction:
        now = world.parts.clock.now() - timedelta(seconds=1)
        for person in (world.first, world.second):
            follow_trader(transaction, person.trader, now)
    usual = _numbers(world)
    _number_on(world, dict.fromkeys(usual, _SECOND_NUMBERS))
    _settle(world, world.second)
    _number_on(world, usual)
    _settle(world, world.first)
    world.marks = marks_of(world, world.second, world.first)


def _settle(world: World, person: Person) -> None:
    _own_things(world, person)
    # The next run proves the wallet's key.
    world.run("lt-execute")
    _trade(world, person)
    _trouble(world, person)


def _levers(world: World) -> LiveDesk:
    nobody = uuid.UUID(int=0)
    return LiveDesk(
        stack=world.stack,
        parts=world.parts,
        database=world.database,
        database_url=world.stack.database_url,
        trading_wallet_id=nobody,
        ft_wallet_id=nobody,
        lt_strategy_id=nobody,
        market={},
    )


def _numbers(world: World) -> dict[str, int]:
    """The last number of every table whose numbers are asked for by path."""
    found = world.rows(
        "SELECT sequencename, last_value FROM pg_sequences WHERE schemaname = 'public' AND sequencename ~ :named",
        named=f"^({'|'.join(_NUMBERED)})_",
    )
    return {row["sequencename"]: int(row["last_value"] or 1) for row in found}


def _number_on(world: World, last: Mapping[str, int]) -> None:
    """Lets every numbered table go on from there."""
    with world.database.transaction() as transaction:
        for name, number in last.items():
            transaction.execute("SELECT setval(:name::regclass, :number)", name=name, number=number)


def _own_things(world: World, person: Person) -> None:
    """A trading wallet with money, and three strategies with paper wallets of their own on it."""
    seed = uuid.uuid4().int
    wallet = wallet_of_seed(seed)
    fund(LocalChain.attach(world.stack.rpc_url), wallet, _WALLET_MONEY)
    secret_name = f"live-trading/wallets/{person.subject}/main"
    put_secret(world.stack.aws_endpoint_url, secret_name, secret_of(wallet, world.stack.clob_url))
    registered = world.made(
        person,
        "/api/trading-wallets",
        {
            "name": f"wallet of {person.subject}",
            "address": wallet.address,
            "signature_type": 0,
            "secret_name": secret_name,
        },
    )
    person.own["trading_wallet_id"] = registered["trading_wallet_id"]
    strategies = [new_strategy(world, person, f"{number} of {person.subject}") for number in range(3)]
    person.own |= {name: strategies[0][name] for name in ("lt_strategy_id", "ft_wallet_id")}
    person.spare_strategy_ids = [each["lt_strategy_id"] for each in strategies[1:]]


def new_strategy(world: World, person: Person, name: str) -> dict[str, Any]:
    """A strategy behind a paper wallet of its own."""
    paper = world.made(
        person,
        "/api/ft/wallets",
        {
            "name": f"paper {name}",
            "starting_balance_usd": "1000",
            "config": {**_CONFIG, "target_traders": [person.trader]},
        },
    )
    return world.made(
        person,
        "/api/lt/strategies",
        {
            "name": f"strategy {name}",
            "ft_wallet_id": paper["ft_wallet_id"],
            "trading_wallet_id": person.own["trading_wallet_id"],
            "initial_capital_usd": "500",
            "slippage_bound_fraction": "0.05",
            "risk_rules": _NO_LIMITS,
        },
    )


def _trade(world: World, person: Person) -> None:
    """What the person's trader buys is bought and settles."""
    desk = world.desk(person)
    outcome = desk.dearer()
    desk.signal(outcome_index=outcome, trader=person.trader)
    world.run("lt-execute")
    desk.advance(10)
    world.run("lt-execute")
    desk.advance(30)
    world.run("lt-execute")
    world.run("ft-sync")
    (order,) = world.rows(
        "SELECT lt_order_id, state FROM lt_orders WHERE lt_strategy_id = :id", id=person.own["lt_strategy_id"]
    )
    assert order["state"] == "FILLED", order
    person.own["lt_order_id"] = str(order["lt_order_id"])
    (paper,) = world.rows(
        "SELECT ft_order_id, source_trade_id FROM ft_orders WHERE ft_wallet_id = :id", id=person.own["ft_wallet_id"]
    )
    person.own["ft_order_id"] = str(paper["ft_order_id"])
    person.own["source_trade_id"] = str(paper["source_trade_id"])
    person.own["token_id"] = world.market["token_ids"][outcome]
    person.own["trader_address"] = person.trader


def _trouble(world: World, person: Person) -> None:
    """A lock, a break, a failed redemption, a wish that is over, an approval that is asked for, and an alert."""
    own, now = person.own, world.parts.clock.now()
    paused = world.made(
        person, f"/api/lt/strategies/{own['lt_strategy_id']}/pause", {"reason": f"because of {person.subject}"}
    )
    assert paused
    world.made(
        person,
        f"/api/trading-wallets/{own['trading_wallet_id']}/approvals",
        {"kind": "ALLOWANCE", "spender": STANDARD_EXCHANGE, "reason": f"for {person.subject}", "amount_usd": "100000"},
    )
    wish, redemption = uuid.uuid4(), uuid.uuid4()
    at = {"wallet": own["trading_wallet_id"], "now": now}
    (found,) = world.rows(
        """
        INSERT INTO breaks (trading_wallet_id, kind, subject, expected, observed, found_at, last_seen_at)
        VALUES (:wallet, 'COLLATERAL', 'collateral', 1000, 1100, :now, :now) RETURNING break_id
        """,
        **at,
    )
    world.change(
        """
        INSERT INTO lt_redemptions (
            lt_redemption_id, trading_wallet_id, condition_id, kind, state, expected_usd, market_resolved_at, created_at
        ) VALUES (:id, :wallet, :condition, 'STANDARD', 'NEEDS_OPERATOR', 0, :now, :now)
        """,
        id=redemption,
        condition=world.market["condition_id"],
        **at,
    )
    world.change(
        """
        INSERT INTO exit_wishes (
            exit_wish_id, owner_id, trading_wallet_id, kind, lt_strategy_id, token_id, slippage_bound_fraction,
            order_type, state, asked_at, finished_at, result
        ) VALUES (
            :id, :owner, :wallet, 'CLOSE', :strategy, :token, :bound, 'FAK', 'EXPIRED', :now, :now, '{}'::jsonb
        )
        """,
        id=wish,
        owner=person.subject,
        strategy=own["lt_strategy_id"],
        token=own["token_id"],
        bound=Decimal("0.05"),
        **at,
    )
    (lock,) = world.rows(
        "SELECT lock_id FROM locks WHERE scope_id = :id AND released_at IS NULL", id=own["lt_strategy_id"]
    )
    (decision,) = world.rows(
        "SELECT max(decision_id) AS decision_id FROM decisions WHERE lt_strategy_id = :id", id=own["lt_strategy_id"]
    )
    own |= {
        "condition_id": world.market["condition_id"],
        EXAMPLE_SECRETS: f"live-trading/wallets/{person.subject}/",
        "exit_wish_id": str(wish),
        "lt_redemption_id": str(redemption),
        "lock_id": str(lock["lock_id"]),
        "break_id": str(found["break_id"]),
        "decision_id": str(decision["decision_id"]),
    }
