"""What a match moves and what it costs, in integers of base units, as the exchange contracts compute it.

Sources: `Trading.sol` of the venue's exchange (taking = making × takerAmount / makerAmount in integers, which
floors) and the recorded OrderFilled events with their fees. Fractions are exact; nothing is rounded but where
the chain does it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal, localcontext
from fractions import Fraction

from local.exchange.units import Price, Shares, Usd

# Fees come in whole hundred-thousandths of a dollar.
FEE_QUANTUM_UNITS = 10
BPS = 10_000
# What the exchange contract takes for the largest fee, of the collateral that the fill moves.
MAX_FEE_BPS = 500
_AVERAGE_PLACES = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class FeeTerms:
    """A market's taker fee: rate × (p × (1 − p)) ** exponent on each share."""

    rate: Decimal
    exponent: int = 1


def taking(making: int, *, maker_amount: int, taker_amount: int) -> int:
    """What an order gets for giving `making`, at the ratio of its signed amounts: floored, as on chain."""
    return making * taker_amount // maker_amount


def collateral_of(price: Price, shares: Shares) -> Usd:
    """The collateral that `shares` move at `price`, floored to the base unit."""
    numerator, denominator = price.value.as_integer_ratio()
    return Usd.of_base_units(shares.base_units * numerator // denominator)


def shares_for(usd: Usd, price: Price) -> Shares:
    """The most shares that `usd` pays for at `price`, floored to the base unit."""
    numerator, denominator = price.value.as_integer_ratio()
    return Shares.of_base_units(usd.base_units * denominator // numerator)


def whole_pairs(shares: Shares, price: Price) -> Shares:
    """The most pairs that can be minted or merged at `price`: both parts must be whole base units."""
    _, denominator = price.value.as_integer_ratio()
    return Shares.of_base_units(shares.base_units // denominator * denominator)


def other_side_of(collateral: Usd, shares: Shares) -> Usd:
    """What the other outcome's side pays (MINT) or gets (MERGE): a pair of shares is one dollar exactly."""
    return Usd.of_base_units(shares.base_units - collateral.base_units)


def taker_fee(terms: FeeTerms, usd: Usd, shares: Shares) -> Usd:
    """The fee on a whole match, at its average price, floored to five decimals and never above the cap."""
    if not shares:
        return Usd.zero()
    price = Fraction(usd.base_units, shares.base_units)
    exact = Fraction(terms.rate) * (price * (1 - price)) ** terms.exponent * shares.base_units
    allowed = min(int(exact), usd.base_units * MAX_FEE_BPS // BPS)
    return Usd.of_base_units(allowed // FEE_QUANTUM_UNITS * FEE_QUANTUM_UNITS)


def average_price(usd: Usd, shares: Shares) -> Price:
    """Dollars per share of a match, on ten places as the venue shows quotients."""
    with localcontext() as context:
        context.prec = 40
        quotient = Decimal(usd.base_units) / Decimal(shares.base_units)
        return Price(quotient.quantize(Decimal(1).scaleb(-_AVERAGE_PLACES)).normalize())


def total_usd(amounts: Iterable[Usd]) -> Usd:
    return Usd.of_base_units(sum(amount.base_units for amount in amounts))


def total_shares(amounts: Iterable[Shares]) -> Shares:
    return Shares.of_base_units(sum(amount.base_units for amount in amounts))
