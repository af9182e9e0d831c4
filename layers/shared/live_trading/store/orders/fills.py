"""Our parts of venue trades, each booked once, where their settlement stands, and what their receipts told.

The amounts of a row are those that count now: expected ones until the receipt is read, then what it told.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from live_trading.nouns.money import Price, Shares, Usd
from live_trading.nouns.orders import Fill, FillStatus, LiquidityRole, Moved
from live_trading.nouns.trades import Side
from live_trading.store.database.connection import Row, Transaction
from live_trading.store.orders.lt_orders import StoredOrder


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFill:
    """A fill with the order that it belongs to; `expected` is what was booked before its receipt, None until then."""

    fill_id: int
    lt_order_id: UUID
    fill: Fill
    expected: Moved | None = None


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
        expected=expectation_of(row),
    )


def expectation_of(row: Row) -> Moved | None:
    """What a row of fills was expected to move, None where its receipt is unread and its amounts still say that."""
    if row["expected_usd"] is None:
        return None
    return Moved(usd=Usd(row["expected_usd"]), shares=Shares(row["expected_shares"]), fee=Usd(row["expected_fee_usd"]))


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
            role, status, transaction_hash, match_time, expected_shares, expected_usd, expected_fee_usd
        FROM fills WHERE lt_order_id = ANY(:lt_order_ids::uuid[]) ORDER BY fill_id
        """,
        lt_order_ids=lt_order_ids,
    )
    found: dict[UUID, list[StoredFill]] = {each: [] for each in lt_order_ids}
    for row in rows:
        found[row["lt_order_id"]].append(_stored(row))
    return found


def spent(transaction: Transaction, lt_order_id: UUID) -> Usd:
    """What the fills of an order that have not failed moved in dollars, fees included, as they count now."""
    row = transaction.only(
        """
        SELECT coalesce(sum(cost_usd + fee_usd), 0) AS spent FROM fills
        WHERE lt_order_id = :lt_order_id AND status <> 'FAILED'
        """,
        lt_order_id=lt_order_id,
    )
    return Usd(row["spent"])


def note_read(transaction: Transaction, *, fill_id: int, moved: Moved, price: Price, now: datetime) -> None:
    """Keeps what the receipt told, and beside it what had been expected."""
    transaction.execute(
        """
        UPDATE fills SET
            expected_shares = coalesce(expected_shares, shares),
            expected_usd = coalesce(expected_usd, cost_usd),
            expected_fee_usd = coalesce(expected_fee_usd, fee_usd),
            shares = :shares, cost_usd = :usd, fee_usd = :fee, price = :price, receipt_read_at = :now
        WHERE fill_id = :fill_id
        """,
        shares=moved.shares,
        usd=moved.usd,
        fee=moved.fee,
        price=price,
        now=now,
        fill_id=fill_id,
    )


def note_unread(
    transaction: Transaction, *, lt_order_id: UUID, transaction_hashes: dict[str, str | None], now: datetime
) -> None:
    """Since when the venue calls these trades (id and transaction) confirmed while their receipt is unread."""
    for venue_trade_id, transaction_hash in transaction_hashes.items():
        transaction.execute(
            """
            UPDATE fills SET
                venue_confirmed_at = coalesce(venue_confirmed_at, :now),
                transaction_hash = coalesce(:transaction_hash, transaction_hash)
            WHERE
                lt_order_id = :lt_order_id AND venue_trade_id = :venue_trade_id
                AND status NOT IN ('CONFIRMED', 'FAILED')
            """,
            now=now,
            transaction_hash=transaction_hash,
            lt_order_id=lt_order_id,
            venue_trade_id=venue_trade_id,
        )


def settled_since(transaction: Transaction, trading_wallet_id: UUID, since: datetime) -> set[tuple[str, str]]:
    """(venue trade, order) of every trade of this wallet from `since` on, ours or not, that changes no more."""
    rows = transaction.rows(
        """
        SELECT venue_trade_id, order_hash FROM fills
        WHERE
            trading_wallet_id = :trading_wallet_id AND match_time >= :since AND status IN ('CONFIRMED', 'FAILED')
        UNION ALL
        SELECT venue_trade_id, order_hash FROM external_fills
        WHERE
            trading_wallet_id = :trading_wallet_id AND match_time >= :since AND status IN ('CONFIRMED', 'FAILED')
        """,
        trading_wallet_id=trading_wallet_id,
        since=since,
    )
    return {(row["venue_trade_id"], row["order_hash"]) for row in rows}
