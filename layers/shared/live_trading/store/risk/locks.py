"""Locks: rows that stop entries for a scope until they end or somebody releases them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from live_trading.nouns.locks import LockMode, LockReason, LockScope, ReleaseKind
from live_trading.store.database.connection import Row, Transaction
from live_trading.store.risk import flatten_marks


@dataclass(frozen=True, slots=True, kw_only=True)
class LockRow:
    """A lock, in force or over; `scope_id` is None for the global scope only."""

    lock_id: int
    scope: LockScope
    scope_id: str | None
    reason: LockReason
    mode: LockMode
    detail: str
    starts_at: datetime
    ends_at: datetime | None
    created_by: str
    released_at: datetime | None
    released_by: str | None
    release_kind: ReleaseKind | None

    @property
    def is_pause(self) -> bool:
        return self.reason is LockReason.PAUSED_BY_USER

    def stops_all_of(self, lt_strategy_id: UUID, trading_wallet_id: UUID) -> bool:
        """Whether it stops every entry of this strategy, which trades from this wallet; a global one has no id."""
        return self.scope_id in (None, str(lt_strategy_id), str(trading_wallet_id))

    def is_in_force(self, now: datetime) -> bool:
        return self.released_at is None and self.starts_at <= now and (self.ends_at is None or self.ends_at > now)


def lock_of(row: Row) -> LockRow:
    """A row of the table as a value."""
    return LockRow(
        lock_id=row["lock_id"],
        scope=LockScope(row["scope"]),
        scope_id=row["scope_id"],
        reason=LockReason(row["reason"]),
        mode=LockMode(row["mode"]),
        detail=row["detail"],
        starts_at=row["starts_at"],
        ends_at=row["ends_at"],
        created_by=row["created_by"],
        released_at=row["released_at"],
        released_by=row["released_by"],
        release_kind=None if row["release_kind"] is None else ReleaseKind(row["release_kind"]),
    )


def put(
    transaction: Transaction,
    *,
    scope: LockScope,
    scope_id: str | None,
    reason: LockReason,
    detail: str,
    created_by: str,
    now: datetime,
    ends_at: datetime | None = None,
    mode: LockMode = LockMode.STOP_ENTRIES,
) -> int | None:
    """Opens a lock and returns its number; None where one for this scope and reason is in force already."""
    _close_ended(transaction, scope, scope_id, reason, now)
    row = transaction.row(
        """
        INSERT INTO locks (scope, scope_id, reason, mode, detail, starts_at, ends_at, created_by)
        VALUES (:scope, :scope_id, :reason, :mode, :detail, :now, :ends_at, :created_by)
        ON CONFLICT (scope, coalesce(scope_id, ''), reason) WHERE released_at IS NULL DO NOTHING
        RETURNING lock_id
        """,
        scope=scope,
        scope_id=scope_id,
        reason=reason,
        mode=mode,
        detail=detail,
        now=now,
        ends_at=ends_at,
        created_by=created_by,
    )
    if row is not None and mode is LockMode.FLATTEN:
        flatten_marks.keep_all(transaction, row["lock_id"], now)
    return None if row is None else int(row["lock_id"])


def _close_ended(
    transaction: Transaction, scope: LockScope, scope_id: str | None, reason: LockReason, now: datetime
) -> None:
    """A lock whose time is over would else stand in the way of the next one of its kind."""
    transaction.execute(
        """
        UPDATE locks SET released_at = ends_at, released_by = 'end of its time', release_kind = 'EXPIRED'
        WHERE
            scope = :scope AND scope_id IS NOT DISTINCT FROM :scope_id AND reason = :reason
            AND released_at IS NULL AND ends_at <= :now
        """,
        scope=scope,
        scope_id=scope_id,
        reason=reason,
        now=now,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Put:
    """The open lock of a scope and reason after somebody asked for one, and whether that changed anything."""

    lock_id: int
    is_new: bool
    is_changed: bool


def put_or_widen(
    transaction: Transaction,
    *,
    scope: LockScope,
    scope_id: str | None,
    reason: LockReason,
    detail: str,
    created_by: str,
    now: datetime,
    ends_at: datetime | None = None,
    mode: LockMode = LockMode.STOP_ENTRIES,
) -> Put:
    """Opens a lock, or has the open one of its kind go as far and last as long as this one would.

    A wider or longer lock takes effect at once; one that asks for less than what stands changes nothing.
    """
    lock_id = put(
        transaction,
        scope=scope,
        scope_id=scope_id,
        reason=reason,
        detail=detail,
        created_by=created_by,
        now=now,
        ends_at=ends_at,
        mode=mode,
    )
    if lock_id is not None:
        return Put(lock_id=lock_id, is_new=True, is_changed=True)
    row = transaction.only(
        """
        SELECT lock_id, mode, ends_at FROM locks
        WHERE
            scope = :scope AND scope_id IS NOT DISTINCT FROM :scope_id AND reason = :reason AND released_at IS NULL
        FOR NO KEY UPDATE
        """,
        scope=scope,
        scope_id=scope_id,
        reason=reason,
    )
    widest = max(LockMode(row["mode"]), mode, key=list(LockMode).index)
    last = None if row["ends_at"] is None or ends_at is None else max(row["ends_at"], ends_at)
    is_changed = widest is not LockMode(row["mode"]) or last != row["ends_at"]
    if is_changed:
        transaction.execute(
            "UPDATE locks SET mode = :mode, ends_at = :ends_at, detail = :detail WHERE lock_id = :lock_id",
            mode=widest,
            ends_at=last,
            detail=detail,
            lock_id=row["lock_id"],
        )
        if widest is LockMode.FLATTEN:
            flatten_marks.keep_all(transaction, row["lock_id"], now)
    return Put(lock_id=int(row["lock_id"]), is_new=False, is_changed=is_changed)


def release(
    transaction: Transaction,
    *,
    scope: LockScope,
    scope_id: str | None,
    reason: LockReason,
    released_by: str,
    now: datetime,
    kind: ReleaseKind = ReleaseKind.BY_HAND,
) -> bool:
    """Ends the open lock of a scope and reason; False where there is none."""
    lock_id = open_lock(transaction, scope, scope_id, reason)
    if lock_id is None:
        return False
    release_one(transaction, lock_id, released_by=released_by, detail="", now=now, kind=kind)
    return True


def release_one(
    transaction: Transaction,
    lock_id: int,
    *,
    released_by: str,
    detail: str,
    now: datetime,
    kind: ReleaseKind = ReleaseKind.BY_HAND,
) -> None:
    """Ends a lock that is open."""
    transaction.execute(
        """
        UPDATE locks SET
            released_at = greatest(:now::timestamptz, starts_at), released_by = :released_by,
            release_kind = :kind, release_detail = :detail
        WHERE lock_id = :lock_id AND released_at IS NULL
        """,
        lock_id=lock_id,
        released_by=released_by,
        kind=kind,
        detail=detail,
        now=now,
    )


def open_lock(transaction: Transaction, scope: LockScope, scope_id: str | None, reason: LockReason) -> int | None:
    """The number of the open lock of a scope and reason."""
    row = transaction.row(
        """
        SELECT lock_id FROM locks
        WHERE
            scope = :scope AND scope_id IS NOT DISTINCT FROM :scope_id AND reason = :reason AND released_at IS NULL
        """,
        scope=scope,
        scope_id=scope_id,
        reason=reason,
    )
    return None if row is None else int(row["lock_id"])


def open_scopes(transaction: Transaction, scope: LockScope, reason: LockReason) -> set[str]:
    """What open locks of this scope and reason are about."""
    rows = transaction.rows(
        "SELECT scope_id FROM locks WHERE scope = :scope AND reason = :reason AND released_at IS NULL",
        scope=scope,
        reason=reason,
    )
    return {row["scope_id"] for row in rows}


def locked(transaction: Transaction, lock_id: int) -> LockRow | None:
    """A lock by its number, its row locked."""
    row = transaction.row("SELECT * FROM locks WHERE lock_id = :lock_id FOR NO KEY UPDATE", lock_id=lock_id)
    return None if row is None else lock_of(row)


def blocking_entries(
    transaction: Transaction,
    *,
    lt_strategy_id: UUID,
    trading_wallet_id: UUID,
    trader_address: str | None,
    condition_id: str,
    event_id: str | None,
    now: datetime,
) -> list[LockRow]:
    """Every lock in force that stops this entry, oldest first."""
    rows = transaction.rows(
        """
        SELECT * FROM locks
        WHERE
            released_at IS NULL AND starts_at <= :now AND (ends_at IS NULL OR ends_at > :now)
            AND (
                scope = 'GLOBAL'
                OR (scope = 'STRATEGY' AND scope_id = :lt_strategy_id)
                OR (scope = 'TRADING_WALLET' AND scope_id = :trading_wallet_id)
                OR (scope = 'TRADER' AND scope_id = :trader_address)
                OR (scope = 'MARKET' AND scope_id = :condition_id)
                OR (scope = 'EVENT' AND scope_id = :event_id)
            )
        ORDER BY lock_id
        """,
        lt_strategy_id=str(lt_strategy_id),
        trading_wallet_id=str(trading_wallet_id),
        trader_address=trader_address,
        condition_id=condition_id,
        event_id=event_id,
        now=now,
    )
    return [lock_of(row) for row in rows]


def naming(transaction: Transaction, scope_ids: Collection[str], now: datetime) -> list[LockRow]:
    """Locks in force that stop everything, and those of a scope with one of these ids; oldest first."""
    rows = transaction.rows(
        """
        SELECT * FROM locks
        WHERE
            released_at IS NULL AND starts_at <= :now AND (ends_at IS NULL OR ends_at > :now)
            AND (scope = 'GLOBAL' OR scope_id = ANY(:scope_ids::text[]))
        ORDER BY lock_id
        """,
        scope_ids=sorted(scope_ids),
        now=now,
    )
    return [lock_of(row) for row in rows]


def on_entries(transaction: Transaction, now: datetime) -> list[LockRow]:
    """Locks in force that stop every entry of a strategy or of a trading wallet, or of all; oldest first."""
    rows = transaction.rows(
        """
        SELECT * FROM locks
        WHERE
            scope IN ('GLOBAL', 'TRADING_WALLET', 'STRATEGY') AND released_at IS NULL
            AND starts_at <= :now AND (ends_at IS NULL OR ends_at > :now)
        ORDER BY lock_id
        """,
        now=now,
    )
    return [lock_of(row) for row in rows]


def stopped_entries(transaction: Transaction, lt_order_ids: Sequence[UUID], now: datetime) -> set[UUID]:
    """Those of these orders that are entries and that a lock in force stops."""
    rows = transaction.rows(
        """
        SELECT intent.lt_order_id FROM lt_orders AS intent
        LEFT JOIN source_trades AS trade USING (source_trade_id)
        LEFT JOIN markets AS market ON market.condition_id = intent.condition_id
        WHERE
            intent.lt_order_id = ANY(:lt_order_ids::uuid[]) AND intent.purpose = 'ENTRY'
            AND EXISTS (
                SELECT 1 FROM locks AS stop
                WHERE
                    stop.released_at IS NULL AND stop.starts_at <= :now
                    AND (stop.ends_at IS NULL OR stop.ends_at > :now)
                    AND (
                        stop.scope = 'GLOBAL'
                        OR (stop.scope = 'STRATEGY' AND stop.scope_id = intent.lt_strategy_id::text)
                        OR (stop.scope = 'TRADING_WALLET' AND stop.scope_id = intent.trading_wallet_id::text)
                        OR (stop.scope = 'TRADER' AND stop.scope_id = trade.trader_address)
                        OR (stop.scope = 'MARKET' AND stop.scope_id = intent.condition_id)
                        OR (stop.scope = 'EVENT' AND stop.scope_id = market.event_id)
                    )
            )
        """,
        lt_order_ids=list(lt_order_ids),
        now=now,
    )
    return {row["lt_order_id"] for row in rows}
