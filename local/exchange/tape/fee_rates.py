"""The taker fee of a market by its category, as the venue publishes it; a market's own schedule is what counts."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType

from local.exchange.arithmetic import FeeTerms

_OTHER = Decimal("0.05")
_RATES: Mapping[str, Decimal] = MappingProxyType(
    {
        "crypto": Decimal("0.07"),
        "sports": Decimal("0.05"),
        "finance": Decimal("0.04"),
        "politics": Decimal("0.04"),
        "mentions": Decimal("0.04"),
        "tech": Decimal("0.04"),
        "geopolitics": Decimal(0),
    }
)


def fee_terms(category: str) -> FeeTerms:
    """What takers pay in a category of any spelling."""
    return FeeTerms(rate=_RATES.get(category.lower(), _OTHER))
