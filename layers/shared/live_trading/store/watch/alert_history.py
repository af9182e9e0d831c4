"""Alerts as people see them: a page of those that concern somebody, one with what was told of it, and what they say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from live_trading.nouns.alerts import (
    AlertScope,
    AlertState,
    AlertType,
    ChannelName,
    DeliveryState,
    MessageKind,
    Severity,
)
from live_trading.nouns.pages import PageAsked
from live_trading.store.database.connection import Row, Transaction

# Of one alert; older ones are of no use any more.
MOST_MESSAGES = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Onlooker:
    """Who looks: an owner, or one who operates the system besides. Another owner's alerts do not exist for either."""

    owner_id: str
    is_admin: bool

    @property
    def scopes(self) -> list[str]:
        everybody = [AlertScope.OWNER, AlertScope.EVERYBODY]
        return [str(each) for each in (*everybody, *([AlertScope.OPERATOR] if self.is_admin else []))]

    @property
    def owners(self) -> list[str]:
        """The owner that belongs to each of the scopes; the empty text stands for none."""
        return [self.owner_id, *([""] * (len(self.scopes) - 1))]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredAlert:
    """One alert as it is kept."""

    lt_alert_id: int
    alert_type: AlertType
    severity: Severity
    scope: AlertScope
    owner_id: str | None
    trading_wallet_id: UUID | None
    lt_strategy_id: UUID | None
    subject: str
    title: str
    message: str
    state: AlertState
    times_seen: int
    first_seen_at: datetime
    last_seen_at: datetime
    escalated_at: datetime | None
    acknowledged_by: str | None
    acknowledged_at: datetime | None
    acknowledge_remark: str | None
    resolved_by: str | None
    resolved_at: datetime | None
    resolve_reason: str | None


_FIELDS = """
    alert.lt_alert_id, alert.alert_type, alert.severity, alert.scope, alert.owner_id, alert.trading_wallet_id,
    alert.lt_strategy_id, alert.subject, alert.title, alert.message, alert.status AS state, alert.times_seen,
    alert.created_at AS first_seen_at, coalesce(alert.last_seen_at, alert.created_at) AS last_seen_at,
    alert.escalated_at, alert.acknowledged_by, alert.acknowledged_at, alert.acknowledge_remark, alert.resolved_by,
    alert.resolved_at, alert.resolve_reason
"""
# From the newest on, by whom they concern: so many of each are read as a page has, and no more.
_PAGE = """
    FROM unnest(:scopes::text[], :owners::text[]) AS seen (scope, owner_id)
    CROSS JOIN LATERAL (
        SELECT * FROM lt_alerts
        WHERE
            lt_alerts.scope = seen.scope AND coalesce(lt_alerts.owner_id, '') = seen.owner_id
            AND lt_alert_id < :after
            AND (:state::text IS NULL OR status = :state)
            AND (:severity::text IS NULL OR severity = :severity)
            AND (:alert_type::text IS NULL OR alert_type = :alert_type)
            AND (:since::timestamptz IS NULL OR created_at >= :since)
            AND (:until::timestamptz IS NULL OR created_at < :until)
"""
_NEWEST = """
        ORDER BY lt_alert_id DESC LIMIT :most
    ) AS alert
    ORDER BY alert.lt_alert_id DESC LIMIT :most
"""
_LIST = f"SELECT {_FIELDS} {_PAGE} {_NEWEST}"
_LIST_OPEN = f"SELECT {_FIELDS} {_PAGE} AND status <> 'RESOLVED' {_NEWEST}"
_ONE = f"""
    SELECT {_FIELDS} FROM lt_alerts AS alert
    WHERE
        lt_alert_id = :lt_alert_id
        AND (scope, coalesce(owner_id, '')) IN (SELECT * FROM unnest(:scopes::text[], :owners::text[]))
"""  # noqa: S608


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertFilters:
    """What a list is held to; None is anything. The times are those at which alerts were first seen."""

    state: AlertState | None = None
    severity: Severity | None = None
    alert_type: AlertType | None = None
    since: datetime | None = None
    until: datetime | None = None


def page(transaction: Transaction, who: Onlooker, filters: AlertFilters, asked: PageAsked) -> list[StoredAlert]:
    """Alerts that concern somebody, the newest first, and one more than a page has where there is another."""
    is_open = filters.state in (AlertState.ACTIVE, AlertState.ACKNOWLEDGED)
    rows = transaction.rows(
        _LIST_OPEN if is_open else _LIST,
        scopes=who.scopes,
        owners=who.owners,
        after=asked.after_number,
        state=filters.state,
        severity=filters.severity,
        alert_type=filters.alert_type,
        since=filters.since,
        until=filters.until,
        most=asked.rows_to_read,
    )
    return [_stored(row) for row in rows]


