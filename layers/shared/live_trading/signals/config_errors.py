"""What is wrong with a configuration, field by field, in words that a person can act on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

_ALLOWED_BY_TYPE = {
    "bool_type": "true or false",
    "decimal_parsing": "a decimal number as text",
    "decimal_type": "a decimal number as text",
    "finite_number": "a decimal number as text",
    "inexact": "an exact decimal number with at most six decimal places, as text",
    "int_type": "a whole number",
    "timezone_aware": "ISO 8601 with a time zone",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigError:
    """One thing that is wrong: the field, why, and what it may be (None where no range says it)."""

    field: str
    reason: str
    allowed: str | None


class InvalidConfig(ValueError):
    """The configuration is refused; `errors` names every field at fault."""

    def __init__(self, errors: list[ConfigError]) -> None:
        super().__init__("; ".join(f"{error.field}: {error.reason}" for error in errors))
        self.errors = errors


def misfit(field: str, reason: str, allowed: str) -> PydanticCustomError:
    """What a model raises for keys that do not fit together: the one at fault, and what it may be."""
    return PydanticCustomError("misfit", "{reason}", {"field": field, "reason": reason, "allowed": allowed})


def errors_of(refusal: ValidationError) -> list[ConfigError]:
    """Every complaint of pydantic about one configuration."""
    return [_error(each) for each in refusal.errors(include_url=False)]


def _error(each: ErrorDetails) -> ConfigError:
    context = each.get("ctx") or {}
    path = ".".join(str(part) for part in each["loc"])
    return ConfigError(
        field=str(context.get("field") or path or "config"),
        reason="unknown key" if each["type"] == "extra_forbidden" else each["msg"],
        allowed=_allowed(each["type"], context),
    )


def _allowed(kind: str, context: Mapping[str, Any]) -> str | None:
    if "allowed" in context:
        return str(context["allowed"])
    if "expected" in context:
        return str(context["expected"])
    if "pattern" in context:
        return f"text that matches {context['pattern']}"
    if "min_length" in context:
        return f"length at least {context['min_length']}"
    if "max_length" in context:
        return f"length at most {context['max_length']}"
    return _ALLOWED_BY_TYPE.get(kind)
