"""Whether the venue states an amount in human decimals or in base units, told by our own order.

Production sends human decimals ("5.12"), its description promises base units ("5120000"). Both cannot be meant at
once: nothing that is ours is a millionth of our order.
"""

from __future__ import annotations

from decimal import Decimal

from live_trading.nouns.money import PLACES

HUMAN = Decimal(1)
BASE = Decimal(1).scaleb(-PLACES)


def unit_of(stated: Decimal, most: Decimal) -> Decimal | None:
    """What one of `stated` is worth, knowing that it cannot be more than `most`; None where neither unit fits."""
    if stated <= most:
        return HUMAN
    is_whole = stated == stated.to_integral_value()
    return BASE if is_whole and stated * BASE <= most else None
