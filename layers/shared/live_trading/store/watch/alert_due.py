"""What is due to be told: alerts that have grown old, messages that no channel has yet, and what waits in vain.

Messages of alerts are written by the database with the alert; here they are spread over the channels.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from live_trading.nouns.alerts import ChannelName, Severity
from live_trading.store.database.connection import Transaction
from live_trading.store.database.text import storable

MOST_AT_ONCE = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """What there is to do, for one cheap question a minute."""

    to_escalate: bool
    to_repeat: bool
    to_spread: bool
    to_send: bool
    to_drop: bool

    def __bool__(self) -> bool:
        return self.to_escalate or self.to_repeat or self.to_spread or self.to_send or self.to_drop


def due(
    transaction: Transaction,
    *,
    now: datetime,
    channels: Collection[ChannelName],
    escalate_before: datetime | None,
    repeat_before: datetime | None,
) -> Due:
    """Whether anything may have to be done: one statement, answered by indexes of what waits."""
    row = transaction.only(
        """
        SELECT
            EXISTS (
                SELECT 1 FROM lt_alerts
                WHERE
                    status = 'ACTIVE' AND severity = 'WARNING'
                    AND coalesce(told_again_at, created_at) <= :escalate_before::timestamptz
            ) AS to_escalate,
            EXISTS (
                SELECT 1 FROM lt_alerts
                WHERE
                    status = 'ACTIVE' AND severity = 'CRITICAL'
                    AND coalesce(told_again_at, created_at) <= :repeat_before::timestamptz
            ) AS to_repeat,
            EXISTS (SELECT 1 FROM alert_messages WHERE spread_at IS NULL) AS to_spread,
            EXISTS (
                SELECT 1 FROM alert_deliveries
                WHERE state = 'WAITING' AND channel = ANY(:channels::text[]) AND next_attempt_at <= :now
            ) AS to_send,
            EXISTS (
                SELECT 1 FROM alert_deliveries WHERE state = 'WAITING' AND channel = ANY(:others::text[])
            ) AS to_drop
        """,
        now=now,
        channels=sorted(channels),
        others=_others(channels),
        escalate_before=escalate_before,
        repeat_before=repeat_before,
    )
    return Due(**row)


def escalate(transaction: Transaction, *, before: datetime, now: datetime) -> int:
    """Makes warnings critical that nobody has acknowledged since `before`; how many."""
    return transaction.execute(
        """
        UPDATE lt_alerts SET
            severity = 'CRITICAL', worst_severity = 'CRITICAL', escalated_at = :now, told_again_at = :now
        WHERE status = 'ACTIVE' AND severity = 'WARNING' AND coalesce(told_again_at, created_at) <= :before
        """,
        before=before,
        now=now,
    )


def repeat(transaction: Transaction, *, before: datetime, now: datetime) -> int:
    """Has critical alerts told again that nobody has acknowledged since `before`; how many."""
    return transaction.execute(
        """
        UPDATE lt_alerts SET told_again_at = :now
        WHERE status = 'ACTIVE' AND severity = 'CRITICAL' AND coalesce(told_again_at, created_at) <= :before
        """,
        before=before,
        now=now,
    )


def spread(
    transaction: Transaction, channels: Collection[ChannelName], now: datetime, *, only_urgent: bool = False
) -> int:
    """Gives every message that has none a delivery for each channel; how many messages."""
    row = transaction.only(
        """
        WITH taken AS (
            SELECT alert_message_id FROM alert_messages
            WHERE spread_at IS NULL AND (is_urgent OR NOT :only_urgent)
            ORDER BY alert_message_id LIMIT :most FOR UPDATE SKIP LOCKED
        ), spread AS (
            UPDATE alert_messages AS message SET spread_at = :now FROM taken
            WHERE message.alert_message_id = taken.alert_message_id
            RETURNING message.alert_message_id
        ), made AS (
            INSERT INTO alert_deliveries (alert_message_id, channel, state, next_attempt_at)
            SELECT spread.alert_message_id, channel, 'WAITING', :now::timestamptz
            FROM spread CROSS JOIN unnest(:channels::text[]) AS channel
        )
        SELECT count(*) AS messages FROM spread
        """,
        only_urgent=only_urgent,
        channels=sorted(channels),
        most=MOST_AT_ONCE,
        now=now,
    )
    return int(row["messages"])


def give_up_others(transaction: Transaction, channels: Collection[ChannelName]) -> int:
    """Ends what waits for channels that are configured no more; how many deliveries."""
    return transaction.execute(
        """
        UPDATE alert_deliveries SET state = 'GIVEN_UP', last_error = 'the channel is not configured'
        WHERE state = 'WAITING' AND channel = ANY(:others::text[])
        """,
        others=_others(channels),
    )


def _others(channels: Collection[ChannelName]) -> list[ChannelName]:
    return sorted(set(ChannelName) - set(channels))


@dataclass(frozen=True, slots=True, kw_only=True)
class Untold:
    """The oldest message that should have been told and was not, and why where a channel has refused it."""

    since: datetime
    channel: ChannelName | None
    error: str | None


def untold(transaction: Transaction, since: datetime) -> Untold | None:
    """What waits in vain: for somebody to send it, or for a channel that refuses; what was given up since then too.

    What waits for the end of quiet hours does not wait in vain.
    """
    row = transaction.row(
        """
        SELECT * FROM (
            (
                SELECT at AS since, NULL AS channel, NULL AS error FROM alert_messages
                WHERE spread_at IS NULL ORDER BY alert_message_id LIMIT 1
            )
            UNION ALL
            (
                SELECT message.at, delivery.channel, delivery.last_error
                FROM alert_deliveries AS delivery
                INNER JOIN alert_messages AS message USING (alert_message_id)
                WHERE
                    delivery.last_error IS NOT NULL AND delivery.state <> 'SENT' AND (
                        delivery.state = 'WAITING' OR (delivery.attempts > 0 AND delivery.next_attempt_at > :since)
                    )
                ORDER BY message.at LIMIT 1
            )
        ) AS waiting
        ORDER BY since LIMIT 1
        """,
        since=since,
    )
    if row is None:
        return None
    channel = row["channel"]
    return Untold(since=row["since"], channel=None if channel is None else ChannelName(channel), error=row["error"])


def add_event(
    transaction: Transaction, *, event_key: str, severity: Severity, title: str, message: str, at: datetime
) -> None:
    """What happened and is no alert is told once, however often it is added."""
    transaction.later(
        """
        INSERT INTO alert_messages (event_key, kind, severity, title, message, at)
        VALUES (:event_key, 'HAPPENED', :severity, :title, :message, :at)
        ON CONFLICT (event_key) DO NOTHING
        """,
        event_key=event_key,
        severity=severity,
        title=storable(title),
        message=storable(message),
        at=at,
    )
