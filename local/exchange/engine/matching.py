"""Price-time matching of one incoming order against what rests, as a pure function.

Responsible for who trades with whom, how much and at which price. Not for where the offers come from, for
fees or for what happens to a remainder.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal

from live_trading.nouns.markets import FeeSchedule
from live_trading.nouns.money import Price, Shares, Usd, notional, total_shares, total_usd
from local.exchange.engine.demand import Demand
from local.exchange.engine.orders import Order

# Below this a remainder cannot be told from rounding: a dollar amount buys shares on six places only.
DUST_USD = Usd("0.0001")
DUST_SHARES = Shares("0.0001")
FEE_QUANTUM = Decimal("0.00001")


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """Shares that can be had at a price, stated for the incoming order's token.

    `order` is the resting order behind it, None for recorded depth.
    """

    price: Price
    shares: Shares
    order: Order | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """A part of an offer that was taken; `usd` is price × shares on six places."""

    offer: Offer
    shares: Shares
    usd: Usd


def match(demand: Demand, offers: Iterable[Offer]) -> tuple[Execution, ...]:
    """Take from `offers`, which come best first, until the demand is met or the next one is past its limit."""
    executions: list[Execution] = []
    left = _Left(demand.shares, demand.usd)
    for offer in offers:
        if left.is_nothing or not demand.accepts(offer.price):
            break
        shares = min(offer.shares, left.affordable(offer.price))
        if not shares.is_positive:
            continue
        usd = notional(offer.price, shares)
        left.spend(shares, usd)
        executions.append(Execution(offer=offer, shares=shares, usd=usd))
    return tuple(executions)


def is_filled(demand: Demand, executions: Iterable[Execution]) -> bool:
    """Whether the executions meet the whole demand, a remainder of dust aside."""
    taken = tuple(executions)
    left = _Left(demand.shares, demand.usd)
    left.spend(shares_of(taken), usd_of(taken))
    return left.is_nothing


def shares_of(executions: Iterable[Execution]) -> Shares:
    return total_shares([execution.shares for execution in executions])


def usd_of(executions: Iterable[Execution]) -> Usd:
    return total_usd([execution.usd for execution in executions])


def taker_fee(fees: FeeSchedule, price: Price, shares: Shares) -> Usd:
    """rate × (p × (1 − p)) ** exponent × shares in dollars, rounded half to even on five places."""
    raw = fees.rate * (price.value * (1 - price.value)) ** fees.exponent * shares.value
    return Usd(raw.quantize(FEE_QUANTUM, rounding=ROUND_HALF_EVEN))


class _Left:
    """What of a demand is still unmet."""

    def __init__(self, shares: Shares | None, usd: Usd | None) -> None:
        self._shares = shares
        self._usd = usd

    @property
    def is_nothing(self) -> bool:
        if self._usd is not None:
            return self._usd < DUST_USD
        return self._shares is None or self._shares < DUST_SHARES

    def affordable(self, price: Price) -> Shares:
        if self._usd is not None:
            return Shares.floor(self._usd.value / price.value)
        return self._shares or Shares.zero()

    def spend(self, shares: Shares, usd: Usd) -> None:
        if self._usd is not None:
            self._usd -= usd
        elif self._shares is not None:
            self._shares -= shares