def find(transaction: Transaction, lt_alert_id: int, who: Onlooker) -> StoredAlert | None:
    """One alert; None where there is none that concerns whoever looks."""
    row = transaction.row(_ONE, lt_alert_id=lt_alert_id, scopes=who.scopes, owners=who.owners)
    return None if row is None else _stored(row)


def locked(transaction: Transaction, lt_alert_id: int, who: Onlooker) -> StoredAlert | None:
    """The same, and nobody else changes it until the transaction ends."""
    row = transaction.row(_ONE + " FOR UPDATE OF alert", lt_alert_id=lt_alert_id, scopes=who.scopes, owners=who.owners)
    return None if row is None else _stored(row)


def acknowledge(transaction: Transaction, lt_alert_id: int, *, by: str, remark: str, at: datetime) -> None:
    """Somebody looks after an alert that is active: it grows no older, and is told again only where it is worse."""
    transaction.execute(
        """
        UPDATE lt_alerts SET
            status = 'ACKNOWLEDGED', acknowledged_by = :by, acknowledged_at = :at, acknowledge_remark = :remark
        WHERE lt_alert_id = :lt_alert_id AND status = 'ACTIVE'
        """,
        lt_alert_id=lt_alert_id,
        by=by,
        remark=remark,
        at=at,
    )


def resolve(transaction: Transaction, lt_alert_id: int, *, by: str, reason: str, at: datetime) -> None:
    """Somebody says that an alert is over; where its cause is not, it is raised anew."""
    transaction.execute(
        """
        UPDATE lt_alerts SET status = 'RESOLVED', resolved_by = :by, resolved_at = :at, resolve_reason = :reason
        WHERE lt_alert_id = :lt_alert_id AND status <> 'RESOLVED'
        """,
        lt_alert_id=lt_alert_id,
        by=by,
        reason=reason,
        at=at,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """How a message stands with a channel; `sent_together` is how many went in the same one."""

    channel: ChannelName
    state: DeliveryState
    attempts: int
    last_error: str | None
    next_attempt_at: datetime
    sent_at: datetime | None
    sent_together: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldMessage:
    """What was to be told of an alert, when and why; without a delivery nobody has sent it yet."""

    alert_message_id: int
    kind: MessageKind
    severity: Severity
    title: str
    at: datetime
    deliveries: Sequence[Delivery]


def messages(transaction: Transaction, lt_alert_id: int) -> list[ToldMessage]:
    """The newest messages of an alert, the newest first."""
    rows = transaction.rows(
        """
        SELECT
            message.alert_message_id, message.kind, message.severity, message.title, message.at, delivery.channel,
            delivery.state, delivery.attempts, delivery.last_error, delivery.next_attempt_at, delivery.sent_at,
            delivery.sent_together
        FROM (
            SELECT * FROM alert_messages WHERE lt_alert_id = :lt_alert_id ORDER BY alert_message_id DESC LIMIT :most
        ) AS message
        LEFT JOIN alert_deliveries AS delivery USING (alert_message_id)
        ORDER BY message.alert_message_id DESC, delivery.channel
        """,
        lt_alert_id=lt_alert_id,
        most=MOST_MESSAGES,
    )
    by_message: dict[int, list[Row]] = {}
    for row in rows:
        by_message.setdefault(row["alert_message_id"], []).append(row)
    return [_told(of_one) for of_one in by_message.values()]


def _told(rows: Sequence[Row]) -> ToldMessage:
    first = rows[0]
    return ToldMessage(
        alert_message_id=first["alert_message_id"],
        kind=MessageKind(first["kind"]),
        severity=Severity(first["severity"]),
        title=first["title"],
        at=first["at"],
        deliveries=[
            Delivery(
                channel=ChannelName(row["channel"]),
                state=DeliveryState(row["state"]),
                attempts=row["attempts"],
                last_error=row["last_error"],
                next_attempt_at=row["next_attempt_at"],
                sent_at=row["sent_at"],
                sent_together=row["sent_together"],
            )
            for row in rows
            if row["channel"] is not None
        ],
    )


def _stored(row: Row) -> StoredAlert:
    return StoredAlert(
        **row
        | {
            "alert_type": AlertType(row["alert_type"]),
            "severity": Severity(row["severity"]),
            "scope": AlertScope(row["scope"]),
            "state": AlertState(row["state"]),
        }
    )
