"""What the venue's fields may look like, shared by the models of every endpoint.

Numbers become Decimal and never a binary float, times become UTC, addresses and hashes lower case. A value that
does not fit raises pydantic's ValidationError, which the callers turn into a quarantined row or a MalformedAnswer.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, StringConstraints, ValidationError

from live_trading.nouns.errors import MalformedAnswer
from live_trading.nouns.money import Price, Shares
from live_trading.polymarket.wire.json_text import raw_text

_NUMBER = re.compile(r"-?[0-9]{1,40}(\.[0-9]{1,80})?([eE][+-]?[0-9]{1,3})?")
_DIGITS = re.compile(r"[0-9]{1,18}")
_LARGEST_AMOUNT = Decimal(10) ** 13
_FIRST_MILLISECOND_VALUE = 10**11
_LAST_SECOND = 4_102_444_800  # the year 2100


class WireModel(BaseModel):
    """A part of an answer. Fields that we do not know are none of our business."""

    model_config = ConfigDict(extra="ignore", frozen=True)


def _amount(raw: object) -> Decimal:
    match raw:
        case bool():
            raise ValueError("a number is expected, not a boolean")
        case int() | Decimal():
            value = Decimal(raw)
        case str() if _NUMBER.fullmatch(raw):
            value = Decimal(raw)
        case _:
            raise ValueError("an exact decimal number is expected")
    if not value.is_finite() or abs(value) >= _LARGEST_AMOUNT:
        raise ValueError("out of the range of amounts")
    return value


def _moment(raw: object) -> datetime:
    match raw:
        case bool():
            raise ValueError("a time is expected, not a boolean")
        case int():
            number = raw
        case str() if _DIGITS.fullmatch(raw):
            number = int(raw)
        case str():
            parsed = datetime.fromisoformat(raw)
            return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).astimezone(UTC)
        case _:
            raise ValueError("epoch seconds, epoch milliseconds or ISO 8601 are expected")
    seconds, milliseconds = divmod(number, 1000) if number >= _FIRST_MILLISECOND_VALUE else (number, 0)
    if not 0 < seconds < _LAST_SECOND:
        raise ValueError("out of the range of times")
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=milliseconds * 1000)


def _absent_if_empty(raw: object) -> object:
    return None if raw == "" else raw


def _price(value: Decimal) -> Decimal:
    if not 0 <= value <= 1:
        raise ValueError("a price is between 0 and 1")
    return value


def _lower(text: str) -> str:
    return text.lower()


Amount = Annotated[Decimal, BeforeValidator(_amount)]
"""A JSON number or its text; more than six decimals are possible."""

ZeroToOne = Annotated[Amount, AfterValidator(_price)]
Moment = Annotated[datetime, BeforeValidator(_moment)]
"""Epoch seconds, epoch milliseconds (as number or digits) or ISO 8601; a time without a zone is UTC."""

OptionalMoment = Annotated[Moment | None, BeforeValidator(_absent_if_empty)]
Address = Annotated[str, StringConstraints(pattern=r"^0x[0-9a-fA-F]{40}$"), AfterValidator(_lower)]
Hash = Annotated[str, StringConstraints(pattern=r"^0x[0-9a-fA-F]{64}$"), AfterValidator(_lower)]
OptionalHash = Annotated[Hash | None, BeforeValidator(_absent_if_empty)]
ConditionId = Annotated[
    str, StringConstraints(pattern=r"^0x([0-9a-fA-F]{62}|[0-9a-fA-F]{64})$"), AfterValidator(_lower)
]
"""31 bytes in protocol v2, 32 in v1."""

TokenId = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{0,77}$")]


def price_of(value: Decimal) -> Price:
    """On six places, half to even: feed prices are quotients and carry up to eighteen digits."""
    return Price.nearest(value)


def shares_of(value: Decimal) -> Shares:
    """On six places, half to even: a token has no finer unit, further digits are artefacts of the feed."""
    return Shares.nearest(value)


def why(error: ValidationError) -> str:
    """Every field that did not fit and why, without the value."""
    return "; ".join(
        f"{'.'.join(str(part) for part in each['loc']) or 'row'}: {each['msg']}" for each in error.errors()
    )


_Model = TypeVar("_Model", bound=WireModel)


def read(model: type[_Model], raw: object, what: str) -> _Model:
    """An answer as its model; MalformedAnswer says what it was and which field did not fit."""
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        raise MalformedAnswer(f"{what}: {why(error)}", raw=raw_text(raw)) from error
