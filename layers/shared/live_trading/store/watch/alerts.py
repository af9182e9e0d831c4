"""Alerts: raised, brought up to date and ended, each with its cause; what is told of them the database notes itself."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from live_trading.nouns.alerts import OPERATOR, AlertType, Concern, Severity
from live_trading.nouns.locks import LockReason
from live_trading.store.database.connection import Transaction
from live_trading.store.database.text import storable

# What there is of an alert already, where it is raised again. Its severity follows its cause, but for one that has
# grown old unacknowledged; whoever has acknowledged it is told again once it is worse than it ever was.
RAISED_AGAIN = """
    ON CONFLICT (alert_type, subject) WHERE status <> 'RESOLVED'
    DO UPDATE SET
        severity = CASE WHEN lt_alerts.escalated_at IS NULL THEN excluded.severity ELSE lt_alerts.severity END,
        title = excluded.title, message = excluded.message,
        last_seen_at = excluded.last_seen_at, times_seen = lt_alerts.times_seen + 1,
        is_urgent = excluded.is_urgent,
        scope = CASE WHEN excluded.scope = 'OPERATOR' THEN lt_alerts.scope ELSE excluded.scope END,
        owner_id = CASE WHEN excluded.scope = 'OPERATOR' THEN lt_alerts.owner_id ELSE excluded.owner_id END,
        trading_wallet_id = coalesce(excluded.trading_wallet_id, lt_alerts.trading_wallet_id),
        lt_strategy_id = coalesce(excluded.lt_strategy_id, lt_alerts.lt_strategy_id),
        worst_severity = CASE
            WHEN severity_exceeds(excluded.severity, lt_alerts.worst_severity) THEN excluded.severity
            ELSE lt_alerts.worst_severity
        END,
        told_again_at = CASE
            WHEN severity_exceeds(excluded.severity, lt_alerts.worst_severity) THEN excluded.last_seen_at
            ELSE lt_alerts.told_again_at
        END,
        status = CASE
            WHEN severity_exceeds(excluded.severity, lt_alerts.worst_severity) THEN 'ACTIVE'
            ELSE lt_alerts.status
        END
"""


def raise_alert(
    transaction: Transaction,
    *,
    alert_type: AlertType,
    severity: Severity,
    subject: str,
    title: str,
    message: str,
    at: datetime,
    concern: Concern = OPERATOR,
    is_urgent: bool = False,
) -> None:
    """Opens an alert, or brings the open one up to date; one that becomes worse than it ever was is active again.

    What is to be told of it is written with it. What is urgent waits for no quiet hours and for nothing else.
    """
    transaction.execute(
        """
        INSERT INTO lt_alerts (
            alert_type, severity, worst_severity, subject, title, message, status, created_at, last_seen_at, is_urgent,
            scope, owner_id, trading_wallet_id, lt_strategy_id
        )
        SELECT
            :alert_type, :severity, :severity, :subject, :title, :message, 'ACTIVE', :at, :at, :is_urgent,
            CASE WHEN owner_id IS NOT NULL THEN 'OWNER' WHEN :is_for_everybody THEN 'EVERYBODY' ELSE 'OPERATOR' END,
            owner_id, :trading_wallet_id::uuid, :lt_strategy_id::uuid
        FROM (
            SELECT coalesce(
                :owner_id::text,
                (SELECT owner_id FROM trading_wallets WHERE trading_wallet_id = :trading_wallet_id::uuid),
                (SELECT owner_id FROM lt_strategies WHERE lt_strategy_id = :lt_strategy_id::uuid)
            ) AS owner_id
        ) AS concerned
        """  # noqa: S608 (both parts are written here)
        + RAISED_AGAIN,
        alert_type=alert_type,
        severity=severity,
        subject=storable(subject),
        title=storable(title),
        message=storable(message),
        at=at,
        is_urgent=is_urgent,
        owner_id=concern.owner_id,
        trading_wallet_id=concern.trading_wallet_id,
        lt_strategy_id=concern.lt_strategy_id,
        is_for_everybody=concern.is_for_everybody,
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
    transaction: Transaction,
    *,
    alert_type: AlertType,
    prefix: str,
    standing: Collection[str],
    at: datetime,
    trading_wallet_id: UUID | None = None,
) -> None:
    """Closes the alerts of a type whose subject begins with `prefix` and is not among those that stand.

    With a wallet, only those that concern it.
    """
    transaction.execute(
        """
        UPDATE lt_alerts SET status = 'RESOLVED', resolved_at = :at
        WHERE
            alert_type = :alert_type AND starts_with(subject, :prefix) AND status <> 'RESOLVED'
            AND NOT subject = ANY(:standing::text[])
            AND trading_wallet_id IS NOT DISTINCT FROM coalesce(:trading_wallet_id::uuid, trading_wallet_id)
        """,
        alert_type=alert_type,
        prefix=prefix,
        standing=sorted(standing),
        trading_wallet_id=trading_wallet_id,
        at=at,
    )


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
