"""The sums of many trades' terms, with how far each may lie from what endless markets would bring. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from random import Random

from live_trading.gap.whole import GapTerm, LeaderTerm
from live_trading.nouns.money import Usd

FEWEST_MARKETS = 8
"""Of fewer no interval is told."""
DRAWS = 200
_TAIL = DRAWS // 40


@dataclass(frozen=True, slots=True, kw_only=True)
class TermSpread:
    """The interval (95 %, two-sided) of a term's sum over the trades that were looked at, drawn by market."""

    low: Usd
    high: Usd


def spreads(
    trades: Sequence[tuple[str, Mapping[GapTerm | LeaderTerm, Usd]]], random: Random
) -> dict[GapTerm | LeaderTerm, TermSpread]:
    """By term, of (condition, terms) of trades; nothing below `FEWEST_MARKETS`. The same `random`, the same result."""
    markets: dict[str, dict[GapTerm | LeaderTerm, Decimal]] = {}
    for condition_id, terms in trades:
        summed = markets.setdefault(condition_id, {})
        for name, usd in terms.items():
            summed[name] = summed.get(name, Decimal(0)) + usd.value
    if len(markets) < FEWEST_MARKETS:
        return {}
    drawn: dict[GapTerm | LeaderTerm, list[Decimal]] = {}
    names = {name for summed in markets.values() for name in summed}
    every = list(markets.values())
    for _ in range(DRAWS):
        sample = random.choices(every, k=len(every))
        for name in names:
            drawn.setdefault(name, []).append(sum((each[name] for each in sample if name in each), Decimal(0)))
    return {name: _spread(sorted(sums)) for name, sums in drawn.items()}


def _spread(sums: Sequence[Decimal]) -> TermSpread:
    return TermSpread(low=Usd.nearest(sums[_TAIL]), high=Usd.nearest(sums[-1 - _TAIL]))
