"""lt-execute: every two minutes, or now by the API. Trades new source trades; sells, cancels and stops by hand."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response

from live_trading.api.bodies import ClosePosition
from live_trading.api.fields import parsed, path_id, path_token_id
from live_trading.api.requests import caller_of, optional_body, required_body
from live_trading.api.responses import answered, failed, refused, unknown_route
from live_trading.api.risk_bodies import PullKillSwitch
from live_trading.api.routes.trading_routes import TradingActions
from live_trading.nouns.errors import LiveTradingError
from live_trading.wiring.composition import Parts
from live_trading.wiring.jobs import answer, is_http

parts = Parts()
app = APIGatewayHttpResolver()
app.exception_handler(LiveTradingError)(refused)
app.exception_handler(Exception)(failed)
app.not_found(unknown_route)
EXECUTE = "/api/lt/execute"


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """One pass of the executor (see `services.execute`), or one request of the HTTP API."""
    if is_http(event) and event["rawPath"] != EXECUTE:
        return app.resolve(event, context)
    return answer(event, "lt-execute", lambda: parts.executor(context.aws_request_id).run())


def _event() -> dict[str, Any]:
    return app.current_event.raw_event


def _actions() -> TradingActions:
    return parts.trading_actions(app.lambda_context.aws_request_id)


@app.post("/api/lt/strategies/<lt_strategy_id>/positions/<token_id>/close")
def close_position(lt_strategy_id: str, token_id: str) -> Response[str]:
    body = optional_body(_event())
    strategy, token = path_id(lt_strategy_id, "strategy"), path_token_id(token_id)
    return answered(_actions().close_position(caller_of(_event(), body), strategy, token, parsed(ClosePosition, body)))


@app.post("/api/lt/orders/<lt_order_id>/cancel")
def cancel_order(lt_order_id: str) -> Response[str]:
    return answered(_actions().cancel_order(caller_of(_event(), {}), path_id(lt_order_id, "order")))


@app.post("/api/lt/strategies/<lt_strategy_id>/cancel-orders")
def cancel_strategy(lt_strategy_id: str) -> Response[str]:
    return answered(_actions().cancel_strategy(caller_of(_event(), {}), path_id(lt_strategy_id, "strategy")))


@app.post("/api/trading-wallets/<trading_wallet_id>/cancel-orders")
def cancel_wallet(trading_wallet_id: str) -> Response[str]:
    return answered(_actions().cancel_wallet(caller_of(_event(), {}), path_id(trading_wallet_id, "trading wallet")))


@app.post("/api/lt/kill-switch")
def pull_kill_switch() -> Response[str]:
    body = required_body(_event())
    switch = parts.kill_switch(app.lambda_context.aws_request_id)
    return answered(switch.pull(caller_of(_event(), body), parsed(PullKillSwitch, body)))
