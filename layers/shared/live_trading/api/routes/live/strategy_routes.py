"""Routes of LT strategies and of their capital."""

from __future__ import annotations

from live_trading.api.once import Answer
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

ROUTES = Routes[Strategies]("strategies")


@ROUTES.post("/api/lt/strategies", body=CreateStrategy)
def _create(owned: Strategies, request: Request) -> Answer:
    return owned.create(request.caller, request.body(CreateStrategy))


@ROUTES.get("/api/lt/strategies")
def _list(owned: Strategies, request: Request) -> Answer:
    return owned.list(request.owner)


@ROUTES.get("/api/lt/strategies/<lt_strategy_id>")
def _get(owned: Strategies, request: Request) -> Answer:
    return owned.get(request.owner, request.id("lt_strategy_id", "strategy"))


@ROUTES.patch("/api/lt/strategies/<lt_strategy_id>", body=UpdateStrategy)
def _update(owned: Strategies, request: Request) -> Answer:
    return owned.update(request.caller, request.id("lt_strategy_id", "strategy"), request.body(UpdateStrategy))


@ROUTES.post("/api/lt/strategies/<lt_strategy_id>/pause", body=PauseStrategy)
def _pause(owned: Strategies, request: Request) -> Answer:
    strategy = request.id("lt_strategy_id", "strategy")
    return owned.pause(request.caller, strategy, request.body_or_defaults(PauseStrategy))


@ROUTES.post("/api/lt/strategies/<lt_strategy_id>/resume", body=ResumeStrategy)
@ROUTES.put("/api/lt/strategies/<lt_strategy_id>/resume", body=ResumeStrategy)
def _resume(owned: Strategies, request: Request) -> Answer:
    strategy = request.id("lt_strategy_id", "strategy")
    return owned.resume(request.caller, strategy, request.body_or_defaults(ResumeStrategy))


CAPITAL_ROUTES = Routes[StrategyCapital]("strategy_capital")


@CAPITAL_ROUTES.post("/api/lt/strategies/<lt_strategy_id>/allocate", body=MoveCapital, needs_key=True)
def _allocate(capital: StrategyCapital, request: Request) -> Answer:
    strategy = request.id("lt_strategy_id", "strategy")
    return capital.allocate(request.caller, strategy, request.body(MoveCapital))


@CAPITAL_ROUTES.post("/api/lt/strategies/<lt_strategy_id>/deallocate", body=MoveCapital, needs_key=True)
def _deallocate(capital: StrategyCapital, request: Request) -> Answer:
    strategy = request.id("lt_strategy_id", "strategy")
    return capital.deallocate(request.caller, strategy, request.body(MoveCapital))


@CAPITAL_ROUTES.post("/api/lt/strategies/<lt_strategy_id>/end", body=EndStrategy)
def _end(capital: StrategyCapital, request: Request) -> Answer:
    strategy = request.id("lt_strategy_id", "strategy")
    return capital.end(request.caller, strategy, request.body(EndStrategy))
