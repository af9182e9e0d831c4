"""What an owner does to orders and positions by hand: close and cancel. It needs the wallet's key."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from live_trading.api.bodies import ClosePosition
from live_trading.api.once import Answer, Caller
from live_trading.api.problems import not_found
from live_trading.nouns.money import Shares
from live_trading.nouns.wallets import TradingWallet
from live_trading.services.guarding.cancelling import CancelReport, OrderCanceller
from live_trading.services.guarding.closing import CloseRequest, PositionCloser
from live_trading.store.accounts import live_strategies
from live_trading.store.database.connection import Database, Transaction
from live_trading.store.orders import order_history


class TradingActions:
    """The owner's own hand. Every method raises Problem; errors of the store and of the venue pass through."""

    def __init__(self, *, database: Database, closer: PositionCloser, canceller: OrderCanceller) -> None:
        self._database = database
        self._closer = closer
        self._canceller = canceller

    def close_position(self, caller: Caller, lt_strategy_id: UUID, token_id: str, body: ClosePosition) -> Answer:
        """Sells shares of one token; the answer is the order as it stands after the venue's answer."""
        request = CloseRequest(
            lt_strategy_id=lt_strategy_id,
            token_id=token_id,
            shares=None if body.shares is None else Shares(body.shares),
            slippage_bound_fraction=body.slippage_bound_fraction,
            order_type=body.order_type,
        )
        return self._closer.close(caller, request)

    def cancel_order(self, caller: Caller, lt_order_id: UUID) -> Answer:
        """Cancels one order."""
        with self._database.transaction() as transaction:
            order = order_history.find(transaction, lt_order_id, caller.owner_id)
            if order is None:
                raise not_found("order")
            wallet = live_strategies.trading_wallet(transaction, order.trading_wallet_id)
        return _answer(self._canceller.cancel_order(wallet, lt_order_id, actor=caller.owner_id))

    def cancel_strategy(self, caller: Caller, lt_strategy_id: UUID) -> Answer:
        """Cancels all open orders of a strategy."""
        with self._database.transaction() as transaction:
            wallet = _wallet_of_strategy(transaction, lt_strategy_id, caller.owner_id)
        return _answer(self._canceller.cancel_strategy(wallet, lt_strategy_id, actor=caller.owner_id))

    def cancel_wallet(self, caller: Caller, trading_wallet_id: UUID) -> Answer:
        """Cancels everything that rests at the venue for a trading wallet."""
        with self._database.transaction() as transaction:
            wallet = live_strategies.trading_wallet_of_owner(transaction, trading_wallet_id, caller.owner_id)
        if wallet is None:
            raise not_found("trading wallet")
        return _answer(self._canceller.cancel_wallet(wallet, actor=caller.owner_id))


def _wallet_of_strategy(transaction: Transaction, lt_strategy_id: UUID, owner_id: str) -> TradingWallet:
    strategy = live_strategies.of_owner(transaction, lt_strategy_id, owner_id)
    if strategy is None:
        raise not_found("strategy")
    return live_strategies.trading_wallet(transaction, strategy.trading_wallet_id)


def _answer(report: CancelReport) -> Answer:
    body: dict[str, Any] = {
        "withdrawn": report.withdrawn,
        "cancelled": report.cancelled,
        "refused": report.refused,
        "not_done": report.not_done,
        "followed": report.followed,
    }
    return Answer(status=200 if not report.not_done else 207, body=body)
