"""What a trading wallet does at the venue without an intent of ours: orders seen there, and trades, stored once."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from live_trading.nouns.money import Price, Shares, Usd
from live_trading.nouns.orders import Fill, FillStatus, LiquidityRole, Moved
from live_trading.nouns.trades import Side
from live_trading.store.database.connection import Transaction
from live_trading.store.orders.fills import expectation_of


def ours_among(transaction: Transaction, order_hashes: Collection[str]) -> set[str]:
    """Those of the orders that an intent of ours made."""
    rows = transaction.rows(
        "SELECT order_hash FROM lt_orders WHERE order_hash = ANY(:hashes::text[])", hashes=sorted(order_hashes)
    )
    return {row["order_hash"] for row in rows}


def note_order(
    transaction: Transaction,
    *,
    trading_wallet_id: UUID,
    order_hash: str,
    condition_id: str,
    token_id: str,
    side: Side,
    price: Price,
    venue_status: str,
    matched: Shares,
    now: datetime,
) -> None:
    """Adopts an order that rests at the venue as EXTERNAL, or refreshes what is known of it."""
    transaction.execute(
        """
        INSERT INTO orders (
            order_hash, trading_wallet_id, origin, condition_id, token_id, side, price, venue_status, matched_shares,
            first_seen_at, last_seen_at
        ) VALUES (
            :order_hash, :trading_wallet_id, 'EXTERNAL', :condition_id, :token_id, :side, :price, :venue_status,
            :matched, :now, :now
        )
        ON CONFLICT (order_hash) DO UPDATE SET
            venue_status = excluded.venue_status,
            matched_shares = excluded.matched_shares,
            last_seen_at = excluded.last_seen_at
        """,
        order_hash=order_hash,
        trading_wallet_id=trading_wallet_id,
        condition_id=condition_id,
        token_id=token_id,
        side=side,
        price=price,
        venue_status=venue_status,
        matched=matched,
        now=now,
    )


def insert_fill(
    transaction: Transaction, *, trading_wallet_id: UUID, condition_id: str, fill: Fill, now: datetime
) -> bool:
    """Stores a trade; False where it is stored already."""
    touched = transaction.execute(
        """
        INSERT INTO external_fills (
            venue_trade_id, order_hash, trading_wallet_id, condition_id, token_id, side, shares, price, cost_usd,
            fee_usd, role, status, transaction_hash, match_time, recorded_at
        ) VALUES (
            :venue_trade_id, :order_hash, :trading_wallet_id, :condition_id, :token_id, :side, :shares, :price,
            :cost_usd, :fee_usd, :role, :status, :transaction_hash, :match_time, :now
        )
        ON CONFLICT (venue_trade_id, order_hash) DO NOTHING
        """,
        venue_trade_id=fill.venue_trade_id,
        order_hash=fill.order_hash,
        trading_wallet_id=trading_wallet_id,
        condition_id=condition_id,
        token_id=fill.token_id,
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


def progress_fill(transaction: Transaction, fill: Fill) -> FillStatus | None:
    """Moves a stored trade's settlement on, and returns where it stood; None where it does not move any more."""
    row = transaction.row(
        """
        WITH before AS (
            SELECT external_fill_id, status FROM external_fills
            WHERE venue_trade_id = :venue_trade_id AND order_hash = :order_hash FOR UPDATE
        )
        UPDATE external_fills AS stored SET
            status = :to_status, transaction_hash = coalesce(:transaction_hash, stored.transaction_hash)
        FROM before
        WHERE
            stored.external_fill_id = before.external_fill_id
            AND before.status <> :to_status AND before.status NOT IN ('CONFIRMED', 'FAILED')
        RETURNING before.status
        """,
        venue_trade_id=fill.venue_trade_id,
        order_hash=fill.order_hash,
        to_status=fill.status,
        transaction_hash=fill.transaction_hash,
    )
    return None if row is None else FillStatus(row["status"])


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredOutsideFill:
    """A trade as it is stored; `expected` is what was booked before its receipt, None until then."""

    external_fill_id: int
    fill: Fill
    expected: Moved | None


