"""Troubles that go on are told by name, told again when they become worse, and end when their cause does."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from live_trading.nouns.alerts import AlertType, ChannelName, Outgoing, Severity
from live_trading.nouns.errors import GiveUp, LiveTradingError, RetryLater, StopEverything
from live_trading.services.alerting.telling import AlertTeller, TellingRules
from live_trading.services.entering.execute import ExecuteReport
from live_trading.services.reconciling.reconcile import ReconcileReport
from live_trading.services.running.failures import PartFailure
from live_trading.services.watching.checkup import HealthService
from live_trading.services.watching.findings import CheckName, Finding, HealthStatus, healthy
from live_trading.services.watching.job_watch import JobWatch
from live_trading.store.database.connection import Database
from live_trading.store.watch import alerts
from live_trading.wiring.chance import stepped
from tests.integration.active_strategy import add_active_strategy

pytestmark = [pytest.mark.integration, pytest.mark.money_faults]

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
WALLET = "wallet 0a1b"


@dataclass
class Watched:
    """Runs of lt-execute every two minutes, and health after them."""

    database: Database
    at: datetime = NOON
    told: list[tuple[str, str]] = field(default_factory=list)
    refuses: str | None = None

    def now(self) -> datetime:
        return self.at

    def execute(self, *failures: PartFailure, error: Exception | None = None, ran: bool = True) -> None:
        self.at += timedelta(minutes=2)
        report = ExecuteReport(ran=ran, reconciled=[ReconcileReport(failures=list(failures))])

        def run() -> ExecuteReport:
            if error is not None:
                raise error
            return report

        JobWatch(database=self.database, clock=self).run("lt-execute", run)

    def health(self) -> dict[str, Finding]:
        teller = AlertTeller(
            database=self.database,
            clock=self,
            chance=stepped(self),
            channels=[self],
            rules=TellingRules(escalate_after=None, repeat_after=None, quiet=None),
        )
        service = HealthService(database=self.database, clock=self, probes={}, notify=teller.run)
        return {finding.check: finding for finding in service.run().findings}

    def alerts(self, status: str = "ACTIVE") -> list[dict[str, Any]]:
        with self.database.transaction() as transaction:
            return transaction.rows(
                "SELECT * FROM lt_alerts WHERE status = :status ORDER BY lt_alert_id", status=status
            )

    def raises(self, subject: str, severity: Severity) -> None:
        with self.database.transaction() as transaction:
            alerts.raise_alert(
                transaction,
                alert_type=AlertType.BREAK,
                severity=severity,
                subject=subject,
                title=f"break {subject}",
                message="look",
                at=self.at,
            )

    def changes(self, sql: str, **parameters: object) -> None:
        with self.database.transaction() as transaction:
            transaction.execute(sql, **parameters)

    name = ChannelName.SNS
    longest = 20_000

    def send(self, message: Outgoing, *, timeout_seconds: float) -> None:
        if self.refuses is not None and self.refuses in message.title:
            raise GiveUp("this one is not taken")
        if not message.title.startswith("ended"):
            self.told.append((message.title, message.text))


@pytest.fixture
def watched(database: Database) -> Watched:
    return Watched(database)


KEY_REFUSED = PartFailure(part=WALLET, error="GiveUp", message="the venue refuses the wallet's key")


def test_a_part_that_fails_in_every_run_is_told_by_name_and_ends_when_it_works_again(watched: Watched) -> None:
    for _ in range(2):
        watched.execute(KEY_REFUSED)
    assert watched.alerts() == []

    watched.execute(KEY_REFUSED)

    (alert,) = watched.alerts()
    assert (alert["alert_type"], alert["severity"]) == ("part_failure", "WARNING")
    for named in (WALLET, "lt-execute", "refuses the wallet's key", "2026-11-26 12:02 UTC", "3 runs"):
        assert named in alert["message"]
    for _ in range(3):
        watched.execute()
    assert watched.alerts() == []


def test_a_part_that_fails_for_a_quarter_of_an_hour_is_critical_and_told_again(watched: Watched) -> None:
    for _ in range(3):
        watched.execute(KEY_REFUSED)
    watched.health()
    for _ in range(6):
        watched.execute(KEY_REFUSED)
    watched.health()
    watched.health()

    assert [title for title, _ in watched.told] == [
        f"WARNING: lt-execute: {WALLET} fails",
        f"CRITICAL: lt-execute: {WALLET} fails",
    ]


def test_a_failure_now_and_then_of_different_parts_rings_for_nobody(watched: Watched) -> None:
    for number in range(9):
        watched.execute(PartFailure(part=f"trade {number}", error="RetryLater", message="away"))

    assert watched.alerts() == []


def test_two_parts_that_fail_are_two_alerts(watched: Watched) -> None:
    other = PartFailure(part="wallet 0c2d", error="GiveUp", message="no secret")
    for _ in range(3):
        watched.execute(KEY_REFUSED, other)

    assert [each["subject"] for each in watched.alerts()] == [f"lt-execute: {WALLET}", "lt-execute: wallet 0c2d"]


@pytest.fixture
def launched(watched: Watched) -> Watched:
    """With a strategy that is active, so that jobs have to run."""
    add_active_strategy(watched.database, now=NOON)
    return watched


@pytest.mark.parametrize("error", [StopEverything("a rule was about to break"), ValueError("odd")])
def test_a_job_that_dies_in_every_run_is_critical_although_it_takes_its_lease(
    launched: Watched, error: Exception
) -> None:
    for _ in range(3):
        with pytest.raises(type(error)):
            launched.execute(error=error)

    job = launched.health()["job lt-execute"]

    assert job.status is HealthStatus.CRITICAL
    assert str(error) in job.detail
    assert "2026-11-26 12:02" in job.detail
    launched.execute()
    assert launched.health()["job lt-execute"].status is HealthStatus.HEALTHY


def test_runs_that_only_found_another_at_it_are_silence(launched: Watched) -> None:
    for _ in range(4):
        launched.execute(ran=False)

    assert launched.health()["job lt-execute"].status is HealthStatus.WARNING


@pytest.mark.parametrize("state", ["SENT", "UNKNOWN"])
def test_an_order_without_an_answer_for_eight_minutes_is_critical_by_its_name(launched: Watched, state: str) -> None:
    launched.changes(
        """
        INSERT INTO markets (
            condition_id, version, question, slug, outcomes, token_ids, is_open, accepting_orders, tick_size,
            minimum_order_shares, fee_rate, fee_exponent, neg_risk, resolution_state_since, refreshed_at
        ) VALUES (
            '0x' || repeat('c', 64), 'v1', 'Will it ring?', 'will-it-ring', '{Yes,No}', '{1,2}', TRUE, TRUE, 0.01,
            5, 0, 1, FALSE, :now, :now
        )
        """,
        now=NOON,
    )
    launched.changes(
        """
        INSERT INTO lt_orders (
            lt_order_id, lt_strategy_id, trading_wallet_id, purpose, token_id, condition_id, outcome_index, side,
            order_type, limit_price, order_usd, order_shares, fee_bound_usd, reserved_usd, signed_payload, order_hash,
            state, decided_at, intent_at, sent_at
        )
        SELECT
            gen_random_uuid(), lt_strategy_id, trading_wallet_id, 'ENTRY', '1', '0x' || repeat('c', 64), 0, 'BUY',
            'FAK', 0.5, 12.5, 25, 0, 12.5, '{}', '0x' || repeat('d', 64), :state, :now, :now, :now
        FROM lt_strategies
        """,
        state=state,
        now=NOON,
    )
    launched.at = NOON + timedelta(minutes=8)

    launched.health()

    (alert,) = [each for each in launched.alerts() if each["subject"].startswith("order ")]
    assert alert["severity"] == "CRITICAL"
    for named in ("BUY of 12.500000 USD", "will-it-ring", "main", state, "2026-11-26 12:00:00 UTC"):
        assert named in alert["message"]
    launched.changes("UPDATE lt_orders SET state = 'FILLED', finished_at = sent_at")
    launched.health()
    assert [each for each in launched.alerts() if each["subject"].startswith("order ")] == []


def test_a_refused_notification_keeps_no_other_back_and_is_tried_again(watched: Watched) -> None:
    watched.raises("first", Severity.WARNING)
    watched.raises("second", Severity.WARNING)
    watched.refuses = "first"
    watched.health()
    assert [title for title, _ in watched.told] == ["WARNING: break second"]

    watched.at += timedelta(minutes=20)
    assert watched.health()["alerts_not_told"].status is HealthStatus.WARNING
    watched.refuses = None
    watched.at += timedelta(minutes=5)
    watched.health()

    assert "WARNING: break first" in [title for title, _ in watched.told]
    assert watched.health()["alerts_not_told"].status is HealthStatus.HEALTHY


def test_a_warning_that_becomes_critical_is_told_again_even_where_somebody_had_acknowledged_it(
    watched: Watched,
) -> None:
    watched.raises("one", Severity.WARNING)
    watched.health()
    watched.changes("UPDATE lt_alerts SET status = 'ACKNOWLEDGED'")
    watched.raises("one", Severity.WARNING)
    watched.health()

    watched.raises("one", Severity.CRITICAL)
    watched.health()
    watched.health()

    assert [title for title, _ in watched.told] == ["WARNING: break one", "CRITICAL: break one"]


def test_a_probe_that_raises_is_an_alert_that_ends_with_its_cause(watched: Watched) -> None:
    answers: list[LiveTradingError | None] = [RetryLater("no route"), None]

    def probe() -> list[Finding]:
        error = answers.pop(0)
        if error is not None:
            raise error
        return [healthy(CheckName.CHAIN, "block 1")]

    service = HealthService(database=watched.database, clock=watched, probes={CheckName.CHAIN: probe}, notify=None)
    service.run()
    assert [each["title"] for each in watched.alerts()] == ["chain: CRITICAL"]
    service.run()
    assert watched.alerts() == []
