"""JSON without binary floats: numbers with a point or an exponent become Decimal, and text goes back unchanged.

A number that no Decimal or int can hold stays its text, so that it costs the row it stands in and not the answer.
"""

from __future__ import annotations

import json
from decimal import Decimal, InvalidOperation
from typing import NoReturn

from live_trading.nouns.errors import MalformedAnswer

_LONGEST_INTEGER = 1_000


class UnreadableNumber(str):
    """The digits of a number that is too large or too fine to compute with; no model reads it as a number."""

    __slots__ = ()


def parse_json(text: str | bytes) -> object:
    """The value of a JSON text, fractional numbers as Decimal.

    Raises MalformedAnswer for anything that is not JSON, NaN and infinities included.
    """
    try:
        value: object = json.loads(text, parse_float=_decimal, parse_int=_integer, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raw = text if isinstance(text, str) else text.decode("utf-8", "replace")
        raise MalformedAnswer(f"not JSON: {error}", raw=raw) from error
    return value


def _decimal(digits: str) -> Decimal | str:
    try:
        return Decimal(digits)
    except InvalidOperation:
        return UnreadableNumber(digits)


def _integer(digits: str) -> int | str:
    return int(digits) if len(digits) <= _LONGEST_INTEGER else UnreadableNumber(digits)


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON number")


def raw_text(value: object) -> str:
    """A parsed value as JSON text again; the digits of its numbers are those that arrived."""
    match value:
        case Decimal() | UnreadableNumber():
            return str(value)
        case dict():
            members = (f"{json.dumps(str(key), ensure_ascii=False)}:{raw_text(item)}" for key, item in value.items())
            return "{" + ",".join(members) + "}"
        case list():
            return "[" + ",".join(raw_text(item) for item in value) + "]"
        case _:
            return json.dumps(value, ensure_ascii=False, default=repr)
