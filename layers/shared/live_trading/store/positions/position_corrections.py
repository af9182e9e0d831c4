"""What a person booked to a strategy's position that no order explains, kept for the outcome of the position."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from live_trading.nouns.money import Shares, Usd
from live_trading.store.database.connection import Transaction


def add(
    transaction: Transaction,
    *,
    trading_wallet_id: UUID,
    lt_strategy_id: UUID,
    condition_id: str,
    token_id: str,
    shares: Shares,
    usd: Usd,
    source_reference: str,
    is_counted: bool,
    now: datetime,
) -> None:
    """Shares that were adopted at a cost of `usd`, or, negative, that left and brought as much.

    `is_counted`: the position has its outcome already, and nothing is to be counted in it any more.
    """
    transaction.execute(
        """
        INSERT INTO position_corrections (
            trading_wallet_id, lt_strategy_id, condition_id, token_id, shares, usd, source_reference, recorded_at,
            counted_at
        ) VALUES (
            :trading_wallet_id, :lt_strategy_id, :condition_id, :token_id, :shares, :usd, :source_reference, :now,
            CASE WHEN :is_counted::boolean THEN :now::timestamptz END
        )
        """,
        trading_wallet_id=trading_wallet_id,
        lt_strategy_id=lt_strategy_id,
        condition_id=condition_id,
        token_id=token_id,
        shares=shares,
        usd=usd,
        source_reference=source_reference,
        is_counted=is_counted,
        now=now,
    )
