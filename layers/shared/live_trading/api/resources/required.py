"""What a request names and has to be the caller's own."""

from __future__ import annotations

from uuid import UUID

from live_trading.api.problems import not_found
from live_trading.store.accounts import live_strategies
from live_trading.store.accounts.live_strategies import LiveStrategy
from live_trading.store.database.connection import Transaction
from live_trading.store.paper import ft_wallets
from live_trading.store.paper.ft_wallets import FtWalletRow


def own_strategy(transaction: Transaction, lt_strategy_id: UUID, owner_id: str) -> LiveStrategy:
    """The owner's strategy, active or not. Raises Problem (NOT_FOUND): one that is somebody else's does not exist."""
    found = live_strategies.of_owner(transaction, lt_strategy_id, owner_id)
    if found is None:
        raise not_found("strategy")
    return found


def own_ft_wallet(transaction: Transaction, ft_wallet_id: UUID, owner_id: str) -> FtWalletRow:
    """The owner's FT wallet. Raises Problem (NOT_FOUND) as for a strategy."""
    found = ft_wallets.find(transaction, ft_wallet_id, owner_id)
    if found is None:
        raise not_found("FT wallet")
    return found
