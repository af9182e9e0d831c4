"""What the venue's fields may look like, shared by the models of every endpoint.

Numbers become Decimal and never a binary float, times become UTC, addresses and hashes lower case. A value that
does not fit raises pydantic's ValidationError, which the callers turn into a quarantined row or a MalformedAnswer.

The venue writes stand-ins where it has no value: 0, "0", "" and 1970-01-01 for a time, 999 for an outcome's number.
Optional types read them as absent. Text that is only shown is never a reason to refuse a row.
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
_LONGEST_NUMBER = 18
_UNSET_TIMES = frozenset({"", "0", "0.0"})
# The zero of epoch seconds, and the zero time of the language that the venue's services are written in.
_UNSET_DATES = ("1970-01-01", "0001-01-01")
_MOST_OUTCOMES = 256
PADDED_LENGTH = len("0x") + 64


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
    # `abs` rounds to the context and overflows where the exponent is large; a copy does neither.
    if not value.is_finite() or value.copy_abs() >= _LARGEST_AMOUNT:
        raise ValueError("out of the range of amounts")
    return value


def _moment(raw: object) -> datetime:
    match raw:
        case bool():
            raise ValueError("a time is expected, not a boolean")
        case int():
            number = raw
        case Decimal() if raw.is_finite() and raw.adjusted() < _LONGEST_NUMBER:
            number = int(raw)
        case str() if _DIGITS.fullmatch(raw):
            number = int(raw)
        case str():
            return _of_text(raw)
        case _:
            raise ValueError("epoch seconds, epoch milliseconds or ISO 8601 are expected")
    seconds, milliseconds = divmod(number, 1000) if number >= _FIRST_MILLISECOND_VALUE else (number, 0)
    if not 0 < seconds < _LAST_SECOND:
        raise ValueError("out of the range of times")
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=milliseconds * 1000)


def _of_text(text: str) -> datetime:
    parsed = datetime.fromisoformat(text)
    try:
        return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).astimezone(UTC)
    except (OverflowError, ValueError) as error:
        raise ValueError("out of the range of times") from error


def absent_if_empty(raw: object) -> object:
    """None for an empty text, which is how some answers say nothing."""
    return None if raw == "" else raw


def _absent_if_no_hash(raw: object) -> object:
    is_empty = isinstance(raw, str) and not raw.removeprefix("0x").strip("0 ")
    return None if is_empty else raw


def _absent_if_unset(raw: object) -> object:
    """None for what the venue writes where it has no time: nothing, zero, or a date at the beginning of the count."""
    if isinstance(raw, str):
        text = raw.strip()
        return None if text in _UNSET_TIMES or text.startswith(_UNSET_DATES) else text
    if isinstance(raw, int | Decimal) and not isinstance(raw, bool):
        return None if raw == 0 else raw
    return raw


def _outcome_index(raw: object) -> int | None:
    if isinstance(raw, str) and _DIGITS.fullmatch(raw):
        raw = int(raw)
    if type(raw) is not int or not 0 <= raw < _MOST_OUTCOMES:
        return None
    return raw


def _shown(raw: object) -> str:
    return raw.encode("utf-8", "backslashreplace").decode("utf-8") if isinstance(raw, str) else ""


def _price(value: Decimal) -> Decimal:
    if not 0 <= value <= 1:
        raise ValueError("a price is between 0 and 1")
    return value


def _tick(value: Decimal) -> Decimal:
    if not 0 < value < 1 or Price.nearest(value) in (Price(0), Price(1)):
        raise ValueError("a tick is above 0 and under 1")
    return value


def _lower(text: str) -> str:
    return text.lower()


Amount = Annotated[Decimal, BeforeValidator(_amount)]
"""A JSON number or its text; more than six decimals are possible."""

ZeroToOne = Annotated[Amount, AfterValidator(_price)]
Tick = Annotated[Amount, AfterValidator(_tick)]
"""A step between prices; one that is nothing on six places is none."""

Moment = Annotated[datetime, BeforeValidator(_moment)]
"""Epoch seconds, epoch milliseconds (as number or digits) or ISO 8601; a time without a zone is UTC."""

OptionalMoment = Annotated[Moment | None, BeforeValidator(_absent_if_unset)]
"""A moment, or None where the row has none or a stand-in for none."""

OptionalAmount = Annotated[Amount | None, BeforeValidator(absent_if_empty)]
OptionalOutcomeIndex = Annotated[int | None, BeforeValidator(_outcome_index)]
"""The feed's own number of an outcome. Only a claim, so that anything else than a small number, as 999, is None."""

Shown = Annotated[str, BeforeValidator(_shown)]
"""Text for people: empty where it is null or no text at all."""

Address = Annotated[str, StringConstraints(pattern=r"^0x[0-9a-fA-F]{40}$"), AfterValidator(_lower)]
Hash = Annotated[str, StringConstraints(pattern=r"^0x[0-9a-fA-F]{64}$"), AfterValidator(_lower)]
OptionalHash = Annotated[Hash | None, BeforeValidator(_absent_if_no_hash)]
ConditionId = Annotated[
    str, StringConstraints(pattern=r"^0x([0-9a-fA-F]{62}|[0-9a-fA-F]{64})$"), AfterValidator(_lower)
]
"""31 bytes in protocol v2, 32 in v1."""

TokenId = Annotated[
    str,
    BeforeValidator(lambda raw: str(raw) if type(raw) is int else raw),
    StringConstraints(pattern=r"^[1-9][0-9]{0,77}$"),
]


def unpadded(condition_id: str) -> str:
    """A condition id as it compares: a v2 one has 31 bytes, and some surfaces pad it with a zero byte to 32."""
    lower = condition_id.lower()
    return lower[:-2] if len(lower) == PADDED_LENGTH and lower.endswith("00") else lower


def price_of(value: Decimal) -> Price:
    """On six places, half to even: feed prices are quotients and carry up to eighteen digits."""
    return Price.nearest(value)


def shares_of(value: Decimal) -> Shares:
    """On six places, half to even: a token has no finer unit, further digits are artefacts of the feed."""
    return Shares.nearest(value)


def why(error: Exception) -> str:
    """Every field that did not fit and why, without the value; what any other error says of itself."""
    if not isinstance(error, ValidationError):
        return str(error) or type(error).__name__
    return "; ".join(
        f"{'.'.join(str(part) for part in each['loc']) or 'row'}: {each['msg']}"
        for each in error.errors(include_input=False, include_url=False)
    )


_Model = TypeVar("_Model", bound=WireModel)


def read(model: type[_Model], raw: object, what: str) -> _Model:
    """An answer as its model; MalformedAnswer says what it was and which field did not fit."""
    try:
        return model.model_validate(raw)
    except Exception as error:
        raise MalformedAnswer(f"{what}: {why(error)}", raw=raw_text(raw)) from error
