"""What the kill switch has stopped, what is left to do of it, and what pulling it would cancel and sell."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from live_trading.nouns.locks import LockReason
from live_trading.nouns.money import Price, Shares, Usd, notional
from live_trading.nouns.orders import OrderState, Purpose
from live_trading.nouns.trades import Side
from live_trading.nouns.wallets import WalletVerification
from live_trading.store.database.connection import Transaction
from live_trading.store.risk.locks import LockRow, lock_of

MOST_SHOWN = 200
"""Orders, and positions, that are told one by one; all are counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenOrder:
    """An order that may still trade, or was not sent yet."""

    lt_order_id: UUID
    lt_strategy_id: UUID
    trading_wallet_id: UUID
    token_id: str
    state: OrderState
    purpose: Purpose
    side: Side
    limit_price: Price
    order_usd: Usd


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldShares:
    """What a strategy holds of a token; `price` is what a share would have fetched when it was last marked."""

    lt_strategy_id: UUID
    trading_wallet_id: UUID
    token_id: str
    shares: Shares
    cost: Usd
    price: Price | None
    marked_at: datetime | None

    @property
    def value(self) -> Usd | None:
        return None if self.price is None else notional(self.price, self.shares)


@dataclass(frozen=True, slots=True, kw_only=True)
class WalletToStop:
    """A trading wallet and how much of it there is to stop; `waiting` are wishes that a run takes up at its next step.

    `value` is what everything held would have fetched, None where something has no mark.
    """

    trading_wallet_id: UUID
    name: str
    verification: WalletVerification
    open_orders: int
    positions: int
    value: Usd | None
    waiting: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """Counts over everybody."""

    owners: int
    wallets: int
    open_orders: int
    positions: int


_LOCKS = """
SELECT * FROM locks
WHERE
    reason = :reason AND released_at IS NULL AND starts_at <= :now AND (ends_at IS NULL OR ends_at > :now)
    AND (scope = 'GLOBAL' OR (scope = 'TRADING_WALLET' AND scope_id IN (
        SELECT trading_wallet_id::text FROM trading_wallets WHERE owner_id = :owner_id
    )))
ORDER BY lock_id
"""
_WALLETS = """
SELECT wallet.trading_wallet_id, wallet.owner_id, wallet.name, wallet.verification, unfinished.orders, held.*,
    wished.waiting
FROM trading_wallets AS wallet
CROSS JOIN LATERAL (
    SELECT count(*) AS orders FROM lt_orders
    WHERE
        lt_orders.trading_wallet_id = wallet.trading_wallet_id
        AND state NOT IN ('FILLED', 'CANCELLED', 'EXPIRED', 'REJECTED')
) AS unfinished
CROSS JOIN LATERAL (
    SELECT
        count(*) AS positions, count(*) = count(mark.bid_price) AS is_marked,
        coalesce(sum(trunc(mark.bid_price * kept.shares, 6)), 0) AS value
    FROM ledger_holdings AS kept
    LEFT JOIN position_marks AS mark USING (trading_wallet_id, token_id)
    WHERE
        kept.trading_wallet_id = wallet.trading_wallet_id AND kept.account = 'POSITION_COST' AND kept.shares > 0
        AND kept.lt_strategy_id IS NOT NULL
) AS held
CROSS JOIN LATERAL (
    SELECT count(*) AS waiting FROM exit_wishes
    WHERE exit_wishes.trading_wallet_id = wallet.trading_wallet_id AND state = 'WAITING'
) AS wished
"""


def pulled(transaction: Transaction, owner_id: str, now: datetime) -> list[LockRow]:
    """The kill switch's locks in force that stop everybody, or a wallet of the owner's; the oldest first."""
    rows = transaction.rows(_LOCKS, reason=LockReason.KILL_SWITCH, owner_id=owner_id, now=now)
    return [lock_of(row) for row in rows]


