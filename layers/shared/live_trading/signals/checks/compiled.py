"""What a configuration says to the checks, brought into the form that they ask for, once a configuration."""

from __future__ import annotations

from dataclasses import dataclass

from live_trading.signals.config import AllocationMethod, ProbabilitySource, WalletConfig
from live_trading.signals.once import once
from live_trading.signals.words import Words

_NEEDS_CONVICTION = frozenset({AllocationMethod.CONVICTION, AllocationMethod.CONFIDENCE, AllocationMethod.WHALE})
_OF_THE_RECORD = frozenset({ProbabilitySource.TRADER_WIN_RATE, ProbabilitySource.TRADER_WIN_RATE_SHRUNK})
_NEEDS_WIN_RATE = frozenset({AllocationMethod.CONFIDENCE, AllocationMethod.WHALE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Compiled:
    """`record_needs` names what of the trader's record a check, the probability or the sizing asks for."""

    targets: frozenset[str] | None
    excluded: frozenset[str]
    categories: Words | None
    keywords: Words
    record_needs: tuple[str, ...]
    needs_model: bool


@once
def compiled(config: WalletConfig) -> Compiled:
    """A configuration as the checks ask for it."""
    return Compiled(
        targets=None if config.target_traders is None else frozenset(config.target_traders),
        excluded=frozenset(config.excluded_traders),
        categories=None if config.market_categories is None else Words(config.market_categories),
        keywords=Words(config.exclude_market_keywords),
        record_needs=tuple(_record_needs(config)),
        needs_model=config.needs_model,
    )


def _record_needs(config: WalletConfig) -> list[str]:
    needs: list[str] = []
    if config.min_trader_resolved_count > 0:
        needs.append("resolved_count")
    wants_rate = config.min_trader_win_rate is not None or config.max_trader_win_rate is not None
    if wants_rate or config.allocation_method in _NEEDS_WIN_RATE:
        needs.append("win_rate")
    if config.probability_source in _OF_THE_RECORD:
        needs.append("probability")
    wants_conviction = config.min_conviction is not None or config.max_conviction is not None
    if wants_conviction or config.allocation_method in _NEEDS_CONVICTION:
        needs.append("conviction")
    return needs
