"""Which conditions still have open orders, and how each order ended once the chain has paid out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from live_trading.nouns.money import Shares, Usd
from live_trading.nouns.wallets import Outcome
from live_trading.store.database import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenOrder:
    """A finished entry whose fills have all settled: what it bought and paid, and its paper twin."""

    lt_order_id: UUID
    lt_strategy_id: UUID
    token_id: str
    outcome_index: int
    shares: Shares
    cost: Usd
    fee: Usd


def open_conditions(transaction: Transaction) -> list[str]:
    """Conditions in which an order of ours bought something that is not resolved."""
    rows = transaction.rows(
        """
        SELECT DISTINCT intent.condition_id FROM lt_orders AS intent
        WHERE intent.outcome = 'OPEN' AND EXISTS (
            SELECT 1 FROM fills AS fill WHERE fill.lt_order_id = intent.lt_order_id AND fill.status <> 'FAILED'
        )
        ORDER BY intent.condition_id
        """
    )
    return [row["condition_id"] for row in rows]


def lock_condition(transaction: Transaction, condition_id: str) -> bool:
    """Serialises the booking of one condition; False while an order in it may still change or settle."""
    transaction.only(
        "SELECT condition_id FROM markets WHERE condition_id = :condition_id FOR UPDATE", condition_id=condition_id
    )
    row = transaction.only(
        """
        SELECT
            EXISTS (
                SELECT 1 FROM lt_orders
                WHERE
                    condition_id = :condition_id
                    AND state NOT IN ('FILLED', 'CANCELLED', 'EXPIRED', 'REJECTED')
            )
            OR EXISTS (
                SELECT 1 FROM fills
                WHERE condition_id = :condition_id AND status NOT IN ('CONFIRMED', 'FAILED')
            ) AS unsettled
        """,
        condition_id=condition_id,
    )
    return not row["unsettled"]


def open_orders(transaction: Transaction, condition_id: str) -> list[OpenOrder]:
    """Entries in a condition that bought something and have no outcome yet."""
    rows = transaction.rows(
        """
        SELECT
            intent.lt_order_id, intent.lt_strategy_id, intent.token_id, intent.outcome_index,
            sum(fill.shares) AS shares, sum(fill.cost_usd) AS cost_usd, sum(fill.fee_usd) AS fee_usd
        FROM lt_orders AS intent INNER JOIN fills AS fill USING (lt_order_id)
        WHERE
            intent.condition_id = :condition_id
            AND intent.outcome = 'OPEN'
            AND intent.purpose = 'ENTRY'
            AND fill.status = 'CONFIRMED'
        GROUP BY intent.lt_order_id
        ORDER BY intent.intent_at, intent.lt_order_id
        """,
        condition_id=condition_id,
    )
    return [
        OpenOrder(
            lt_order_id=row["lt_order_id"],
            lt_strategy_id=row["lt_strategy_id"],
            token_id=row["token_id"],
            outcome_index=row["outcome_index"],
            shares=Shares(row["shares"]),
            cost=Usd(row["cost_usd"]),
            fee=Usd(row["fee_usd"]),
        )
        for row in rows
    ]


def close_order(
    transaction: Transaction, *, lt_order_id: UUID, outcome: Outcome, pnl: Usd, resolved_at: datetime
) -> bool:
    """Writes an order's outcome once; False where it has one."""
    return (
        transaction.execute(
            """
            UPDATE lt_orders SET
                outcome = :outcome, pnl_usd = :pnl, resolved_at = :resolved_at
            WHERE lt_order_id = :lt_order_id AND outcome = 'OPEN'
            """,
            outcome=outcome,
            pnl=pnl,
            resolved_at=resolved_at,
            lt_order_id=lt_order_id,
        )
        == 1
    )


def mark_not_filled(transaction: Transaction, lt_order_id: UUID) -> None:
    """An order that ended without any lasting fill has no position to resolve."""
    transaction.execute(
        """
        UPDATE lt_orders SET outcome = 'NOT_FILLED'
        WHERE
            lt_order_id = :lt_order_id AND outcome = 'OPEN'
            AND state IN ('FILLED', 'CANCELLED', 'EXPIRED', 'REJECTED')
            AND NOT EXISTS (
                SELECT 1 FROM fills WHERE fills.lt_order_id = lt_orders.lt_order_id AND fills.status <> 'FAILED'
            )
        """,
        lt_order_id=lt_order_id,
    )


def link_paper_twins(transaction: Transaction) -> None:
    """Puts the paper order of the same source trade, and its P&L once known, beside each live order."""
    transaction.execute(
        """
        UPDATE lt_orders SET ft_order_id = twin.ft_order_id, ft_pnl_usd = twin.pnl_usd
        FROM ft_orders AS twin INNER JOIN lt_strategies AS strategy USING (ft_wallet_id)
        WHERE
            strategy.lt_strategy_id = lt_orders.lt_strategy_id
            AND twin.source_trade_id = lt_orders.source_trade_id
            AND lt_orders.purpose = 'ENTRY'
            AND (
                lt_orders.ft_order_id IS NULL
                OR lt_orders.ft_pnl_usd IS DISTINCT FROM twin.pnl_usd
            )
        """
    )
