"""What the executor reads of strategies: who may trade, under which limits, and how they stand now."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from live_trading.nouns.orders import OrderType
from live_trading.nouns.risk_rules import RiskRules
from live_trading.nouns.wallets import SignatureType, TradingWallet, WalletVerification
from live_trading.store.database.connection import Row, Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveStrategy:
    """An active strategy with its limits."""

    lt_strategy_id: UUID
    name: str
    ft_wallet_id: UUID
    trading_wallet_id: UUID
    order_type: OrderType
    slippage_bound_fraction: Decimal
    max_signal_age_seconds: int
    time_zone: str
    launched_at: datetime
    rules: RiskRules


_STRATEGIES = """
SELECT strategy.*, rules.*, strategy.lt_strategy_id AS id
FROM lt_strategies AS strategy INNER JOIN lt_risk_rules AS rules USING (lt_strategy_id)
"""


def _live(row: Row) -> LiveStrategy:
    return LiveStrategy(
        lt_strategy_id=row["id"],
        name=row["name"],
        ft_wallet_id=row["ft_wallet_id"],
        trading_wallet_id=row["trading_wallet_id"],
        order_type=OrderType(row["order_type"]),
        slippage_bound_fraction=row["slippage_bound_fraction"],
        max_signal_age_seconds=row["max_signal_age_seconds"],
        time_zone=row["time_zone"],
        launched_at=row["launched_at"],
        rules=RiskRules.of(row),
    )


def active(transaction: Transaction, trading_wallet_id: UUID) -> list[LiveStrategy]:
    """Strategies that trade from this wallet, oldest first."""
    rows = transaction.rows(
        _STRATEGIES
        + """
        WHERE strategy.trading_wallet_id = :trading_wallet_id AND strategy.is_active
        ORDER BY strategy.created_at, strategy.made_number
        """,
        trading_wallet_id=trading_wallet_id,
    )
    return [_live(row) for row in rows]


def of_wallet(transaction: Transaction, trading_wallet_id: UUID) -> list[LiveStrategy]:
    """All strategies of this wallet, active or not, oldest first."""
    rows = transaction.rows(
        _STRATEGIES
        + """
        WHERE strategy.trading_wallet_id = :trading_wallet_id
        ORDER BY strategy.created_at, strategy.made_number
        """,
        trading_wallet_id=trading_wallet_id,
    )
    return [_live(row) for row in rows]


_WITH_POSITIONS = """
SELECT strategy.*, rules.*, strategy.lt_strategy_id AS id
FROM lt_strategies AS strategy INNER JOIN lt_risk_rules AS rules USING (lt_strategy_id)
WHERE
    strategy.trading_wallet_id = :trading_wallet_id
    AND (
        EXISTS (
            SELECT 1 FROM ledger_holdings AS held
            WHERE
                held.lt_strategy_id = strategy.lt_strategy_id AND held.account = 'POSITION_COST' AND held.shares <> 0
        )
        OR EXISTS (SELECT 1 FROM exit_watches AS kept WHERE kept.subject_id = strategy.lt_strategy_id)
    )
ORDER BY strategy.created_at, strategy.made_number
"""


def with_positions(transaction: Transaction, trading_wallet_id: UUID) -> list[LiveStrategy]:
    """Strategies of this wallet, active or not, oldest first, that hold something or had it when last looked at."""
    return [_live(row) for row in transaction.rows(_WITH_POSITIONS, trading_wallet_id=trading_wallet_id)]


def of_owner(transaction: Transaction, lt_strategy_id: UUID, owner_id: str) -> LiveStrategy | None:
    """The owner's strategy of that id, active or not."""
    row = transaction.row(
        _STRATEGIES + "WHERE strategy.lt_strategy_id = :lt_strategy_id AND strategy.owner_id = :owner_id",
        lt_strategy_id=lt_strategy_id,
        owner_id=owner_id,
    )
    return None if row is None else _live(row)


def trades_from(transaction: Transaction, lt_strategy_id: UUID, trading_wallet_id: UUID) -> bool:
    """Whether that is a strategy of this wallet, active or not; its row is locked against entries."""
    row = transaction.row(
        """
        SELECT lt_strategy_id FROM lt_strategies
        WHERE lt_strategy_id = :lt_strategy_id AND trading_wallet_id = :trading_wallet_id FOR NO KEY UPDATE
        """,
        lt_strategy_id=lt_strategy_id,
        trading_wallet_id=trading_wallet_id,
    )
    return row is not None


