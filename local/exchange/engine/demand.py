"""What an incoming order wants of the book."""

from __future__ import annotations

from dataclasses import dataclass

from local.exchange.terms import Side
from local.exchange.units import Price, Shares, Usd


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """What an incoming order wants: at most `shares`, or shares for at most `usd`, never past `limit`."""

    side: Side
    limit: Price
    shares: Shares | None = None
    usd: Usd | None = None

    def accepts(self, price: Price) -> bool:
        """Whether a price is at the limit or better."""
        return price <= self.limit if self.side is Side.BUY else price >= self.limit
