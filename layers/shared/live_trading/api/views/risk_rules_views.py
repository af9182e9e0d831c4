"""How the API shows the limits of a strategy: every one by name, null where it is off."""

from __future__ import annotations

from dataclasses import fields
from typing import Annotated, Any

from pydantic import WithJsonSchema

from live_trading.nouns.locks import LockScope
from live_trading.nouns.risk_rules import RULE_FIELDS, RiskRules

_TEXT = {"type": "string", "pattern": "^-?[0-9]+(\\.[0-9]+)?$"}
_BY_TYPE: dict[str, dict[str, Any]] = {
    "bool": {"type": "boolean"},
    "int": {"type": "integer"},
    "Usd": _TEXT,
    "Decimal": _TEXT,
    "Price": _TEXT,
    "LockScope": {"type": "string", "enum": [each.value for each in LockScope]},
}


def _schema() -> dict[str, Any]:
    shown = {each.name: _shown_as(str(each.type)) for each in fields(RiskRules) if each.name in RULE_FIELDS}
    return {
        "type": "object",
        "description": "Every limit; null is off. The name says the unit: dollars, a fraction of 1, seconds, days.",
        "properties": shown,
        "required": list(shown),
        "additionalProperties": False,
    }


def _shown_as(annotation: str) -> dict[str, Any]:
    name, _, may_be_off = annotation.partition(" | ")
    kind = _BY_TYPE[name]
    return {"anyOf": [kind, {"type": "null"}]} if may_be_off else kind


RiskRulesView = Annotated[dict[str, str | int | None], WithJsonSchema(_schema())]


def risk_rules_view(rules: RiskRules) -> RiskRulesView:
    """Numbers of dollars and fractions as text, counts and times as numbers."""
    shown: dict[str, str | int | None] = {}
    for name in RULE_FIELDS:
        value = getattr(rules, name)
        shown[name] = value if value is None or isinstance(value, int) else str(value)
    return shown
