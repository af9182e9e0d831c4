"""Takes the resting sale of a position from the venue before the position is sold in another way."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from live_trading.nouns.errors import RetryLater
from live_trading.nouns.wallets import TradingWallet
from live_trading.services.guarding.cancelling import OrderCanceller
from live_trading.store.database.connection import Database
from live_trading.store.positions import brackets


class BracketRests(RetryLater):
    """A resting sale of the position is being cancelled, and its end is not proved yet: nothing else was sold."""


class BracketClearer:
    """Clears positions one at a time, for a caller who holds the wallet's lease."""

    def __init__(self, *, database: Database, canceller: OrderCanceller) -> None:
        self._database = database
        self._canceller = canceller

    def clear(self, wallet: TradingWallet, lt_strategy_id: UUID, token_id: str, follow: Callable[[], object]) -> None:
        """Asks for the end of what rests and has the orders followed. Raises BracketRests until the end is proved."""
        with self._database.transaction() as transaction:
            found = brackets.resting(transaction, lt_strategy_id).get(token_id)
        if found is None:
            return
        self._canceller.cancel_bracket(wallet, found.lt_order_id)
        follow()
        with self._database.transaction() as transaction:
            if token_id in brackets.resting(transaction, lt_strategy_id):
                raise BracketRests(f"order {found.lt_order_id}, which rests at {found.limit}, is being cancelled")
