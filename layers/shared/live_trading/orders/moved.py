"""Shares out what one transaction moved for an order among the trades of that order in it. Pure.

Several venue trades of one order may settle in one transaction, and its receipt tells the sum. Each trade gets its part
in proportion to what it was expected to move, in whole base units that add up to the sum exactly; where expectation and
receipt agree, every trade keeps what was expected.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, pairwise

from live_trading.nouns.money import Shares, Usd
from live_trading.nouns.orders import Moved


def shared_out(total: Moved, expected: Sequence[Moved]) -> list[Moved]:
    """A part of `total` for each of the expectations, in their order; the parts add up to it.

    A fee that nobody expected follows the dollars. Raises ValueError where there is nobody to share it out to.
    """
    if not expected:
        raise ValueError("nothing to share out to")
    shares = [each.shares.base_units for each in expected]
    dollars = [each.usd.base_units for each in expected]
    fees = [each.fee.base_units for each in expected]
    parts = zip(
        _parts(total.usd.base_units, dollars if any(dollars) else shares),
        _parts(total.shares.base_units, shares),
        _parts(total.fee.base_units, next((each for each in (fees, dollars) if any(each)), shares)),
        strict=True,
    )
    return [
        Moved(usd=Usd.of_base_units(usd), shares=Shares.of_base_units(amount), fee=Usd.of_base_units(fee))
        for usd, amount, fee in parts
    ]


def _parts(total: int, weights: list[int]) -> list[int]:
    """Cuts at the running sums of the weights, each cut floored, so that nothing is lost between two parts."""
    whole = sum(weights)
    cuts = [total * running // whole for running in accumulate(weights, initial=0)]
    return [after - before for before, after in pairwise(cuts)]
