"""What waits to be told, by channel: taken by whoever sends it, and noted as sent or failed.

A message that is taken and not noted is sent again: at least once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from live_trading.nouns.alerts import AlertType, ChannelName, MessageKind, Severity
from live_trading.store.database.connection import Row, Transaction
from live_trading.store.database.text import storable
from live_trading.store.watch.alert_due import MOST_AT_ONCE

LONGEST_ERROR = 300
# More of a message than any channel sends.
_LONGEST_MESSAGE = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenMessage:
    """One message that is to be sent through one channel now; the fields of its alert are None where it is of none.

    `was_told` where the channel has told of this alert before.
    """

    alert_message_id: int
    kind: MessageKind
    severity: Severity
    title: str
    message: str
    is_urgent: bool
    at: datetime
    attempts: int
    lt_alert_id: int | None
    alert_type: AlertType | None
    subject: str | None
    first_seen_at: datetime | None
    times_seen: int | None
    resolved_by: str | None
    resolve_reason: str | None
    was_told: bool


def take(
    transaction: Transaction,
    channel: ChannelName,
    *,
    now: datetime,
    until: datetime,
    is_quiet: bool,
    only_urgent: bool = False,
) -> list[TakenMessage]:
    """Takes what is due for a channel until `until`, in the order of its making; what somebody else takes is left.

    While it `is_quiet` only what is critical and not over is due, and what is urgent always.
    """
    rows = transaction.rows(
        """
        WITH due AS (
            SELECT delivery.alert_message_id
            FROM alert_deliveries AS delivery
            INNER JOIN alert_messages AS message USING (alert_message_id)
            WHERE
                delivery.channel = :channel AND delivery.state = 'WAITING' AND delivery.next_attempt_at <= :now
                AND (
                    message.is_urgent
                    OR NOT :only_urgent AND (
                        NOT :is_quiet OR (message.severity = 'CRITICAL' AND message.kind <> 'ENDED')
                    )
                )
            ORDER BY delivery.alert_message_id LIMIT :most FOR UPDATE OF delivery SKIP LOCKED
        ), taken AS (
            UPDATE alert_deliveries AS delivery SET attempts = attempts + 1, next_attempt_at = :until FROM due
            WHERE delivery.alert_message_id = due.alert_message_id AND delivery.channel = :channel
            RETURNING delivery.alert_message_id, delivery.attempts
        )
        SELECT
            message.alert_message_id, message.kind, message.severity, message.title,
            left(message.message, :longest) AS message, message.is_urgent, message.at, taken.attempts,
            alert.lt_alert_id, alert.alert_type, alert.subject, alert.created_at AS first_seen_at, alert.times_seen,
            alert.resolved_by, alert.resolve_reason,
            EXISTS (
                SELECT 1 FROM alert_messages AS earlier
                INNER JOIN alert_deliveries AS told USING (alert_message_id)
                WHERE earlier.lt_alert_id = alert.lt_alert_id AND told.channel = :channel AND told.state = 'SENT'
            ) AS was_told
        FROM taken
        INNER JOIN alert_messages AS message USING (alert_message_id)
        LEFT JOIN lt_alerts AS alert USING (lt_alert_id)
        ORDER BY message.alert_message_id
        """,
        channel=channel,
        now=now,
        until=until,
        is_quiet=is_quiet,
        only_urgent=only_urgent,
        most=MOST_AT_ONCE,
        longest=_LONGEST_MESSAGE,
    )
    return [_taken(row) for row in rows]


def _taken(row: Row) -> TakenMessage:
    alert_type = row["alert_type"]
    return TakenMessage(
        **row
        | {
            "kind": MessageKind(row["kind"]),
            "severity": Severity(row["severity"]),
            "alert_type": None if alert_type is None else AlertType(alert_type),
        }
    )


def note_sent(
    transaction: Transaction,
    channel: ChannelName,
    alert_message_ids: Sequence[int],
    now: datetime,
) -> None:
    """The channel took these in one message. Older ones of the same alerts that still wait are told with them."""
    transaction.execute(
        """
        WITH sent AS (
            SELECT message.alert_message_id, message.lt_alert_id
            FROM unnest(:ids::bigint[]) AS given (alert_message_id)
            INNER JOIN alert_messages AS message USING (alert_message_id)
        ), told AS (
            SELECT alert_message_id FROM sent
            UNION
            SELECT older.alert_message_id FROM sent
            INNER JOIN alert_messages AS older
                ON older.lt_alert_id = sent.lt_alert_id AND older.alert_message_id < sent.alert_message_id
        )
        UPDATE alert_deliveries AS delivery SET
            state = 'SENT', sent_at = :now, last_error = NULL, sent_together = :together
        FROM told
        WHERE
            delivery.alert_message_id = told.alert_message_id AND delivery.channel = :channel
            AND delivery.state = 'WAITING'
        """,
        ids=list(alert_message_ids),
        channel=channel,
        now=now,
        together=len(alert_message_ids),
    )


def note_failed(
    transaction: Transaction,
    channel: ChannelName,
    alert_message_ids: Sequence[int],
    *,
    error: str,
    now: datetime,
    not_before: datetime,
    give_up_before: datetime,
) -> None:
    """The channel did not take these: each is tried again, later with every attempt, an hour at most.

    None is before `not_before`; what is older than `give_up_before` is given up.
    """
    transaction.execute(
        """
        UPDATE alert_deliveries AS delivery SET
            last_error = :error,
            state = CASE WHEN message.at < :give_up_before THEN 'GIVEN_UP' ELSE delivery.state END,
            next_attempt_at = greatest(
                :not_before::timestamptz,
                :now::timestamptz + least(interval '1 hour', interval '1 minute' * power(2, least(attempts, 8) - 1))
            )
        FROM unnest(:ids::bigint[]) AS given (alert_message_id)
        INNER JOIN alert_messages AS message USING (alert_message_id)
        WHERE
            delivery.alert_message_id = given.alert_message_id AND delivery.channel = :channel
            AND delivery.state = 'WAITING'
        """,
        ids=list(alert_message_ids),
        channel=channel,
        error=storable(error)[:LONGEST_ERROR],
        now=now,
        not_before=not_before,
        give_up_before=give_up_before,
    )
