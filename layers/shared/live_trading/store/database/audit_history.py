"""The audit log as it is read: an owner's lines, or all, the newest first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from live_trading.nouns.pages import PageAsked
from live_trading.store.database.connection import Row, Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditLine:
    """One change: who, what, why, before and after; and where it was asked from, None for what a job did by itself.

    `owner_id` is whose thing it was, None for what is nobody's own.
    """

    audit_log_id: int
    at: datetime
    actor: str
    owner_id: str | None
    action: str
    subject_type: str
    subject_id: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    cause: str
    request_id: str | None
    source_ip: str | None
    user_agent: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFilter:
    """What lines have to be; None may be anything. `since` is included, `until` is not."""

    action: str | None = None
    subject_type: str | None = None
    subject_id: str | None = None
    actor: str | None = None
    since: datetime | None = None
    until: datetime | None = None


_SELECT = """
    SELECT
        audit_log_id, at, actor, owner_id, action, subject_type, subject_id, before_state AS before,
        after_state AS after, cause, request_id, source_ip, user_agent
    FROM audit_log
    WHERE (:owner_id::text IS NULL OR owner_id = :owner_id)
"""
_PAGE = """
    AND (at, audit_log_id) < (coalesce(:after_at::timestamptz, 'infinity'), :after_number::bigint)
    AND (:action::text IS NULL OR action = :action)
    AND (:subject_type::text IS NULL OR subject_type = :subject_type)
    AND (:subject_id::text IS NULL OR subject_id = :subject_id)
    AND (:actor::text IS NULL OR actor = :actor)
    AND at >= coalesce(:since::timestamptz, '-infinity') AND at < coalesce(:until::timestamptz, 'infinity')
    ORDER BY at DESC, audit_log_id DESC LIMIT :limit
"""


def page(transaction: Transaction, owner_id: str | None, wanted: AuditFilter, asked: PageAsked) -> list[AuditLine]:
    """A page of the lines about one owner's things, or about everybody's where none is named."""
    rows = transaction.rows(
        _SELECT + _PAGE,
        owner_id=owner_id,
        action=wanted.action,
        subject_type=wanted.subject_type,
        subject_id=wanted.subject_id,
        actor=wanted.actor,
        since=wanted.since,
        until=wanted.until,
        after_at=asked.after_at,
        after_number=asked.after_number,
        limit=asked.rows_to_read,
    )
    return [_line(row) for row in rows]


def find(transaction: Transaction, owner_id: str | None, audit_log_id: int) -> AuditLine | None:
    """One line about an owner's thing, or about anybody's where none is named."""
    row = transaction.row(_SELECT + "AND audit_log_id = :number", owner_id=owner_id, number=audit_log_id)
    return None if row is None else _line(row)


def _line(row: Row) -> AuditLine:
    return AuditLine(**row)
