"""Our parts of venue trades, each booked once, and where their settlement stands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from live_trading.nouns.money import Price, Shares, Usd
from live_trading.nouns.orders import Fill, FillStatus, LiquidityRole
from live_trading.nouns.trades import Side
from live_trading.store.database.connection import Row, Transaction
from live_trading.store.orders.lt_orders import StoredOrder


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFill:
    """A fill with the order that it belongs to."""

    fill_id: int
    lt_order_id: UUID
    fill: Fill


def _stored(row: Row) -> StoredFill:
    return StoredFill(
        fill_id=row["fill_id"],
        lt_order_id=row["lt_order_id"],
        fill=Fill(
            venue_trade_id=row["venue_trade_id"],
            order_hash=row["order_hash"],
            token_id=row["token_id"],
            side=Side(row["side"]),
            shares=Shares(row["shares"]),
            price=Price(row["price"]),
            usd=Usd(row["cost_usd"]),
            fee=Usd(row["fee_usd"]),
            role=LiquidityRole(row["role"]),
            status=FillStatus(row["status"]),
            transaction_hash=row["transaction_hash"],
            match_time=row["match_time"],
        ),
    )


def insert(transaction: Transaction, order: StoredOrder, fill: Fill, now: datetime) -> bool:
    """Stores a fill; False where this (venue trade, order) is stored already."""
    touched = transaction.execute(
        """
        INSERT INTO fills (
            venue_trade_id, order_hash, lt_order_id, lt_strategy_id, trading_wallet_id, condition_id, token_id,
            outcome_index, side, shares, price, cost_usd, fee_usd, role, status, transaction_hash, match_time,
            confirmed_at, recorded_at
        ) VALUES (
            :venue_trade_id, :order_hash, :lt_order_id, :lt_strategy_id, :trading_wallet_id, :condition_id,
            :token_id, :outcome_index, :side, :shares, :price, :cost_usd, :fee_usd, :role, :status,
            :transaction_hash, :match_time, CASE WHEN :status = 'CONFIRMED' THEN :now::timestamptz END, :now
        )
        ON CONFLICT (venue_trade_id, order_hash) DO NOTHING
        """,
        venue_trade_id=fill.venue_trade_id,
        order_hash=fill.order_hash,
        lt_order_id=order.lt_order_id,
        lt_strategy_id=order.lt_strategy_id,
        trading_wallet_id=order.trading_wallet_id,
        condition_id=order.condition_id,
        token_id=fill.token_id,
        outcome_index=order.outcome_index,
        side=fill.side,
        shares=fill.shares,
        price=fill.price,
        cost_usd=fill.usd,
        fee_usd=fill.fee,
        role=fill.role,
        status=fill.status,
        transaction_hash=fill.transaction_hash,
        match_time=fill.match_time,
        now=now,
    )
    return touched == 1


def progress(
    transaction: Transaction,
    *,
    fill_id: int,
    expected: FillStatus,
    to: FillStatus,
    transaction_hash: str | None,
    now: datetime,
) -> bool:
    """Moves a fill's settlement only where it still stands at `expected`."""
    touched = transaction.execute(
        """
        UPDATE fills SET
            status = :to_status,
            transaction_hash = coalesce(:transaction_hash, transaction_hash),
            confirmed_at = CASE WHEN :to_status = 'CONFIRMED' THEN :now::timestamptz END
        WHERE fill_id = :fill_id AND status = :expected
        """,
        to_status=to,
        transaction_hash=transaction_hash,
        now=now,
        fill_id=fill_id,
        expected=expected,
    )
    return touched == 1


def of_orders(transaction: Transaction, lt_order_ids: list[UUID]) -> dict[UUID, list[StoredFill]]:
    """Every fill of these orders, oldest first."""
    rows = transaction.rows(
        """
        SELECT
            fill_id, lt_order_id, venue_trade_id, order_hash, token_id, side, shares, price, cost_usd, fee_usd,
            role, status, transaction_hash, match_time
        FROM fills WHERE lt_order_id = ANY(:lt_order_ids::uuid[]) ORDER BY fill_id
        """,
        lt_order_ids=lt_order_ids,
    )
    found: dict[UUID, list[StoredFill]] = {each: [] for each in lt_order_ids}
    for row in rows:
        found[row["lt_order_id"]].append(_stored(row))
    return found


def any_unsettled(transaction: Transaction, trading_wallet_id: UUID) -> bool:
    """True while a trade of this wallet, ours or not, is neither confirmed nor failed."""
    return bool(
        transaction.only(
            """
            SELECT EXISTS (
                SELECT 1 FROM fills
                WHERE trading_wallet_id = :trading_wallet_id AND status NOT IN ('CONFIRMED', 'FAILED')
            ) OR EXISTS (
                SELECT 1 FROM external_fills
                WHERE trading_wallet_id = :trading_wallet_id AND status NOT IN ('CONFIRMED', 'FAILED')
            ) AS unsettled
            """,
            trading_wallet_id=trading_wallet_id,
        )["unsettled"]
    )
