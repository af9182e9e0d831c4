"""Rows that are over their time, removed a batch at a time by an index: each call is one small transaction's work.

None of it is money's: ledger, orders, fills and redemptions stay for ever. A row that somebody holds is left for later.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType

from live_trading.store.database import cursors
from live_trading.store.database.connection import Transaction

MOST = 2_000
_A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Removed:
    """What a batch removed; `is_done` where nothing that is old enough was left to look at."""

    rows: int
    is_done: bool


Remove = Callable[[Transaction, datetime, datetime], Removed]
"""Removes what is older than the first moment, at the second."""


def checks_of_health(transaction: Transaction, before: datetime, now: datetime) -> Removed:  # noqa: ARG001 (a Remove)
    """Results of health's checks; they are numbered in the order of their making."""
    return _counted(
        transaction.execute(
            """
            DELETE FROM lt_health_checks WHERE lt_health_check_id = ANY(ARRAY(
                SELECT lt_health_check_id FROM (
                    SELECT lt_health_check_id, checked_at FROM lt_health_checks
                    ORDER BY lt_health_check_id LIMIT :most
                ) AS oldest
                WHERE checked_at < :before
            ))
            """,
            before=before,
            most=MOST,
        )
    )


def kept_answers(transaction: Transaction, before: datetime, now: datetime) -> Removed:  # noqa: ARG001 (a Remove)
    """First answers under a key, and claims of processes that died: a repetition is not expected any more."""
    transaction.execute("DELETE FROM idempotency_claims WHERE claimed_at < :before", before=before)
    return _counted(
        transaction.execute(
            """
            DELETE FROM idempotency_keys WHERE (owner_id, idempotency_key) IN (
                SELECT owner_id, idempotency_key FROM idempotency_keys WHERE created_at < :before
                ORDER BY created_at LIMIT :most FOR UPDATE SKIP LOCKED
            )
            """,
            before=before,
            most=MOST,
        )
    )


def unread_rows(transaction: Transaction, before: datetime, now: datetime) -> Removed:  # noqa: ARG001 (a Remove)
    """Rows that were set aside and have not come again."""
    return _counted(
        transaction.execute(
            """
            DELETE FROM quarantined_rows WHERE quarantined_row_id IN (
                SELECT quarantined_row_id FROM quarantined_rows WHERE last_seen_at < :before
                ORDER BY last_seen_at LIMIT :most FOR UPDATE SKIP LOCKED
            )
            """,
            before=before,
            most=MOST,
        )
    )


def records_of_traders(transaction: Transaction, before: datetime, now: datetime) -> Removed:  # noqa: ARG001 (a Remove)
    """Hourly records, but for the newest of each trader: the population is made of those."""
    return _counted(
        transaction.execute(
            """
            DELETE FROM trader_stats USING (
                SELECT old.trader_address, old.as_of FROM traders
                CROSS JOIN LATERAL (
                    SELECT max(as_of) AS as_of FROM trader_stats WHERE trader_address = traders.trader_address
                ) AS newest
                CROSS JOIN LATERAL (
                    SELECT trader_address, as_of FROM trader_stats
                    WHERE trader_address = traders.trader_address AND as_of < least(:before, newest.as_of)
                    ORDER BY as_of LIMIT :most
                ) AS old
                LIMIT :most
            ) AS doomed
            WHERE trader_stats.trader_address = doomed.trader_address AND trader_stats.as_of = doomed.as_of
            """,
            before=before,
            most=MOST,
        )
    )


def hours_of_trades(transaction: Transaction, before: datetime, now: datetime) -> Removed:
    """Sums up a day of every trader's hourly sums of trades, as of the day's end; records never ask into such a day.

    Left as they are where the history that they are of has not been read as far.
    """
    cursor = "retention:hours_of_trades"
    done_to = cursors.times(transaction, [cursor]).get(cursor)
    first = transaction.only(
        """
        SELECT date_trunc('day', min(next.until) - interval '1 microsecond', 'UTC') AS day
        FROM trader_histories AS history
        CROSS JOIN LATERAL (
            SELECT until FROM trader_trade_hours AS kept
            WHERE
                kept.trader_address = history.trader_address
                AND kept.until > coalesce(:done_to::timestamptz, '-infinity')
            ORDER BY until LIMIT 1
        ) AS next
        """,
        done_to=done_to,
    )["day"]
    if first is None or first + _A_DAY > before:
        return Removed(rows=0, is_done=True)
    rows = transaction.only(
        """
        WITH summed AS (
            DELETE FROM trader_trade_hours AS kept USING trader_histories AS history
            WHERE
                kept.trader_address = history.trader_address AND kept.until > :day AND kept.until < :until
                AND :until < history.complete_to - interval '2 days'
            RETURNING kept.*
        ), added AS (
            INSERT INTO trader_trade_hours AS kept (trader_address, until, trades, unsized, usd)
            SELECT trader_address, :until::timestamptz, sum(trades), sum(unsized), sum(usd) FROM summed
            GROUP BY trader_address
            ON CONFLICT (trader_address, until) DO UPDATE SET
                trades = kept.trades + excluded.trades,
                unsized = kept.unsized + excluded.unsized,
                usd = kept.usd + excluded.usd
        )
        SELECT count(*) AS summed FROM summed
        """,
        day=first,
        until=first + _A_DAY,
    )["summed"]
    cursors.advance_times(transaction, {cursor: first + _A_DAY}, now)
    return Removed(rows=rows, is_done=False)


