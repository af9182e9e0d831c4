"""Which source trades have changed on either side since they were last compared, and the link between the sides."""

from __future__ import annotations

from collections.abc import Sequence

from live_trading.store.database.connection import Transaction

# The oldest of what has changed come first, and the rest in later passes: there may be many after a long pause.
MOST_AT_ONCE = 2000


def changed(transaction: Transaction) -> list[int]:
    """Numbers of the changes of either side of a trade that nobody has looked at yet, the oldest first.

    A side changes where its order is made or gets another outcome or profit, and both where their market resolves.
    """
    rows = transaction.rows(
        "SELECT changed_twin_id FROM changed_twins ORDER BY changed_twin_id LIMIT :most", most=MOST_AT_ONCE
    )
    return [row["changed_twin_id"] for row in rows]


def link_paper_twins(transaction: Transaction, changes: Sequence[int]) -> None:
    """Puts the paper order of the same source trade, and its P&L once known, beside each live order."""
    transaction.execute(
        """
        UPDATE lt_orders SET ft_order_id = linked.ft_order_id, ft_pnl_usd = linked.pnl_usd
        FROM (
            SELECT intent.lt_order_id, twin.ft_order_id, twin.pnl_usd
            FROM (
                SELECT DISTINCT ft_wallet_id, source_trade_id FROM changed_twins
                WHERE changed_twin_id = ANY(:changed::bigint[])
            ) AS changed
            INNER JOIN lt_strategies AS strategy USING (ft_wallet_id)
            CROSS JOIN LATERAL (
                SELECT ft_order_id, pnl_usd FROM ft_orders
                WHERE ft_wallet_id = changed.ft_wallet_id AND source_trade_id = changed.source_trade_id LIMIT 1
            ) AS twin
            CROSS JOIN LATERAL (
                SELECT lt_order_id FROM lt_orders
                WHERE
                    lt_strategy_id = strategy.lt_strategy_id AND source_trade_id = changed.source_trade_id
                    AND purpose = 'ENTRY'
                    AND (ft_order_id IS NULL OR ft_pnl_usd IS DISTINCT FROM twin.pnl_usd)
                OFFSET 0
            ) AS intent
        ) AS linked
        WHERE lt_orders.lt_order_id = linked.lt_order_id
        """,
        changed=list(changes),
    )


def forget(transaction: Transaction, changes: Sequence[int]) -> None:
    """Takes away changes that have been looked at; whatever changes from here on is a new one."""
    transaction.execute(
        "DELETE FROM changed_twins WHERE changed_twin_id = ANY(:changed::bigint[])", changed=list(changes)
    )
