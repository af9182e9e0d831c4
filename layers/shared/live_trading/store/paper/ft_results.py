"""What paper wallets have won, lost and bound in open bets, in all and by day, as triggers on their orders keep it."""

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


def rebuild_days(transaction: Transaction) -> list[UUID]:
    """As `rebuild`, of how orders ended by day: the wallets of which a kept sum was another."""
    transaction.execute("LOCK TABLE ft_orders IN SHARE ROW EXCLUSIVE MODE")
    rows = transaction.rows(
        """
        WITH summed AS (
            SELECT ft_wallet_id, span.day, outcome, count(*) AS orders, sum(pnl_usd) AS pnl_usd
            FROM ft_orders CROSS JOIN LATERAL (VALUES ((resolved_at AT TIME ZONE 'UTC')::date), (NULL)) AS span (day)
            WHERE outcome <> 'OPEN'
            GROUP BY 1, 2, 3
        ), wrong AS (
            SELECT
                coalesce(summed.ft_wallet_id, kept.ft_wallet_id) AS ft_wallet_id,
                CASE WHEN summed.ft_wallet_id IS NULL THEN kept.day ELSE summed.day END AS day,
                coalesce(summed.outcome, kept.outcome) AS outcome, coalesce(summed.orders, 0) AS orders,
                coalesce(summed.pnl_usd, 0) AS pnl_usd
            FROM summed FULL JOIN ft_result_days AS kept
                ON kept.ft_wallet_id = summed.ft_wallet_id AND kept.outcome = summed.outcome
                AND coalesce(kept.day, '-infinity') = coalesce(summed.day, '-infinity')
            WHERE
                (coalesce(kept.orders, 0), coalesce(kept.pnl_usd, 0))
                <> (coalesce(summed.orders, 0), coalesce(summed.pnl_usd, 0))
        )
        INSERT INTO ft_result_days AS kept (ft_wallet_id, day, outcome, orders, pnl_usd)
        SELECT ft_wallet_id, day, outcome, orders, pnl_usd FROM wrong ORDER BY 1, 2, 3
        ON CONFLICT (ft_wallet_id, day, outcome)
        DO UPDATE SET orders = excluded.orders, pnl_usd = excluded.pnl_usd
        RETURNING ft_wallet_id
        """
    )
    return sorted({row["ft_wallet_id"] for row in rows})
