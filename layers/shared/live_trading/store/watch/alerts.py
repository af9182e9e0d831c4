"""Alerts: raised, brought up to date, ended, and told."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from live_trading.nouns.alerts import AlertType, Severity
from live_trading.nouns.locks import LockReason
from live_trading.store.database.connection import Transaction
from live_trading.store.database.text import storable


def raise_alert(
    transaction: Transaction,
    *,
    alert_type: AlertType,
    severity: Severity,
    subject: str,
    title: str,
    message: str,
    at: datetime,
) -> None:
    """Opens an alert, or brings the open one up to date; one that becomes critical is active again."""
    transaction.execute(
        """
        INSERT INTO lt_alerts (alert_type, severity, subject, title, message, status, created_at)
        VALUES (:alert_type, :severity, :subject, :title, :message, 'ACTIVE', :at)
        ON CONFLICT (alert_type, subject) WHERE status <> 'RESOLVED'
        DO UPDATE SET
            severity = excluded.severity, title = excluded.title, message = excluded.message,
            status = CASE
                WHEN excluded.severity = 'CRITICAL' AND lt_alerts.severity <> 'CRITICAL' THEN 'ACTIVE'
                ELSE lt_alerts.status
            END
        """,
        alert_type=alert_type,
        severity=severity,
        subject=storable(subject),
        title=storable(title),
        message=storable(message),
        at=at,
    )


def open_severity(transaction: Transaction, *, alert_type: AlertType, subject: str) -> Severity | None:
    """How bad the open alert of this type and subject is, None where there is none."""
    row = transaction.row(
        "SELECT severity FROM lt_alerts WHERE alert_type = :alert_type AND subject = :subject AND status <> 'RESOLVED'",
        alert_type=alert_type,
        subject=subject,
    )
    return None if row is None else Severity(row["severity"])


def open_subjects(transaction: Transaction, alert_type: AlertType) -> list[str]:
    """What open alerts of this type are about."""
    rows = transaction.rows(
        "SELECT subject FROM lt_alerts WHERE alert_type = :alert_type AND status <> 'RESOLVED' ORDER BY subject",
        alert_type=alert_type,
    )
    return [row["subject"] for row in rows]


def are_open(transaction: Transaction, *, alert_types: Collection[AlertType], prefix: str) -> bool:
    """Whether there is an open alert of these types whose subject begins with `prefix`."""
    return bool(
        transaction.only(
            """
            SELECT EXISTS (
                SELECT 1 FROM lt_alerts
                WHERE
                    alert_type = ANY(:alert_types::text[]) AND starts_with(subject, :prefix) AND status <> 'RESOLVED'
            ) AS are_open
            """,
            alert_types=sorted(alert_types),
            prefix=prefix,
        )["are_open"]
    )


def resolve_older(
    transaction: Transaction, *, alert_type: AlertType, prefix: str, before: datetime, at: datetime
) -> None:
    """Closes the alerts of a type whose subject begins with `prefix` and that were raised before a time."""
    transaction.execute(
        """
        UPDATE lt_alerts SET status = 'RESOLVED', resolved_at = :at
        WHERE
            alert_type = :alert_type AND starts_with(subject, :prefix) AND status <> 'RESOLVED'
            AND created_at < :before
        """,
        alert_type=alert_type,
        prefix=prefix,
        before=before,
        at=at,
    )


def resolve_others(
    transaction: Transaction, *, alert_type: AlertType, prefix: str, standing: Collection[str], at: datetime
) -> None:
    """Closes the alerts of a type whose subject begins with `prefix` and is not among those that stand."""
    transaction.execute(
        """
        UPDATE lt_alerts SET status = 'RESOLVED', resolved_at = :at
        WHERE
            alert_type = :alert_type AND starts_with(subject, :prefix) AND status <> 'RESOLVED'
            AND NOT subject = ANY(:standing::text[])
        """,
        alert_type=alert_type,
        prefix=prefix,
        standing=sorted(standing),
        at=at,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Untold:
    """An alert in force that the operator does not know of, or not how bad it has become."""

    lt_alert_id: int
    severity: Severity
    title: str
    message: str


def unnotified(transaction: Transaction) -> list[Untold]:
    """Alerts in force that nobody was told of, or that have become critical since; the worst first, then the oldest."""
    rows = transaction.rows(
        """
        SELECT lt_alert_id, severity, title, message FROM lt_alerts
        WHERE
            status = 'ACTIVE'
            AND (notified_at IS NULL OR (severity = 'CRITICAL' AND notified_severity IS DISTINCT FROM 'CRITICAL'))
        ORDER BY severity <> 'CRITICAL', lt_alert_id
        """
    )
    return [Untold(**row | {"severity": Severity(row["severity"])}) for row in rows]


def note_notified(transaction: Transaction, told: Untold, at: datetime) -> None:
    """Remembers what the operator was told."""
    transaction.execute(
        "UPDATE lt_alerts SET notified_at = :at, notified_severity = :severity WHERE lt_alert_id = :lt_alert_id",
        at=at,
        severity=told.severity,
        lt_alert_id=told.lt_alert_id,
    )


def oldest_untold(transaction: Transaction) -> datetime | None:
    """Since when the oldest alert in force waits for its notification."""
    found: datetime | None = transaction.only(
        "SELECT min(created_at) AS oldest FROM lt_alerts WHERE status = 'ACTIVE' AND notified_at IS NULL"
    )["oldest"]
    return found


def resolve_alert(transaction: Transaction, *, alert_type: AlertType, subject: str, at: datetime) -> None:
    """Closes an alert whose cause is gone."""
    transaction.later(
        """
        UPDATE lt_alerts SET status = 'RESOLVED', resolved_at = :at
        WHERE alert_type = :alert_type AND subject = :subject AND status <> 'RESOLVED'
        """,
        alert_type=alert_type,
        subject=subject,
        at=at,
    )


def resolve_flatten_alerts(
    transaction: Transaction, trading_wallet_id: UUID, *, kept: Sequence[str], at: datetime
) -> None:
    """Closes the alerts of positions of a wallet that a lock could not have sold, but for those that are `kept`.

    Their subject is `flatten:<strategy>:<token>`.
    """
    transaction.execute(
        """
        UPDATE lt_alerts SET status = 'RESOLVED', resolved_at = :at
        WHERE
            alert_type = 'exit_not_done' AND status <> 'RESOLVED' AND subject LIKE 'flatten:%'
            AND subject <> ALL(:kept::text[])
            AND split_part(subject, ':', 2) IN (
                SELECT lt_strategy_id::text FROM lt_strategies WHERE trading_wallet_id = :wallet
            )
        """,
        wallet=trading_wallet_id,
        kept=list(kept),
        at=at,
    )


def lock_subject(reason: LockReason, scope_id: str | None) -> str:
    """What the alert of a lock is about; `resolve_alerts_of_ended_locks` makes the same of a lock's row."""
    return f"{reason}:{scope_id or 'all'}"


def resolve_alerts_of_ended_locks(transaction: Transaction, at: datetime) -> None:
    """Closes the alerts of locks that are over, by whatever way they ended."""
    transaction.execute(
        """
        UPDATE lt_alerts SET status = 'RESOLVED', resolved_at = :at
        WHERE
            alert_type = 'lock' AND status <> 'RESOLVED' AND NOT EXISTS (
                SELECT 1 FROM locks
                WHERE
                    reason || ':' || coalesce(scope_id, 'all') = subject AND released_at IS NULL
                    AND (ends_at IS NULL OR ends_at > :at)
            )
        """,
        at=at,
    )
