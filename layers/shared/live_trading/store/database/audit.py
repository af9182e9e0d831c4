"""The audit log: who changed what, from which state to which, and why. Append-only by use."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
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
    """Writes one line in the transaction of the change itself, so that neither can be without the other."""
    transaction.later(
        """
        INSERT INTO audit_log (actor, action, subject_type, subject_id, before_state, after_state, cause, at)
        VALUES (:actor, :action, :subject_type, :subject_id, :before::jsonb, :after::jsonb, :cause, :at)
        """,
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
    transaction.later(
        """
        INSERT INTO audit_log (actor, action, subject_type, subject_id, before_state, after_state, cause, at)
        SELECT :actor, made.action, made.type, made.id, made.before, made.after, made.cause, :at
        FROM unnest(
            :actions::text[], :subject_types::text[], :subject_ids::text[], :befores::jsonb[],
            :afters::jsonb[], :causes::text[]
        ) WITH ORDINALITY AS made (action, type, id, before, after, cause, place)
        ORDER BY made.place
        """,
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
