"""What each scope opens, route by route, and that nobody stops or reaches what is not his."""

from __future__ import annotations

import json
import re
from typing import Any
from uuid import uuid4

import pytest

from functions.health import app as health
from functions.lt_execute import app as lt_execute
from functions.lt_redemptions import app as lt_redemptions
from functions.lt_resolve import app as lt_resolve
from functions.strategy_api import app as strategy_api
from live_trading.api.scopes import ANY_OF, Scope
from live_trading.api.table import table
from tests.integration.api_fixtures import NO_LIMITS, OWNER, Api, http_event

pytestmark = pytest.mark.integration

HANDLERS: dict[str, Any] = {
    "strategy-api": strategy_api.handler,
    "lt-execute": lt_execute.handler,
    "lt-resolve": lt_resolve.handler,
    "lt-redemptions": lt_redemptions.handler,
    "health": health.handler,
}
ROUTES = [each for each in table() if each[3] is not None]
NOBODY_S = {
    "<lock_id>": "7",
    "<break_id>": "7",
    "<token_id>": "7",
}


class Context:
    aws_request_id = "scopes"
    function_name = "scopes"


def status(function: str, method: str, path: str, body: dict[str, Any] | None = None, **who: Any) -> int:
    for name, value in NOBODY_S.items():
        path = path.replace(name, value)
    path = re.sub("<[^>]+>", "00000000-0000-4000-8000-000000000000", path)
    event = http_event(method, path, json.dumps(body or {}), **who)
    return int(HANDLERS[function](event, Context())["statusCode"])


@pytest.mark.parametrize(("function", "method", "path", "needed"), ROUTES, ids=str)
def test_a_route_opens_to_its_scopes_and_to_nobody_else(
    api: Api, function: str, method: str, path: str, needed: Scope
) -> None:
    assert status(function, method, path, owner=None) == 401
    assert status(function, method, path, scopes="") == 403
    assert status(function, method, path, scopes="readers traders administrators") == 403
    for scope in set(Scope) - set(ANY_OF[needed]):
        assert status(function, method, path, scopes=scope) == 403
    assert api.rows("SELECT 1 FROM audit_log") == []


@pytest.mark.parametrize(("function", "method", "path", "needed"), ROUTES, ids=str)
def test_another_owner_s_id_does_not_exist(api: Api, function: str, method: str, path: str, needed: Scope) -> None:
    if "<" not in path or function != "strategy-api":
        assert needed in Scope
        return
    wallet = api.trading_wallet()
    strategy = api.strategy(trading_wallet_id=wallet["trading_wallet_id"])
    own = {
        "<lt_strategy_id>": strategy["lt_strategy_id"],
        "<ft_wallet_id>": strategy["ft_wallet_id"],
        "<trading_wallet_id>": wallet["trading_wallet_id"],
    }
    for name, value in own.items():
        path = path.replace(name, value)
    bodies: dict[str, dict[str, Any]] = {
        "PUT": {"config": {}},
        "PATCH": {"name": "mine"},
        "POST": {"reason": "not mine", "token_id": "7", "signal_price": "0.5", "stake_usd": "5"},
    }
    for body in (bodies.get(method, {}), {}, {"reason": "not mine"}):
        found = status(function, method, path, body, owner="somebody-else", key=uuid4().hex)
        assert found in (404, 422), (method, path, body)
    assert api.rows("SELECT 1 FROM audit_log WHERE actor = 'somebody-else'") == []


@pytest.mark.parametrize("scope", ["GLOBAL", "TRADER", "MARKET", "EVENT"])
def test_what_stops_everybody_needs_the_scope_admin(api: Api, scope: str) -> None:
    body = {"scope": scope, "reason": "I say so", "mode": "FLATTEN" if scope == "GLOBAL" else "STOP_ENTRIES"}
    body |= {} if scope == "GLOBAL" else {"scope_id": "0x" + "ab" * 20}

    refused = api.call("POST", "/api/lt/locks", body)
    made = api.call("POST", "/api/lt/locks", body, scopes="admin")
    released = api.call("POST", f"/api/lt/locks/{made.body['lock_id']}/release", {"reason": "I want to trade"})

    assert (refused.status, refused.error["code"]) == (403, "forbidden")
    assert (made.status, released.status) == (201, 403)
    assert api.rows("SELECT released_at FROM locks") == [{"released_at": None}]


def test_one_strategy_s_breaker_does_not_stop_everybody(api: Api) -> None:
    rules = {**NO_LIMITS, "breaker_scope": "GLOBAL", "breaker_window_seconds": 60, "breaker_cooldown_seconds": 60}
    rules |= {"breaker_breaks": 1}
    body = api.strategy_body(risk_rules=rules)

    refused = api.call("POST", "/api/lt/strategies", body)
    allowed = api.call("POST", "/api/lt/strategies", body, scopes="trade admin")

    assert (refused.status, refused.error["code"]) == (403, "forbidden")
    assert allowed.status == 201
    path = f"/api/lt/strategies/{api.strategy(name='other')['lt_strategy_id']}"
    change = {"risk_rules": {name: rules[name] for name in rules if name.startswith("breaker_")}}
    assert api.call("PATCH", path, change).status == 403


@pytest.mark.parametrize("subject", ["", " ", "a\x00b", "x" * 5000, "line\nbreak", "Ünser"])
def test_a_subject_that_cannot_be_an_owner_is_no_one(api: Api, subject: str) -> None:
    reply = api.call("GET", "/api/lt/strategies", owner=subject)

    assert (reply.status, reply.error["code"]) == (401, "unauthenticated")


def test_a_job_run_by_hand_runs_for_everybody_and_needs_the_scope_admin(api: Api) -> None:
    assert status("lt-resolve", "POST", "/api/lt/resolve", owner=OWNER, scopes="read trade") == 403
    assert api.rows("SELECT 1 FROM leases") == []
