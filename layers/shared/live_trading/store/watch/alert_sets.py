"""Alerts of one type about many subjects, raised or closed in one statement."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from live_trading.nouns.alerts import OPERATOR, AlertType, Concern, Severity
from live_trading.store.database.connection import Transaction
from live_trading.store.database.text import storable
from live_trading.store.watch.alerts import RAISED_AGAIN


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAlert:
    """What an alert says, how bad it is, and whom it concerns."""

    severity: Severity
    subject: str
    title: str
    message: str
    concern: Concern = OPERATOR


def raise_all(transaction: Transaction, *, alert_type: AlertType, alerts: Collection[NewAlert], at: datetime) -> None:
    """Opens alerts of one type as `alerts.raise_alert` does, or brings them up to date; one statement for all."""
    if not alerts:
        return
    in_order = sorted(alerts, key=lambda each: each.subject)
    transaction.execute(
        """
        INSERT INTO lt_alerts (
            alert_type, severity, worst_severity, subject, title, message, status, created_at, last_seen_at, scope,
            owner_id, trading_wallet_id, lt_strategy_id
        )
        SELECT
            :alert_type, told.severity, told.severity, told.subject, told.title, told.message, 'ACTIVE',
            :at::timestamptz, :at::timestamptz,
            CASE
                WHEN whose.owner_id IS NOT NULL THEN 'OWNER'
                WHEN told.is_for_everybody THEN 'EVERYBODY'
                ELSE 'OPERATOR'
            END,
            whose.owner_id, told.trading_wallet_id, told.lt_strategy_id
        FROM unnest(
            :severities::text[], :subjects::text[], :titles::text[], :messages::text[], :for_everybody::boolean[],
            :named_owners::text[], :wallets::uuid[], :strategies::uuid[]
        ) AS told (severity, subject, title, message, is_for_everybody, owner_id, trading_wallet_id, lt_strategy_id)
        LEFT JOIN trading_wallets AS wallet ON wallet.trading_wallet_id = told.trading_wallet_id
        LEFT JOIN lt_strategies AS strategy ON strategy.lt_strategy_id = told.lt_strategy_id
        CROSS JOIN LATERAL (
            SELECT coalesce(told.owner_id, wallet.owner_id, strategy.owner_id) AS owner_id
        ) AS whose
        ORDER BY told.subject
        """
        + RAISED_AGAIN,
        alert_type=alert_type,
        severities=[each.severity for each in in_order],
        subjects=[storable(each.subject) for each in in_order],
        titles=[storable(each.title) for each in in_order],
        messages=[storable(each.message) for each in in_order],
        for_everybody=[each.concern.is_for_everybody for each in in_order],
        named_owners=[each.concern.owner_id for each in in_order],
        wallets=[each.concern.trading_wallet_id for each in in_order],
        strategies=[each.concern.lt_strategy_id for each in in_order],
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
