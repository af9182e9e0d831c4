"""What paper wallets have won, lost and bound in open bets, as a trigger on their orders keeps it."""

from __future__ import annotations

from uuid import UUID

from live_trading.store.database.connection import Transaction


def rebuild(transaction: Transaction) -> list[UUID]:
    """Sums the orders anew, where nobody writes them meanwhile, and returns the wallets whose kept sum was another."""
    transaction.execute("LOCK TABLE ft_orders IN SHARE ROW EXCLUSIVE MODE")
    rows = transaction.rows(
        """
        INSERT INTO ft_results AS kept (ft_wallet_id, result_usd)
        SELECT wallet.ft_wallet_id, coalesce(summed.result_usd, 0)
        FROM ft_wallets AS wallet
        LEFT JOIN (
            SELECT
                ft_wallet_id,
                sum(ft_result(outcome, pnl_usd, cost_usd, fee_usd, exit_proceeds_usd, exit_fee_usd)) AS result_usd
            FROM ft_orders GROUP BY ft_wallet_id
        ) AS summed USING (ft_wallet_id)
        LEFT JOIN ft_results AS known USING (ft_wallet_id)
        WHERE coalesce(known.result_usd, 0) <> coalesce(summed.result_usd, 0)
        ORDER BY wallet.ft_wallet_id
        ON CONFLICT (ft_wallet_id) DO UPDATE SET result_usd = excluded.result_usd
        RETURNING ft_wallet_id
        """
    )
    return [row["ft_wallet_id"] for row in rows]
