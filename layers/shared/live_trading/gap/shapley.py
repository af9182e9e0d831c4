"""The same gap with no step before another: what each cause brings on average over every order of the steps. Pure.

`attribution` turns the paper trade into the live one in a fixed order, and a cause that comes late is measured on what
those before it have left. Shapley's average (1953) has no such order: of every subset of the causes that are in force
already it is asked what one more changes. Both sum to the same difference, to the base unit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import factorial

from live_trading.gap.attribution import GapTerms, LiveSide, PaperSide
from live_trading.nouns.money import Usd

_CAUSES = ("exit", "sizing", "rounding", "timing", "spread_and_depth", "partial_fill", "fee", "settlement_failure")


@dataclass(frozen=True, slots=True)
class _Factors:
    """What each cause multiplies once it is in force; `fee` and `exit` replace a rate by another."""

    dollars: Decimal
    price: Decimal
    fee_rates: tuple[Decimal, Decimal]
    shares_worth: tuple[Decimal, Decimal]
    of_dollars: dict[str, Decimal]
    of_price: dict[str, Decimal]

    def profit(self, in_force: frozenset[str]) -> Decimal:
        """Of a trade with these causes."""
        dollars, price = self.dollars, self.price
        for name, factor in self.of_dollars.items():
            dollars *= factor if name in in_force else 1
        for name, factor in self.of_price.items():
            price *= factor if name in in_force else 1
        fee = self.fee_rates["fee" in in_force]
        worth = self.shares_worth["exit" in in_force]
        return dollars * (worth / price - 1 - fee)


def average_terms(paper: PaperSide, live: LiveSide, terms: GapTerms) -> GapTerms:
    """The average over all orders of what `attribute` told in one; the same terms where they cannot be reordered.

    They cannot where a side has no shares, or paid nothing for them.
    """
    factors = _factors(paper, live)
    if factors is None:
        return terms
    profits = {subset: factors.profit(subset) for subset in _subsets(_CAUSES)}
    found = {cause: _average(cause, profits) for cause in _CAUSES}
    rounded = {cause: Usd.nearest(value) for cause, value in found.items()}
    # Rounding leaves some base units, which go where they matter least.
    largest = max(_CAUSES, key=lambda cause: abs(rounded[cause].value))
    rest = terms.total.value - sum((each.value for each in rounded.values()), Decimal(0))
    rounded[largest] = Usd(rounded[largest].value + rest)
    return GapTerms(missed=Usd.zero(), **rounded)


def _factors(paper: PaperSide, live: LiveSide) -> _Factors | None:
    matched_shares = live.shares.value + live.failed_shares.value
    matched_cost = live.cost.value + live.failed_cost.value
    numbers = (paper.shares.value, paper.cost.value, live.shares.value, live.cost.value, live.stake.value)
    if not all(numbers) or not live.order_usd.value or not paper.stake.value:
        return None
    paid, price = matched_cost / matched_shares, paper.cost.value / paper.shares.value
    then = live.price_then or price
    # What lasted was paid at its own price: the part that failed takes that along.
    lasting = live.cost.value / live.shares.value
    ordered = paper.cost.value * live.order_usd.value / paper.stake.value
    return _Factors(
        dollars=paper.cost.value,
        price=price,
        fee_rates=(paper.fee.value / paper.cost.value, live.fee.value / live.cost.value),
        shares_worth=(
            (paper.pnl.value + paper.cost.value + paper.fee.value) / paper.shares.value,
            (live.pnl.value + live.cost.value + live.fee.value) / live.shares.value,
        ),
        of_dollars={
            "sizing": live.stake.value / paper.stake.value,
            "rounding": live.order_usd.value / live.stake.value,
            "partial_fill": matched_cost / ordered,
            "settlement_failure": live.cost.value / matched_cost,
        },
        of_price={"timing": then / price, "spread_and_depth": paid / then, "settlement_failure": lasting / paid},
    )


def _average(cause: str, profits: dict[frozenset[str], Decimal]) -> Decimal:
    """What a cause takes on average, each subset weighed by the orders that lead to it."""
    count = len(_CAUSES)
    taken = Decimal(0)
    for subset, profit in profits.items():
        if cause in subset:
            continue
        weight = Decimal(factorial(len(subset)) * factorial(count - len(subset) - 1)) / factorial(count)
        taken += weight * (profit - profits[subset | {cause}])
    return taken


def _subsets(names: Sequence[str]) -> list[frozenset[str]]:
    found = [frozenset[str]()]
    for name in names:
        found += [subset | {name} for subset in found]
    return found
