"""How the API shows an alert, and what was told of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from typing_extensions import TypedDict

from live_trading.api.shapes import IdAnswer, MomentAnswer, NextCursor
from live_trading.nouns.alerts import (
    AlertScope,
    AlertState,
    AlertType,
    ChannelName,
    DeliveryState,
    MessageKind,
    Severity,
)
from live_trading.store.watch.alert_history import Delivery, StoredAlert, ToldMessage


class AlertView(TypedDict):
    """One alert; what has not happened to it is null. Without `resolved_by` a resolved one has ended by itself."""

    lt_alert_id: int
    alert_type: AlertType
    severity: Severity
    scope: AlertScope
    trading_wallet_id: IdAnswer | None
    lt_strategy_id: IdAnswer | None
    subject: str
    title: str
    message: str
    state: AlertState
    times_seen: int
    first_seen_at: MomentAnswer
    last_seen_at: MomentAnswer
    escalated_at: MomentAnswer | None
    acknowledged_by: str | None
    acknowledged_at: MomentAnswer | None
    acknowledge_remark: str | None
    resolved_by: str | None
    resolved_at: MomentAnswer | None
    resolve_reason: str | None


class AlertsView(TypedDict):
    """A page of alerts, the newest first."""

    alerts: list[AlertView]
    next_cursor: NextCursor


class DeliveryView(TypedDict):
    """How a message stands with one channel; `sent_together` is how many went in the same one."""

    channel: ChannelName
    state: DeliveryState
    attempts: int
    last_error: str | None
    next_attempt_at: MomentAnswer
    sent_at: MomentAnswer | None
    sent_together: int | None


class ToldView(TypedDict):
    """What was to be told, why and when; without a delivery nobody has sent it yet."""

    kind: MessageKind
    severity: Severity
    title: str
    at: MomentAnswer
    deliveries: list[DeliveryView]


class ToldAlertView(AlertView):
    """One alert with its newest messages. What a channel said where it refused one is for the scope `admin`."""

    messages: list[ToldView]


def alert_view(alert: StoredAlert) -> AlertView:
    """As it is kept."""
    return {
        "lt_alert_id": alert.lt_alert_id,
        "alert_type": alert.alert_type,
        "severity": alert.severity,
        "scope": alert.scope,
        "trading_wallet_id": None if alert.trading_wallet_id is None else str(alert.trading_wallet_id),
        "lt_strategy_id": None if alert.lt_strategy_id is None else str(alert.lt_strategy_id),
        "subject": alert.subject,
        "title": alert.title,
        "message": alert.message,
        "state": alert.state,
        "times_seen": alert.times_seen,
        "first_seen_at": alert.first_seen_at.isoformat(),
        "last_seen_at": alert.last_seen_at.isoformat(),
        "escalated_at": _at(alert.escalated_at),
        "acknowledged_by": alert.acknowledged_by,
        "acknowledged_at": _at(alert.acknowledged_at),
        "acknowledge_remark": alert.acknowledge_remark,
        "resolved_by": alert.resolved_by,
        "resolved_at": _at(alert.resolved_at),
        "resolve_reason": alert.resolve_reason,
    }


def told_alert_view(alert: StoredAlert, messages: Sequence[ToldMessage], *, is_admin: bool) -> ToldAlertView:
    """With what was told of it."""
    return {**alert_view(alert), "messages": [_told_view(each, is_admin=is_admin) for each in messages]}


def _told_view(message: ToldMessage, *, is_admin: bool) -> ToldView:
    return {
        "kind": message.kind,
        "severity": message.severity,
        "title": message.title,
        "at": message.at.isoformat(),
        "deliveries": [_delivery_view(each, is_admin=is_admin) for each in message.deliveries],
    }


def _delivery_view(delivery: Delivery, *, is_admin: bool) -> DeliveryView:
    return {
        "channel": delivery.channel,
        "state": delivery.state,
        "attempts": delivery.attempts,
        "last_error": delivery.last_error if is_admin else None,
        "next_attempt_at": delivery.next_attempt_at.isoformat(),
        "sent_at": _at(delivery.sent_at),
        "sent_together": delivery.sent_together,
    }


def _at(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
