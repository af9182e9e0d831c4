"""The audit log: who did what, from where, before and after."""

from __future__ import annotations

from typing import Annotated

from live_trading.api.described import Example
from live_trading.api.fields import text_of
from live_trading.api.once import Answer, Caller
from live_trading.api.paging import Paging
from live_trading.api.problems import ProblemCode, not_found
from live_trading.api.query import PeriodQuery
from live_trading.api.routing import Request, Routes
from live_trading.api.views.watch.audit_views import AuditLineView, AuditView, audit_line_view
from live_trading.nouns.pages import Place
from live_trading.store.database import audit_history
from live_trading.store.database.audit_history import AuditFilter
from live_trading.store.database.connection import Database

_Word = Annotated[str, *text_of(1, 255)]


class AuditAsked(PeriodQuery):
    """Lines of one action, of one thing, or of one person or run."""

    action: _Word | None = None
    subject_type: _Word | None = None
    subject_id: _Word | None = None
    actor: _Word | None = None


class AuditRead:
    """What was changed of a caller's own things; with the scope `admin` of everybody's. Methods raise Problem."""

    def __init__(self, *, database: Database) -> None:
        self._database = database

    def page(self, caller: Caller, asked: AuditAsked, paging: Paging) -> Answer:
        """The newest first."""
        wanted = AuditFilter(
            action=asked.action,
            subject_type=asked.subject_type,
            subject_id=asked.subject_id,
            actor=asked.actor,
            since=asked.since,
            until=asked.until,
        )
        with self._database.reading() as reading:
            found = audit_history.page(reading, _whose(caller), wanted, paging.asked)
        page = paging.cut(found, lambda line: Place(at=line.at, row=str(line.audit_log_id)))
        body: AuditView = {"audit": [audit_line_view(line) for line in page.rows], "next_cursor": page.next_cursor}
        return Answer(status=200, body=body)

    def one(self, caller: Caller, audit_id: int) -> Answer:
        """One line."""
        with self._database.reading() as reading:
            line = audit_history.find(reading, _whose(caller), audit_id)
        if line is None:
            raise not_found("audit line")
        return Answer(status=200, body=audit_line_view(line))


def _whose(caller: Caller) -> str | None:
    return None if caller.is_admin else caller.owner_id


ROUTES = Routes[AuditRead]("audit_read")


@ROUTES.get(
    "/api/lt/audit",
    query=AuditAsked,
    answers=AuditView,
    example=Example(query={"action": "lock_put", "since": "2026-11-01T00:00:00Z", "limit": "20"}),
)
def _list(audit: AuditRead, request: Request) -> Answer:
    """What was changed of the caller's own things, the newest first; with the scope `admin` of everybody's.

    What a request changed names the request, and what a run did by itself names the run.
    """
    asked = request.asked(AuditAsked)
    return audit.page(request.caller, asked, request.paging(asked))


@ROUTES.get("/api/lt/audit/<audit_id>", answers=AuditLineView, refuses=(ProblemCode.NOT_FOUND,))
def _one(audit: AuditRead, request: Request) -> Answer:
    """One line of the audit log."""
    return audit.one(request.caller, request.number("audit_id", "audit line"))
