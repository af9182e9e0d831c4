"""How two people come to have what they have: through the front door, by runs of the functions, and trouble by hand."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

from live_trading.nouns.money import Usd
from live_trading.nouns.risk_rules import RULE_FIELDS, SWITCHES
from local.chain import STANDARD_EXCHANGE, LocalChain
from local.stack.aws import put_secret
from local.stack.trading_wallet import fund, secret_of, wallet_of_seed
from tests.api.people import SECOND_NUMBERS, Person, World, marks_of
from tests.api.requests_of import EXAMPLE_SECRETS
from tests.e2e.live_fixtures import LiveDesk, follow_trader, market_with_time_left

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


def settle_in(world: World) -> None:
    """Gives both what they have: the second first, whose numbered rows stand far from everybody's."""
    world.market = market_with_time_left(_levers(world), seconds_left=600, settle_seconds=30)
    with world.database.transaction() as transaction:
        now = world.parts.clock.now() - timedelta(seconds=1)
        for person in (world.first, world.second):
            follow_trader(transaction, person.trader, now)
    usual = _numbers(world)
    _number_on(world, dict.fromkeys(usual, SECOND_NUMBERS))
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
    job = uuid.uuid4()
    world.change(
        """
        INSERT INTO job_requests (
            job_id, job, owner_id, is_for_everybody, asked, state, asked_at, begun_at, ended_at, alive_until, holder,
            report
        ) VALUES (
            :id, 'kill-switch', :owner, FALSE, '{}'::jsonb, 'DONE', :now, :now, :now, :now, 'a test', '{}'::jsonb
        )
        """,
        id=job,
        owner=person.subject,
        now=now,
    )
    (line,) = world.rows("SELECT max(audit_log_id) AS audit_id FROM audit_log WHERE actor = :me", me=person.subject)
    own |= {
        "job_id": str(job),
        "audit_id": str(line["audit_id"]),
        "condition_id": world.market["condition_id"],
        EXAMPLE_SECRETS: f"live-trading/wallets/{person.subject}/",
        "exit_wish_id": str(wish),
        "lt_redemption_id": str(redemption),
        "lock_id": str(lock["lock_id"]),
        "break_id": str(found["break_id"]),
        "decision_id": str(decision["decision_id"]),
        "lt_alert_id": new_alert(world, person),
    }


def new_alert(world: World, person: Person) -> str:
    """One that is the person's own, and active."""
    with world.database.transaction() as transaction:
        found = transaction.only(
            """
            INSERT INTO lt_alerts (
                alert_type, severity, worst_severity, subject, title, message, status, created_at, last_seen_at, scope,
                owner_id, lt_strategy_id
            ) VALUES (
                'lock', 'WARNING', 'WARNING', :subject, :title, :title, 'ACTIVE', :now, :now, 'OWNER', :owner, :strategy
            ) RETURNING lt_alert_id
            """,
            subject=f"{person.subject}/{uuid.uuid4()}",
            title=f"an alert of {person.subject}",
            now=world.parts.clock.now(),
            owner=person.subject,
            strategy=person.own["lt_strategy_id"],
        )
    return str(found["lt_alert_id"])
