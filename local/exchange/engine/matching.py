"""Price-time matching of one incoming order against what rests, as a pure function.

Responsible for who trades with whom, how much and at which price. Not for where the offers come from, for
fees or for what happens to a remainder.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from local.exchange.arithmetic import (
    collateral_of,
    other_side_of,
    shares_for,
    taking,
    total_shares,
    total_usd,
    whole_pairs,
)
from local.exchange.engine.demand import Demand
from local.exchange.engine.orders import Order
from local.exchange.terms import Side
from local.exchange.units import Price, Shares, Usd

# Below this a remainder cannot be told from rounding: a dollar amount buys shares on six places only.
DUST_USD = Usd("0.0001")
DUST_SHARES = Shares("0.0001")


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """Shares that can be had at a price, stated for the incoming order's token.

    `order` is the resting order behind it, None for recorded depth. A mirrored one is for the other outcome on
    the same side: both mint or merge a pair.
    """

    price: Price
    shares: Shares
    order: Order | None = None
    is_mirrored: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """A part of an offer that was taken: the taker moves `usd` for `shares`, the maker `maker_usd` for as many.

    Both are the same but in a mint or a merge, where they add up to a dollar a share.
    """

    offer: Offer
    shares: Shares
    usd: Usd
    maker_usd: Usd


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
        execution = _execution(offer, shares)
        if not execution.shares:
            continue
        left.spend(execution.shares, execution.usd)
        executions.append(execution)
    return tuple(executions)


def _execution(offer: Offer, shares: Shares) -> Execution:
    """What the contract moves, which computes each maker's part from its signed amounts and floors it."""
    order = offer.order
    if order is None:
        usd = collateral_of(offer.price, shares)
        return Execution(offer=offer, shares=shares, usd=usd, maker_usd=usd)
    if offer.is_mirrored:
        whole = whole_pairs(shares, order.limit)
        maker_usd = collateral_of(order.limit, whole)
        return Execution(offer=offer, shares=whole, usd=other_side_of(maker_usd, whole), maker_usd=maker_usd)
    if order.side is Side.SELL:
        got = taking(shares.base_units, maker_amount=order.maker_amount, taker_amount=order.taker_amount)
        usd = Usd.of_base_units(got)
        return Execution(offer=offer, shares=shares, usd=usd, maker_usd=usd)
    usd = collateral_of(order.limit, shares)
    got = taking(usd.base_units, maker_amount=order.maker_amount, taker_amount=order.taker_amount)
    return Execution(offer=offer, shares=Shares.of_base_units(min(got, shares.base_units)), usd=usd, maker_usd=usd)


def is_filled(demand: Demand, executions: Iterable[Execution]) -> bool:
    """Whether the executions meet the whole demand, a remainder of dust aside."""
    taken = tuple(executions)
    left = _Left(demand.shares, demand.usd)
    left.spend(shares_of(taken), usd_of(taken))
    return left.is_nothing


def shares_of(executions: Iterable[Execution]) -> Shares:
    return total_shares(execution.shares for execution in executions)


def usd_of(executions: Iterable[Execution]) -> Usd:
    return total_usd(execution.usd for execution in executions)


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
            return shares_for(self._usd, price)
        return self._shares or Shares.zero()

    def spend(self, shares: Shares, usd: Usd) -> None:
        if self._usd is not None:
            self._usd -= usd
        elif self._shares is not None:
            self._shares -= shares