_WALLETS = """
SELECT trading_wallet_id, owner_id, address, signature_type, secret_name, verification FROM trading_wallets
"""


def _wallet(row: Row) -> TradingWallet:
    return TradingWallet(
        trading_wallet_id=row["trading_wallet_id"],
        owner_id=row["owner_id"],
        address=row["address"],
        signature_type=SignatureType(row["signature_type"]),
        secret_name=row["secret_name"],
        verification=WalletVerification(row["verification"]),
    )


def trading_wallet(transaction: Transaction, trading_wallet_id: UUID) -> TradingWallet:
    """One wallet. Raises LookupError."""
    return _wallet(
        transaction.only(_WALLETS + "WHERE trading_wallet_id = :trading_wallet_id", trading_wallet_id=trading_wallet_id)
    )


def trading_wallet_of_owner(transaction: Transaction, trading_wallet_id: UUID, owner_id: str) -> TradingWallet | None:
    """The owner's wallet of that id."""
    row = transaction.row(
        _WALLETS + "WHERE trading_wallet_id = :trading_wallet_id AND owner_id = :owner_id",
        trading_wallet_id=trading_wallet_id,
        owner_id=owner_id,
    )
    return None if row is None else _wallet(row)


def trading_wallets(transaction: Transaction) -> list[TradingWallet]:
    """Wallets with a proved key that any strategy trades from, whether or not it is active now."""
    rows = transaction.rows(
        """
        SELECT trading_wallet_id, owner_id, address, signature_type, secret_name, verification FROM trading_wallets
        WHERE
            verification = 'VERIFIED'
            AND trading_wallet_id IN (SELECT trading_wallet_id FROM lt_strategies)
        ORDER BY created_at, made_number
        """
    )
    return [_wallet(row) for row in rows]


def settling_wallets(transaction: Transaction) -> list[TradingWallet]:
    """Wallets with a proved key that any strategy trades from, or with an approval or a transaction not final yet."""
    rows = transaction.rows(
        """
        SELECT trading_wallet_id, owner_id, address, signature_type, secret_name, verification FROM trading_wallets
        WHERE
            verification = 'VERIFIED'
            AND (
                trading_wallet_id IN (SELECT trading_wallet_id FROM lt_strategies)
                OR trading_wallet_id IN (SELECT trading_wallet_id FROM wallet_approvals WHERE finished_at IS NULL)
                OR trading_wallet_id IN (SELECT trading_wallet_id FROM chain_sends WHERE finished_at IS NULL)
            )
        ORDER BY created_at, made_number
        """
    )
    return [_wallet(row) for row in rows]


def lock_for_entry(transaction: Transaction, strategy: LiveStrategy) -> bool:
    """Locks the wallet's and the strategy's rows, in this order everywhere; False where it is not active now.

    NO KEY UPDATE, because rows that only refer to them (fills, ledger entries) are written meanwhile, in any order.
    """
    transaction.only(
        "SELECT trading_wallet_id FROM trading_wallets WHERE trading_wallet_id = :trading_wallet_id FOR NO KEY UPDATE",
        trading_wallet_id=strategy.trading_wallet_id,
    )
    row = transaction.only(
        "SELECT is_active FROM lt_strategies WHERE lt_strategy_id = :lt_strategy_id FOR NO KEY UPDATE",
        lt_strategy_id=strategy.lt_strategy_id,
    )
    return bool(row["is_active"])


def lock_for_entries(
    transaction: Transaction, trading_wallet_id: UUID, lt_strategy_ids: Collection[UUID]
) -> dict[UUID, bool]:
    """Locks the wallet's row and then these strategies', as `lock_for_entry` does; which of them are active now."""
    transaction.later(
        "SELECT trading_wallet_id FROM trading_wallets WHERE trading_wallet_id = :trading_wallet_id FOR NO KEY UPDATE",
        trading_wallet_id=trading_wallet_id,
    )
    rows = transaction.rows(
        """
        SELECT lt_strategy_id, is_active FROM lt_strategies WHERE lt_strategy_id = ANY(:ids::uuid[])
        ORDER BY lt_strategy_id FOR NO KEY UPDATE
        """,
        ids=sorted(lt_strategy_ids),
    )
    return {row["lt_strategy_id"]: row["is_active"] for row in rows}
