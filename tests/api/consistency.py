"""What holds of the books whatever was asked of the API."""

from __future__ import annotations

from live_trading.ledger.accounts import Account
from live_trading.store.books import kept
from live_trading.store.books.kept import KeptAccount
from tests.api.people import World


def assert_books_hold(world: World) -> None:
    """Every transaction is balanced, what is kept is what is booked, and reserved is what orders have reserved."""
    assert world.rows(_UNBALANCED) == []
    assert world.rows(_BELOW_ZERO) == []
    assert world.rows(_RESERVED_OTHERWISE) == []
    with world.database.transaction() as transaction:
        accounts = transaction.rows("SELECT trading_wallet_id, lt_strategy_id, account FROM ledger_balances")
        differing = [
            found
            for row in accounts
            for found in kept.differences(
                transaction,
                KeptAccount(
                    trading_wallet_id=row["trading_wallet_id"],
                    lt_strategy_id=row["lt_strategy_id"],
                    account=Account(row["account"]),
                ),
            )
        ]
    assert len(accounts) > 4
    assert differing == []


_UNBALANCED = """
SELECT ledger_transaction_id, sum(amount_usd) AS left_over FROM ledger_entries
GROUP BY ledger_transaction_id HAVING sum(amount_usd) <> 0
"""
_BELOW_ZERO = """
SELECT lt_strategy_id, account, amount_usd FROM ledger_balances
WHERE amount_usd < 0 AND account IN ('CASH', 'RESERVED') AND lt_strategy_id IS NOT NULL
"""
_RESERVED_OTHERWISE = """
SELECT strategy.lt_strategy_id, kept.reserved, wanted.orders
FROM lt_strategies AS strategy
CROSS JOIN LATERAL (
    SELECT coalesce(sum(amount_usd), 0) AS reserved FROM ledger_entries
    WHERE lt_strategy_id = strategy.lt_strategy_id AND account = 'RESERVED'
) AS kept
CROSS JOIN LATERAL (
    SELECT coalesce(sum(greatest(intent.reserved_usd - spent.usd, 0)), 0) AS orders
    FROM lt_orders AS intent
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(fill.cost_usd + fill.fee_usd), 0) AS usd FROM fills AS fill
        WHERE fill.lt_order_id = intent.lt_order_id AND fill.status <> 'FAILED'
    ) AS spent
    WHERE
        intent.lt_strategy_id = strategy.lt_strategy_id AND intent.side = 'BUY'
        AND intent.state NOT IN ('FILLED', 'CANCELLED', 'EXPIRED', 'REJECTED')
) AS wanted
WHERE kept.reserved <> wanted.orders
"""
