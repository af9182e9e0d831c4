"""health: asks every part by itself, keeps the answers, and turns bad ones into alerts that end when the cause does.

One part that is down, or that hangs, never hides the others.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from live_trading.nouns.alerts import EVERYBODY, OPERATOR, AlertType, Concern, Severity
from live_trading.nouns.clock import Clock
from live_trading.nouns.errors import LiveTradingError
from live_trading.services.watching import guard_counting, kept_watch, own_look
from live_trading.services.watching.checks.check_look import Look
from live_trading.services.watching.checks.job_checks import JobStanding
from live_trading.services.watching.findings import (
    WORSE,
    CheckName,
    Figure,
    Finding,
    HealthStatus,
    healthy,
    untold,
    worst,
)
from live_trading.services.watching.own_look import OwnLook
from live_trading.services.watching.probing import Probe, Probing
from live_trading.services.watching.thresholds import HealthThresholds
from live_trading.services.watching.wallet_probe import WalletProbe
from live_trading.store.database.connection import Database, Transaction
from live_trading.store.watch import alert_sets, alerts
from live_trading.store.watch.alert_sets import NewAlert
from live_trading.store.watch.health import check_standing
from live_trading.store.watch.health.check_standing import Before, CheckedNow

logger = logging.getLogger(__name__)

# A late trade is booked when it is told; the alert says so for a day.
LATE_FILL_STANDS_FOR = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class BriefReport:
    """What a run says of itself: how many checks there were, and those that somebody may have to look at."""

    status: HealthStatus
    as_of: datetime | None
    checks: int
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthReport:
    """All findings and the worst of them, how jobs stand, and since when each finding has stood as it does.

    `as_of` is None where the clock is away. `since` is by a finding's `check`; one that has not been kept as it stands
    is missing.
    """

    status: HealthStatus
    findings: tuple[Finding, ...]
    as_of: datetime | None = None
    jobs: tuple[JobStanding, ...] = ()
    since: Mapping[str, datetime] | None = None

    @property
    def is_up(self) -> bool:
        return self.status is not HealthStatus.CRITICAL

    @property
    def brief(self) -> BriefReport:
        """The report without what is well."""
        bad = tuple(each for each in self.findings if each.status is not HealthStatus.HEALTHY)
        return BriefReport(status=self.status, as_of=self.as_of, checks=len(self.findings), findings=bad)

    def seen_by(self, owner_id: str, *, is_admin: bool) -> HealthReport:
        """The report as an owner may read it: what concerns all, and what is theirs."""
        seen = [found for each in self.findings if (found := each.seen_by(owner_id, is_admin=is_admin)) is not None]
        return HealthReport(
            status=worst(seen), findings=tuple(seen), as_of=self.as_of, jobs=self.jobs, since=self.since
        )


class HealthService:
    """Looks at the outside parts through probes, and at our own state in the database."""

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        probes: Mapping[CheckName, Probe],
        notify: Callable[[], object] | None,
        limits: HealthThresholds | None = None,
        probing: Probing | None = None,
        wallets: WalletProbe | None = None,
        required_schema: str | None = None,
        stays: timedelta = timedelta(),
    ) -> None:
        """A probe answers with what it found, or raises one of our errors; `notify` tells what waits to be told.

        `probing` remembers from look to look which probes hang. Without `wallets` the chain is not asked about them.
        `required_schema` is the migration that this code needs, `stays` how long lt-execute stays by intent.
        """
        self._database = database
        self._clock = clock
        self._probes = probes
        self._notify = notify
        self._limits = limits or HealthThresholds()
        self._probing = probing or Probing()
        self._wallets = wallets
        self._required_schema = required_schema
        self._stays = stays

    def look(self) -> HealthReport:
        """Every finding; writes nothing."""
        try:
            now = self._clock.now()
        except LiveTradingError as error:
            away = Finding(
                name=CheckName.CLOCK, status=HealthStatus.CRITICAL, detail=f"{type(error).__name__}: {error}"
            )
            found = [away, *self._ask(list(self._probes.items()))]
            return HealthReport(status=worst(found), findings=tuple(found))
        own, probed = self._own_and_probed(now)
        found = [healthy(CheckName.CLOCK, now.isoformat()), *probed]
        return HealthReport(
            status=worst(found),
            findings=tuple(found),
            as_of=now,
            jobs=tuple(own.jobs),
            since=_since(found, own.before),
        )

    def run(self) -> HealthReport:
        """Looks, keeps the findings, raises and ends alerts, and has told what there is to tell.

        Raises StoreUnavailable where the database is away: then nothing can be kept.
        """
        self._count()
        report = self.look()
        now = self._clock.now()
        told_of = _told_of(report.findings)
        with self._database.transaction() as transaction:
            silent = untold(report.findings)
            check_standing.record(transaction, _kept(report.findings), now, untold=silent)
            alert_sets.raise_all(
                transaction, alert_type=AlertType.HEALTH, alerts=[_alert(finding) for finding in told_of], at=now
            )
            alerts.resolve_others(
                transaction,
                alert_type=AlertType.HEALTH,
                prefix="",
                standing=[*(finding.check for finding in told_of), *_still_open(transaction, silent)],
                at=now,
            )
            alerts.resolve_alerts_of_ended_locks(transaction, now)
            alerts.resolve_older(
                transaction, alert_type=AlertType.LATE_FILL, prefix="", before=now - LATE_FILL_STANDS_FOR, at=now
            )
            kept_watch.compare(transaction, now)
        if self._notify is not None:
            self._notify()
        return report

    def _look_of(self, now: datetime) -> Look:
        return Look(now=now, limits=self._limits, required_schema=self._required_schema, stays=self._stays)

    def _count(self) -> None:
        """Where it fails the figures stay as they were, and the look goes on with those."""
        try:
            now = self._clock.now()
            with self._database.transaction() as transaction:
                guard_counting.count(transaction, self._limits, now)
        except LiveTradingError:
            logger.exception("guards and orders of strategies were not counted")

    def _own_and_probed(self, now: datetime) -> tuple[OwnLook, list[Finding]]:
        """The database is one part among the others: one that hangs does not hide them either.

        Which wallets the chain is asked about only it knows, so that they come after it.
        """
        seen: list[OwnLook] = []

        def own() -> list[Finding]:
            seen.append(own_look.look_at(self._database, self._look_of(now)))
            return seen[0].findings

        found = self._ask([*self._probes.items(), (CheckName.DATABASE, own)])
        known = seen[0] if seen else own_look.NOTHING
        on_chain = self._wallets
        if on_chain is not None and seen:
            found += self._ask([(CheckName.WALLETS, lambda: on_chain.on_chain(known.wallets))])
        return known, found

    def _ask(self, probes: Sequence[tuple[CheckName, Probe]]) -> list[Finding]:
        return self._probing.ask(probes, self._limits.probe_seconds)


def _still_open(transaction: Transaction, silent: Collection[CheckName]) -> list[str]:
    """Alerts of checks that this look says nothing of: nobody knows whether their cause is gone."""
    if not silent:
        return []
    names = tuple(f"{name.value} " for name in silent)
    return [each for each in alerts.open_subjects(transaction, AlertType.HEALTH) if f"{each} ".startswith(names)]


def _told_of(findings: Sequence[Finding]) -> list[Finding]:
    """What alerts are about, the worst of those with one name: wallets of two owners may be called the same."""
    by_check: dict[str, Finding] = {}
    for finding in findings:
        known = by_check.get(finding.check)
        is_worse = known is None or WORSE.index(finding.status) > WORSE.index(known.status)
        if finding.alerts and finding.status in WORSE[1:] and is_worse:
            by_check[finding.check] = finding
    return list(by_check.values())


def _since(found: Sequence[Finding], before: Before) -> dict[str, datetime]:
    known: dict[str, datetime] = {}
    for each in found:
        status, since = before.get((each.name.value, each.subject or ""), ("", None))
        if since is not None and status == each.status:
            known[each.check] = since
    return known


def _kept(findings: Sequence[Finding]) -> list[CheckedNow]:
    return [
        CheckedNow(
            name=each.name.value,
            subject=each.subject or "",
            status=each.status,
            details={"detail": each.detail, "figures": [_figure(figure) for figure in each.figures]},
        )
        for each in findings
    ]


def _figure(figure: Figure) -> dict[str, object]:
    return {
        "name": figure.name,
        "observed": None if figure.observed is None else f"{figure.observed:f}",
        "limit": None if figure.limit is None else f"{figure.limit:f}",
        "unit": figure.unit.value,
    }


def _alert(finding: Finding) -> NewAlert:
    return NewAlert(
        severity=Severity(finding.status),
        subject=finding.check,
        title=f"{finding.check}: {finding.status}",
        message=finding.said,
        concern=_concern(finding),
    )


def _concern(finding: Finding) -> Concern:
    """What names things of several owners is the operator's."""
    if finding.owner_id is not None:
        return Concern(owner_id=finding.owner_id)
    return EVERYBODY if finding.open_detail is None else OPERATOR
