"""What no answer and no route of the document may say, whoever wrote it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from local.openapi import KEPT

DOCUMENT: dict[str, Any] = json.loads(KEPT.read_text())
OPERATIONS = [
    (f"{method.upper()} {path}", said)
    for path, methods in DOCUMENT["paths"].items()
    for method, said in methods.items()
]
LOOKS = [each for each in OPERATIONS if each[0].startswith("GET ")]
POSTS = [each for each in OPERATIONS if each[0].startswith("POST ")]
_JSON = "application/json"
# The names of what is counted in money, shares or prices, and of what is text although it ends like them.
_MONEY = re.compile(r"(_usd|_shares|_price|_fraction|^shares|^price|^usd)$")
# Lists whose length something other than time bounds.
_BOUNDED = {
    "GET /api/decisions/summary": "the reasons that there are, and the days that may be asked for",
    "GET /api/decisions/{decision_id}": "the rules that there are, and the orders of one decision",
    "GET /api/ft/orders/{ft_order_id}": "the sales of one paper position",
    "GET /api/ft/wallets/{ft_wallet_id}": "the newest versions",
    "GET /api/ft/wallets/{ft_wallet_id}/results": "the days that may be asked for",
    "GET /api/health": "the checks and jobs that there are",
    "GET /api/lt/alerts/{lt_alert_id}": "the newest messages of one alert",
    "GET /api/lt/health": "the checks and jobs that there are",
    "GET /api/lt/kill-switch": "locks in force, one of a kind and scope, and the wallets of one owner",
    "GET /api/lt/latency": "the stages of an order",
    "GET /api/lt/orders/{lt_order_id}/stages": "the stages of one order",
    "GET /api/lt/risk/presets": "the presets that there are",
    "GET /api/lt/strategies/{lt_strategy_id}": "its locks in force, one of a kind",
    "GET /api/lt/strategies/{lt_strategy_id}/gap": "the terms and reasons that there are",
    "GET /api/lt/strategies/{lt_strategy_id}/positions/{token_id}": "what is still held of one token",
    "GET /api/lt/strategies/{lt_strategy_id}/risk": "the limits that there are, and locks in force, one of a kind",
    "GET /api/source-trades/{source_trade_id}": "the caller's wallets and strategies",
    "GET /api/traders/{trader_address}": "the categories that there are, and the caller's wallets",
    "GET /openapi.json": "the document",
}


def properties(schema: Any, place: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    """(place, schema) of everything in a schema, the shared ones followed once."""
    if isinstance(schema, list):
        for each in schema:
            yield from properties(each, place)
    if not isinstance(schema, dict):
        return
    yield place, schema
    for name, each in schema.get("properties", {}).items():
        yield from properties(each, f"{place}.{name}")
    for key in ("items", "additionalProperties", "anyOf", "oneOf", "allOf"):
        if isinstance(schema.get(key), dict | list):
            yield from properties(schema[key], f"{place}[]" if key == "items" else place)


def answers(said: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The schemas of the successes, with references followed."""
    for status, response in said["responses"].items():
        if status.startswith("2") and _JSON in response.get("content", {}):
            yield resolved(response["content"][_JSON]["schema"])


def resolved(schema: Any) -> Any:
    """The same with what it refers to in place, which never refers back to itself."""
    if isinstance(schema, list):
        return [resolved(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return resolved(DOCUMENT["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]])
    return {name: resolved(each) for name, each in schema.items()}


def types_of(schema: Mapping[str, Any]) -> set[str]:
    told = schema.get("type", [])
    return {told} if isinstance(told, str) else set(told)


def test_every_operation_has_a_name_of_its_own() -> None:
    names = [said["operationId"] for _, said in OPERATIONS]

    assert len(set(names)) == len(names)


@pytest.mark.parametrize(("route", "said"), OPERATIONS, ids=[route for route, _ in OPERATIONS])
def test_no_answer_has_a_floating_number(route: str, said: Mapping[str, Any]) -> None:
    floats = [place for answer in answers(said) for place, schema in properties(answer) if "number" in types_of(schema)]

    assert floats == [], route


@pytest.mark.parametrize(("route", "said"), OPERATIONS, ids=[route for route, _ in OPERATIONS])
def test_money_shares_and_prices_are_text_of_an_exact_number(route: str, said: Mapping[str, Any]) -> None:
    """What is named like them and holds other things, a list or an object of them, is looked into and not judged."""
    loose = [
        place
        for answer in answers(said)
        for place, schema in properties(answer)
        if _MONEY.search(place.rsplit(".", 1)[-1].removesuffix("[]"))
        and types_of(schema) & {"string", "number", "integer"}
        and "pattern" not in schema
    ]

    assert loose == [], route


@pytest.mark.parametrize(("route", "said"), LOOKS, ids=[route for route, _ in LOOKS])
def test_a_list_comes_in_pages_or_says_what_bounds_it(route: str, said: Mapping[str, Any]) -> None:
    """A list at the top of an answer is as long as time goes on, unless it is one of the bounded ones."""
    takes_pages = any(each["name"] == "cursor" for each in said["parameters"])
    for answer in answers(said):
        lists = [name for name, each in answer.get("properties", {}).items() if "array" in types_of(each)]
        if takes_pages:
            assert "next_cursor" in answer["properties"], route
        else:
            assert lists == [] or route in _BOUNDED, route


def test_what_is_said_to_be_bounded_is_a_route() -> None:
    assert set(_BOUNDED) <= {route for route, _ in OPERATIONS}


@pytest.mark.parametrize(("route", "said"), POSTS, ids=[route for route, _ in POSTS])
def test_every_post_may_be_repeated_under_a_key(route: str, said: Mapping[str, Any]) -> None:
    headers = {each["name"] for each in said["parameters"] if each["in"] == "header"}

    assert "Idempotency-Key" in headers, route
    assert "409" in said["responses"], route
    assert "idempotency_key_reused" in said["x-problem-codes"]["409"], route
