"""health: asks every part by itself, keeps the answers, and turns bad ones into alerts that end when the cause does.

One part that is down never hides the others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from live_trading.nouns.alerts import AlertType, Severity
from live_trading.nouns.clock import Clock
from live_trading.nouns.errors import LiveTradingError
from live_trading.store.books import overdrafts
from live_trading.store.books.overdrafts import Overdraft
from live_trading.store.database import migrations
from live_trading.store.database.connection import Database, Transaction
from live_trading.store.watch import alerts
from live_trading.store.watch.alerts import SetAside


class HealthStatus(StrEnum):
    HEALTHY = "HEALTHY"
    WARNING = "WARNING"
    CRITICAL = "CRITICAL"


UNKNOWN_ORDER_AGE = timedelta(minutes=2)
# A row that was set aside stays in the report this long after it was last seen.
SET_ASIDE_FOR = timedelta(days=1)
# A receipt lies deep enough within half a minute of the confirmation; passes come every minute.
UNREAD_RECEIPT_AGE = timedelta(minutes=5)
# Three missed periods of each job's schedule.
JOB_SILENCE = {
    "ft-sync": timedelta(minutes=3),
    "lt-execute": timedelta(minutes=6),
    "lt-resolve": timedelta(minutes=30),
    "lt-redemptions": timedelta(minutes=30),
    "ft-resolve": timedelta(minutes=30),
}
_LONGEST_REASON = 200
_ORDER = (HealthStatus.HEALTHY, HealthStatus.WARNING, HealthStatus.CRITICAL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One check: its name, how it stands, and what it saw."""

    check: str
    status: HealthStatus
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthReport:
    """All findings and the worst of them."""

    status: HealthStatus
    findings: tuple[Finding, ...]

    @property
    def is_up(self) -> bool:
        return self.status is not HealthStatus.CRITICAL


class HealthService:
    """Looks at the outside parts through probes, and at our own state in the database."""

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        probes: Mapping[str, Callable[[], str]],
        notify: Callable[[str, str], None] | None,
    ) -> None:
        """A probe answers with what it saw, or raises one of our errors; `notify` takes a title and a message."""
        self._database = database
        self._clock = clock
        self._probes = probes
        self._notify = notify

    def look(self) -> HealthReport:
        """Every finding; writes nothing."""
        findings = [self._probed(name, probe) for name, probe in self._probes.items()]
        findings += self._own_state()
        worst = max((finding.status for finding in findings), key=_ORDER.index, default=HealthStatus.HEALTHY)
        return HealthReport(status=worst, findings=tuple(findings))

    def run(self) -> HealthReport:
        """Looks, keeps the findings, raises and ends alerts, and tells the operator once of each new one.

        Raises StoreUnavailable where the database is away: then nothing can be kept.
        """
        report = self.look()
        now = self._clock.now()
        with self._database.transaction() as transaction:
            for finding in report.findings:
                _keep(transaction, finding, now)
            alerts.resolve_alerts_of_ended_locks(transaction, now)
            waiting = alerts.unnotified(transaction)
        for lt_alert_id, title, message in waiting:
            if self._notify is None:
                break
            self._notify(title, message)
            with self._database.transaction() as transaction:
                alerts.note_notified(transaction, lt_alert_id, now)
        return report

    def _probed(self, name: str, probe: Callable[[], str]) -> Finding:
        try:
            return Finding(check=name, status=HealthStatus.HEALTHY, detail=probe())
        except LiveTradingError as error:
            return Finding(check=name, status=HealthStatus.CRITICAL, detail=f"{type(error).__name__}: {error}")

    def _own_state(self) -> list[Finding]:
        try:
            now = self._clock.now()
            with self._database.transaction() as transaction:
                version = migrations.schema_version(transaction)
                if version is None:
                    return [Finding(check="database", status=HealthStatus.CRITICAL, detail="never migrated")]
                return [
                    Finding(check="database", status=HealthStatus.HEALTHY, detail=f"schema {version}"),
                    *_state_findings(transaction, now),
                ]
        except LiveTradingError as error:
            return [Finding(check="database", status=HealthStatus.CRITICAL, detail=type(error).__name__)]