def alerts_that_are_over(transaction: Transaction, before: datetime, now: datetime) -> Removed:
    """Resolved alerts, with what was told of them."""
    return _by_number(
        transaction,
        "alerts",
        """
        SELECT lt_alert_id AS number, created_at < :before AS is_old FROM lt_alerts
        WHERE lt_alert_id > :after ORDER BY lt_alert_id LIMIT :most
        """,
        """
        DELETE FROM lt_alerts
        WHERE
            lt_alert_id > :after AND lt_alert_id <= :upto AND status = 'RESOLVED' AND resolved_at < :before
        """,
        before,
        now,
    )


def news_that_was_told(transaction: Transaction, before: datetime, now: datetime) -> Removed:  # noqa: ARG001 (a Remove)
    """Messages of fills and redemptions; those of alerts go with their alert."""
    return _counted(
        transaction.execute(
            """
            DELETE FROM alert_messages WHERE alert_message_id = ANY(ARRAY(
                SELECT alert_message_id FROM (
                    SELECT alert_message_id, at FROM alert_messages WHERE lt_alert_id IS NULL
                    ORDER BY alert_message_id LIMIT :most
                ) AS oldest
                WHERE at < :before
            ))
            """,
            before=before,
            most=MOST,
        )
    )


def audit_of_settings(transaction: Transaction, before: datetime, now: datetime) -> Removed:
    """Audit lines of locks, alerts, traders and FT wallets; those of money stay with what they are about."""
    # The log is append-only for everybody who does not say so.
    transaction.rows("SELECT set_config('live_trading.retention', 'on', TRUE)")
    return _by_number(
        transaction,
        "audit",
        """
        SELECT audit_log_id AS number, at < :before AS is_old FROM audit_log
        WHERE audit_log_id > :after ORDER BY audit_log_id LIMIT :most
        """,
        """
        DELETE FROM audit_log
        WHERE
            audit_log_id > :after AND audit_log_id <= :upto AND at < :before
            AND subject_type IN ('lock', 'alert', 'trader', 'ft_wallet')
        """,
        before,
        now,
    )


def asked_jobs(transaction: Transaction, before: datetime, now: datetime) -> Removed:
    """Jobs that were asked for; none of them can be under way after so long."""
    return _counted(
        transaction.execute(
            """
            DELETE FROM job_requests WHERE job_id IN (
                SELECT job_id FROM job_requests WHERE asked_at < :before AND alive_until < :now
                ORDER BY asked_at LIMIT :most FOR UPDATE SKIP LOCKED
            )
            """,
            before=before,
            now=now,
            most=MOST,
        )
    )


def _by_number(transaction: Transaction, name: str, look: str, remove: str, before: datetime, now: datetime) -> Removed:
    """Goes up the numbers of a table in which some rows stay, and remembers how far it has come."""
    cursor = f"retention:{name}"
    after = cursors.number(transaction, cursor)
    seen = transaction.rows(look, after=after, before=before, most=MOST)
    old = [row["number"] for row in seen if row["is_old"]]
    if not old:
        return Removed(rows=0, is_done=True)
    upto = max(old)
    rows = transaction.execute(remove, after=after, upto=upto, before=before)
    cursors.advance_number(transaction, cursor, upto, now)
    return Removed(rows=rows, is_done=len(old) < MOST)


def _counted(rows: int) -> Removed:
    return Removed(rows=rows, is_done=rows < MOST)


SIMPLE: Mapping[str, Remove] = MappingProxyType(
    {
        "checks of health": checks_of_health,
        "kept answers": kept_answers,
        "rows set aside": unread_rows,
        "records of traders": records_of_traders,
        "hours of trades": hours_of_trades,
        "alerts": alerts_that_are_over,
        "news": news_that_was_told,
        "audit": audit_of_settings,
        "asked jobs": asked_jobs,
    }
)
