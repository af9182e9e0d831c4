"""health: asks every part by itself, keeps the answers, and turns bad ones into alerts that end when the cause does.

One part that is down never hides the others.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from live_trading.nouns.alerts import AlertType, Severity
from live_trading.nouns.clock import Clock
from live_trading.nouns.errors import LiveTradingError
from live_trading.nouns.measures.metrics import Figures, MetricName
from live_trading.services.watching import findings, kept_watch, one_sided
from live_trading.services.watching.findings import Finding, HealthStatus
from live_trading.store.database import migrations
from live_trading.store.database.connection import Database, Transaction
from live_trading.store.watch import alerts
from live_trading.store.watch.alerts import Untold

logger = logging.getLogger(__name__)

# A late trade is booked when it is told; the alert says so for a day.
LATE_FILL_STANDS_FOR = timedelta(days=1)
_ORDER = (HealthStatus.HEALTHY, HealthStatus.WARNING, HealthStatus.CRITICAL)


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthReport:
    """All findings and the worst of them."""

    status: HealthStatus
    findings: tuple[Finding, ...]

    @property
    def is_up(self) -> bool:
        return self.status is not HealthStatus.CRITICAL

    def figures(self) -> Figures:
        """How many findings are bad, none too."""
        found = Counter(finding.status for finding in self.findings)
        return {
            MetricName.HEALTH_CRITICAL: [found[HealthStatus.CRITICAL]],
            MetricName.HEALTH_WARNING: [found[HealthStatus.WARNING]],
        }


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
        found = [self._probed(name, probe) for name, probe in self._probes.items()]
        found += self._own_state()
        worst = max((finding.status for finding in found), key=_ORDER.index, default=HealthStatus.HEALTHY)
        return HealthReport(status=worst, findings=tuple(found))

    def run(self) -> HealthReport:
        """Looks, keeps the findings, raises and ends alerts, and tells the operator once of each new one.

        Raises StoreUnavailable where the database is away: then nothing can be kept.
        """
        report = self.look()
        now = self._clock.now()
        told_of = [finding for finding in report.findings if finding.alerts and finding.status in _ORDER[1:]]
        with self._database.transaction() as transaction:
            for finding in report.findings:
                alerts.record_check(
                    transaction,
                    check_type=finding.check,
                    status=finding.status,
                    details={"detail": finding.detail},
                    at=now,
                )
            for finding in told_of:
                _tell(transaction, finding, now)
            alerts.resolve_others(
                transaction,
                alert_type=AlertType.HEALTH,
                prefix="",
                standing=[finding.check for finding in told_of],
                at=now,
            )
            alerts.resolve_alerts_of_ended_locks(transaction, now)
            alerts.resolve_older(
                transaction, alert_type=AlertType.LATE_FILL, prefix="", before=now - LATE_FILL_STANDS_FOR, at=now
            )
            kept_watch.compare(transaction, now)
            waiting = alerts.unnotified(transaction)
        for each in waiting:
            self._notify_one(each, now)
        return report

    def _notify_one(self, alert: Untold, now: datetime) -> None:
        """Tells the operator of one alert; one that is refused is tried again and keeps no other back."""
        if self._notify is None:
            return
        try:
            self._notify(f"{alert.severity}: {alert.title}", alert.message)
        except LiveTradingError:
            logger.exception("an alert was not sent", extra={"lt_alert_id": alert.lt_alert_id})
            return
        with self._database.transaction() as transaction:
            alerts.note_notified(transaction, alert, now)

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
                    *findings.of_state(transaction, now),
                    *one_sided.trades(transaction, now),
                ]
        except LiveTradingError as error:
            return [Finding(check="database", status=HealthStatus.CRITICAL, detail=type(error).__name__)]


def _tell(transaction: Transaction, finding: Finding, now: datetime) -> None:
    alerts.raise_alert(
        transaction,
        alert_type=AlertType.HEALTH,
        severity=Severity(finding.status),
        subject=finding.check,
        title=f"{finding.check}: {finding.status}",
        message=finding.detail,
        at=now,
    )
