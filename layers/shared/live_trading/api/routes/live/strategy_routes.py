"""Routes of LT strategies and of their capital."""

from __future__ import annotations

from live_trading.api.described import Example
from live_trading.api.examples import FT_WALLET_ID, TRADING_WALLET_ID
from live_trading.api.once import Answer
from live_trading.api.problems import ProblemCode
from live_trading.api.query import PageQuery
from live_trading.api.resources.owned_strategies import Strategies
from live_trading.api.resources.strategy_bodies import (
    CreateStrategy,
    EndStrategy,
    MoveCapital,
    PauseStrategy,
    ResumeStrategy,
    UpdateStrategy,
)
from live_trading.api.resources.strategy_capital import StrategyCapital
from live_trading.api.routing import Request, Routes
from live_trading.api.views.strategy_views import StrategiesView, StrategyView

ROUTES = Routes[Strategies]("strategies")


@ROUTES.post(
    "/api/lt/strategies",
    body=CreateStrategy,
    answers=StrategyView,
    statuses=(201,),
    refuses=(ProblemCode.NOT_FOUND, ProblemCode.ALREADY_EXISTS, ProblemCode.INSUFFICIENT_FUNDS, ProblemCode.FORBIDDEN),
    has_edit_token=True,
    example=Example(
        body={
            "name": "favourites, live",
            "ft_wallet_id": FT_WALLET_ID,
            "trading_wallet_id": TRADING_WALLET_ID,
            "initial_capital_usd": "100",
            "slippage_bound_fraction": "0.02",
            "risk_preset": "conservative",
            "risk_rules": {"max_order_usd": "10"},
        }
    ),
)
def _create(owned: Strategies, request: Request) -> Answer:
    """Puts live money behind a paper wallet.

    Its capital moves from what the trading wallet holds for nobody. With `risk_preset` `risk_rules` names what is to
    differ from it; without one it names every limit, and null turns one off.
    """
    return owned.create(request.caller, request.body(CreateStrategy))


@ROUTES.get("/api/lt/strategies", query=PageQuery, answers=StrategiesView, example=Example(query={"limit": "20"}))
def _list(owned: Strategies, request: Request) -> Answer:
    """Lists your strategies, the newest first, also those that have ended."""
    return owned.list(request.owner, request.paging(request.asked(PageQuery)))


@ROUTES.get("/api/lt/strategies/<lt_strategy_id>", answers=StrategyView, has_edit_token=True)
def _get(owned: Strategies, request: Request) -> Answer:
    """Shows a strategy with its limits, its locks and its balances."""
    return owned.get(request.owner, request.id("lt_strategy_id", "strategy"))


@ROUTES.patch(
    "/api/lt/strategies/<lt_strategy_id>",
    body=UpdateStrategy,
    answers=StrategyView,
    refuses=(ProblemCode.WRONG_STATE, ProblemCode.FORBIDDEN),
    has_edit_token=True,
    example=Example(body={"slippage_bound_fraction": "0.03", "risk_rules": {"max_order_usd": "20"}}),
)
def _update(owned: Strategies, request: Request) -> Answer:
    """Changes what the body names, from the next order on.

    What is not named stays as it is. With another `time_zone` the day, the week and the month of every limit begin
    where that zone's do, at once.
    """
    strategy = request.id("lt_strategy_id", "strategy")
    return owned.update(request.caller, strategy, request.body(UpdateStrategy), request.expected_edits)


@ROUTES.post(
    "/api/lt/strategies/<lt_strategy_id>/pause",
    body=PauseStrategy,
    answers=StrategyView,
    refuses=(ProblemCode.WRONG_STATE,),
    example=Example(body={"reason": "to think", "mode": "STOP_ENTRIES"}),
)
def _pause(owned: Strategies, request: Request) -> Answer:
    """Stops entries until the strategy is resumed.

    Exits, resolution and redemption go on. The next run also cancels what rests, or sells what is held, where `mode`
    asks for it.
    """
    strategy = request.id("lt_strategy_id", "strategy")
    return owned.pause(request.caller, strategy, request.body_or_defaults(PauseStrategy))


@ROUTES.post(
    "/api/lt/strategies/<lt_strategy_id>/resume",
    body=ResumeStrategy,
    answers=StrategyView,
    refuses=(ProblemCode.WRONG_STATE,),
    example=Example(body={"reason": "to go on"}),
)
@ROUTES.put(
    "/api/lt/strategies/<lt_strategy_id>/resume",
    body=ResumeStrategy,
    answers=StrategyView,
    refuses=(ProblemCode.WRONG_STATE,),
    example=Example(body={"reason": "to go on"}),
)
def _resume(owned: Strategies, request: Request) -> Answer:
    """Ends the pause.

    Locks with other reasons stay, and the answer shows them.
    """
    strategy = request.id("lt_strategy_id", "strategy")
    return owned.resume(request.caller, strategy, request.body_or_defaults(ResumeStrategy))


CAPITAL_ROUTES = Routes[StrategyCapital]("strategy_capital")


@CAPITAL_ROUTES.post(
    "/api/lt/strategies/<lt_strategy_id>/allocate",
    body=MoveCapital,
    needs_key=True,
    answers=StrategyView,
    refuses=(ProblemCode.INSUFFICIENT_FUNDS, ProblemCode.WRONG_STATE),
    example=Example(body={"amount_usd": "25", "reason": "it does well"}),
)
def _allocate(capital: StrategyCapital, request: Request) -> Answer:
    """Gives the strategy dollars that its trading wallet holds for nobody."""
    strategy = request.id("lt_strategy_id", "strategy")
    return capital.allocate(request.caller, strategy, request.body(MoveCapital))


@CAPITAL_ROUTES.post(
    "/api/lt/strategies/<lt_strategy_id>/deallocate",
    body=MoveCapital,
    needs_key=True,
    answers=StrategyView,
    refuses=(ProblemCode.INSUFFICIENT_FUNDS, ProblemCode.WRONG_STATE),
    example=Example(body={"amount_usd": "5"}),
)
def _deallocate(capital: StrategyCapital, request: Request) -> Answer:
    """Takes dollars back from the strategy's cash.

    What open orders have reserved and what is in positions stays where it is.
    """
    strategy = request.id("lt_strategy_id", "strategy")
    return capital.deallocate(request.caller, strategy, request.body(MoveCapital))


@CAPITAL_ROUTES.post(
    "/api/lt/strategies/<lt_strategy_id>/end",
    body=EndStrategy,
    answers=StrategyView,
    refuses=(ProblemCode.WRONG_STATE,),
    example=Example(body={"reason": "it has had its day"}),
)
def _end(capital: StrategyCapital, request: Request) -> Answer:
    """Ends the strategy for good.

    Its cash goes back to the trading wallet, and its paper wallet is free for another one. Refused while it holds or
    is owed anything, has an open order, or had one a quarter of an hour ago.
    """
    strategy = request.id("lt_strategy_id", "strategy")
    return capital.end(request.caller, strategy, request.body(EndStrategy))
