"""What an owner does to orders and positions by hand: close and cancel. It needs the wallet's key."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any, TypeVar
from uuid import UUID

from live_trading.api.body import Body
from live_trading.api.described import Example
from live_trading.api.fields import PositiveShares, SlippageFraction, named
from live_trading.api.once import Answer, Caller, kept_answer, once
from live_trading.api.problems import ProblemCode, not_found
from live_trading.api.resources.required import own_strategy
from live_trading.api.routing import Once, Request, Routes
from live_trading.api.views.live.action_views import CancelView, CloseView, cancel_view
from live_trading.api.views.order_views import order_view
from live_trading.api.views.wish_views import wish_view
from live_trading.nouns.chance import Chance
from live_trading.nouns.clock import Clock
from live_trading.nouns.money import Shares
from live_trading.nouns.orders import OrderType
from live_trading.nouns.wallets import TradingWallet
from live_trading.nouns.wishes import ExitWish, WishKind
from live_trading.services.guarding.bracket_clearing import BracketRests
from live_trading.services.guarding.cancelling import CancelReport, OrderCanceller
from live_trading.services.guarding.closing import CloseRequest, Commit, PositionCloser, WriteIntent
from live_trading.services.guarding.not_done import told
from live_trading.services.guarding.wish_keeping import WishKeeper
from live_trading.services.running.in_time import NotInTime, in_time
from live_trading.services.running.leasing import WalletBusy
from live_trading.store.accounts import live_strategies
from live_trading.store.database.connection import Database, Transaction
from live_trading.store.orders import exit_wishes, order_history

MarketableOrderType = Annotated[OrderType, *named(OrderType.FAK, OrderType.FOK)]


_Done = TypeVar("_Done")
_ORDER, _WISH = "lt_order_id", "exit_wish_id"


class ClosePosition(Body):
    """A sale by hand. Without `shares` all that may be sold; without a bound the strategy's own."""

    shares: PositiveShares | None = None
    slippage_bound_fraction: SlippageFraction | None = None
    order_type: MarketableOrderType = OrderType.FAK


