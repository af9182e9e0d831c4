"""Our parts of venue trades, each booked once, where their settlement stands, and what their receipts told.

The amounts of a row are those that count now: expected ones until the receipt is read, then what it told.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
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


FillKey = tuple[str, str]
"""Our part of a venue trade: the trade's id and the order's hash."""


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


def insert_all(transaction: Transaction, made: Sequence[tuple[StoredOrder, Fill]], now: datetime) -> set[FillKey]:
    """Stores fills with their orders; those that were not stored already."""
    if not made:
        return set()
    rows = transaction.rows(
        """
        INSERT INTO fills (
            venue_trade_id, order_hash, lt_order_id, lt_strategy_id, trading_wallet_id, condition_id, token_id,
            outcome_index, side, shares, price, cost_usd, fee_usd, role, status, transaction_hash, match_time,
            confirmed_at, recorded_at
        )
        SELECT
            made.venue_trade_id, made.order_hash, made.lt_order_id, made.lt_strategy_id, made.trading_wallet_id,
            made.condition_id, made.token_id, made.outcome_index, made.side, made.shares, made.price, made.cost_usd,
            made.fee_usd, made.role, made.status, made.transaction_hash, made.match_time,
            CASE WHEN made.status = 'CONFIRMED' THEN :now::timestamptz END, :now
        FROM jsonb_to_recordset(:made::jsonb) AS made (
            place integer, venue_trade_id text, order_hash text, lt_order_id uuid, lt_strategy_id uuid,
            trading_wallet_id uuid, condition_id text, token_id text, outcome_index integer, side text, shares numeric,
            price numeric, cost_usd numeric, fee_usd numeric, role text, status text, transaction_hash text,
            match_time timestamptz
        )
        ORDER BY made.place
        ON CONFLICT (venue_trade_id, order_hash) DO NOTHING
        RETURNING venue_trade_id, order_hash
        """,
        made=json.dumps([{"place": place, **_as_json(*each)} for place, each in enumerate(made)]),
        now=now,
    )
    return {(row["venue_trade_id"], row["order_hash"]) for row in rows}


def _as_json(order: StoredOrder, fill: Fill) -> dict[str, object]:
    return {
        "venue_trade_id": fill.venue_trade_id,
        "order_hash": fill.order_hash,
        "lt_order_id": str(order.lt_order_id),
        "lt_strategy_id": str(order.lt_strategy_id),
        "trading_wallet_id": str(order.trading_wallet_id),
        "condition_id": order.condition_id,
        "token_id": fill.token_id,
        "outcome_index": order.outcome_index,
        "side": fill.side,
        "shares": str(fill.shares.value),
        "price": str(fill.price.value),
        "cost_usd": str(fill.usd.value),
        "fee_usd": str(fill.fee.value),
        "role": fill.role,
        "status": fill.status,
        "transaction_hash": fill.transaction_hash,
        "match_time": fill.match_time.isoformat(),
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Settling:
    """A fill whose settlement moves on, only where it still stands at `expected`."""

    fill_id: int
    expected: FillStatus
    to: FillStatus
    transaction_hash: str | None


def progress_all(transaction: Transaction, moves: Sequence[Settling], now: datetime) -> set[int]:
    """Moves the settlement of different fills on; those that moved."""
    if not moves:
        return set()
    rows = transaction.rows(
        """
        UPDATE fills SET
            status = made.to_status,
            transaction_hash = coalesce(made.transaction_hash, fills.transaction_hash),
            confirmed_at = CASE WHEN made.to_status = 'CONFIRMED' THEN :now::timestamptz END
        FROM unnest(:fill_ids::bigint[], :expected::text[], :states::text[], :transaction_hashes::text[])
            AS made (fill_id, expected, to_status, transaction_hash)
        WHERE fills.fill_id = made.fill_id AND fills.status = made.expected
        RETURNING fills.fill_id
        """,
        now=now,
        fill_ids=[each.fill_id for each in moves],
        expected=[each.expected for each in moves],
        states=[each.to for each in moves],
        transaction_hashes=[each.transaction_hash for each in moves],
    )
    return {row["fill_id"] for row in rows}


def of_orders(transaction: Transaction, lt_order_ids: Sequence[UUID]) -> dict[UUID, list[StoredFill]]:
    """Every fill of these orders, oldest first."""
    rows = transaction.rows(
        """
        SELECT
            fill_id, lt_order_id, venue_trade_id, order_hash, token_id, side, shares, price, cost_usd, fee_usd,
            role, status, transaction_hash, match_time, expected_shares, expected_usd, expected_fee_usd
        FROM fills WHERE lt_order_id = ANY(:lt_order_ids::uuid[]) ORDER BY fill_id
        """,
        lt_order_ids=list(lt_order_ids),
    )
    found: dict[UUID, list[StoredFill]] = {each: [] for each in lt_order_ids}
    for row in rows:
        found[row["lt_order_id"]].append(_stored(row))
    return found


def spent(transaction: Transaction, lt_order_ids: Sequence[UUID]) -> dict[UUID, Usd]:
    """What the fills of each order that have not failed moved in dollars, fees included, as they count now."""
    rows = transaction.rows(
        """
        SELECT lt_order_id, sum(cost_usd + fee_usd) AS spent FROM fills
        WHERE lt_order_id = ANY(:ids::uuid[]) AND status <> 'FAILED' GROUP BY lt_order_id
        """,
        ids=list(lt_order_ids),
    )
    return dict.fromkeys(lt_order_ids, Usd.zero()) | {row["lt_order_id"]: Usd(row["spent"]) for row in rows}


def note_read(transaction: Transaction, *, fill_id: int, moved: Moved, price: Price, now: datetime) -> None:
    """Keeps what the receipt told, and beside it what had been expected."""
    transaction.later(
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
        transaction.later(
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
