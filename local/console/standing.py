"""How a stack stands, read without changing it: its clock, jobs, health, wallets, risk and alerts.

Nothing is asked of the venue and no function is invoked, because the replay's clock would move by it: health is what
its job found last.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx

from live_trading.nouns.errors import LiveTradingError
from live_trading.nouns.markets import Market
from live_trading.nouns.money import Usd
from live_trading.store.database.connection import Database, Transaction
from live_trading.store.feed import markets
from live_trading.store.positions import held_positions
from live_trading.store.positions.held_positions import HeldPosition
from live_trading.store.risk import locks
from live_trading.store.risk.locks import LockRow
from live_trading.store.watch import job_runs
from live_trading.store.watch.job_runs import JobRun
from local.stack.facts import StackFacts

_ASK_SECONDS = 30.0
_WEI = Decimal(10**18)
# A lost tick is made up for by the next one.
MISSED_THAT_MATTER = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A scheduled job with how its last run ended, on the replay's clock."""

    name: str
    period: timedelta
    run: JobRun | None

    def age(self, now: datetime) -> timedelta | None:
        """Since it last came to its end."""
        return None if self.run is None or self.run.last_completed_at is None else now - self.run.last_completed_at

    @property
    def took(self) -> timedelta | None:
        """How long its last run took; None while one is under way, or where none came to its end."""
        if self.run is None or self.run.last_completed_at is None:
            return None
        took = self.run.last_completed_at - self.run.last_started_at
        return took if took >= timedelta(0) else None

    def missed(self, now: datetime) -> int:
        """Ticks since its last end that came to none."""
        age = self.age(now)
        return 0 if age is None else max(age // self.period, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One finding of the last run of health."""

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
    jobs: Sequence[Job]
    checked_at: datetime | None
    checks: Sequence[Check]
    wallets: Sequence[Wallet]
    strategies: Sequence[Strategy]
    in_force: Sequence[LockRow]
    alerts: Sequence[Alert]
    troubles: Sequence[str]

    @property
    def is_well(self) -> bool:
        """Every part answers, no check and no alert is critical, and no job is silent."""
        told = [*(check.status for check in self.checks), *(alert.severity for alert in self.alerts)]
        silent = [each for each in self.jobs if self.now and each.missed(self.now) >= MISSED_THAT_MATTER]
        return not (self.troubles or "CRITICAL" in told or silent)


def read_standing(stack: StackFacts) -> Standing:
    """How the stack stands; a part that is away is named in `troubles` and hides no other."""
    troubles: list[str] = []
    now = _clock(stack, troubles)
    periods = _periods(stack, troubles)
    database = Database(stack.connect)
    try:
        with database.transaction() as transaction:
            return _read(stack, transaction, now, periods, troubles)
    except LiveTradingError as error:
        troubles.append(f"the database does not answer: {error}")
        return Standing(
            now=now, jobs=(), checked_at=None, checks=(), wallets=(), strategies=(), in_force=(), alerts=(),
            troubles=troubles,
        )  # fmt: skip
    finally:
        database.close()


def _read(
    stack: StackFacts,
    transaction: Transaction,
    now: datetime | None,
    periods: Sequence[tuple[str, timedelta]],
    troubles: list[str],
) -> Standing:
    runs = job_runs.of_jobs(transaction)
    checked_at, checks = _checks(transaction)
    return Standing(
        now=now,
        jobs=[Job(name=name, period=period, run=runs.get(name)) for name, period in periods],
        checked_at=checked_at,
        checks=checks,
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
# The findings of one run of health are of one moment.
_CHECKS = """
SELECT check_type, check_status, details, checked_at FROM lt_health_checks
WHERE checked_at = (SELECT max(checked_at) FROM lt_health_checks)
ORDER BY check_type
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


def _checks(transaction: Transaction) -> tuple[datetime | None, list[Check]]:
    rows = transaction.rows(_CHECKS)
    checks = [
        Check(name=row["check_type"], status=row["check_status"], detail=str(row["details"].get("detail", "")))
        for row in rows
    ]
    return (rows[0]["checked_at"] if rows else None), checks


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


def _periods(stack: StackFacts, troubles: list[str]) -> list[tuple[str, timedelta]]:
    told = _asked(f"{stack.host_url}/functions", "the Lambda host", troubles)
    schedules = [] if told is None else told["schedules"]
    return [(each["job"], timedelta(milliseconds=each["period_ms"])) for each in schedules if each["job"]]


def _asked(url: str, who: str, troubles: list[str]) -> dict[str, Any] | None:
    try:
        told: dict[str, Any] = httpx.get(url, timeout=_ASK_SECONDS).raise_for_status().json()
    except httpx.HTTPError as error:
        troubles.append(f"{who} does not answer at {url}: {error}")
        return None
    return told
