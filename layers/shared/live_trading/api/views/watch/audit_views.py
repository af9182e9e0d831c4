"""Lines of the audit log, as the API shows them."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import WithJsonSchema
from typing_extensions import TypedDict

from live_trading.api.shapes import MomentAnswer, NextCursor
from live_trading.store.database.audit_history import AuditLine

_State = Annotated[
    dict[str, Any] | None,
    WithJsonSchema({"type": ["object", "null"], "description": "what of the thing the change is about"}),
]


class AuditLineView(TypedDict):
    """Who changed what, when, why and from where.

    `owner_id` is whose thing it was. `request_id`, `source_ip` and `user_agent` are what the gateway saw of the request
    that asked for it; null for what a job did by itself.
    """

    audit_id: int
    at: MomentAnswer
    actor: str
    owner_id: str | None
    action: str
    subject_type: str
    subject_id: str
    before: _State
    after: _State
    cause: str
    request_id: str | None
    source_ip: str | None
    user_agent: str | None


class AuditView(TypedDict):
    """A page of the audit log."""

    audit: list[AuditLineView]
    next_cursor: NextCursor


def audit_line_view(line: AuditLine) -> AuditLineView:
    return {
        "audit_id": line.audit_log_id,
        "at": line.at.isoformat(),
        "actor": line.actor,
        "owner_id": line.owner_id,
        "action": line.action,
        "subject_type": line.subject_type,
        "subject_id": line.subject_id,
        "before": line.before,
        "after": line.after,
        "cause": line.cause,
        "request_id": line.request_id,
        "source_ip": line.source_ip,
        "user_agent": line.user_agent,
    }
