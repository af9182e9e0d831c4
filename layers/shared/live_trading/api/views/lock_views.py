"""How the API shows a lock."""

from __future__ import annotations

from typing import Any

from live_trading.store.risk.locks import LockRow


def lock_view(lock: LockRow) -> dict[str, Any]:
    """One lock; what has not happened to it is null."""
    return {
        "lock_id": lock.lock_id,
        "scope": lock.scope,
        "scope_id": lock.scope_id,
        "reason": lock.reason,
        "mode": lock.mode,
        "detail": lock.detail,
        "starts_at": lock.starts_at.isoformat(),
        "ends_at": None if lock.ends_at is None else lock.ends_at.isoformat(),
        "created_by": lock.created_by,
        "released_at": None if lock.released_at is None else lock.released_at.isoformat(),
        "released_by": lock.released_by,
        "release_kind": lock.release_kind,
    }
