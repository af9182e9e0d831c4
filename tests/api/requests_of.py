"""Requests made of the examples of the document, with the ids of somebody's real things in them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from live_trading.api import examples
from tests.api.contract import Operation

JSON = "application/json"
_EXAMPLES_OF = {
    **{
        example: name for name, (schema, example) in examples.PATH_PARTS.items() if schema is not examples.NUMBER_SCHEMA
    },
    examples.CONDITION_ID: "condition_id",
}
"""The name of the thing that each example id stands for."""

EXAMPLE_SECRETS = "live-trading/wallets/operator/"
"""Where the owner of the examples keeps his wallets' secrets."""


@dataclass(slots=True, kw_only=True)
class Asked:
    """One request, all but the token."""

    method: str
    path: str
    query: dict[str, str] = field(default_factory=dict)
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


def example_of(operation: Operation, own: Mapping[str, str]) -> Asked:
    """The example of an operation for the owner of these things; what he has nothing of keeps the example's id."""
    parameters = operation.said["parameters"]
    content = operation.said.get("requestBody", {}).get("content", {})
    return Asked(
        method=operation.method,
        path=path_of(operation, own),
        query={
            each["name"]: with_own(each["example"], own)
            for each in parameters
            if each["in"] == "query" and "example" in each
        },
        body=with_own(content[JSON].get("example", {}), own) if content else None,
        headers={"idempotency-key": operation.said["operationId"][:200]} if needs_key(operation) else {},
    )


def path_of(operation: Operation, own: Mapping[str, str]) -> str:
    """The path with these ids, and with the document's own where there is none."""
    shown = {each["name"]: str(each["example"]) for each in operation.said["parameters"] if each["in"] == "path"}
    return re.sub(r"\{([^}]+)\}", lambda named: own.get(named[1], shown[named[1]]), operation.path)


def parts_of(operation: Operation) -> tuple[str, ...]:
    """The names of the parts of its path."""
    return tuple(re.findall(r"\{([^}]+)\}", operation.path))


def needs_key(operation: Operation) -> bool:
    return any(each["name"] == "Idempotency-Key" and each["required"] for each in operation.said["parameters"])


def with_own(value: Any, own: Mapping[str, str]) -> Any:
    """The same with the example ids replaced, wherever they stand."""
    if isinstance(value, dict):
        return {name: with_own(each, own) for name, each in value.items()}
    if isinstance(value, list):
        return [with_own(each, own) for each in value]
    if isinstance(value, str):
        return own.get(_EXAMPLES_OF.get(value, ""), value).replace(
            EXAMPLE_SECRETS, own.get(EXAMPLE_SECRETS, EXAMPLE_SECRETS)
        )
    return value


def with_ids(operation: Operation, own: Mapping[str, str], theirs: Mapping[str, str]) -> Iterator[Asked]:
    """The example with another's id in it, once for each place in its query and its body that takes one."""
    for each in operation.said["parameters"]:
        if each["in"] == "query" and each["name"] in theirs:
            asked = example_of(operation, own)
            asked.query[each["name"]] = theirs[each["name"]]
            yield asked
    body = example_of(operation, own).body
    for place in _id_places(body):
        asked = example_of(operation, own)
        holder = asked.body
        for step in place[:-1]:
            holder = holder[step]
        name = "lt_strategy_id" if place[-1] == "scope_id" else str(place[-1])
        holder[place[-1]] = theirs[name]
        yield asked


def _id_places(value: Any, place: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    if isinstance(value, dict):
        for name, each in value.items():
            if name.endswith("_id") and name not in ("token_id", "condition_id") and isinstance(each, str):
                yield (*place, name)
            yield from _id_places(each, (*place, name))
    if isinstance(value, list):
        for number, each in enumerate(value):
            yield from _id_places(each, (*place, number))
