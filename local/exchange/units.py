"""Dollars and shares as the chain counts them, in whole millionths, and prices as exact decimals.

Written from the venue's documents and contracts alone: the simulator would prove nothing about the product's
arithmetic if it shared it. How amounts follow from each other is in `arithmetic`.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Self

BASE_UNITS = 1_000_000


class NoQuantity(ValueError):
    """A value that is no number, or not a whole number of base units."""


def _decimal(raw: Decimal | int | str) -> Decimal:
    if isinstance(raw, bool) or not isinstance(raw, Decimal | int | str):
        raise NoQuantity(f"a quantity is a Decimal, int or str, not {type(raw).__name__}")
    try:
        value = Decimal(raw)
    except InvalidOperation as error:
        raise NoQuantity(f"not a decimal number: {raw!r}") from error
    if not value.is_finite():
        raise NoQuantity(f"not a finite number: {raw!r}")
    return value


@dataclass(frozen=True, slots=True, order=True, init=False)
class _Amount:
    """A whole number of base units; compares, adds and subtracts only with its own kind."""

    base_units: int

    def __init__(self, raw: Decimal | int | str) -> None:
        """From human units: `Usd("1.5")` is 1500000 base units. NoQuantity for more than six decimals."""
        scaled = _decimal(raw) * BASE_UNITS
        if scaled != int(scaled):
            raise NoQuantity(f"more than six decimal places: {raw!r}")
        object.__setattr__(self, "base_units", int(scaled))

    @classmethod
    def of_base_units(cls, units: int) -> Self:
        amount = cls.__new__(cls)
        object.__setattr__(amount, "base_units", units)
        return amount

    @classmethod
    def zero(cls) -> Self:
        return cls.of_base_units(0)

    @classmethod
    def near(cls, raw: Decimal) -> Self:
        """Rounded to the nearest base unit: for recorded sizes and synthetic records only, never for a match."""
        return cls.of_base_units(round(raw * BASE_UNITS))

    @property
    def value(self) -> Decimal:
        """Human units, as the wire and reports show them."""
        return Decimal(self.base_units).scaleb(-6)

    def __add__(self, other: Self) -> Self:
        if type(other) is not type(self):
            return NotImplemented
        return self.of_base_units(self.base_units + other.base_units)

    def __sub__(self, other: Self) -> Self:
        if type(other) is not type(self):
            return NotImplemented
        return self.of_base_units(self.base_units - other.base_units)

    def __bool__(self) -> bool:
        return self.base_units != 0

    def __str__(self) -> str:
        return f"{self.value:f}"

    @property
    def is_positive(self) -> bool:
        return self.base_units > 0


class Usd(_Amount):
    """Collateral (pUSD or USDC.e)."""

    __slots__ = ()


class Shares(_Amount):
    """Outcome tokens or positions."""

    __slots__ = ()


@dataclass(frozen=True, slots=True, order=True, init=False)
class Price:
    """Dollars per share, 0 to 1; on the tick grid for an order, a long quotient for the average of a match."""

    value: Decimal

    def __init__(self, raw: Decimal | int | str) -> None:
        value = _decimal(raw)
        if not 0 <= value <= 1:
            raise NoQuantity(f"a price is between 0 and 1: {raw!r}")
        object.__setattr__(self, "value", value)

    @classmethod
    def zero(cls) -> Self:
        return cls(0)

    def __str__(self) -> str:
        return f"{self.value:f}"
