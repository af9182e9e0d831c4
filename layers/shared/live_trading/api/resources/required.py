"""What a request names and has to be the caller's own."""

from __future__ import annotations

from uuid import UUID

from live_trading.api.problems import not_found
from live_trading.store.accounts import live_strategies, trading_wallets
from live_trading.store.accounts.live_strategies import LiveStrategy
from live_trading.store.accounts.trading_wallets import TradingWalletRow
from live_trading.store.database.connection import Transaction
from live_trading.store.paper import ft_wallets
from live_trading.store.paper.ft_wallets import FtWalletRow


def own_strategy(transaction: Transaction, lt_strategy_id: UUID, owner_id: str) -> LiveStrategy:
    """The owner's strategy, active or not. Raises Problem (NOT_FOUND): one that is somebody else's does not exist."""
    found = live_strategies.of_owner(transaction, lt_strategy_id, owner_id)
    if found is None:
        raise not_found("strategy")
    return found


def own_wallet(transaction: Transaction, trading_wallet_id: UUID, owner_id: str) -> TradingWalletRow:
    """The owner's trading wallet. Raises Problem (NOT_FOUND)."""
    found = trading_wallets.find(transaction, trading_wallet_id, owner_id)
    if found is None:
        raise not_found("trading wallet")
    return found


def require_own(
    transaction: Transaction, owner_id: str, *, lt_strategy_id: UUID | None, trading_wallet_id: UUID | None = None
) -> None:
    """Nothing, where what a list is narrowed to is the owner's. Raises Problem (NOT_FOUND)."""
    if lt_strategy_id is not None:
        own_strategy(transaction, lt_strategy_id, owner_id)
    if trading_wallet_id is not None:
        own_wallet(transaction, trading_wallet_id, owner_id)


def own_ft_wallet(transaction: Transaction, ft_wallet_id: UUID, owner_id: str) -> FtWalletRow:
    """The owner's FT wallet. Raises Problem (NOT_FOUND) as for a strategy."""
    found = ft_wallets.find(transaction, ft_wallet_id, owner_id)
    if found is None:
        raise not_found("FT wallet")
    return found
