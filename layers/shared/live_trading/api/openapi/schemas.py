"""Schemas of bodies, parameters and answers, made by pydantic of the very types that the code reads and writes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel, TypeAdapter

REFERENCE = "#/components/schemas/{model}"


class Schemas:
    """The schemas of a set of types, with the shared ones by name."""

    def __init__(self, bodies: Iterable[type[BaseModel]], answers: Iterable[Any]) -> None:
        """Bodies are described as they are read, answers as they are sent: closed, with every key that is there."""
        asked = list(dict.fromkeys(bodies))
        said = list({id(each): each for each in answers}.values())
        inputs: list[tuple[Any, Any, TypeAdapter[Any]]] = [
            *(((each, "body"), "validation", TypeAdapter(each)) for each in asked),
            *(((id(each), "answer"), "serialization", TypeAdapter(each)) for each in said),
        ]
        by_key, definitions = TypeAdapter.json_schemas(inputs, ref_template=REFERENCE)
        self._by_key: dict[Any, Mapping[str, Any]] = {key: _closed(schema) for (key, _mode), schema in by_key.items()}
        self.shared: dict[str, Any] = _closed(definitions.get("$defs", {}))

    def of_body(self, model: type[BaseModel]) -> Mapping[str, Any]:
        """The schema of a body or of a set of parameters."""
        return self._by_key[(model, "body")]

    def of_answer(self, answer: Any) -> Mapping[str, Any]:
        """The schema of an answer."""
        return self._by_key[(id(answer), "answer")]

    def fields_of(self, model: type[BaseModel]) -> list[tuple[str, Mapping[str, Any], bool]]:
        """(name, schema, is required) of every parameter of a query."""
        schema = self.of_body(model)
        if "$ref" in schema:
            schema = self.shared[str(schema["$ref"]).rsplit("/", 1)[1]]
        needed = schema.get("required", ())
        return [(name, each, name in needed) for name, each in schema.get("properties", {}).items()]


def _closed(schema: Any) -> Any:
    """The same with every object that lists its keys closed to others.

    Titles that repeat names are left out, and so is null as a default: it stands for what is not given.
    """
    if isinstance(schema, list):
        return [_closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    made = {name: _closed(value) for name, value in schema.items() if not _says_nothing(name, value)}
    if isinstance(schema.get("properties"), dict):
        made["properties"] = {name: _closed(value) for name, value in schema["properties"].items()}
        made.setdefault("additionalProperties", False)
    return made


def _says_nothing(name: str, value: object) -> bool:
    return (name == "title" and isinstance(value, str)) or (name == "default" and value is None)
