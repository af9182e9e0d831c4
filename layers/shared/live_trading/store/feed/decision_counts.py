"""How many trades each subject decided, and how many its configuration excludes as a whole, by day and reason.

What was decided is counted by a trigger; what was passed over by whoever moves the subject's mark past it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from live_trading.nouns.decisions import Reason
from live_trading.store.database.connection import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class DayCount:
    """Trades of one day, in UTC, with one reason. Those passed over have no decision."""

    day: date
    reason: Reason
    is_passed_over: bool
    trades: int


def add_passed_over(transaction: Transaction, counts: Mapping[UUID, Counter[str]], now: datetime) -> None:
    """Adds what subjects passed over by reason, on the day of `now`. Nobody waits for it: it goes with what comes next.

    A subject is an LT strategy, or the FT wallet where that decides for itself.
    """
    rows = [
        (subject, reason, counts[subject][reason]) for subject in sorted(counts) for reason in sorted(counts[subject])
    ]
    if not rows:
        return
    transaction.later(
        """
        INSERT INTO decision_counts AS kept (subject_id, day, is_passed_over, reason, trades)
        SELECT passed.subject_id, (:now::timestamptz AT TIME ZONE 'UTC')::date, TRUE, passed.reason, passed.trades
        FROM unnest(:subjects::uuid[], :reasons::text[], :trades::bigint[]) AS passed (subject_id, reason, trades)
        ON CONFLICT (subject_id, day, is_passed_over, reason) DO UPDATE SET trades = kept.trades + excluded.trades
        """,
        now=now,
        subjects=[str(subject) for subject, _, _ in rows],
        reasons=[reason for _, reason, _ in rows],
        trades=[trades for _, _, trades in rows],
    )


def of_subject(
    transaction: Transaction, owner_id: str, subject_id: UUID, *, since: date, until: date
) -> list[DayCount]:
    """Of one of the owner's strategies or FT wallets, from the day `since` up to and with `until`, newest day first."""
    rows = transaction.rows(
        """
        SELECT kept.day, kept.reason, kept.is_passed_over, kept.trades FROM (
            SELECT lt_strategy_id AS id FROM lt_strategies WHERE lt_strategy_id = :subject_id AND owner_id = :owner_id
            UNION ALL
            SELECT ft_wallet_id AS id FROM ft_wallets WHERE ft_wallet_id = :subject_id AND owner_id = :owner_id
        ) AS subject
        INNER JOIN decision_counts AS kept ON kept.subject_id = subject.id
        WHERE kept.day BETWEEN :since AND :until
        ORDER BY kept.day DESC, kept.is_passed_over, kept.reason
        """,
        owner_id=owner_id,
        subject_id=subject_id,
        since=since,
        until=until,
    )
    return [
        DayCount(
            day=row["day"],
            reason=Reason(row["reason"]),
            is_passed_over=row["is_passed_over"],
            trades=row["trades"],
        )
        for row in rows
    ]
