"""Whether the venue states an amount in human decimals or in base units, told by our own order.

Production sends human decimals ("5.12"), its description promises base units ("5120000"). A number that our order can
have as human decimals is that; only one far beyond it is taken for base units.
"""

from __future__ import annotations

from decimal import Decimal

from live_trading.nouns.money import PLACES

HUMAN = Decimal(1)
BASE = Decimal(1).scaleb(-PLACES)
# A cent. Whole numbers below it that are too large for our order are an error of a few units, not base units.
_FEWEST_BASE_UNITS = 10_000


def unit_of(stated: Decimal, most: Decimal) -> Decimal | None:
    """What one of `stated` is worth, knowing that it cannot be more than `most`; None where neither unit fits."""
    if stated <= most:
        return HUMAN
    is_whole = stated == stated.to_integral_value()
    return BASE if is_whole and stated >= _FEWEST_BASE_UNITS and stated * BASE <= most else None