def of_order(transaction: Transaction, order_hash: str) -> list[StoredOutsideFill]:
    """The trades of one order, oldest first, their rows locked."""
    rows = transaction.rows(
        "SELECT * FROM external_fills WHERE order_hash = :order_hash ORDER BY external_fill_id FOR UPDATE",
        order_hash=order_hash,
    )
    return [
        StoredOutsideFill(
            external_fill_id=row["external_fill_id"],
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
        for row in rows
    ]


def note_read(transaction: Transaction, *, external_fill_id: int, moved: Moved, price: Price, now: datetime) -> None:
    """Keeps what the receipt told, and beside it what had been expected."""
    transaction.execute(
        """
        UPDATE external_fills SET
            expected_shares = coalesce(expected_shares, shares),
            expected_usd = coalesce(expected_usd, cost_usd),
            expected_fee_usd = coalesce(expected_fee_usd, fee_usd),
            shares = :shares, cost_usd = :usd, fee_usd = :fee, price = :price, receipt_read_at = :now
        WHERE external_fill_id = :external_fill_id
        """,
        shares=moved.shares,
        usd=moved.usd,
        fee=moved.fee,
        price=price,
        now=now,
        external_fill_id=external_fill_id,
    )


def note_unread(transaction: Transaction, fill: Fill, now: datetime) -> None:
    """Since when the venue calls this trade confirmed while its receipt is unread."""
    transaction.execute(
        """
        UPDATE external_fills SET
            venue_confirmed_at = coalesce(venue_confirmed_at, :now),
            transaction_hash = coalesce(:transaction_hash, transaction_hash)
        WHERE
            venue_trade_id = :venue_trade_id AND order_hash = :order_hash AND status NOT IN ('CONFIRMED', 'FAILED')
        """,
        now=now,
        transaction_hash=fill.transaction_hash,
        venue_trade_id=fill.venue_trade_id,
        order_hash=fill.order_hash,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """Since when a wallet is ours to follow, and the time of its oldest thing at the venue that may still change.

    What the wallet did before `registered_at` is in its opening balance; `earliest_open` is None where nothing may
    change.
    """

    registered_at: datetime
    earliest_open: datetime | None


def watch(transaction: Transaction, trading_wallet_id: UUID) -> Watch:
    """From when on a wallet's trades matter."""
    # The least of an indexed time would be looked for from the oldest row on, through all that is over; OFFSET keeps
    # the planner to the indexes of what is open.
    row = transaction.only(
        """
        SELECT created_at AS registered_at, least(
            (
                SELECT min(intent_at) FROM (
                    SELECT intent_at FROM lt_orders
                    WHERE
                        trading_wallet_id = :trading_wallet_id
                        AND state NOT IN ('FILLED', 'CANCELLED', 'EXPIRED', 'REJECTED')
                    OFFSET 0
                ) AS unfinished
            ),
            (
                SELECT min(match_time) FROM (
                    SELECT match_time FROM fills
                    WHERE trading_wallet_id = :trading_wallet_id AND status NOT IN ('CONFIRMED', 'FAILED')
                    OFFSET 0
                ) AS unsettled
            ),
            (
                SELECT min(match_time) FROM (
                    SELECT match_time FROM external_fills
                    WHERE trading_wallet_id = :trading_wallet_id AND status NOT IN ('CONFIRMED', 'FAILED')
                    OFFSET 0
                ) AS outside
            )
        ) AS earliest_open
        FROM trading_wallets WHERE trading_wallet_id = :trading_wallet_id
        """,
        trading_wallet_id=trading_wallet_id,
    )
    return Watch(registered_at=row["registered_at"], earliest_open=row["earliest_open"])


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnOrder:
    """An order of ours, to be held against a trade that is not."""

    lt_order_id: UUID
    strategy: str
    usd: Usd
    made_at: datetime


def own_orders_around(
    transaction: Transaction,
    trading_wallet_id: UUID,
    *,
    token_id: str,
    side: Side,
    since: datetime,
    until: datetime,
) -> list[OwnOrder]:
    """Our orders of a token on one side from the wallet, made within these times, oldest first."""
    rows = transaction.rows(
        """
        SELECT intent.lt_order_id, strategy.name, intent.order_usd, intent.intent_at
        FROM lt_orders AS intent INNER JOIN lt_strategies AS strategy USING (lt_strategy_id)
        WHERE
            intent.trading_wallet_id = :trading_wallet_id AND intent.token_id = :token_id AND intent.side = :side
            AND intent.intent_at BETWEEN :since AND :until
        ORDER BY intent.intent_at, intent.made_number
        """,
        trading_wallet_id=trading_wallet_id,
        token_id=token_id,
        side=side,
        since=since,
        until=until,
    )
    return [
        OwnOrder(
            lt_order_id=row["lt_order_id"],
            strategy=row["name"],
            usd=Usd(row["order_usd"]),
            made_at=row["intent_at"],
        )
        for row in rows
    ]