class TradingActions:
    """The owner's own hand. Every method raises Problem; errors of the store and of the venue pass through."""

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        closer: PositionCloser,
        canceller: OrderCanceller,
        wishes: WishKeeper,
        chance: Chance,
        answer_within: float,
    ) -> None:
        """A caller waits for `answer_within` seconds."""
        self._database = database
        self._clock = clock
        self._closer = closer
        self._canceller = canceller
        self._wishes = wishes
        self._chance = chance
        self._new_id = chance.new_id
        self._answer_within = answer_within

    def close_position(self, caller: Caller, lt_strategy_id: UUID, token_id: str, body: ClosePosition) -> Answer:
        """Sells shares of one token; the answer is the order as it stands after the venue's answer.

        While a run holds the wallet, a resting sale of the position is being cancelled, or the venue takes longer than
        a caller may wait, the answer is the wish that a run takes up at its next step.
        """
        first = kept_answer(self._database, caller)
        if first is not None:
            return self._as_it_stands(caller.owner_id, first)
        request = CloseRequest(
            lt_strategy_id=lt_strategy_id,
            token_id=token_id,
            shares=None if body.shares is None else Shares(body.shares),
            slippage_bound_fraction=body.slippage_bound_fraction,
            order_type=body.order_type,
        )
        commit = self._once(caller)
        try:
            lt_order_id = self._in_time(lambda: self._closer.close(caller.owner_id, request, commit))
        except (WalletBusy, BracketRests):
            return self._wished(caller, request, tries_now=True)
        except NotInTime:
            # The sale that is under way finds the wish under its key, or the wish finds the sale.
            return self._wished(caller, request, tries_now=False)
        return self._as_it_stands(caller.owner_id, _sold(lt_order_id))

    def cancel_order(self, caller: Caller, lt_order_id: UUID) -> Answer:
        """Cancels one order."""
        with self._database.transaction() as transaction:
            order = order_history.find(transaction, lt_order_id, caller.owner_id)
            if order is None:
                raise not_found("order")
            wallet = live_strategies.trading_wallet(transaction, order.trading_wallet_id)
        actor = caller.owner_id
        wish = self._canceller.wish(wallet, actor, lt_order_id=lt_order_id)
        return self._cancelled(wallet, wish, lambda: self._canceller.cancel_order(wallet, lt_order_id, actor=actor))

    def cancel_strategy(self, caller: Caller, lt_strategy_id: UUID) -> Answer:
        """Cancels all open orders of a strategy."""
        with self._database.transaction() as transaction:
            wallet = _wallet_of_strategy(transaction, lt_strategy_id, caller.owner_id)
        actor = caller.owner_id
        wish = self._canceller.wish(wallet, actor, lt_strategy_id=lt_strategy_id)
        return self._cancelled(
            wallet, wish, lambda: self._canceller.cancel_strategy(wallet, lt_strategy_id, actor=actor)
        )

    def cancel_wallet(self, caller: Caller, trading_wallet_id: UUID) -> Answer:
        """Cancels everything that rests at the venue for a trading wallet."""
        with self._database.transaction() as transaction:
            wallet = live_strategies.trading_wallet_of_owner(transaction, trading_wallet_id, caller.owner_id)
        if wallet is None:
            raise not_found("trading wallet")
        wish = self._canceller.wish(wallet, caller.owner_id)
        return self._cancelled(wallet, wish, lambda: self._canceller.cancel_wallet(wallet, actor=caller.owner_id))

    def _once(self, caller: Caller) -> Commit:
        """Commits the intent with the first answer to this request, or gives the order of that answer."""

        def commit(write: WriteIntent) -> UUID:
            def effect(transaction: Transaction) -> Answer:
                return _sold(write(transaction))

            kept = once(self._database, caller, self._clock.now(), effect)
            if _WISH in kept.body:
                raise WalletBusy("this request was left to the run that held the wallet")
            return UUID(kept.body[_ORDER])

        return commit

    def _wished(self, caller: Caller, request: CloseRequest, *, tries_now: bool) -> Answer:
        """Leaves a sale to the run that holds the wallet. Raises NoSuch where there is nothing of it to sell."""
        wallet = self._closer.owned(caller.owner_id, request)
        now = self._clock.now()
        wish = ExitWish(
            exit_wish_id=self._new_id(),
            owner_id=caller.owner_id,
            trading_wallet_id=wallet.trading_wallet_id,
            kind=WishKind.CLOSE,
            asked_at=now,
            lt_strategy_id=request.lt_strategy_id,
            token_id=request.token_id,
            shares=request.shares,
            slippage_bound_fraction=request.slippage_bound_fraction,
            order_type=request.order_type,
        )

        def effect(transaction: Transaction) -> Answer:
            exit_wishes.insert(transaction, wish)
            return Answer(status=202, body={_WISH: str(wish.exit_wish_id)})

        kept = once(self._database, caller, now, effect)
        if tries_now:
            self._try_now(wallet, [])
        return self._as_it_stands(caller.owner_id, kept)

    def _try_now(self, wallet: TradingWallet, not_done: list[str]) -> None:
        """The run that was in the way may have ended meanwhile, without a look at what was just written."""
        with told(f"what waits for wallet {wallet.trading_wallet_id}", not_done):
            self._wishes.take_up_if_free(wallet)

    def _as_it_stands(self, owner_id: str, kept: Answer) -> Answer:
        """The order or the wish of a kept answer as it stands now; its id alone where nobody can look."""
        body: Mapping[str, Any] | None = None
        with told("showing what was done", []), self._database.transaction() as transaction:
            if _WISH in kept.body:
                wish = exit_wishes.find(transaction, UUID(kept.body[_WISH]), owner_id)
                body = None if wish is None else wish_view(wish)
            else:
                order = order_history.find(transaction, UUID(kept.body[_ORDER]), owner_id)
                body = None if order is None else order_view(order)
        return kept if body is None else Answer(status=202, body=body)

    def _in_time(self, act: Callable[[], _Done]) -> _Done:
        return in_time(act, chance=self._chance, seconds=self._answer_within)

    def _cancelled(self, wallet: TradingWallet, wish: ExitWish, cancel: Callable[[], CancelReport]) -> Answer:
        """What a cancel came to; where the venue takes longer than a caller may wait, a wish that a run takes up."""
        try:
            return self._answer(wallet, self._in_time(cancel))
        except NotInTime:
            with self._database.transaction() as transaction:
                exit_wishes.insert(transaction, wish)
            why = "the venue has not answered yet; a run goes on with what is ours"
            late = CancelReport(not_done=[why], exit_wish_id=wish.exit_wish_id)
            return Answer(status=202, body=cancel_view(late))

    def _answer(self, wallet: TradingWallet, report: CancelReport) -> Answer:
        if report.exit_wish_id is not None:
            self._try_now(wallet, report.not_done)
            return Answer(status=202, body=cancel_view(report))
        return Answer(status=200 if not report.not_done else 207, body=cancel_view(report))


