"""Alerts of one type about many subjects, raised or closed in one statement."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from live_trading.nouns.alerts import AlertType, Severity
from live_trading.store.database.connection import Transaction
from live_trading.store.database.text import storable


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAlert:
    """What an alert says, and how bad it is."""

    severity: Severity
    subject: str
    title: str
    message: str


def raise_all(transaction: Transaction, *, alert_type: AlertType, alerts: Collection[NewAlert], at: datetime) -> None:
    """Opens alerts of one type as `alerts.raise_alert` does, or brings them up to date; one statement for all."""
    if not alerts:
        return
    in_order = sorted(alerts, key=lambda each: each.subject)
    transaction.execute(
        """
        INSERT INTO lt_alerts (alert_type, severity, subject, title, message, status, created_at)
        SELECT :alert_type, severity, subject, title, message, 'ACTIVE', :at::timestamptz
        FROM unnest(:severities::text[], :subjects::text[], :titles::text[], :messages::text[])
            AS told (severity, subject, title, message)
        ON CONFLICT (alert_type, subject) WHERE status <> 'RESOLVED'
        DO UPDATE SET
            severity = excluded.severity, title = excluded.title, message = excluded.message,
            status = CASE
                WHEN excluded.severity = 'CRITICAL' AND lt_alerts.severity <> 'CRITICAL' THEN 'ACTIVE'
                ELSE lt_alerts.status
            END
        """,
        alert_type=alert_type,
        severities=[each.severity for each in in_order],
        subjects=[storable(each.subject) for each in in_order],
        titles=[storable(each.title) for each in in_order],
        messages=[storable(each.message) for each in in_order],
        at=at,
    )


def resolve_all(transaction: Transaction, *, alert_type: AlertType, subjects: Collection[str], at: datetime) -> None:
    """Closes the alerts of a type about these subjects, whose cause is gone; one statement for all."""
    if not subjects:
        return
    transaction.execute(
        """
        UPDATE lt_alerts SET status = 'RESOLVED', resolved_at = :at
        WHERE alert_type = :alert_type AND subject = ANY(:subjects::text[]) AND status <> 'RESOLVED'
        """,
        alert_type=alert_type,
        subjects=sorted(subjects),
        at=at,
    )
