"""Template, handlers and documentation name the same routes, and none of them is open but one."""

from __future__ import annotations

import re

import pytest
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver

from functions.lt_execute import app as lt_execute
from functions.strategy_api import app as strategy_api
from live_trading.api.scopes import Scope, names_that_open
from live_trading.api.table import lt_execute as lt_execute_routes
from live_trading.api.table import strategy_api as strategy_api_routes
from live_trading.api.table import table
from live_trading.wiring.composition import Parts
from local.lambdas.template.reading import load_application
from local.machine.env import ROOT, TEMPLATE

APPLICATION = load_application(
    TEMPLATE,
    parameters={"DatabaseUrl": "postgresql://u@h/d", "JwtIssuer": "https://issuer", "JwtAudience": "audience"},
    stack_name="live-trading",
)
ROUTES = {(route.method, route.path): route for route in APPLICATION.routes if route.key != "$default"}
RESOLVERS = {"strategy-api": strategy_api.app, "lt-execute": lt_execute.app}


def shape(path: str) -> str:
    """The path with its parameters left unnamed."""
    return re.sub(r"\{[^}]+\}|<[^>]+>", "*", path)


def handled(resolver: APIGatewayHttpResolver) -> set[tuple[str, str]]:
    found: set[tuple[str, str]] = set()
    for route in (*resolver._static_routes, *resolver._dynamic_routes):
        methods = [route.method] if isinstance(route.method, str) else route.method
        found |= {(method, shape(route.path)) for method in methods}
    return found


@pytest.mark.parametrize("name", sorted(RESOLVERS))
def test_every_route_of_the_template_has_a_handler_and_every_handler_a_route(name: str) -> None:
    jobs = {("POST", "/api/lt/execute")}
    function = APPLICATION.function(name)
    routed = {
        (method, shape(path))
        for (method, path), route in ROUTES.items()
        if route.function in (function.name, function.logical_id)
    }

    assert handled(RESOLVERS[name]) == routed - jobs


def test_the_table_of_routes_and_their_scopes_is_the_template() -> None:
    names = {APPLICATION.function(name).logical_id: name for name in {function for function, *_ in table()}}

    listed = {
        (function, method, shape(path)): () if scope is None else names_that_open(scope)
        for function, method, path, scope in table()
    }

    assert listed == {
        (names[route.function], method, shape(path)): route.scopes for (method, path), route in ROUTES.items()
    }


def test_every_resource_of_the_table_is_one_of_the_parts() -> None:
    parts = {routes.part for routes in (*strategy_api_routes(), *lt_execute_routes())}

    assert sorted(part for part in parts if not hasattr(Parts, part)) == []


@pytest.mark.parametrize(("method", "path"), sorted(ROUTES))
def test_every_route_is_documented(method: str, path: str) -> None:
    documented = {
        shape(each)
        for each in re.findall(r"/(?:api|health|docs|openapi)[^`\s,?]*", (ROOT / "docs" / "api.md").read_text())
    }

    assert shape(path) in documented, f"{method} {path} is not in docs/api.md"


def test_only_the_open_health_route_needs_no_token() -> None:
    assert {route.path for route in APPLICATION.routes if route.authorizer is None} == {"/health"}


def test_what_no_route_has_is_answered_by_the_function_with_the_most_routes() -> None:
    """Its answer is a problem like every other, and one permission lets the gateway call it for all of its routes."""
    (rest,) = [route for route in APPLICATION.routes if route.key == "$default"]

    assert rest.function == APPLICATION.function("strategy-api").logical_id
    assert rest.scopes == names_that_open(Scope.READ)
