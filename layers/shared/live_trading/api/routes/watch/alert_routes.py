"""Alerts behind the API: look at them, say that you look after one, say that one is over.

An owner sees the alerts of what is his own, and those that concern everybody. Those of nobody in particular are seen by
the scope `admin`, which alone acts on them and on everybody's. Another owner's do not exist, for `admin` neither.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from live_trading.api.body import Body
from live_trading.api.described import Example
from live_trading.api.fields import Reasoned, named
from live_trading.api.once import Answer, Caller, once
from live_trading.api.paging import Paging
from live_trading.api.problems import Problem, ProblemCode, not_found
from live_trading.api.query import PeriodQuery
from live_trading.api.routing import Request, Routes
from live_trading.api.views.watch.alert_views import AlertsView, AlertView, ToldAlertView, alert_view, told_alert_view
from live_trading.nouns.alerts import AlertScope, AlertState, AlertType, Severity
from live_trading.nouns.clock import Clock
from live_trading.nouns.pages import Place
from live_trading.store.database import audit
from live_trading.store.database.connection import Database, Transaction
from live_trading.store.watch import alert_history
from live_trading.store.watch.alert_history import AlertFilters, Onlooker, StoredAlert


class AlertsQuery(PeriodQuery):
    """Which alerts; `since` and `until` are about when they were first seen."""

    state: Annotated[AlertState | None, *named(*AlertState)] = None
    severity: Annotated[Severity | None, *named(*Severity)] = None
    alert_type: Annotated[AlertType | None, *named(*AlertType)] = None


class AcknowledgeAlert(Body):
    """What is done about it."""

    remark: Reasoned


class ResolveAlert(Body):
    """Why it is over."""

    reason: Reasoned


class AlertsApi:
    """Every method raises Problem; the store's errors pass through."""

    def __init__(self, *, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def list(self, caller: Caller, asked: AlertsQuery, paging: Paging) -> Answer:
        """A page of the alerts that concern the caller."""
        filters = AlertFilters(
            state=asked.state,
            severity=asked.severity,
            alert_type=asked.alert_type,
            since=asked.since,
            until=asked.until,
        )
        with self._database.reading() as reading:
            found = alert_history.page(reading, _onlooker(caller), filters, paging.asked)
        page = paging.cut(found, lambda alert: Place(at=None, row=str(alert.lt_alert_id)))
        body: AlertsView = {"alerts": [alert_view(each) for each in page.rows], "next_cursor": page.next_cursor}
        return Answer(status=200, body=body)

    def one(self, caller: Caller, lt_alert_id: int) -> Answer:
        """One alert, with what was told of it and how each channel took it."""
        with self._database.reading() as reading:
            alert = alert_history.find(reading, lt_alert_id, _onlooker(caller))
            if alert is None:
                raise not_found("alert")
            told = alert_history.messages(reading, lt_alert_id)
        return Answer(status=200, body=told_alert_view(alert, told, is_admin=caller.is_admin))

    def acknowledge(self, caller: Caller, lt_alert_id: int, body: AcknowledgeAlert) -> Answer:
        """Somebody looks after it: it grows no older."""
        now = self._clock.now()

        def effect(transaction: Transaction) -> Answer:
            alert = _to_act_on(transaction, caller, lt_alert_id)
            if alert.state is not AlertState.ACTIVE:
                raise _wrong_state(alert)
            alert_history.acknowledge(transaction, lt_alert_id, by=caller.owner_id, remark=body.remark, at=now)
            return _done(transaction, caller, alert, "alert_acknowledged", body.remark, now)

        return once(self._database, caller, now, effect)

    def resolve(self, caller: Caller, lt_alert_id: int, body: ResolveAlert) -> Answer:
        """Somebody says that it is over. A cause that goes on raises it anew."""
        now = self._clock.now()

        def effect(transaction: Transaction) -> Answer:
            alert = _to_act_on(transaction, caller, lt_alert_id)
            if alert.state is AlertState.RESOLVED:
                raise _wrong_state(alert)
            alert_history.resolve(transaction, lt_alert_id, by=caller.owner_id, reason=body.reason, at=now)
            return _done(transaction, caller, alert, "alert_resolved", body.reason, now)

        return once(self._database, caller, now, effect)


def _onlooker(caller: Caller) -> Onlooker:
    return Onlooker(owner_id=caller.owner_id, is_admin=caller.is_admin)


def _to_act_on(transaction: Transaction, caller: Caller, lt_alert_id: int) -> StoredAlert:
    alert = alert_history.locked(transaction, lt_alert_id, _onlooker(caller))
    if alert is None:
        raise not_found("alert")
    if alert.scope is not AlertScope.OWNER and not caller.is_admin:
        raise Problem(ProblemCode.FORBIDDEN, "the alert concerns everybody: it needs the scope admin")
    return alert


def _wrong_state(alert: StoredAlert) -> Problem:
    return Problem(ProblemCode.WRONG_STATE, f"the alert is {alert.state}", facts={"current_state": alert.state})


def _done(
    transaction: Transaction, caller: Caller, before: StoredAlert, action: str, cause: str, now: datetime
) -> Answer:
    after = alert_history.find(transaction, before.lt_alert_id, _onlooker(caller)) or before
    audit.record(
        transaction,
        actor=caller.owner_id,
        action=action,
        subject_type="alert",
        subject_id=str(before.lt_alert_id),
        before={"state": before.state, "title": before.title},
        after={"state": after.state, "title": after.title},
        cause=cause,
        at=now,
    )
    return Answer(status=200, body=alert_view(after))


ROUTES = Routes[AlertsApi]("alerts")


@ROUTES.get(
    "/api/lt/alerts",
    query=AlertsQuery,
    answers=AlertsView,
    example=Example(query={"state": "ACTIVE", "severity": "CRITICAL", "limit": "50"}),
)
def _list(seen: AlertsApi, request: Request) -> Answer:
    """Alerts that concern the caller, the newest first.

    Those of one's own, those of everybody, and with the scope `admin` those of nobody in particular.
    """
    asked = request.asked(AlertsQuery)
    return seen.list(request.caller, asked, request.paging(asked))


@ROUTES.get("/api/lt/alerts/<lt_alert_id>", answers=ToldAlertView, refuses=(ProblemCode.NOT_FOUND,))
def _one(seen: AlertsApi, request: Request) -> Answer:
    """One alert, with what was told of it through which channel, and what failed."""
    return seen.one(request.caller, request.number("lt_alert_id", "alert"))


@ROUTES.post(
    "/api/lt/alerts/<lt_alert_id>/acknowledge",
    body=AcknowledgeAlert,
    answers=AlertView,
    refuses=(ProblemCode.NOT_FOUND, ProblemCode.WRONG_STATE),
    example=Example(body={"remark": "the provider has been asked, they work on it"}),
)
def _acknowledge(seen: AlertsApi, request: Request) -> Answer:
    """Says that somebody looks after an active alert.

    It grows no older and is not repeated; one that becomes worse is active again. What is everybody's or nobody's in
    particular needs the scope `admin`.
    """
    return seen.acknowledge(request.caller, request.number("lt_alert_id", "alert"), request.body(AcknowledgeAlert))


@ROUTES.post(
    "/api/lt/alerts/<lt_alert_id>/resolve",
    body=ResolveAlert,
    answers=AlertView,
    refuses=(ProblemCode.NOT_FOUND, ProblemCode.WRONG_STATE),
    example=Example(body={"reason": "the trade was made by hand, nothing is to be done"}),
)
def _resolve(seen: AlertsApi, request: Request) -> Answer:
    """Says that an alert is over; alerts whose cause can be seen to end do so by themselves.

    A cause that goes on raises another. What is everybody's or nobody's in particular needs the scope `admin`.
    """
    return seen.resolve(request.caller, request.number("lt_alert_id", "alert"), request.body(ResolveAlert))
