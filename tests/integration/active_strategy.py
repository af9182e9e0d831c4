"""A strategy that is active, with the wallets that it needs and nothing else: what makes jobs due and alerts owned."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid4

from live_trading.store.database.connection import Database

_STRATEGY = """
WITH wallet AS (
    INSERT INTO trading_wallets (
        trading_wallet_id, owner_id, name, address, signature_type, secret_name, opening_balance_usd, created_at,
        verification
    ) VALUES (gen_random_uuid(), 'o', 'main', '0x' || repeat('a', 40), 0, 's', 100, :now, :verification)
    RETURNING trading_wallet_id
), paper AS (
    INSERT INTO ft_wallets VALUES (gen_random_uuid(), 'o', 'paper', TRUE, 1000, 1, :now, :now)
    RETURNING ft_wallet_id
), version AS (
    INSERT INTO ft_wallet_versions
    SELECT ft_wallet_id, 1, '{}', repeat('0', 64), 'o', :now FROM paper
)
INSERT INTO lt_strategies (
    lt_strategy_id, owner_id, name, ft_wallet_id, trading_wallet_id, is_active, initial_capital_usd, order_type,
    slippage_bound_fraction, max_signal_age_seconds, time_zone, launched_at, created_at, updated_at
)
SELECT :made, 'o', 'one', ft_wallet_id, trading_wallet_id, TRUE, 100, 'FAK', 0.05, 600, 'UTC', :now, :now, :now
FROM wallet, paper
"""


def add_active_strategy(database: Database, *, now: datetime, verification: str = "PENDING") -> UUID:
    """The strategy `one` of the owner `o`, with 100 USD, launched `now`."""
    made = uuid4()
    with database.transaction() as transaction:
        transaction.execute(_STRATEGY, now=now, made=made, verification=verification)
    return made