def _state_findings(transaction: Transaction, now: datetime) -> list[Finding]:
    counts = alerts.counts(transaction, now)
    findings = [
        _counted("breaks", counts["open_breaks"], HealthStatus.CRITICAL),
        _counted("redemptions_for_operator", counts["redemptions_for_operator"], HealthStatus.WARNING),
        _counted("locks_in_force", counts["locks_in_force"], HealthStatus.WARNING),
        _unknown_orders(alerts.oldest_unknown_order(transaction), now),
        _overdrafts(overdrafts.standing(transaction)),
        *_set_aside(transaction, now),
        _unread_receipts(alerts.oldest_unread_receipt(transaction), now),
    ]
    since = alerts.trading_since(transaction)
    if since is not None:
        findings += _silent_jobs(alerts.last_runs(transaction), since, now)
    return findings


def _counted(check: str, count: int, bad: HealthStatus) -> Finding:
    return Finding(check=check, status=bad if count else HealthStatus.HEALTHY, detail=str(count))


def _overdrafts(found: Sequence[Overdraft]) -> Finding:
    """Cash or a reservation below zero."""
    if not found:
        return Finding(check="overdrafts", status=HealthStatus.HEALTHY, detail="none")
    told = [
        f"{each.account} of strategy {each.lt_strategy_id} in wallet {each.trading_wallet_id} is ${each.amount}"
        for each in found
    ]
    return Finding(check="overdrafts", status=HealthStatus.CRITICAL, detail="; ".join(told))


def _unknown_orders(oldest: datetime | None, now: datetime) -> Finding:
    if oldest is None:
        return Finding(check="unknown_orders", status=HealthStatus.HEALTHY, detail="none")
    age = now - oldest
    status = HealthStatus.CRITICAL if age > UNKNOWN_ORDER_AGE else HealthStatus.WARNING
    return Finding(check="unknown_orders", status=status, detail=f"oldest is {age.total_seconds():.0f} s old")


def _set_aside(transaction: Transaction, now: datetime) -> Sequence[Finding]:
    """Rows that could not be read, by source; and by followed trader, whose trade or record is then missing."""
    since = now - SET_ASIDE_FOR
    of_sources = alerts.rows_set_aside(transaction, since)
    of_traders = alerts.rows_of_traders_set_aside(transaction, since)
    return [
        *(_counted_rows(f"rows of {each.subject}", each) for each in of_sources),
        *(_counted_rows(f"trader {each.subject}", each) for each in of_traders),
    ]


def _counted_rows(check: str, rows: SetAside) -> Finding:
    status = HealthStatus.WARNING if rows.recent else HealthStatus.HEALTHY
    detail = f"{rows.recent} set aside, the newest for: {rows.newest_reason[:_LONGEST_REASON]}"
    return Finding(check=check, status=status, detail=detail if rows.recent else "none set aside")


def _unread_receipts(oldest: datetime | None, now: datetime) -> Finding:
    """A trade that the venue calls confirmed and whose receipt nobody could read: it settles nothing until then."""
    if oldest is None:
        return Finding(check="unread_receipts", status=HealthStatus.HEALTHY, detail="none")
    age = now - oldest
    status = HealthStatus.WARNING if age > UNREAD_RECEIPT_AGE else HealthStatus.HEALTHY
    return Finding(check="unread_receipts", status=status, detail=f"oldest is {age.total_seconds():.0f} s old")


def _silent_jobs(last_runs: Mapping[str, datetime], since: datetime, now: datetime) -> Sequence[Finding]:
    """A job is silent when it has not run for too long, counted from the first launch where it never has."""
    found: list[Finding] = []
    for job, silence in JOB_SILENCE.items():
        last = last_runs.get(job)
        is_silent = now - (last or since) > silence
        detail = "never ran" if last is None else f"last ran {(now - last).total_seconds():.0f} s ago"
        status = HealthStatus.WARNING if is_silent else HealthStatus.HEALTHY
        found.append(Finding(check=f"job {job}", status=status, detail=detail))
    return found


def _keep(transaction: Transaction, finding: Finding, now: datetime) -> None:
    alerts.record_check(
        transaction, check_type=finding.check, status=finding.status, details={"detail": finding.detail}, at=now
    )
    if finding.status is HealthStatus.HEALTHY:
        alerts.resolve_alert(transaction, alert_type=AlertType.HEALTH, subject=finding.check, at=now)
        return
    alerts.raise_alert(
        transaction,
        alert_type=AlertType.HEALTH,
        severity=Severity(finding.status),
        subject=finding.check,
        title=f"{finding.check}: {finding.status}",
        message=finding.detail,
        at=now,
    )
