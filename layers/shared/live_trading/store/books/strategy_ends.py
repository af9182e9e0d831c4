"""What keeps a strategy from its end: positions, dollars on their way, open orders, fills that have not settled."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from live_trading.nouns.money import Usd
from live_trading.store.database.connection import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Unfinished:
    """Counts, and in `owed` dollars that are reserved, unsettled or to be redeemed.

    `just_ended` are orders that ended so lately that a trade of theirs may yet be listed.
    """

    positions: int
    owed: Usd
    open_orders: int
    unsettled_fills: int
    just_ended: int

    @property
    def is_nothing(self) -> bool:
        return not (self.positions or self.owed or self.open_orders or self.unsettled_fills or self.just_ended)


def unfinished(transaction: Transaction, lt_strategy_id: UUID, *, ended_after: datetime) -> Unfinished:
    """As of this transaction; tokens that have resolved to nothing are no position and owe nothing."""
    row = transaction.only(
        """
        SELECT
            (
                SELECT count(*) FROM ledger_holdings
                WHERE
                    lt_strategy_id = :strategy AND account = 'POSITION_COST' AND (shares <> 0 OR amount_usd <> 0)
            ) AS positions,
            (
                SELECT coalesce(sum(abs(amount_usd)), 0) FROM ledger_balances
                WHERE lt_strategy_id = :strategy AND account IN ('RESERVED', 'UNSETTLED', 'PENDING_REDEMPTION')
            ) AS owed,
            (
                SELECT count(*) FROM lt_orders
                WHERE
                    trading_wallet_id = own.trading_wallet_id AND lt_strategy_id = :strategy
                    AND state NOT IN ('FILLED', 'CANCELLED', 'EXPIRED', 'REJECTED')
            ) AS open_orders,
            (
                SELECT count(*) FROM fills
                WHERE
                    trading_wallet_id = own.trading_wallet_id AND lt_strategy_id = :strategy
                    AND status NOT IN ('CONFIRMED', 'FAILED')
            ) AS unsettled_fills,
            (
                SELECT count(*) FROM lt_orders
                WHERE lt_strategy_id = :strategy AND finished_at > :ended_after AND sent_at IS NOT NULL
            ) AS just_ended
        FROM lt_strategies AS own WHERE own.lt_strategy_id = :strategy
        """,
        strategy=lt_strategy_id,
        ended_after=ended_after,
    )
    return Unfinished(
        positions=row["positions"],
        owed=Usd(row["owed"]),
        open_orders=row["open_orders"],
        unsettled_fills=row["unsettled_fills"],
        just_ended=row["just_ended"],
    )
