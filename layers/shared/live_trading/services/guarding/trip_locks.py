"""Turns rules that trip into locks, each with an alert and an entry in the audit log."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from live_trading.nouns.alerts import AlertType, Concern, Severity
from live_trading.risk.results import RuleResult
from live_trading.risk.trips import TripLock, lock_for
from live_trading.store.accounts.live_strategies import LiveStrategy
from live_trading.store.database import audit
from live_trading.store.database.connection import Transaction
from live_trading.store.risk import locks
from live_trading.store.watch import alerts


def put_locks(
    transaction: Transaction, strategy: LiveStrategy, trips: Iterable[RuleResult], *, actor: str, now: datetime
) -> int:
    """Locks for the trips that no lock in force covers yet; how many were new. A second trip changes nothing."""
    new = 0
    for result in trips:
        wanted = lock_for(
            result,
            strategy.rules,
            lt_strategy_id=strategy.lt_strategy_id,
            trading_wallet_id=strategy.trading_wallet_id,
            now=now,
        )
        lock_id = locks.put(
            transaction,
            scope=wanted.scope,
            scope_id=wanted.scope_id,
            reason=wanted.reason,
            detail=wanted.detail,
            created_by=actor,
            now=now,
            ends_at=wanted.ends_at,
        )
        if lock_id is not None:
            new += 1
            _tell(transaction, strategy, lock_id, wanted, actor, now)
    return new


def _tell(
    transaction: Transaction, strategy: LiveStrategy, lock_id: int, lock: TripLock, actor: str, now: datetime
) -> None:
    audit.record(
        transaction,
        actor=actor,
        action="lock_tripped",
        subject_type="lock",
        subject_id=str(lock_id),
        before=None,
        after={"scope": lock.scope, "scope_id": lock.scope_id, "reason": lock.reason},
        cause=lock.detail,
        at=now,
    )
    alerts.raise_alert(
        transaction,
        alert_type=AlertType.LOCK,
        severity=Severity.CRITICAL,
        subject=alerts.lock_subject(lock.reason, lock.scope_id),
        title=f"{strategy.name}: entries stopped ({lock.reason})",
        message=lock.detail,
        at=now,
        concern=Concern(trading_wallet_id=strategy.trading_wallet_id, lt_strategy_id=strategy.lt_strategy_id),
    )
