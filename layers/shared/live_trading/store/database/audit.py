"""The audit log: who changed what, from where, from which state to which, and why. The database keeps it as written.

Whose thing was changed is looked up with the writing. From where is set once for all that a request does
(`asked_from`), so that no change of it can go without: what a job does by itself comes from nowhere.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime

from live_trading.store.database.connection import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One line: what changed of a subject, and why; `before` is None where there was nothing."""

    action: str
    subject_type: str
    subject_id: str
    before: Mapping[str, object] | None
    after: Mapping[str, object] | None
    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Whence:
    """The request that a change was made by: its id as the gateway gives it, and what the gateway saw of its sender."""

    request_id: str
    source_ip: str
    user_agent: str


_whence: ContextVar[Whence | None] = ContextVar("whence", default=None)


@contextmanager
def asked_from(whence: Whence | None) -> Iterator[None]:
    """Whatever is recorded in the block was asked for by this request; also in threads that the block starts."""
    token = _whence.set(whence)
    try:
        yield
    finally:
        _whence.reset(token)


def record(
    transaction: Transaction,
    *,
    actor: str,
    action: str,
    subject_type: str,
    subject_id: str,
    before: Mapping[str, object] | None,
    after: Mapping[str, object] | None,
    cause: str,
    at: datetime,
) -> None:
    """Writes one line in the transaction of the change itself, so that neither can be without the other.

    What belongs to nobody is seen by whoever asked for its change.
    """
    whence = _whence.get()
    transaction.later(
        """
        INSERT INTO audit_log (
            actor, action, subject_type, subject_id, before_state, after_state, cause, at, owner_id, request_id,
            source_ip, user_agent
        ) VALUES (
            :actor, :action, :subject_type, :subject_id, :before::jsonb, :after::jsonb, :cause, :at,
            coalesce(audit_owner(:subject_type, :subject_id), :asker), :request_id, :source_ip, :user_agent
        )
        """,
        asker=None if whence is None else actor,
        request_id=None if whence is None else whence.request_id,
        source_ip=None if whence is None else whence.source_ip,
        user_agent=None if whence is None else whence.user_agent,
        actor=actor,
        action=action,
        subject_type=subject_type,
        subject_id=subject_id,
        before=None if before is None else dict(before),
        after=None if after is None else dict(after),
        cause=cause,
        at=at,
    )


def record_all(transaction: Transaction, changes: Sequence[Change], *, actor: str, at: datetime) -> None:
    """Writes a line for each change, in their order and in one statement, in the transaction of the changes."""
    if not changes:
        return
    whence = _whence.get()
    transaction.later(
        """
        INSERT INTO audit_log (
            actor, action, subject_type, subject_id, before_state, after_state, cause, at, owner_id, request_id,
            source_ip, user_agent
        )
        SELECT
            :actor, made.action, made.type, made.id, made.before, made.after, made.cause, :at,
            coalesce(audit_owner(made.type, made.id), :asker::text), :request_id::text, :source_ip::text,
            :user_agent::text
        FROM unnest(
            :actions::text[], :subject_types::text[], :subject_ids::text[], :befores::jsonb[],
            :afters::jsonb[], :causes::text[]
        ) WITH ORDINALITY AS made (action, type, id, before, after, cause, place)
        ORDER BY made.place
        """,
        asker=None if whence is None else actor,
        request_id=None if whence is None else whence.request_id,
        source_ip=None if whence is None else whence.source_ip,
        user_agent=None if whence is None else whence.user_agent,
        actor=actor,
        at=at,
        actions=[each.action for each in changes],
        subject_types=[each.subject_type for each in changes],
        subject_ids=[each.subject_id for each in changes],
        befores=[_json(each.before) for each in changes],
        afters=[_json(each.after) for each in changes],
        causes=[each.cause for each in changes],
    )


def _json(state: Mapping[str, object] | None) -> str | None:
    return None if state is None else json.dumps(dict(state), sort_keys=True)
