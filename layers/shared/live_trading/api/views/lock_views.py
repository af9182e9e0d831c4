"""How the API shows a lock."""

from __future__ import annotations

from datetime import datetime

from typing_extensions import TypedDict

from live_trading.api.shapes import MomentAnswer, NextCursor
from live_trading.api.views.plain import moment
from live_trading.nouns.locks import LockMode, LockReason, LockScope, ReleaseKind
from live_trading.store.risk.locks import LockRow


class LockView(TypedDict):
    """One lock; `scope_id` is the strategy, wallet, trader, condition or event, and null where the scope is GLOBAL."""

    lock_id: int
    scope: LockScope
    scope_id: str | None
    reason: LockReason
    mode: LockMode
    detail: str
    starts_at: MomentAnswer
    ends_at: MomentAnswer | None
    created_by: str
    released_at: MomentAnswer | None
    released_by: str | None
    release_kind: ReleaseKind | None


class LockNowView(LockView):
    """One lock, and whether it stops anything at the moment."""

    is_in_force: bool


class LocksView(TypedDict):
    """A page of locks, the newest first."""

    locks: list[LockNowView]
    next_cursor: NextCursor


def lock_view(lock: LockRow) -> LockView:
    """One lock; what has not happened to it is null."""
    return LockView(
        lock_id=lock.lock_id,
        scope=lock.scope,
        scope_id=lock.scope_id,
        reason=lock.reason,
        mode=lock.mode,
        detail=lock.detail,
        starts_at=lock.starts_at.isoformat(),
        ends_at=moment(lock.ends_at),
        created_by=lock.created_by,
        released_at=moment(lock.released_at),
        released_by=lock.released_by,
        release_kind=lock.release_kind,
    )


def lock_now_view(lock: LockRow, now: datetime) -> LockNowView:
    """The same with what it does at that time."""
    return {**lock_view(lock), "is_in_force": lock.is_in_force(now)}
