"""Locks behind the API: look at them, put one, release one.

A lock on a strategy or a trading wallet is its owner's affair, and nobody else learns that it exists. One that is
global, or on a trader, a market or an event, stops everybody's entries: everybody sees it, and only the scope `admin`
puts and releases it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

from live_trading.api.body import Body
from live_trading.api.described import Example
from live_trading.api.examples import LT_STRATEGY_ID
from live_trading.api.fields import LockModeName, Reasoned, ScopeId, Seconds, id_of, named
from live_trading.api.once import Answer, Caller, once
from live_trading.api.paging import Paging
from live_trading.api.problems import FieldProblem, Problem, ProblemCode, already_exists, invalid, not_found
from live_trading.api.query import PageQuery, SwitchText
from live_trading.api.routing import Request, Routes
from live_trading.api.views.lock_views import LockNowView, LocksView, lock_now_view, lock_view
from live_trading.nouns.alerts import AlertType
from live_trading.nouns.clock import Clock
from live_trading.nouns.locks import LockMode, LockReason, LockScope
from live_trading.nouns.pages import Place
from live_trading.store.accounts import live_strategies, strategies, trading_wallets
from live_trading.store.database import audit
from live_trading.store.database.connection import Database, Transaction
from live_trading.store.risk import lock_history, locks, risk_state
from live_trading.store.risk.locks import LockRow
from live_trading.store.watch import alerts

# What it takes to know what to cancel and to sell.
_OWN = (LockScope.STRATEGY, LockScope.TRADING_WALLET)
_SCOPES_WITH_MODES = (LockScope.GLOBAL, LockScope.TRADING_WALLET, LockScope.STRATEGY)


LockScopeName = Annotated[LockScope, *named(*LockScope)]


class CreateLock(Body):
    """Stops entries for a scope: `scope_id` is the strategy, wallet, trader, condition or event; none for GLOBAL.

    Without `duration_seconds` it lasts until it is released.
    """

    scope: LockScopeName
    scope_id: ScopeId | None = None
    reason: Reasoned
    mode: LockModeName = LockMode.STOP_ENTRIES
    duration_seconds: Seconds | None = None


class ReleaseLock(Body):
    """Why the lock may go."""

    reason: Reasoned


class LocksAsked(PageQuery):
    """A page of the locks in force, or with `all` those that are over too."""

    all: SwitchText = False


class LocksApi:
    """Every method raises Problem; the store's errors pass through."""

    def __init__(self, *, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def list(self, owner_id: str, paging: Paging, *, only_in_force: bool) -> Answer:
        """A page of the locks that concern the caller, newest first."""
        now = self._clock.now()
        with self._database.transaction() as transaction:
            found = lock_history.seen_by(transaction, owner_id, now, paging.asked, only_in_force=only_in_force)
        page = paging.cut(found, lambda lock: Place(at=None, row=str(lock.lock_id)))
        body: LocksView = {
            "locks": [lock_now_view(lock, now) for lock in page.rows],
            "next_cursor": page.next_cursor,
        }
        return Answer(status=200, body=body)

    def create(self, caller: Caller, body: CreateLock) -> Answer:
        """Stops entries for a scope from now on; the next run cancels and sells where the mode asks for it.

        201 for a new lock; 200 where one of this kind was in force and now goes further or lasts longer.
        """
        now = self._clock.now()
        scope_id = _scope_id(body)

        def effect(transaction: Transaction) -> Answer:
            _require_may_lock(caller, body.scope)
            if not _concerns(transaction, body.scope, scope_id, caller.owner_id):
                raise not_found("scope", field="scope_id")
            put = locks.put_or_widen(
                transaction,
                scope=body.scope,
                scope_id=scope_id,
                reason=LockReason.LOCKED_BY_USER,
                detail=body.reason,
                created_by=caller.owner_id,
                now=now,
                ends_at=None if body.duration_seconds is None else now + timedelta(seconds=body.duration_seconds),
                mode=body.mode,
            )
            if not put.is_changed:
                raise already_exists("a lock that goes as far is in force already", existing_id=put.lock_id)
            made = locks.locked(transaction, put.lock_id)
            if made is None:
                raise not_found("lock")
            _audited(transaction, caller, "lock_put" if put.is_new else "lock_widened", made, body.reason, now)
            return Answer(status=201 if put.is_new else 200, body=lock_now_view(made, now))

        return once(self._database, caller, now, effect)

    def release(self, caller: Caller, lock_id: int, body: ReleaseLock) -> Answer:
        """Ends a lock by hand, whatever put it. What tripped it starts to count anew."""
        now = self._clock.now()

        def effect(transaction: Transaction) -> Answer:
            lock = locks.locked(transaction, lock_id)
            if lock is None or not _concerns(transaction, lock.scope, lock.scope_id, caller.owner_id):
                raise not_found("lock")
            _require_may_lock(caller, lock.scope)
            if not lock.is_in_force(now):
                raise Problem(ProblemCode.WRONG_STATE, "the lock is over", facts={"current_state": "over"})
            locks.release_one(transaction, lock_id, released_by=caller.owner_id, detail=body.reason, now=now)
            alerts.resolve_alert(
                transaction, alert_type=AlertType.LOCK, subject=alerts.lock_subject(lock.reason, lock.scope_id), at=now
            )
            _keep_new_start(transaction, lock, caller.owner_id, now)
            released = locks.locked(transaction, lock_id)
            _audited(transaction, caller, "lock_released", lock, body.reason, now)
            return Answer(status=200, body=lock_now_view(released or lock, now))

        return once(self._database, caller, now, effect)


def _keep_new_start(transaction: Transaction, lock: LockRow, owner_id: str, now: datetime) -> None:
    """The equity from which a released drawdown counts on."""
    if lock.reason is not LockReason.DRAWDOWN or lock.scope_id is None:
        return
    strategy = live_strategies.of_owner(transaction, UUID(lock.scope_id), owner_id)
    if strategy is not None:
        risk_state.project(transaction, strategy, now)


def _scope_id(body: CreateLock) -> str | None:
    if (body.scope is LockScope.GLOBAL) != (body.scope_id is None):
        reason = "a global lock has none" if body.scope is LockScope.GLOBAL else "is missing"
        raise invalid(FieldProblem(field="scope_id", reason=reason))
    if body.mode is not LockMode.STOP_ENTRIES and body.scope not in _SCOPES_WITH_MODES:
        raise invalid(
            FieldProblem(
                field="mode",
                reason="a lock of this scope can only stop entries",
                allowed=f"{LockMode.STOP_ENTRIES}; others go with {', '.join(_SCOPES_WITH_MODES)}",
            )
        )
    is_address = body.scope in (LockScope.TRADER, LockScope.MARKET)
    return body.scope_id.lower() if body.scope_id is not None and is_address else body.scope_id


def _require_may_lock(caller: Caller, scope: LockScope) -> None:
    """What stops more than the caller's own needs the scope `admin`."""
    if scope not in _OWN and not caller.is_admin:
        raise Problem(ProblemCode.FORBIDDEN, f"a lock of scope {scope} concerns everybody: it needs the scope admin")


def _concerns(transaction: Transaction, scope: LockScope, scope_id: str | None, owner_id: str) -> bool:
    """Whether the scope exists for this caller."""
    if scope not in _OWN:
        return True
    own = id_of(scope_id or "")
    if own is None:
        return False
    if scope is LockScope.STRATEGY:
        return strategies.find(transaction, own, owner_id) is not None
    return trading_wallets.find(transaction, own, owner_id) is not None


def _audited(transaction: Transaction, caller: Caller, action: str, lock: LockRow, cause: str, now: datetime) -> None:
    audit.record(
        transaction,
        actor=caller.owner_id,
        action=action,
        subject_type="lock",
        subject_id=str(lock.lock_id),
        before=None,
        after=lock_view(lock),
        cause=cause,
        at=now,
    )


ROUTES = Routes[LocksApi]("locks")


@ROUTES.get("/api/lt/locks", query=LocksAsked, answers=LocksView, example=Example(query={"all": "true", "limit": "20"}))
def _list(seen: LocksApi, request: Request) -> Answer:
    """Lists the locks that concern you, the newest first.

    Those of your strategies and trading wallets, and those that stop everybody.
    """
    asked = request.asked(LocksAsked)
    return seen.list(request.owner, request.paging(asked), only_in_force=not asked.all)


@ROUTES.post(
    "/api/lt/locks",
    body=CreateLock,
    answers=LockNowView,
    statuses=(200, 201),
    refuses=(ProblemCode.NOT_FOUND, ProblemCode.ALREADY_EXISTS, ProblemCode.FORBIDDEN),
    example=Example(
        body={"scope": "STRATEGY", "scope_id": LT_STRATEGY_ID, "reason": "to think", "duration_seconds": 3600}
    ),
)
def _create(seen: LocksApi, request: Request) -> Answer:
    """Stops entries for a scope from now on.

    The next run also cancels what rests, or sells what is held, where `mode` asks for it. 200 where a lock of this kind
    was in force and now goes further or lasts longer. All scopes but STRATEGY and TRADING_WALLET need `admin`.
    """
    return seen.create(request.caller, request.body(CreateLock))


@ROUTES.post(
    "/api/lt/locks/<lock_id>/release",
    body=ReleaseLock,
    answers=LockNowView,
    refuses=(ProblemCode.WRONG_STATE, ProblemCode.FORBIDDEN),
    example=Example(body={"reason": "it is understood"}),
)
def _release(seen: LocksApi, request: Request) -> Answer:
    """Ends a lock by hand, whatever put it.

    What tripped it starts to count anew.
    """
    return seen.release(request.caller, request.number("lock_id", "lock"), request.body(ReleaseLock))