def _sold(lt_order_id: UUID) -> Answer:
    return Answer(status=202, body={_ORDER: str(lt_order_id)})


def _wallet_of_strategy(transaction: Transaction, lt_strategy_id: UUID, owner_id: str) -> TradingWallet:
    strategy = own_strategy(transaction, lt_strategy_id, owner_id)
    return live_strategies.trading_wallet(transaction, strategy.trading_wallet_id)


ROUTES = Routes[TradingActions]("trading_actions", is_by_invocation=True)


@ROUTES.post(
    "/api/lt/strategies/<lt_strategy_id>/positions/<token_id>/close",
    body=ClosePosition,
    needs_key=True,
    answers=CloseView,
    statuses=(202,),
    refuses=(ProblemCode.WRONG_STATE, ProblemCode.UNAVAILABLE),
    example=Example(body={"shares": "5", "slippage_bound_fraction": "0.05"}),
)
def _close(actions: TradingActions, request: Request) -> Answer:
    """Sells shares of a position by hand.

    Without `shares` all that may be sold. It goes on while entries are locked, and is a single order however often the
    same key is sent. The answer is the order as it stands, or a wish while a run holds the trading wallet.
    """
    strategy, token = request.id("lt_strategy_id", "strategy"), request.token_id("token_id")
    return actions.close_position(request.caller, strategy, token, request.body_or_defaults(ClosePosition))


_CANCELS = (200, 202, 207)


@ROUTES.post(
    "/api/lt/orders/<lt_order_id>/cancel",
    once=Once.CLAIMED,
    answers=CancelView,
    statuses=_CANCELS,
    refuses=(ProblemCode.WRONG_STATE, ProblemCode.UNAVAILABLE),
)
def _cancel_order(actions: TradingActions, request: Request) -> Answer:
    """Cancels an order.

    207 where something could not be done, 202 where the rest is left to the run that holds the trading wallet.
    """
    return actions.cancel_order(request.caller, request.id("lt_order_id", "order"))


@ROUTES.post(
    "/api/lt/strategies/<lt_strategy_id>/cancel-orders",
    once=Once.CLAIMED,
    answers=CancelView,
    statuses=_CANCELS,
    refuses=(ProblemCode.WRONG_STATE, ProblemCode.UNAVAILABLE),
)
def _cancel_strategy(actions: TradingActions, request: Request) -> Answer:
    """Cancels all open orders of a strategy.

    207 where something could not be done, 202 where the rest is left to the run that holds the trading wallet.
    """
    return actions.cancel_strategy(request.caller, request.id("lt_strategy_id", "strategy"))


@ROUTES.post(
    "/api/trading-wallets/<trading_wallet_id>/cancel-orders",
    once=Once.CLAIMED,
    answers=CancelView,
    statuses=_CANCELS,
    refuses=(ProblemCode.WRONG_STATE, ProblemCode.UNAVAILABLE),
)
def _cancel_wallet(actions: TradingActions, request: Request) -> Answer:
    """Cancels everything that rests at the venue for a trading wallet, whoever placed it.

    207 where something could not be done, 202 where the rest is left to the run that holds the wallet.
    """
    return actions.cancel_wallet(request.caller, request.id("trading_wallet_id", "trading wallet"))
