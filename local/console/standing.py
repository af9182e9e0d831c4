"""How a stack stands, read without changing it: its clock, jobs, health, wallets, risk and alerts.

Nothing is asked of the venue and no function is invoked, because the replay's clock would move by it: what the database
knows is looked at anew, and of the parts outside it is told what health found last.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import httpx

from live_trading.nouns.errors import LiveTradingError
from live_trading.nouns.markets import Market
from live_trading.nouns.money import Usd
from live_trading.services.watching.checks.check_look import Look
from live_trading.services.watching.checks.job_checks import JobStanding
from live_trading.services.watching.findings import HealthStatus
from live_trading.services.watching.own_look import OwnLook, look_at
from live_trading.store.database.connection import Database, Transaction
from live_trading.store.feed import markets
from live_trading.store.positions import held_positions
from live_trading.store.positions.held_positions import HeldPosition
from live_trading.store.risk import locks
from live_trading.store.risk.locks import LockRow
from live_trading.wiring.settings import read_settings
from local.stack.facts import StackFacts

_ASK_SECONDS = 30.0
_WEI = Decimal(10**18)


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One finding of health."""

    name: str
    status: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Wallet:
    """A trading wallet with what the chain has of it; the balances are None where the chain does not tell."""

    name: str
    address: str
    verification: str
    collateral: Usd | None
    gas: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """Shares of one outcome, and what they cost."""

    market: str
    outcome: str
    shares: Decimal
    cost: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Strategy:
    """A strategy's row of risk, beside the limits that are set for it."""

    name: str
    is_active: bool
    equity: Decimal
    reserved: Decimal
    exposure: Decimal
    open_positions: int
    spent_today: Decimal
    drawdown: Decimal
    held: Sequence[Held]
    daily_budget: Decimal | None
    max_exposure: Decimal | None
    max_positions: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """An alert that is not resolved."""

    severity: str
    title: str
    created_at: datetime
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """All of it; `troubles` are parts that could not be asked, each with why."""

    now: datetime | None
    jobs: Sequence[JobStanding]
    checked_at: datetime | None
    checks: Sequence[Check]
    wallets: Sequence[Wallet]
    strategies: Sequence[Strategy]
    in_force: Sequence[LockRow]
    alerts: Sequence[Alert]
    troubles: Sequence[str]

    @property
    def is_well(self) -> bool:
        """Every part answers, and no check and no alert is critical."""
        told = [*(check.status for check in self.checks), *(alert.severity for alert in self.alerts)]
        return not (self.troubles or HealthStatus.CRITICAL in told)


def read_standing(stack: StackFacts) -> Standing:
    """How the stack stands; a part that is away is named in `troubles` and hides no other."""
    troubles: list[str] = []
    now = _clock(stack, troubles)
    database = Database(stack.connect)
    try:
        own = look_at(
            database, Look(now=now or datetime.now(UTC), limits=read_settings(stack.settings).health_thresholds)
        )
        with database.transaction() as transaction:
            return _read(stack, transaction, now, own, troubles)
    except LiveTradingError as error:
        troubles.append(f"the database does not answer: {error}")
        return Standing(
            now=now, jobs=(), checked_at=None, checks=(), wallets=(), strategies=(), in_force=(), alerts=(),
            troubles=troubles,
        )  # fmt: skip
    finally:
        database.close()


def _read(
    stack: StackFacts, transaction: Transaction, now: datetime | None, own: OwnLook, troubles: list[str]
) -> Standing:
    checked_at, outside = _outside(transaction, {each.name.value for each in own.findings})
    _asked(f"{stack.host_url}/functions", "the Lambda host", troubles)
    return Standing(
        now=now,
        jobs=own.jobs,
        checked_at=checked_at,
        checks=[*outside, *(Check(name=each.check, status=each.status, detail=each.said) for each in own.findings)],
        wallets=_wallets(stack, transaction, troubles),
        strategies=_strategies(transaction),
        in_force=locks.on_entries(transaction, now or datetime.now(UTC)),
        alerts=[
            Alert(severity=row["severity"], title=row["title"], created_at=row["created_at"], status=row["status"])
            for row in transaction.rows(_ALERTS)
        ],
        troubles=troubles,
    )


