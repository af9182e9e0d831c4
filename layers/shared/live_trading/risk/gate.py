"""All rules on one proposed entry, every verdict kept."""

from __future__ import annotations

from live_trading.nouns.money import Usd
from live_trading.nouns.wallets import RiskRules
from live_trading.risk import rules as each_rule
from live_trading.risk.rules import RuleResult
from live_trading.risk.snapshot import RiskSnapshot


def check_entry(rules: RiskRules, snapshot: RiskSnapshot, reservation: Usd) -> tuple[RuleResult, ...]:
    """The verdict of every rule that is on, for an entry that may cost `reservation` in all, fees included."""
    return (
        each_rule.cash(snapshot, reservation),
        *each_rule.budgets(rules, snapshot, reservation),
        *each_rule.position_size(rules, snapshot, reservation),
        *each_rule.total_exposure(rules, snapshot, reservation),
        *each_rule.concurrent_positions(rules, snapshot),
    )
