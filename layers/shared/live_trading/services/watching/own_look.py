"""What the database says of the system: every check's questions in as few round trips as there can be.

A check that fails where all were asked together is asked again by itself, so that it stops only itself.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from live_trading.nouns.errors import LiveTradingError
from live_trading.services.watching import one_sided, wallet_probe
from live_trading.services.watching.checks import (
    alert_checks,
    database_checks,
    decision_checks,
    execution_checks,
    feed_checks,
    guard_checks,
    job_checks,
    money_checks,
    order_checks,
    position_checks,
    venue_checks,
)
from live_trading.services.watching.checks.check_look import Check, Judge, Look
from live_trading.services.watching.checks.job_checks import JobStanding
from live_trading.services.watching.findings import CheckName, Finding, HealthStatus
from live_trading.store.database import migrations
from live_trading.store.database.connection import Database, StoreUnavailable, Transaction
from live_trading.store.watch import job_runs
from live_trading.store.watch.health import check_standing, money_state, own_state
from live_trading.store.watch.health.money_state import WalletState

logger = logging.getLogger(__name__)

CHECKS: tuple[tuple[CheckName, Check], ...] = (
    (CheckName.CONNECTIONS, database_checks.server),
    (CheckName.VENUE_MODE, venue_checks.mode),
    (CheckName.BREAKS, money_checks.counted),
    (CheckName.OVERDRAFTS, money_checks.overdrawn),
    (CheckName.RESERVED, money_checks.reserved),
    (CheckName.ORDERS, order_checks.orders),
    (CheckName.FILLS, order_checks.fills),
    (CheckName.UNREAD_RECEIPTS, order_checks.receipts),
    (CheckName.RESOLVED_MARKETS, order_checks.conditions),
    (CheckName.REDEMPTIONS, order_checks.redemptions),
    (CheckName.EXITS, position_checks.exits),
    (CheckName.JOB, job_checks.jobs),
    (CheckName.UNDECIDED_SIGNALS, decision_checks.undecided),
    (CheckName.NO_ORDERS, decision_checks.no_orders),
    (CheckName.FOLLOWED_TRADES, feed_checks.followed),
    (CheckName.TRADERS_ASKED, feed_checks.readers),
    (CheckName.ROWS_OF_SOURCE, feed_checks.unread),
    (CheckName.EXECUTION, execution_checks.execution),
    (CheckName.GUARDS, guard_checks.guards),
)
# What asks by itself comes after those that travel together.
_ALONE: tuple[tuple[CheckName, Check], ...] = (
    (CheckName.NOT_LISTED, one_sided.checked),
    (CheckName.ALERTS_NOT_TOLD, alert_checks.untold),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnLook:
    """Findings, how jobs stand, the wallets that trade, and by name and subject how checks stood before."""

    findings: list[Finding]
    jobs: list[JobStanding]
    wallets: list[WalletState]
    before: check_standing.Before


NOTHING = OwnLook(findings=[], jobs=[], wallets=[], before={})


def look_at(database: Database, look: Look) -> OwnLook:
    """Everything that the database knows. A database that is away is a finding of its own, and the only one."""
    try:
        with database.reading() as transaction:
            return _look(transaction, look)
    except LiveTradingError as error:
        away = Finding(
            name=CheckName.DATABASE,
            status=HealthStatus.CRITICAL,
            detail=type(error).__name__,
            advice="nothing runs without it, and nothing is lost: look at the server and the way to it",
            is_answer=False,
        )
        return OwnLook(findings=[away], jobs=[], wallets=[], before={})


def _look(transaction: Transaction, look: Look) -> OwnLook:
    version = migrations.schema_version(transaction)
    found = database_checks.schema(version, look.required_schema)
    if version is None:
        return OwnLook(findings=found, jobs=[], wallets=[], before={})
    try:
        return _together(transaction, look, found)
    except StoreUnavailable:
        raise
    except Exception:
        # One question that cannot be asked takes the others of its round trip with it.
        logger.exception("the checks could not be asked together")
        return _one_by_one(transaction, look, found)


def _together(transaction: Transaction, look: Look, found: Sequence[Finding]) -> OwnLook:
    judges = [check(transaction, look) for _, check in CHECKS]
    wallets = money_state.ask_wallets(transaction, look.now, most=look.limits.wallets_asked)
    runs, since = job_runs.ask_of_jobs(transaction), own_state.ask_trading_since(transaction)
    before = check_standing.ask_since(transaction)
    transaction.flush()
    findings = [*found, *(finding for judge in judges for finding in judge()), *wallet_probe.kept(wallets.told)]
    findings += [finding for name, check in _ALONE for finding in _alone(transaction, look, name, check)]
    return OwnLook(
        findings=findings,
        jobs=job_checks.standing(runs.told, since.told, look.now),
        wallets=wallets.told,
        before=before.told,
    )


def _one_by_one(transaction: Transaction, look: Look, found: Sequence[Finding]) -> OwnLook:
    findings = [*found]
    for name, check in (*CHECKS, *_ALONE, (CheckName.WALLET_ALLOWANCES, _wallets)):
        findings += _alone(transaction, look, name, check)
    return OwnLook(findings=findings, jobs=[], wallets=[], before={})


def _wallets(transaction: Transaction, look: Look) -> Judge:
    asked = money_state.ask_wallets(transaction, look.now, most=look.limits.wallets_asked)
    return lambda: wallet_probe.kept(asked.told)


def _alone(transaction: Transaction, look: Look, name: CheckName, check: Check) -> list[Finding]:
    try:
        judge = check(transaction, look)
        transaction.flush()
        return list(judge())
    except StoreUnavailable:
        raise
    except Exception as error:
        logger.exception("a check failed", extra={"check": name.value})
        return [
            Finding(
                name=name,
                status=HealthStatus.CRITICAL,
                detail=f"the check itself fails: {type(error).__name__}",
                advice="a defect: the log has it; the other checks are as they say",
                is_answer=False,
            )
        ]
