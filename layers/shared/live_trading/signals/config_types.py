"""The types of a configuration's keys: exact numbers with their range and unit, times with their zone, names.

A binary float is refused, because 0.1 would not be one tenth.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Strict, StringConstraints, WithJsonSchema
from pydantic_core import PydanticCustomError

_PLACES = Decimal("0.000001")
_MOST_DIGITS = 15
_DECIMAL_TEXT = re.compile(r"-?[0-9]{1,20}(\.[0-9]{1,20})?")
_ISO_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}")
_Ordered = TypeVar("_Ordered", Decimal, int)


def _plain(raw: object) -> object:
    """No binary float, and of text only digits, minus and point: a decimal reads much else, which nobody meant."""
    is_odd_text = isinstance(raw, str) and not _DECIMAL_TEXT.fullmatch(raw)
    if isinstance(raw, bool | float) or is_odd_text:
        raise PydanticCustomError("inexact", "a decimal number is expected, as text or as an exact number")
    return raw


def _six_places(value: Decimal) -> Decimal:
    """In its shortest form, so that 0.5 and 0.50 are the same configuration."""
    if value.adjusted() >= _MOST_DIGITS or value != value.quantize(_PLACES):
        raise PydanticCustomError("inexact", "more than six decimal places, or too many digits before them")
    return Decimal(f"{value.normalize() + 0:f}")


def _within(
    low: _Ordered, high: _Ordered, *, unit: str, above_low: bool = False
) -> tuple[AfterValidator, WithJsonSchema]:
    """How a number of a range is checked, and how it is described: exact, as text or as a number."""
    allowed = f"{'above ' if above_low else ''}{low} to {high} {unit}"

    def check(value: _Ordered) -> _Ordered:
        if not low <= value <= high or (above_low and value == low):
            raise PydanticCustomError("out_of_range", "out of range", {"allowed": allowed})
        return value

    return AfterValidator(check), WithJsonSchema(_described(low, high, allowed, above_low=above_low))


def _described(low: Decimal | int, high: Decimal | int, allowed: str, *, above_low: bool) -> dict[str, Any]:
    if isinstance(low, int):
        return {"type": "integer", "minimum": low, "maximum": high, "description": allowed}
    bounds = {"exclusiveMinimum" if above_low else "minimum": _shown(low), "maximum": _shown(high)}
    sign = "-?" if low < 0 else ""
    text = {"type": "string", "pattern": sign.join(("^", "[0-9]{1,15}(\\.[0-9]{1,6})?$"))}
    return {"anyOf": [text, {"type": "number", **bounds}], "description": allowed}


def _shown(bound: Decimal | int) -> int | float:
    """Only shown: the check is exact."""
    return int(bound) if bound == int(bound) else float(bound)


def _iso_time(raw: object) -> object:
    if isinstance(raw, datetime) or (isinstance(raw, str) and _ISO_TIME.match(raw)):
        return raw
    raise PydanticCustomError("not_a_time", "not a time", {"allowed": "ISO 8601 with a time zone"})


def _utc(value: datetime) -> datetime:
    return value.astimezone(UTC)


_ONE, _MOST_USD = Decimal(1), Decimal(10) ** 12
Number = Annotated[Decimal, BeforeValidator(_plain), AfterValidator(_six_places)]
Fraction = Annotated[Number, *_within(Decimal(0), _ONE, unit="as a fraction, not a percentage")]
PositiveFraction = Annotated[Number, *_within(Decimal(0), _ONE, unit="as a fraction, not a percentage", above_low=True)]
SmallFraction = Annotated[Number, *_within(Decimal(0), Decimal("0.5"), unit="as a fraction, not a percentage")]
Edge = Annotated[Number, *_within(-_ONE, _ONE, unit="as a difference of fractions, not a percentage")]
Money = Annotated[Number, *_within(Decimal(0), _MOST_USD, unit="USD")]
PositiveMoney = Annotated[Number, *_within(Decimal(0), _MOST_USD, unit="USD", above_low=True)]
Multiple = Annotated[Number, *_within(Decimal(0), Decimal(1000), unit="times")]
PositiveMultiple = Annotated[Number, *_within(Decimal(0), Decimal(1000), unit="times", above_low=True)]
Price = Annotated[Number, *_within(Decimal(0), _ONE, unit="USD a share", above_low=True)]
Seconds = Annotated[int, Strict(), *_within(1, 86_400, unit="seconds")]
Minutes = Annotated[int, Strict(), *_within(0, 525_600, unit="minutes")]
PositiveMinutes = Annotated[int, Strict(), *_within(1, 525_600, unit="minutes")]
Count = Annotated[int, Strict(), *_within(0, 1_000_000, unit="positions")]
Looks = Annotated[int, Strict(), *_within(1, 100, unit="looks")]
Entries = Annotated[int, Strict(), *_within(1, 100, unit="entries")]
Switch = Annotated[bool, Strict()]
Moment = Annotated[
    AwareDatetime,
    BeforeValidator(_iso_time),
    AfterValidator(_utc),
    WithJsonSchema({"type": "string", "format": "date-time", "description": "ISO 8601 with a time zone"}),
]
Address = Annotated[str, StringConstraints(pattern=r"^0x[0-9a-fA-F]{40}$"), AfterValidator(str.lower)]
Word = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80)]