def wallets(transaction: Transaction, owner_id: str) -> list[WalletToStop]:
    """The owner's trading wallets, the oldest first."""
    rows = transaction.rows(
        _WALLETS + "WHERE wallet.owner_id = :owner_id ORDER BY wallet.made_number", owner_id=owner_id
    )
    return [
        WalletToStop(
            trading_wallet_id=row["trading_wallet_id"],
            name=row["name"],
            verification=WalletVerification(row["verification"]),
            open_orders=row["orders"],
            positions=row["positions"],
            value=Usd(row["value"]) if row["is_marked"] else None,
            waiting=row["waiting"],
        )
        for row in rows
    ]


def totals(transaction: Transaction) -> Totals:
    """Of everybody's wallets: only numbers."""
    row = transaction.only(
        f"""
        SELECT
            count(DISTINCT every.owner_id) AS owners, count(*) AS wallets, coalesce(sum(every.orders), 0) AS orders,
            coalesce(sum(every.positions), 0) AS positions
        FROM ({_WALLETS}) AS every
        """  # noqa: S608 (a constant of this module)
    )
    return Totals(
        owners=row["owners"],
        wallets=row["wallets"],
        open_orders=int(row["orders"]),
        positions=int(row["positions"]),
    )


def open_orders(transaction: Transaction, owner_id: str) -> list[OpenOrder]:
    """The owner's orders that would be cancelled or not be sent any more, at most MOST_SHOWN, the oldest first."""
    rows = transaction.rows(
        """
        SELECT intent.* FROM trading_wallets AS wallet
        CROSS JOIN LATERAL (
            SELECT * FROM lt_orders
            WHERE
                lt_orders.trading_wallet_id = wallet.trading_wallet_id
                AND state NOT IN ('FILLED', 'CANCELLED', 'EXPIRED', 'REJECTED')
            OFFSET 0
        ) AS intent
        WHERE wallet.owner_id = :owner_id
        ORDER BY intent.intent_at, intent.made_number LIMIT :most
        """,
        owner_id=owner_id,
        most=MOST_SHOWN,
    )
    return [
        OpenOrder(
            lt_order_id=row["lt_order_id"],
            lt_strategy_id=row["lt_strategy_id"],
            trading_wallet_id=row["trading_wallet_id"],
            token_id=row["token_id"],
            state=OrderState(row["state"]),
            purpose=Purpose(row["purpose"]),
            side=Side(row["side"]),
            limit_price=Price(row["limit_price"]),
            order_usd=Usd(row["order_usd"]),
        )
        for row in rows
    ]


def held(transaction: Transaction, owner_id: str) -> list[HeldShares]:
    """What the owner's strategies hold, at most MOST_SHOWN, what is worth most first."""
    rows = transaction.rows(
        """
        SELECT kept.*, mark.bid_price, mark.taken_at FROM trading_wallets AS wallet
        CROSS JOIN LATERAL (
            SELECT * FROM ledger_holdings
            WHERE
                ledger_holdings.trading_wallet_id = wallet.trading_wallet_id AND account = 'POSITION_COST'
                AND shares > 0 AND lt_strategy_id IS NOT NULL
            OFFSET 0
        ) AS kept
        LEFT JOIN position_marks AS mark
            ON mark.trading_wallet_id = kept.trading_wallet_id AND mark.token_id = kept.token_id
        WHERE wallet.owner_id = :owner_id
        ORDER BY mark.bid_price * kept.shares DESC NULLS LAST, kept.lt_strategy_id, kept.token_id LIMIT :most
        """,
        owner_id=owner_id,
        most=MOST_SHOWN,
    )
    return [
        HeldShares(
            lt_strategy_id=row["lt_strategy_id"],
            trading_wallet_id=row["trading_wallet_id"],
            token_id=row["token_id"],
            shares=Shares(row["shares"]),
            cost=Usd(row["amount_usd"]),
            price=None if row["bid_price"] is None else Price(row["bid_price"]),
            marked_at=row["taken_at"],
        )
        for row in rows
    ]
