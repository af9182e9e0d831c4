"""Trades of a wallet, of our orders and of others, that have neither settled nor failed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from live_trading.nouns.money import Shares, Usd
from live_trading.nouns.orders import FillStatus
from live_trading.nouns.trades import Side
from live_trading.store.database.connection import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenTrade:
    """A trade that may still change."""

    venue_trade_id: str
    match_time: datetime


def open_before(transaction: Transaction, trading_wallet_id: UUID, before: datetime) -> list[OpenTrade]:
    """Outside trades of the wallet from before a time that have not settled, oldest first."""
    rows = transaction.rows(
        """
        SELECT venue_trade_id, min(match_time) AS match_time FROM external_fills
        WHERE
            trading_wallet_id = :trading_wallet_id AND match_time < :before AND status NOT IN ('CONFIRMED', 'FAILED')
        GROUP BY venue_trade_id ORDER BY min(match_time), venue_trade_id
        """,
        trading_wallet_id=trading_wallet_id,
        before=before,
    )
    return [OpenTrade(venue_trade_id=row["venue_trade_id"], match_time=row["match_time"]) for row in rows]


@dataclass(frozen=True, slots=True, kw_only=True)
class UnsettledTrade:
    """A trade, ours (`lt_order_id`) or not, that has neither settled nor failed."""

    venue_trade_id: str
    order_hash: str
    lt_order_id: UUID | None
    condition_id: str
    side: Side
    shares: Shares
    usd: Usd
    status: FillStatus
    transaction_hash: str | None
    match_time: datetime


def unsettled_before(transaction: Transaction, trading_wallet_id: UUID, before: datetime) -> list[UnsettledTrade]:
    """Trades of the wallet, of its orders and of others, from before a time that have not settled; oldest first."""
    rows = transaction.rows(
        """
        SELECT
            venue_trade_id, order_hash, lt_order_id, condition_id, side, shares, cost_usd, status, transaction_hash,
            match_time
        FROM fills
        WHERE trading_wallet_id = :trading_wallet_id AND match_time < :before AND status NOT IN ('CONFIRMED', 'FAILED')
        UNION ALL
        SELECT
            venue_trade_id, order_hash, NULL, condition_id, side, shares, cost_usd, status, transaction_hash,
            match_time
        FROM external_fills
        WHERE trading_wallet_id = :trading_wallet_id AND match_time < :before AND status NOT IN ('CONFIRMED', 'FAILED')
        ORDER BY match_time, venue_trade_id, order_hash
        """,
        trading_wallet_id=trading_wallet_id,
        before=before,
    )
    return [
        UnsettledTrade(
            venue_trade_id=row["venue_trade_id"],
            order_hash=row["order_hash"],
            lt_order_id=row["lt_order_id"],
            condition_id=row["condition_id"],
            side=Side(row["side"]),
            shares=Shares(row["shares"]),
            usd=Usd(row["cost_usd"]),
            status=FillStatus(row["status"]),
            transaction_hash=row["transaction_hash"],
            match_time=row["match_time"],
        )
        for row in rows
    ]
