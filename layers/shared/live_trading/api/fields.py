"""Types of the fields of API bodies: exact numbers with a stated range, closed sets, names, ids, addresses.

Every refusal carries what is allowed. Numbers arrive as Decimal, int or plain decimal text; a value with more than six
places, or a fraction that looks like a percentage, is refused and never rounded or divided.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from enum import IntEnum, StrEnum
from typing import Annotated, Any, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, PlainValidator, StrictBool, ValidationError, WithJsonSchema
from pydantic_core import PydanticCustomError

from live_trading.api.problems import FieldProblem, invalid, not_found
from live_trading.nouns.locks import LockMode

_Member = TypeVar("_Member", bound=StrEnum)
_Number = TypeVar("_Number", bound=IntEnum)
_Model = TypeVar("_Model", bound=BaseModel)
_Built = TypeVar("_Built")

_LONGEST_NUMBER = 18
_PLACES = Decimal("0.000001")
_LARGEST_ADJUSTED_EXPONENT = 20
_DECIMAL_TEXT = re.compile(r"-?[0-9]{1,20}(\.[0-9]{1,20})?")
_NUMBER_IN_PATH = re.compile(r"0|[1-9][0-9]{0,99}")
_TOKEN_TEXT = re.compile(r"[0-9]{1,78}")
_ALLOWED_TOKENS = "a token id: up to 78 digits"
_UUID_TEXT = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_ADDRESS_TEXT = re.compile(r"0x[0-9a-fA-F]{40}")
_ALLOWED_ADDRESS = "0x and 40 hexadecimal digits"
_SECRET_TEXT = re.compile(r"[A-Za-z0-9/_+=.@-]{1,512}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_MOST_DOLLARS = Decimal(10) ** 12
PERCENTAGE_HINT = "is a fraction of 1, not a percentage: 5 % is 0.05"


def _refused(reason: str, allowed: str) -> PydanticCustomError:
    return PydanticCustomError("refused", "{reason}", {"reason": reason, "allowed": allowed})


def looks_like_percentage(field: str, value: object) -> bool:
    """True for a number above 1 in a field whose name says that it is a fraction."""
    if not field.endswith("fraction") or isinstance(value, bool):
        return False
    if isinstance(value, str):
        return bool(_DECIMAL_TEXT.fullmatch(value)) and Decimal(value) > 1
    return isinstance(value, int | Decimal) and not _is_no_number(value) and value > 1


def _is_no_number(value: int | Decimal) -> bool:
    return isinstance(value, Decimal) and value.is_nan()


def _exact(raw: object, allowed: str) -> Decimal:
    is_number = isinstance(raw, Decimal | int) and not isinstance(raw, bool)
    is_decimal_text = isinstance(raw, str) and bool(_DECIMAL_TEXT.fullmatch(raw))
    if not (is_number or is_decimal_text):
        raise _refused("is not a decimal number", allowed)
    value = Decimal(str(raw))
    if not value.is_finite() or (value and value.adjusted() > _LARGEST_ADJUSTED_EXPONENT):
        raise _refused("is out of range", allowed)
    if value != value.quantize(_PLACES):
        raise _refused("has more than six decimal places", allowed)
    return value.quantize(_PLACES)


def _number(low: str, high: Decimal | str, *, above_low: bool = False) -> Callable[[object], Decimal]:
    least, most = Decimal(low), Decimal(high)
    allowed = _range(least, most, above_low=above_low)

    def check(raw: object) -> Decimal:
        value = _exact(raw, allowed)
        if value < least or value > most or (above_low and value == least):
            raise _refused("is out of range", allowed)
        return value

    return check


def _range(least: Decimal, most: Decimal, *, above_low: bool) -> str:
    return f"above {least:f}, up to {most:f}" if above_low else f"{least:f} to {most:f}"


def _whole(low: int, high: int) -> Callable[[object], int]:
    allowed = f"a whole number, {low} to {high}"

    def check(raw: object) -> int:
        if isinstance(raw, bool) or not isinstance(raw, int):
            raise _refused("is not a whole number", allowed)
        if not low <= raw <= high:
            raise _refused("is out of range", allowed)
        return raw

    return check


def _one_of(*members: _Member) -> Callable[[object], _Member]:
    """A validator that accepts the values of these members only."""
    allowed = ", ".join(members)
    by_value = {member.value: member for member in members}

    def check(raw: object) -> _Member:
        if not isinstance(raw, str) or raw not in by_value:
            raise _refused("is not one of the allowed values", allowed)
        return by_value[raw]

    return check


def _whole_of(members: type[_Number]) -> Callable[[object], _Number]:
    """A validator that accepts the whole numbers of a closed set."""
    allowed = ", ".join(f"{member.value} ({member.name})" for member in members)
    values = {member.value for member in members}

    def check(raw: object) -> _Number:
        if isinstance(raw, bool) or not isinstance(raw, int) or raw not in values:
            raise _refused("is not one of the allowed values", allowed)
        return members(raw)

    return check


def _text(least: int, most: int) -> Callable[[object], str]:
    allowed = f"{least} to {most} characters on one line"

    def check(raw: object) -> str:
        if not isinstance(raw, str):
            raise _refused("is not text", allowed)
        stripped = raw.strip()
        if not least <= len(stripped) <= most or _CONTROL.search(stripped):
            raise _refused("does not fit", allowed)
        return stripped

    return check


def _matching(pattern: re.Pattern[str], allowed: str, build: Callable[[str], _Built]) -> Callable[[object], _Built]:
    def check(raw: object) -> _Built:
        if not isinstance(raw, str) or not pattern.fullmatch(raw):
            raise _refused("does not fit", allowed)
        return build(raw)

    return check


def _zone(raw: object) -> str:
    allowed = "a name of the IANA time zone database, such as UTC or Europe/Madrid"
    if not isinstance(raw, str):
        raise _refused("is not text", allowed)
    try:
        ZoneInfo(raw)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise _refused("is not a known time zone", allowed) from None
    return raw


def _decimals(least: str, most: Decimal | str, *, above_least: bool = False) -> tuple[PlainValidator, WithJsonSchema]:
    """A number of a range: how it is checked, and how the document says it: as text, or as a JSON number."""
    bound = "exclusiveMinimum" if above_least else "minimum"
    number = {"type": "number", bound: _plain(least), "maximum": _plain(most)}
    text = {"type": "string", "pattern": "^-?[0-9]{1,20}(\\.[0-9]{1,6})?$"}
    said = {"anyOf": [text, number], "description": _range(Decimal(least), Decimal(most), above_low=above_least)}
    return PlainValidator(_number(least, most, above_low=above_least)), WithJsonSchema(said)


def _wholes(least: int, most: int) -> tuple[PlainValidator, WithJsonSchema]:
    return PlainValidator(_whole(least, most)), WithJsonSchema({"type": "integer", "minimum": least, "maximum": most})


def text_of(least: int, most: int) -> tuple[PlainValidator, WithJsonSchema]:
    """Text of one line whose length lies in a range, without the white space around it."""
    return PlainValidator(_text(least, most)), WithJsonSchema({"type": "string", "minLength": least, "maxLength": most})


def _patterned(
    pattern: re.Pattern[str], allowed: str, build: Callable[[str], object]
) -> tuple[PlainValidator, WithJsonSchema]:
    said = {"type": "string", "pattern": f"^{pattern.pattern}$", "description": allowed}
    return PlainValidator(_matching(pattern, allowed, build)), WithJsonSchema(said)


def named(*members: _Member) -> tuple[PlainValidator, WithJsonSchema]:
    """One of these members by its value."""
    said = {"type": "string", "enum": [member.value for member in members]}
    return PlainValidator(_one_of(*members)), WithJsonSchema(said)


def numbered(members: type[_Number]) -> tuple[PlainValidator, WithJsonSchema]:
    """One of a closed set of whole numbers."""
    meaning = ", ".join(f"{member.value} {member.name}" for member in members)
    said = {"type": "integer", "enum": [member.value for member in members], "description": meaning}
    return PlainValidator(_whole_of(members)), WithJsonSchema(said)


def _plain(bound: Decimal | str) -> int | float:
    """A bound as the document writes it; it is only shown, the check is exact."""
    value = Decimal(bound)
    return int(value) if value == value.to_integral_value() else float(value)


Fraction = Annotated[Decimal, *_decimals("0", "1", above_least=True)]
SlippageFraction = Annotated[Decimal, *_decimals("0", "0.5")]
PositiveUsd = Annotated[Decimal, *_decimals("0", _MOST_DOLLARS, above_least=True)]
UsdOrNothing = Annotated[Decimal, *_decimals("0", _MOST_DOLLARS)]
PositiveShares = Annotated[Decimal, *_decimals("0", _MOST_DOLLARS, above_least=True)]
Multiple = Annotated[Decimal, *_decimals("0", "1000", above_least=True)]
Multiplier = Annotated[Decimal, *_decimals("0", "2", above_least=True)]
EntryPrice = Annotated[Decimal, *_decimals("0.0001", "0.9999")]
Seconds = Annotated[int, *_wholes(1, 30 * 86_400)]
Milliseconds = Annotated[int, *_wholes(1, 86_400_000)]
Days = Annotated[int, *_wholes(1, 3650)]
LookbackDays = Annotated[int, *_wholes(1, 90)]
RateAMinute = Annotated[int, *_wholes(1, 2400)]
SignalAge = Annotated[int, *_wholes(1, 86_400)]
PositionCount = Annotated[int, *_wholes(1, 100_000)]
Version = Annotated[int, *_wholes(1, 2**31 - 1)]
Name = Annotated[str, *text_of(1, 80)]
Reasoned = Annotated[str, *text_of(3, 500)]
Remark = Annotated[str, *text_of(0, 500)]
Id = Annotated[UUID, *_patterned(_UUID_TEXT, "a UUID in lower case", UUID)]
Address = Annotated[str, *_patterned(_ADDRESS_TEXT, _ALLOWED_ADDRESS, lambda text: text.lower())]
SecretName = Annotated[str, *_patterned(_SECRET_TEXT, "the name of a secret: letters, digits and /_+=.@-", str)]
ScopeId = Annotated[str, *text_of(1, 100)]
TokenId = Annotated[str, *_patterned(_TOKEN_TEXT, _ALLOWED_TOKENS, str)]
TimeZone = Annotated[str, PlainValidator(_zone), WithJsonSchema({"type": "string", "description": "an IANA time zone"})]
LockModeName = Annotated[LockMode, *named(*LockMode)]
Switch = StrictBool


def number_in_path(text: str, field: str, what: str) -> int:
    """A row's number in a path. Raises Problem: INVALID for what is no number, NOT_FOUND for one that no row has."""
    if not _NUMBER_IN_PATH.fullmatch(text):
        raise invalid(
            FieldProblem(field=field, reason="is not a whole number", allowed="a whole number in plain digits")
        )
    if len(text) > _LONGEST_NUMBER:
        raise not_found(what)
    return int(text)


