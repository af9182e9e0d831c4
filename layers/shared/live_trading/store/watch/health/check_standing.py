"""How each check stands and since when, and its course: written where it changes, else once an hour."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias

from live_trading.store.database.connection import Row, Transaction
from live_trading.store.database.pending import Pending, ask
from live_trading.store.database.text import storable

KEPT_EVERY = timedelta(hours=1)
Before: TypeAlias = dict[tuple[str, str], tuple[str, datetime]]
"""By name and subject how a check stood, and since when."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedNow:
    """What one check says now; `details` are JSON-ready. `subject` is empty where it is about the whole."""

    name: str
    subject: str
    status: str
    details: Mapping[str, object]


def ask_since(transaction: Transaction) -> Pending[Before]:
    """How each check stood last."""
    return ask(transaction, "SELECT check_name, subject, check_status, since FROM lt_health_standing", _since)


def _since(rows: list[Row]) -> Before:
    return {(row["check_name"], row["subject"]): (row["check_status"], row["since"]) for row in rows}


def record(
    transaction: Transaction, checks: Sequence[CheckedNow], at: datetime, *, untold: Collection[str] = ()
) -> None:
    """Keeps how all checks stand: one that is not among them, nor `untold`, is forgotten; its course stays.

    Two looks at once leave what the later one saw: it waits for the other, as rows that one forgets and the other keeps
    would be taken in any order.
    """
    transaction.later("LOCK TABLE lt_health_standing IN SHARE ROW EXCLUSIVE MODE")
    known = sorted({(each.name, storable(each.subject)): each for each in checks}.items())
    transaction.later(
        """
        DELETE FROM lt_health_standing AS kept
        WHERE NOT EXISTS (
            SELECT 1 FROM unnest(:names::text[], :subjects::text[]) AS seen (name, subject)
            WHERE seen.name = kept.check_name AND seen.subject = kept.subject
        ) AND kept.check_name <> ALL(:untold::text[])
        """,
        untold=sorted(untold),
        names=[name for (name, _), _ in known],
        subjects=[subject for (_, subject), _ in known],
    )
    transaction.later(
        """
        WITH seen AS (
            SELECT * FROM unnest(:names::text[], :subjects::text[], :statuses::text[], :details::text[])
                AS seen (name, subject, status, details)
        ), before AS (
            SELECT seen.*, kept.check_status, kept.since, kept.kept_at FROM seen
            LEFT JOIN lt_health_standing AS kept ON kept.check_name = seen.name AND kept.subject = seen.subject
        ), due AS (
            SELECT
                before.*,
                before.check_status IS DISTINCT FROM before.status OR before.kept_at <= :kept_before AS is_due
            FROM before
        ), noted AS (
            INSERT INTO lt_health_checks (check_type, check_status, details, checked_at)
            SELECT CASE WHEN subject = '' THEN name ELSE name || ' ' || subject END, status, details::jsonb, :at
            FROM due WHERE is_due
        )
        INSERT INTO lt_health_standing AS kept (check_name, subject, check_status, since, checked_at, kept_at)
        SELECT
            name, subject, status, CASE WHEN check_status = status THEN since ELSE :at::timestamptz END, :at,
            CASE WHEN is_due THEN :at::timestamptz ELSE kept_at END
        FROM due
        ORDER BY name, subject
        ON CONFLICT (check_name, subject) DO UPDATE SET
            check_status = excluded.check_status, since = excluded.since, checked_at = excluded.checked_at,
            kept_at = excluded.kept_at
        """,
        names=[name for (name, _), _ in known],
        subjects=[subject for (_, subject), _ in known],
        statuses=[each.status for _, each in known],
        details=[_as_text(each.details) for _, each in known],
        at=at,
        kept_before=at - KEPT_EVERY,
    )


def _as_text(details: Mapping[str, object]) -> str:
    return storable(json.dumps(details, sort_keys=True))
