"""strategy-api: FT wallets, traders, trading wallets and LT strategies over HTTP. It holds no keys."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response

from live_trading.api.bodies import (
    AcceptBreak,
    AskApproval,
    CreateFtWallet,
    CreateStrategy,
    FollowTrader,
    MarkHandled,
    RegisterTradingWallet,
    RetryRedemption,
    UpdateFtWallet,
    UpdateStrategy,
)
from live_trading.api.fields import number_in_path, parsed, path_id
from live_trading.api.requests import caller_of, optional_body, owner_of, required_body
from live_trading.api.responses import answered, failed, refused, unknown_route
from live_trading.api.risk_bodies import CheckRisk, CreateLock, PauseStrategy, ReleaseLock, ResumeStrategy
from live_trading.nouns.errors import LiveTradingError
from live_trading.wiring.composition import Parts

parts = Parts()
app = APIGatewayHttpResolver()
app.exception_handler(LiveTradingError)(refused)
app.exception_handler(Exception)(failed)
app.not_found(unknown_route)


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """One request of the HTTP API; the routes are below and in docs/api.md."""
    return app.resolve(event, context)


def _event() -> dict[str, Any]:
    return app.current_event.raw_event


@app.post("/api/ft/wallets")
def create_ft_wallet() -> Response[str]:
    body = required_body(_event())
    return answered(parts.ft_wallets.create(caller_of(_event(), body), parsed(CreateFtWallet, body)))


@app.get("/api/ft/wallets")
def list_ft_wallets() -> Response[str]:
    return answered(parts.ft_wallets.list(owner_of(_event())))


@app.get("/api/ft/wallets/<ft_wallet_id>")
def get_ft_wallet(ft_wallet_id: str) -> Response[str]:
    return answered(parts.ft_wallets.get(owner_of(_event()), path_id(ft_wallet_id, "FT wallet")))


@app.put("/api/ft/wallets/<ft_wallet_id>")
def update_ft_wallet(ft_wallet_id: str) -> Response[str]:
    wallet, body = path_id(ft_wallet_id, "FT wallet"), required_body(_event())
    return answered(parts.ft_wallets.update(caller_of(_event(), body), wallet, parsed(UpdateFtWallet, body)))


@app.post("/api/traders")
def follow_trader() -> Response[str]:
    body = required_body(_event())
    return answered(parts.traders.follow(caller_of(_event(), body), parsed(FollowTrader, body)))


@app.get("/api/traders")
def list_traders() -> Response[str]:
    owner_of(_event())
    return answered(parts.traders.list())


@app.post("/api/trading-wallets")
def register_trading_wallet() -> Response[str]:
    body = required_body(_event())
    return answered(parts.trading_wallets.register(caller_of(_event(), body), parsed(RegisterTradingWallet, body)))


@app.get("/api/trading-wallets")
def list_trading_wallets() -> Response[str]:
    return answered(parts.trading_wallets.list(owner_of(_event())))


@app.get("/api/trading-wallets/<trading_wallet_id>")
def get_trading_wallet(trading_wallet_id: str) -> Response[str]:
    return answered(parts.trading_wallets.get(owner_of(_event()), path_id(trading_wallet_id, "trading wallet")))


@app.post("/api/lt/strategies")
def create_strategy() -> Response[str]:
    body = required_body(_event())
    return answered(parts.strategies.create(caller_of(_event(), body), parsed(CreateStrategy, body)))


@app.get("/api/lt/strategies")
def list_strategies() -> Response[str]:
    return answered(parts.strategies.list(owner_of(_event())))


@app.get("/api/lt/strategies/<lt_strategy_id>")
def get_strategy(lt_strategy_id: str) -> Response[str]:
    return answered(parts.strategies.get(owner_of(_event()), path_id(lt_strategy_id, "strategy")))


@app.patch("/api/lt/strategies/<lt_strategy_id>")
def update_strategy(lt_strategy_id: str) -> Response[str]:
    strategy, body = path_id(lt_strategy_id, "strategy"), required_body(_event())
    return answered(parts.strategies.update(caller_of(_event(), body), strategy, parsed(UpdateStrategy, body)))


@app.post("/api/lt/strategies/<lt_strategy_id>/pause")
def pause_strategy(lt_strategy_id: str) -> Response[str]:
    strategy, body = path_id(lt_strategy_id, "strategy"), optional_body(_event())
    return answered(parts.strategies.pause(caller_of(_event(), body), strategy, parsed(PauseStrategy, body)))


@app.route("/api/lt/strategies/<lt_strategy_id>/resume", method=["POST", "PUT"])
def resume_strategy(lt_strategy_id: str) -> Response[str]:
    strategy, body = path_id(lt_strategy_id, "strategy"), optional_body(_event())
    return answered(parts.strategies.resume(caller_of(_event(), body), strategy, parsed(ResumeStrategy, body)))


@app.post("/api/lt/strategies/<lt_strategy_id>/risk/check")
def check_risk(lt_strategy_id: str) -> Response[str]:
    strategy, body = path_id(lt_strategy_id, "strategy"), required_body(_event())
    return answered(parts.risk_check.check(owner_of(_event()), strategy, parsed(CheckRisk, body)))


@app.get("/api/lt/locks")
def list_locks() -> Response[str]:
    only_in_force = app.current_event.get_query_string_value("all") != "true"
    return answered(parts.locks.list(owner_of(_event()), only_in_force=only_in_force))


@app.post("/api/lt/locks")
def create_lock() -> Response[str]:
    body = required_body(_event())
    return answered(parts.locks.create(caller_of(_event(), body), parsed(CreateLock, body)))


@app.post("/api/lt/locks/<lock_id>/release")
def release_lock(lock_id: str) -> Response[str]:
    number, body = number_in_path(lock_id, "lock"), required_body(_event())
    return answered(parts.locks.release(caller_of(_event(), body), number, parsed(ReleaseLock, body)))


@app.get("/api/lt/strategies/<lt_strategy_id>/orders")
def list_orders(lt_strategy_id: str) -> Response[str]:
    state = app.current_event.get_query_string_value("state")
    strategy = path_id(lt_strategy_id, "strategy")
    return answered(parts.orders_read.list(owner_of(_event()), strategy, state=state))


@app.get("/api/lt/strategies/<lt_strategy_id>/positions")
def list_positions(lt_strategy_id: str) -> Response[str]:
    return answered(parts.orders_read.positions(owner_of(_event()), path_id(lt_strategy_id, "strategy")))


@app.get("/api/lt/strategies/<lt_strategy_id>/execution")
def show_execution(lt_strategy_id: str) -> Response[str]:
    return answered(parts.orders_read.execution(owner_of(_event()), path_id(lt_strategy_id, "strategy")))


@app.get("/api/lt/orders/<lt_order_id>")
def get_order(lt_order_id: str) -> Response[str]:
    return answered(parts.orders_read.get(owner_of(_event()), path_id(lt_order_id, "order")))


@app.get("/api/trading-wallets/<trading_wallet_id>/breaks")
def list_breaks(trading_wallet_id: str) -> Response[str]:
    only_open = app.current_event.get_query_string_value("all") != "true"
    wallet = path_id(trading_wallet_id, "trading wallet")
    return answered(parts.wallet_breaks.list(owner_of(_event()), wallet, only_open=only_open))


@app.post("/api/trading-wallets/<trading_wallet_id>/breaks/<break_id>/accept")
def accept_break(trading_wallet_id: str, break_id: str) -> Response[str]:
    body = required_body(_event())
    wallet = path_id(trading_wallet_id, "trading wallet")
    number, accepted = number_in_path(break_id, "break"), parsed(AcceptBreak, body)
    return answered(parts.wallet_breaks.accept(caller_of(_event(), body), wallet, number, accepted))


@app.get("/api/lt/redemptions")
def list_redemptions() -> Response[str]:
    state = app.current_event.get_query_string_value("state")
    return answered(parts.redemptions.list(owner_of(_event()), state=state))


@app.get("/api/lt/redemptions/<lt_redemption_id>")
def get_redemption(lt_redemption_id: str) -> Response[str]:
    return answered(parts.redemptions.get(owner_of(_event()), path_id(lt_redemption_id, "redemption")))


@app.post("/api/lt/redemptions/<lt_redemption_id>/retry")
def retry_redemption(lt_redemption_id: str) -> Response[str]:
    redemption, body = path_id(lt_redemption_id, "redemption"), required_body(_event())
    return answered(parts.redemptions.retry(caller_of(_event(), body), redemption, parsed(RetryRedemption, body)))


@app.post("/api/lt/redemptions/<lt_redemption_id>/mark-handled")
def mark_redemption_handled(lt_redemption_id: str) -> Response[str]:
    redemption, body = path_id(lt_redemption_id, "redemption"), required_body(_event())
    return answered(parts.redemptions.mark_handled(caller_of(_event(), body), redemption, parsed(MarkHandled, body)))


@app.get("/api/trading-wallets/<trading_wallet_id>/approvals")
def list_approvals(trading_wallet_id: str) -> Response[str]:
    return answered(parts.approvals.list(owner_of(_event()), path_id(trading_wallet_id, "trading wallet")))


@app.post("/api/trading-wallets/<trading_wallet_id>/approvals")
def ask_approval(trading_wallet_id: str) -> Response[str]:
    wallet, body = path_id(trading_wallet_id, "trading wallet"), required_body(_event())
    return answered(parts.approvals.ask(caller_of(_event(), body), wallet, parsed(AskApproval, body)))
