"""What every body of the API has in common."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict


class Body(BaseModel):
    """Unknown fields are refused, and nothing changes once it is read."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _named_only(schema: dict[str, Any]) -> None:
    """Without defaults, and with something in it."""
    schema["minProperties"] = 1
    for each in schema.get("properties", {}).values():
        each.pop("default", None)


class Changes(Body):
    """What is to change: a field that is not named stays as it is, so its default is nothing that anybody asked for."""

    model_config = ConfigDict(json_schema_extra=_named_only)
