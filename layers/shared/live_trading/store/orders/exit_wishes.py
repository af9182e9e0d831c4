"""Wishes to get out: written by whoever finds the wallet in use, taken up by whoever holds it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from live_trading.nouns.money import Shares
from live_trading.nouns.orders import OrderType
from live_trading.nouns.wishes import ExitWish, WishKind, WishState
from live_trading.store.database.connection import Row, Transaction


def insert(transaction: Transaction, wish: ExitWish) -> None:
    """Keeps a wish that waits."""
    transaction.execute(
        """
        INSERT INTO exit_wishes (
            exit_wish_id, owner_id, trading_wallet_id, kind, lt_strategy_id, token_id, shares, slippage_bound_fraction,
            order_type, lt_order_id, state, asked_at
        ) VALUES (
            :exit_wish_id, :owner_id, :trading_wallet_id, :kind, :lt_strategy_id, :token_id, :shares::numeric,
            :slippage_bound_fraction::numeric, :order_type, :lt_order_id, 'WAITING', :asked_at
        )
        """,
        exit_wish_id=wish.exit_wish_id,
        owner_id=wish.owner_id,
        trading_wallet_id=wish.trading_wallet_id,
        kind=wish.kind,
        lt_strategy_id=wish.lt_strategy_id,
        token_id=wish.token_id,
        shares=wish.shares,
        slippage_bound_fraction=wish.slippage_bound_fraction,
        order_type=wish.order_type,
        lt_order_id=wish.lt_order_id,
        asked_at=wish.asked_at,
    )


def waiting(transaction: Transaction, trading_wallet_id: UUID) -> list[ExitWish]:
    """What waits for a wallet, oldest first."""
    rows = transaction.rows(
        """
        SELECT * FROM exit_wishes WHERE trading_wallet_id = :trading_wallet_id AND state = 'WAITING'
        ORDER BY asked_at, exit_wish_id
        """,
        trading_wallet_id=trading_wallet_id,
    )
    return [_wish(row) for row in rows]


def find(transaction: Transaction, exit_wish_id: UUID, owner_id: str) -> ExitWish | None:
    """One wish of an owner."""
    row = transaction.row(
        "SELECT * FROM exit_wishes WHERE exit_wish_id = :exit_wish_id AND owner_id = :owner_id",
        exit_wish_id=exit_wish_id,
        owner_id=owner_id,
    )
    return None if row is None else _wish(row)


def finish(
    transaction: Transaction,
    exit_wish_id: UUID,
    state: WishState,
    *,
    now: datetime,
    lt_order_id: UUID | None = None,
    result: Mapping[str, object] | None = None,
) -> bool:
    """Ends a wish that still waits; False for one that is over already."""
    touched = transaction.execute(
        """
        UPDATE exit_wishes SET
            state = :state, finished_at = :now, lt_order_id = coalesce(:lt_order_id::uuid, lt_order_id),
            result = coalesce(:result::jsonb, result)
        WHERE exit_wish_id = :exit_wish_id AND state = 'WAITING'
        """,
        exit_wish_id=exit_wish_id,
        state=state,
        now=now,
        lt_order_id=lt_order_id,
        result=None if result is None else dict(result),
    )
    return touched == 1


def note(transaction: Transaction, exit_wish_id: UUID, result: Mapping[str, object]) -> None:
    """What came of it so far, of a wish that goes on waiting."""
    transaction.execute(
        "UPDATE exit_wishes SET result = :result::jsonb WHERE exit_wish_id = :exit_wish_id AND state = 'WAITING'",
        exit_wish_id=exit_wish_id,
        result=dict(result),
    )


def _wish(row: Row) -> ExitWish:
    return ExitWish(
        exit_wish_id=row["exit_wish_id"],
        owner_id=row["owner_id"],
        trading_wallet_id=row["trading_wallet_id"],
        kind=WishKind(row["kind"]),
        asked_at=row["asked_at"],
        lt_strategy_id=row["lt_strategy_id"],
        token_id=row["token_id"],
        shares=None if row["shares"] is None else Shares(row["shares"]),
        slippage_bound_fraction=row["slippage_bound_fraction"],
        order_type=OrderType(row["order_type"]),
        lt_order_id=row["lt_order_id"],
        state=WishState(row["state"]),
        result=row["result"],
        finished_at=row["finished_at"],
    )
