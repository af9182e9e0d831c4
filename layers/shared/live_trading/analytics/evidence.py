"""Evidence that a strategy has an edge, valid whenever one looks and however many candidates there are. Pure.

One market is one observation: trades of a market win and lose together. Its return is its profit, less what live is
expected to lose against paper, over what was staked; nobody loses more than the stake and its fees. Against "there is
no edge" some bettors bet a part of their dollar on each next market: if there is none, what they have is expected never
to grow, and by Ville's inequality it reaches 1/α with a probability of at most α, at any time, however often one looks.
What they have on average is the e-value. Among several candidates e-BH keeps the share of false discoveries below α,
whatever they have in common.

Sources: Waudby-Smith and Ramdas, Estimating means of bounded random variables by betting (2023); Wang and Ramdas, False
discovery rate control with e-values (2022); Shin, Ramdas and Rinaldo, E-detectors (2023).
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeVar

_Key = TypeVar("_Key", bound=Hashable)
_ZERO, _ONE = Decimal(0), Decimal(1)
# The parts of what they have that the bettors bet each time; who bets the right one is known afterwards only, so all of
# them do, each with the same share of the dollar. None can lose everything in one market.
BETS = tuple(Decimal(each) for each in ("0.02", "0.04", "0.07", "0.11", "0.16", "0.22", "0.30", "0.40"))
# The least that a market can bring: the stake is gone, and fees and the expected gap with it.
LOWEST_RETURN = Decimal("-1.25")
_LARGEST = Decimal(10) ** 12
_PLACES = Decimal("0.000001")


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketReturn:
    """What one market brought over what was staked in it, after all costs."""

    condition_id: str
    value: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """`e_value` against having no edge, now and at its highest; `mean` return a market."""

    markets: int
    e_value: Decimal
    highest: Decimal
    mean: Decimal | None


def against_no_edge(returns: Iterable[MarketReturn]) -> Evidence:
    """The evidence that returns are above zero on average; markets in the order in which they ended."""
    return _evidence([each.value for each in returns])


def against_an_edge(returns: Iterable[MarketReturn]) -> Decimal:
    """The evidence that an edge is gone, by a detector that starts anew at every market: its sum of e-values.

    Where there is an edge it takes 1/α markets on average until it reaches 1/α; α is how often one may be wrong.
    """
    detectors = [_ZERO] * len(BETS)
    for each in returns:
        # A profit has no bound, and so its mirror image has none: what helps is cut at what a loss can cost.
        mirrored = -min(each.value, -LOWEST_RETURN)
        detectors = [
            min((worth + _ONE) * (_ONE + bet * mirrored), _LARGEST) for worth, bet in zip(detectors, BETS, strict=True)
        ]
    return (sum(detectors, _ZERO) / len(BETS)).quantize(_PLACES)


def discoveries(e_values: Mapping[_Key, Decimal], alpha: Decimal) -> set[_Key]:
    """Those of several candidates whose evidence is enough: at most `alpha` of them are false on average (e-BH)."""
    count = len(e_values)
    ranked = sorted(e_values.items(), key=lambda each: each[1], reverse=True)
    enough = 0
    for place, (_, value) in enumerate(ranked, start=1):
        if value * place * alpha >= count:
            enough = place
    return {key for key, _ in ranked[:enough]}


def by_market(profits: Sequence[tuple[str, Decimal, Decimal]], expected_gap: Decimal) -> list[MarketReturn]:
    """(condition, profit, stake) of trades in the order in which they ended, as returns of markets in theirs.

    `expected_gap` is what live is expected to lose against paper, as a fraction of the stake.
    """
    summed: dict[str, tuple[Decimal, Decimal]] = {}
    for condition_id, profit, stake in profits:
        before = summed.pop(condition_id, (_ZERO, _ZERO))
        summed[condition_id] = (before[0] + profit, before[1] + stake)
    return [
        MarketReturn(condition_id=condition_id, value=max(profit / stake - expected_gap, LOWEST_RETURN))
        for condition_id, (profit, stake) in summed.items()
        if stake > 0
    ]


def _evidence(values: Sequence[Decimal]) -> Evidence:
    wealths = [_ONE] * len(BETS)
    worth = highest = _ONE
    for value in values:
        bounded = max(value, LOWEST_RETURN)
        wealths = [min(each * (_ONE + bet * bounded), _LARGEST) for each, bet in zip(wealths, BETS, strict=True)]
        worth = sum(wealths, _ZERO) / len(BETS)
        highest = max(highest, worth)
    mean = sum(values, _ZERO) / len(values) if values else None
    return Evidence(
        markets=len(values),
        e_value=worth.quantize(_PLACES),
        highest=highest.quantize(_PLACES),
        mean=None if mean is None else mean.quantize(_PLACES),
    )