_STRATEGIES = """
SELECT strategy.name, strategy.is_active, state.*, rules.daily_budget_usd, rules.max_total_exposure_usd,
    rules.max_concurrent_positions
FROM lt_strategies AS strategy
INNER JOIN lt_risk_rules AS rules ON rules.lt_strategy_id = strategy.lt_strategy_id
INNER JOIN lt_risk_state AS state ON state.lt_strategy_id = strategy.lt_strategy_id
ORDER BY strategy.made_number
"""
_ALERTS = """
SELECT severity, title, created_at, status FROM lt_alerts WHERE status <> 'RESOLVED'
ORDER BY severity, created_at, lt_alert_id
"""
_OUTSIDE = """
SELECT stands.check_name, stands.subject, stands.check_status, stands.checked_at, course.details
FROM lt_health_standing AS stands
LEFT JOIN LATERAL (
    SELECT kept.details FROM lt_health_checks AS kept
    WHERE kept.check_type = trim(stands.check_name || ' ' || stands.subject)
    ORDER BY kept.checked_at DESC LIMIT 1
) AS course ON TRUE
WHERE NOT (stands.check_name = ANY(:known::text[]))
ORDER BY stands.check_name, stands.subject
"""


def _strategies(transaction: Transaction) -> list[Strategy]:
    rows = transaction.rows(_STRATEGIES)
    held = held_positions.of_strategies(transaction, [row["lt_strategy_id"] for row in rows])
    known = markets.by_condition(transaction, {each.condition_id for some in held.values() for each in some})
    return [_strategy(row, [_held(each, known) for each in held.get(row["lt_strategy_id"], [])]) for row in rows]


def _held(position: HeldPosition, known: Mapping[str, Market]) -> Held:
    market = known[position.condition_id]
    return Held(
        market=market.slug,
        outcome=market.outcomes[position.outcome_index],
        shares=position.shares.value,
        cost=position.cost.value,
    )


def _strategy(row: dict[str, Any], held: Sequence[Held]) -> Strategy:
    return Strategy(
        held=held,
        name=row["name"],
        is_active=row["is_active"],
        equity=row["equity_usd"],
        reserved=row["reserved_usd"],
        exposure=row["exposure_usd"],
        open_positions=row["open_positions"],
        spent_today=row["daily_spent_usd"],
        drawdown=row["drawdown_fraction"],
        daily_budget=row["daily_budget_usd"],
        max_exposure=row["max_total_exposure_usd"],
        max_positions=row["max_concurrent_positions"],
    )


def _outside(transaction: Transaction, known: set[str]) -> tuple[datetime | None, list[Check]]:
    """When health last looked, and what it found of the parts that are not known by the database itself."""
    rows = transaction.rows(_OUTSIDE, known=sorted(known))
    checks = [
        Check(
            name=f"{row['check_name']} {row['subject']}".strip(),
            status=row["check_status"],
            detail=str((row["details"] or {}).get("detail", "")),
        )
        for row in rows
    ]
    return max((row["checked_at"] for row in rows), default=None), checks


def _wallets(stack: StackFacts, transaction: Transaction, troubles: list[str]) -> list[Wallet]:
    chain = stack.chain_reader()
    found = []
    for row in transaction.rows("SELECT name, address, verification FROM trading_wallets ORDER BY made_number"):
        collateral, gas = None, None
        try:
            collateral = chain.collateral_balance(row["address"])
            gas = Decimal(chain.gas_money(row["address"])) / _WEI
        except LiveTradingError as error:
            troubles.append(f"the chain does not tell what {row['name']} has: {error}")
        found.append(Wallet(**row, collateral=collateral, gas=gas))
    return found


def _clock(stack: StackFacts, troubles: list[str]) -> datetime | None:
    told = _asked(f"{stack.control_url}/clock", "the replay's clock", troubles)
    return None if told is None else datetime.fromtimestamp(told["now_ms"] / 1000, UTC)


def _asked(url: str, who: str, troubles: list[str]) -> dict[str, Any] | None:
    try:
        told: dict[str, Any] = httpx.get(url, timeout=_ASK_SECONDS).raise_for_status().json()
    except httpx.HTTPError as error:
        troubles.append(f"{who} does not answer at {url}: {error}")
        return None
    return told