def id_of(text: str) -> UUID | None:
    """The id in a path, None where it cannot be one."""
    return UUID(text) if _UUID_TEXT.fullmatch(text) else None


def path_id(text: str, what: str) -> UUID:
    """The id in a path. Raises Problem (NOT_FOUND) where it cannot be one: there is no such thing then."""
    found = id_of(text)
    if found is None:
        raise not_found(what)
    return found


def path_token_id(text: str, field: str) -> str:
    """The outcome token in a path. Raises Problem where it cannot be one."""
    if not _TOKEN_TEXT.fullmatch(text):
        raise invalid(FieldProblem(field=field, reason="does not fit", allowed=_ALLOWED_TOKENS))
    return text


def path_address(text: str, field: str) -> str:
    """The address in a path, in lower case. Raises Problem where it cannot be one."""
    if not _ADDRESS_TEXT.fullmatch(text):
        raise invalid(FieldProblem(field=field, reason="does not fit", allowed=_ALLOWED_ADDRESS))
    return text.lower()


def parsed(model: type[_Model], body: dict[str, Any]) -> _Model:
    """The body as that model. Raises Problem with every field that does not fit."""
    try:
        return model.model_validate(body)
    except ValidationError as error:
        raise invalid(*(_field_problem(dict(each)) for each in error.errors())) from None


_REASONS = {"missing": "is missing", "extra_forbidden": "is unknown"}
_ALLOWED = {"bool_type": "true or false", "dict_type": "an object", "model_type": "an object"}


def _field_problem(error: dict[str, Any]) -> FieldProblem:
    field = ".".join(str(part) for part in error["loc"]) or "body"
    context = error.get("ctx") or {}
    if error["type"] == "refused" and looks_like_percentage(field, error["input"]):
        return FieldProblem(field=field, reason=PERCENTAGE_HINT, allowed=context["allowed"])
    reason = _REASONS.get(error["type"]) or context.get("reason") or str(error["msg"])
    return FieldProblem(field=field, reason=str(reason), allowed=context.get("allowed") or _ALLOWED.get(error["type"]))
