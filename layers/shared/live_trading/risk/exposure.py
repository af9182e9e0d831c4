"""Exposure and the number of positions: how much may be at stake at once, and on how many things."""

from __future__ import annotations

from collections.abc import Iterator

from live_trading.nouns.risk_rules import RiskRules
from live_trading.risk.proposal import ProposedEntry
from live_trading.risk.results import RuleName, RuleResult, at_most, room, smaller_limit
from live_trading.risk.snapshot import RiskSnapshot


def exposures(rules: RiskRules, entry: ProposedEntry, state: RiskSnapshot) -> Iterator[RuleResult]:
    """Open positions at cost and open reservations: in all, in one market, event and trader, and of the wallet."""
    equity, wallet = state.equity, state.wallet_equity
    for name, usd, fraction, of_equity, used in (
        (
            RuleName.TOTAL_EXPOSURE,
            rules.max_total_exposure_usd,
            rules.max_total_exposure_fraction,
            equity,
            state.exposure,
        ),
        (
            RuleName.MARKET_EXPOSURE,
            rules.max_market_exposure_usd,
            rules.max_market_exposure_fraction,
            equity,
            state.market_exposure,
        ),
        (
            RuleName.EVENT_EXPOSURE,
            rules.max_event_exposure_usd,
            rules.max_event_exposure_fraction,
            equity,
            state.event_exposure,
        ),
        (
            RuleName.TRADER_EXPOSURE,
            rules.max_trader_exposure_usd,
            rules.max_trader_exposure_fraction,
            equity,
            state.trader_exposure,
        ),
        (
            RuleName.WALLET_EXPOSURE,
            rules.max_wallet_exposure_usd,
            rules.max_wallet_exposure_fraction,
            wallet,
            state.wallet_exposure,
        ),
        (
            RuleName.WALLET_MARKET_EXPOSURE,
            rules.max_wallet_market_exposure_usd,
            rules.max_wallet_market_exposure_fraction,
            wallet,
            state.wallet_market_exposure,
        ),
    ):
        limit = smaller_limit(usd, fraction, of_equity)
        if limit is not None:
            yield room(name, used=used, reservation=entry.reservation, limit=limit, may_shrink=rules.shrink_to_fit)


def positions(rules: RiskRules, _entry: ProposedEntry, state: RiskSnapshot) -> Iterator[RuleResult]:
    """How many outcomes are held at once, in all and in one market; adding to one that is held opens no further one."""
    opened = 0 if state.holds_this_position else 1
    if rules.max_concurrent_positions is not None:
        yield at_most(RuleName.CONCURRENT_POSITIONS, state.open_positions + opened, rules.max_concurrent_positions)
    if rules.max_positions_per_market is not None:
        yield at_most(RuleName.POSITIONS_PER_MARKET, state.positions_in_market + opened, rules.max_positions_per_market)
