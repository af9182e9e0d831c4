"""What health reads of the system's own state, and what it keeps of its checks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from live_trading.store.database.connection import Transaction

# So long after its last row a source is still told of, as one without any.
_TOLD_FOR = timedelta(days=7)


def trading_since(transaction: Transaction) -> datetime | None:
    """When the first of the strategies that are active was launched; None where none is."""
    found: datetime | None = transaction.only("SELECT min(launched_at) AS since FROM lt_strategies WHERE is_active")[
        "since"
    ]
    return found


def counts(transaction: Transaction, now: datetime) -> dict[str, int]:
    """Things that need somebody: open breaks, redemptions for a person, and locks that are no pauses."""
    row = transaction.only(
        """
        SELECT
            (SELECT count(*) FROM breaks WHERE closed_at IS NULL) AS open_breaks,
            (SELECT count(*) FROM lt_redemptions WHERE state = 'NEEDS_OPERATOR') AS redemptions_for_operator,
            (
                SELECT count(*) FROM locks
                WHERE
                    reason <> 'paused_by_user' AND released_at IS NULL AND starts_at <= :now
                    AND (ends_at IS NULL OR ends_at > :now)
            ) AS locks_in_force
        """,
        now=now,
    )
    return {name: int(value) for name, value in row.items()}


def oldest_unread_receipt(transaction: Transaction) -> datetime | None:
    """Since when the venue has called the oldest trade confirmed whose receipt is unread."""
    found: datetime | None = transaction.only(
        """
        SELECT least(
            (SELECT min(venue_confirmed_at) FROM fills WHERE status NOT IN ('CONFIRMED', 'FAILED')),
            (SELECT min(venue_confirmed_at) FROM external_fills WHERE status NOT IN ('CONFIRMED', 'FAILED'))
        ) AS oldest
        """
    )["oldest"]
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class SetAside:
    """Rows of somebody else's data that could not be read: `recent` of all that ever were, and why the newest was not.

    `subject` is a source, or a followed trader.
    """

    subject: str
    recent: int
    newest_reason: str


def rows_set_aside(transaction: Transaction, since: datetime) -> list[SetAside]:
    """By source, every one with such a row in the last week; those seen since then are the recent ones."""
    rows = transaction.rows(
        """
        SELECT
            source AS subject, count(*) FILTER (WHERE last_seen_at > :since) AS recent,
            (array_agg(reason ORDER BY last_seen_at DESC, quarantined_row_id DESC))[1] AS newest_reason
        FROM quarantined_rows WHERE last_seen_at > :told_since GROUP BY source ORDER BY source
        """,
        since=since,
        told_since=since - _TOLD_FOR,
    )
    return [SetAside(**row) for row in rows]


def rows_of_traders_set_aside(transaction: Transaction, since: datetime) -> list[SetAside]:
    """By trader, who had such a row of their own in the last week; nothing is recent of one who is not followed."""
    rows = transaction.rows(
        """
        SELECT
            row.trader_address AS subject,
            count(*) FILTER (WHERE row.last_seen_at > :since AND traders.is_followed) AS recent,
            (array_agg(row.reason ORDER BY row.last_seen_at DESC, row.quarantined_row_id DESC))[1] AS newest_reason
        FROM quarantined_rows AS row
        INNER JOIN traders USING (trader_address)
        WHERE row.last_seen_at > :told_since
        GROUP BY row.trader_address ORDER BY row.trader_address
        """,
        since=since,
        told_since=since - _TOLD_FOR,
    )
    return [SetAside(**row) for row in rows]


def record_check(
    transaction: Transaction, *, check_type: str, status: str, details: Mapping[str, object], at: datetime
) -> None:
    """Keeps one check's result."""
    transaction.execute(
        """
        INSERT INTO lt_health_checks (check_type, check_status, details, checked_at)
        VALUES (:check_type, :status, :details::jsonb, :at)
        """,
        check_type=check_type,
        status=status,
        details=dict(details),
        at=at,
    )
