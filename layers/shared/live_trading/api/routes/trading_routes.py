"""What an owner does to orders and positions by hand: close and cancel. It needs the wallet's key."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from pydantic import PlainValidator

from live_trading.api.body import Body
from live_trading.api.fields import PositiveShares, SlippageFraction, one_of
from live_trading.api.once import Answer, Caller, kept_answer, once
from live_trading.api.problems import not_found
from live_trading.api.routing import Once, Request, Routes
from live_trading.api.views.order_views import order_view
from live_trading.nouns.clock import Clock
from live_trading.nouns.money import Shares
from live_trading.nouns.orders import OrderType
from live_trading.nouns.wallets import TradingWallet
from live_trading.services.guarding.cancelling import CancelReport, OrderCanceller
from live_trading.services.guarding.closing import CloseRequest, Commit, PositionCloser, WriteIntent
from live_trading.store.accounts import live_strategies
from live_trading.store.database.connection import Database, Transaction
from live_trading.store.orders import order_history

MarketableOrderType = Annotated[OrderType, PlainValidator(one_of(OrderType.FAK, OrderType.FOK))]


class ClosePosition(Body):
    """A sale by hand. Without `shares` all that may be sold; without a bound the strategy's own."""

    shares: PositiveShares | None = None
    slippage_bound_fraction: SlippageFraction | None = None
    order_type: MarketableOrderType = OrderType.FAK


class TradingActions:
    """The owner's own hand. Every method raises Problem; errors of the store and of the venue pass through."""

    def __init__(self, *, database: Database, clock: Clock, closer: PositionCloser, canceller: OrderCanceller) -> None:
        self._database = database
        self._clock = clock
        self._closer = closer
        self._canceller = canceller

    def close_position(self, caller: Caller, lt_strategy_id: UUID, token_id: str, body: ClosePosition) -> Answer:
        """Sells shares of one token; the answer is the order as it stands after the venue's answer."""
        first = kept_answer(self._database, caller)
        if first is not None:
            return self._order(caller.owner_id, UUID(first.body["lt_order_id"]))
        request = CloseRequest(
            lt_strategy_id=lt_strategy_id,
            token_id=token_id,
            shares=None if body.shares is None else Shares(body.shares),
            slippage_bound_fraction=body.slippage_bound_fraction,
            order_type=body.order_type,
        )
        return self._order(caller.owner_id, self._closer.close(caller.owner_id, request, self._once(caller)))

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

    def _once(self, caller: Caller) -> Commit:
        """Commits the intent with the first answer to this request, or gives the order of that answer."""

        def commit(write: WriteIntent) -> UUID:
            def effect(transaction: Transaction) -> Answer:
                return Answer(status=202, body={"lt_order_id": str(write(transaction))})

            kept = once(self._database, caller, self._clock.now(), effect)
            return UUID(kept.body["lt_order_id"])

        return commit

    def _order(self, owner_id: str, lt_order_id: UUID) -> Answer:
        with self._database.transaction() as transaction:
            row = order_history.find(transaction, lt_order_id, owner_id)
        if row is None:
            raise not_found("order")
        return Answer(status=202, body=order_view(row))


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


ROUTES = Routes[TradingActions]("trading_actions", is_by_invocation=True)


@ROUTES.post("/api/lt/strategies/<lt_strategy_id>/positions/<token_id>/close", body=ClosePosition, needs_key=True)
def _close(actions: TradingActions, request: Request) -> Answer:
    strategy, token = request.id("lt_strategy_id", "strategy"), request.token_id("token_id")
    return actions.close_position(request.caller, strategy, token, request.body_or_defaults(ClosePosition))


@ROUTES.post("/api/lt/orders/<lt_order_id>/cancel", once=Once.CLAIMED)
def _cancel_order(actions: TradingActions, request: Request) -> Answer:
    return actions.cancel_order(request.caller, request.id("lt_order_id", "order"))


@ROUTES.post("/api/lt/strategies/<lt_strategy_id>/cancel-orders", once=Once.CLAIMED)
def _cancel_strategy(actions: TradingActions, request: Request) -> Answer:
    return actions.cancel_strategy(request.caller, request.id("lt_strategy_id", "strategy"))


@ROUTES.post("/api/trading-wallets/<trading_wallet_id>/cancel-orders", once=Once.CLAIMED)
def _cancel_wallet(actions: TradingActions, request: Request) -> Answer:
    return actions.cancel_wallet(request.caller, request.id("trading_wallet_id", "trading wallet"))
