"""Usd, Shares and Price: exact decimals on six places that cannot be mixed.

Responsible for what a quantity is and how it is rounded. Not for how the venue rounds an order
(`orders.rounding`) nor for fees (`orders.fees`).
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import (
    ROUND_CEILING,
    ROUND_FLOOR,
    ROUND_HALF_EVEN,
    Decimal,
    InvalidOperation,
)
from typing import Self

PLACES = 6
QUANTUM = Decimal(1).scaleb(-PLACES)
BASE_UNITS = 10**PLACES


class InexactQuantity(ValueError):
    """A value that is not finite, is a binary float, or has more than six decimal places."""


def _exact(raw: Decimal | int | str) -> Decimal:
    # Most are decimals already, and there are many.
    value = raw if type(raw) is Decimal else _decimal(raw)
    if not value.is_finite():
        raise InexactQuantity(f"not a finite number: {raw!r}")
    quantized = value.quantize(QUANTUM)
    if quantized != value:
        raise InexactQuantity(f"more than {PLACES} decimal places: {raw!r}")
    return quantized


def _decimal(raw: Decimal | int | str) -> Decimal:
    if isinstance(raw, bool) or not isinstance(raw, Decimal | int | str):
        raise InexactQuantity(f"a quantity is a Decimal, int or str, not {type(raw).__name__}")
    try:
        return Decimal(raw)
    except InvalidOperation as error:
        raise InexactQuantity(f"not a decimal number: {raw!r}") from error


@dataclass(frozen=True, slots=True, order=True, init=False)
class _Quantity:
    """A decimal on six places; compares, adds and subtracts only with its own kind."""

    value: Decimal

    def __init__(self, raw: Decimal | int | str) -> None:
        object.__setattr__(self, "value", _exact(raw))

    @classmethod
    def floor(cls, raw: Decimal, quantum: Decimal = QUANTUM) -> Self:
        """The largest multiple of `quantum` that is not above `raw`."""
        return cls(raw.quantize(quantum, rounding=ROUND_FLOOR))

    @classmethod
    def ceil(cls, raw: Decimal, quantum: Decimal = QUANTUM) -> Self:
        """The smallest multiple of `quantum` that is not below `raw`."""
        return cls(raw.quantize(quantum, rounding=ROUND_CEILING))

    @classmethod
    def nearest(cls, raw: Decimal, quantum: Decimal = QUANTUM) -> Self:
        """`raw` rounded half to even."""
        return cls(raw.quantize(quantum, rounding=ROUND_HALF_EVEN))

    @classmethod
    def zero(cls) -> Self:
        return cls(0)

    @classmethod
    def of_base_units(cls, units: int) -> Self:
        """From the chain's integer units (six decimals for pUSD, USDC.e and outcome tokens)."""
        return cls(Decimal(units).scaleb(-PLACES))

    @property
    def base_units(self) -> int:
        return int(self.value.scaleb(PLACES))

    def __add__(self, other: Self) -> Self:
        if type(other) is not type(self):
            return NotImplemented
        return type(self)(self.value + other.value)

    def __sub__(self, other: Self) -> Self:
        if type(other) is not type(self):
            return NotImplemented
        return type(self)(self.value - other.value)

    def __neg__(self) -> Self:
        return type(self)(-self.value)

    def __bool__(self) -> bool:
        return self.value != 0

    def __str__(self) -> str:
        return f"{self.value:f}"

    @property
    def is_positive(self) -> bool:
        return self.value > 0

    @property
    def is_negative(self) -> bool:
        return self.value < 0


class Usd(_Quantity):
    """Dollars of collateral (pUSD or USDC.e, one unit each)."""

    __slots__ = ()


class Shares(_Quantity):
    """Outcome tokens."""

    __slots__ = ()


class Price(_Quantity):
    """Dollars per share, 0 to 1 inclusive."""

    __slots__ = ()

    def __init__(self, raw: Decimal | int | str) -> None:
        super().__init__(raw)
        if not 0 <= self.value <= 1:
            raise InexactQuantity(f"a price is between 0 and 1: {raw!r}")


def notional(price: Price, shares: Shares) -> Usd:
    """What `shares` cost at `price`, floored on six places as the exchange's contracts divide."""
    return Usd.floor(price.value * shares.value)


def average_price(cost: Usd, shares: Shares) -> Price | None:
    """Dollars per share on six places, None where there are no shares."""
    if not shares:
        return None
    return Price.nearest(cost.value / shares.value)


def total_usd(amounts: list[Usd] | tuple[Usd, ...]) -> Usd:
    """The exact sum."""
    return Usd(sum((amount.value for amount in amounts), Decimal(0)))


def total_shares(amounts: list[Shares] | tuple[Shares, ...]) -> Shares:
    """The exact sum."""
    return Shares(sum((amount.value for amount in amounts), Decimal(0)))
