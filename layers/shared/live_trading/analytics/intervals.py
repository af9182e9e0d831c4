"""How far a figure may lie from what it would be with endless trades."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from random import Random
from typing import TypeVar

_Item = TypeVar("_Item")
_PLACES = Decimal("0.000001")
Z_95 = Decimal("1.959964")
"""The quantile of the normal distribution for 95 %, two-sided."""
FEWEST_CLUSTERS = 8
"""Of fewer markets a bootstrap sees too little of what may happen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """Two-sided, of 95 %."""

    low: Decimal
    high: Decimal


def wilson(successes: int, count: int) -> Interval | None:
    """The interval of a rate (Wilson 1927), which stays within 0 and 1; None of nothing."""
    if not count:
        return None
    rate, n, z_squared = Decimal(successes) / count, Decimal(count), Z_95**2
    centre = rate + z_squared / (2 * n)
    spread = Z_95 * (rate * (1 - rate) / n + z_squared / (4 * n * n)).sqrt()
    whole = 1 + z_squared / n
    low, high = (centre - spread) / whole, (centre + spread) / whole
    return Interval(low=max(low, Decimal(0)).quantize(_PLACES), high=min(high, Decimal(1)).quantize(_PLACES))


def by_cluster(
    items: Sequence[_Item],
    cluster: Callable[[_Item], Hashable],
    figure: Callable[[Sequence[_Item]], Decimal],
    *,
    random: Random,
    draws: int = 1000,
) -> Interval | None:
    """The bootstrap interval of a figure, drawn by clusters: trades of one market win and lose together.

    None of fewer than `FEWEST_CLUSTERS`. The same `random` gives the same interval.
    """
    grouped: dict[Hashable, list[_Item]] = {}
    for each in items:
        grouped.setdefault(cluster(each), []).append(each)
    if len(grouped) < FEWEST_CLUSTERS:
        return None
    groups = list(grouped.values())
    found = sorted(
        figure([each for group in random.choices(groups, k=len(groups)) for each in group]) for _ in range(draws)
    )
    tail = draws // 40
    return Interval(low=found[tail].quantize(_PLACES), high=found[-1 - tail].quantize(_PLACES))
