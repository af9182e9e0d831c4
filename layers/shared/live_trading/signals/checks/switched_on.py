"""Which checks of the evaluation a configuration asks for, by the names that they are kept under."""

from __future__ import annotations

from live_trading.signals.checks.compiled import compiled
from live_trading.signals.config import ProbabilitySource, WalletConfig

SELDOM_ASKED = frozenset({"last_stop_at", "entry_distance"})
"""Checks of what happened to a position before: most trades have no such past, and then there is nothing to look at."""

# Nothing switches them off.
_ALWAYS = (
    "side", "running", "signal_age_seconds", "market", "market_version", "tick_size", "market_open", "neg_risk",
    "price", "stake_usd", "minimum_order", "cash_usd",
)  # fmt: skip
_BY_BOUND = {
    "target_trader": "target_traders",
    "min_win_rate": "min_trader_win_rate",
    "max_win_rate": "max_trader_win_rate",
    "max_edge": "max_edge",
    "min_conviction": "min_conviction",
    "max_conviction": "max_conviction",
    "category": "market_categories",
    "min_source_trade_usd": "min_source_trade_usd",
    "max_source_trade_usd": "max_source_trade_usd",
}


def switched_on(config: WalletConfig) -> frozenset[str]:
    """The checks that have to see something of each trade which they let pass."""
    found = {*_ALWAYS, *(name for name, bound in _BY_BOUND.items() if getattr(config, bound) is not None)}
    asked = compiled(config)
    by_switch = {
        "excluded_trader": bool(config.excluded_traders),
        "excluded_keyword": bool(config.exclude_market_keywords),
        "min_edge": config.probability_source is not ProbabilitySource.NONE,
        "trader_stats": bool(asked.record_needs),
        "resolved_count": config.min_trader_resolved_count > 0,
        "model_probability": asked.needs_model,
        "model_threshold": config.use_model and config.model_threshold is not None,
        "minutes_to_end": config.min_minutes_to_end > 0,
        "game_start_known": config.trade_live_only,
    }
    found |= {name for name, is_on in by_switch.items() if is_on} | _of_exits(config) | _of_positions(config)
    return frozenset(found)


def _of_exits(config: WalletConfig) -> set[str]:
    exits = config.exits
    if exits is None or not exits.follow_trader:
        return set()
    return {"trader_left", "trader_hedged"} if exits.skip_hedged else {"trader_left"}


def _of_positions(config: WalletConfig) -> set[str]:
    rules = config.positions
    if rules is None:
        return set()
    by_rule = {
        "last_stop_at": rules.cooldown_minutes_after_stop is not None,
        "was_left": not rules.reentry,
        "entries": rules.max_entries is not None,
        "entry_distance": rules.min_entry_distance_fraction is not None,
    }
    return {name for name, is_on in by_rule.items() if is_on}
