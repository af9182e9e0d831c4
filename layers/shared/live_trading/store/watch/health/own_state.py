"""What health reads of the system's own state: what needs somebody, what is unread, and since when anything trades."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from live_trading.store.database.connection import Row, Transaction
from live_trading.store.database.pending import Pending, ask

# So long after its last row a source is still told of, as one without any.
_TOLD_FOR = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class SetAside:
    """Rows of somebody else's data that could not be read: `recent` of all that ever were, and why the newest was not.

    `subject` is a source, or a followed trader.
    """

    subject: str
    recent: int
    newest_reason: str


def ask_trading_since(transaction: Transaction) -> Pending[datetime | None]:
    """When the first of the strategies that are active was launched; None where none is."""
    return ask(
        transaction,
        "SELECT min(launched_at) AS since FROM lt_strategies WHERE is_active",
        lambda rows: rows[0]["since"],
    )


def ask_counts(transaction: Transaction, now: datetime) -> Pending[dict[str, int]]:
    """Things that need somebody: open breaks, redemptions for a person, and locks that are no pauses."""
    return ask(
        transaction,
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
        lambda rows: {name: int(value) for name, value in rows[0].items()},
        now=now,
    )


def ask_oldest_unread_receipt(transaction: Transaction) -> Pending[datetime | None]:
    """Since when the venue has called the oldest trade confirmed whose receipt is unread."""
    return ask(
        transaction,
        """
        SELECT least(
            (SELECT min(venue_confirmed_at) FROM fills WHERE status NOT IN ('CONFIRMED', 'FAILED')),
            (SELECT min(venue_confirmed_at) FROM external_fills WHERE status NOT IN ('CONFIRMED', 'FAILED'))
        ) AS oldest
        """,
        lambda rows: rows[0]["oldest"],
    )


def ask_rows_set_aside(transaction: Transaction, since: datetime) -> Pending[list[SetAside]]:
    """By source, every one with such a row in the last week; those seen since then are the recent ones."""
    return ask(
        transaction,
        """
        SELECT
            source AS subject, count(*) FILTER (WHERE last_seen_at > :since) AS recent,
            (array_agg(reason ORDER BY last_seen_at DESC, quarantined_row_id DESC))[1] AS newest_reason
        FROM quarantined_rows WHERE last_seen_at > :told_since GROUP BY source ORDER BY source
        """,
        _set_aside,
        since=since,
        told_since=since - _TOLD_FOR,
    )


def ask_rows_of_traders_set_aside(transaction: Transaction, since: datetime) -> Pending[list[SetAside]]:
    """By trader, who had such a row of their own in the last week; nothing is recent of one who is not followed."""
    return ask(
        transaction,
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
        _set_aside,
        since=since,
        told_since=since - _TOLD_FOR,
    )


def _set_aside(rows: list[Row]) -> list[SetAside]:
    return [SetAside(**row) for row in rows]
