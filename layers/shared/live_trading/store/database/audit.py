"""The audit log: who changed what, from which state to which, and why. Append-only by use."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from live_trading.store.database.connection import Transaction


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
