"""The limits that a request asks for: a preset, every limit by name, or changes to either; checked as a whole."""

from __future__ import annotations

from typing import Any

from live_trading.api.problems import FieldProblem, invalid
from live_trading.api.resources.risk_rules_body import RiskRulesBody
from live_trading.nouns.risk_rules import RULE_FIELDS, RiskPreset, RiskRules
from live_trading.risk.consistency import conflicts
from live_trading.risk.presets import RISK_PRESETS


def complete_rules(preset: RiskPreset | None, body: RiskRulesBody | None) -> RiskRules:
    """Limits for a new strategy. Raises Problem where some are missing, or do not go together."""
    given = {} if body is None else body.given()
    if preset is None and body is None:
        raise invalid(
            FieldProblem(
                field="risk_rules",
                reason="give the limits or a preset",
                allowed=f"risk_preset: {', '.join(RiskPreset)}; or risk_rules with every rule (null is off); or both",
            )
        )
    if preset is not None:
        return _checked(_plain(RISK_PRESETS[preset]) | given)
    missing = [name for name in RULE_FIELDS if name not in given]
    if missing:
        raise invalid(*(FieldProblem(field=f"risk_rules.{name}", reason="is missing") for name in missing))
    return _checked(given)


def changed_rules(present: RiskRules, preset: RiskPreset | None, body: RiskRulesBody) -> RiskRules:
    """The present limits, or those of a preset, with the named ones anew. Raises Problem as `complete_rules`."""
    base = present if preset is None else RISK_PRESETS[preset]
    return _checked(_plain(base) | body.given())


def _plain(rules: RiskRules) -> dict[str, Any]:
    values = {name: getattr(rules, name) for name in RULE_FIELDS}
    return {name: getattr(value, "value", value) for name, value in values.items()}


def _checked(values: dict[str, Any]) -> RiskRules:
    rules = RiskRules.of(values)
    found = [FieldProblem(field=f"risk_rules.{each.field}", reason=each.reason) for each in conflicts(rules)]
    if found:
        raise invalid(*found)
    return rules
