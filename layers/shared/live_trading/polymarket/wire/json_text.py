"""JSON without binary floats: numbers with a point or an exponent become Decimal, and text goes back unchanged.

What cannot be held costs the row it stands in and not the answer: a number that no Decimal or int can hold, NaN and
infinities stay their text, bytes that are no UTF-8 become the sign for that, and what is nested deeper than any row of
the venue becomes a text that says so.
"""

from __future__ import annotations

import json
import re
from decimal import Decimal, InvalidOperation

from live_trading.nouns.errors import MalformedAnswer

_LONGEST_INTEGER = 1_000
_DEEPEST = 64
_TOO_DEEP = '"nested too deeply"'
_STRING_OR_BRACKET = re.compile(r'"(?:[^"\\]|\\.)*"|[\[{]|[\]}]', re.DOTALL)


class UnreadableNumber(str):
    """The text of a number that is too large or too fine to compute with, or is none; no model reads it as one."""

    __slots__ = ()


def parse_json(text: str | bytes) -> object:
    """The value of a JSON text, fractional numbers as Decimal. Raises MalformedAnswer for anything that is not JSON."""
    whole = text if isinstance(text, str) else text.decode("utf-8-sig", "replace")
    try:
        return _parsed(whole)
    except RecursionError:
        pass
    except ValueError as error:
        raise MalformedAnswer(f"not JSON: {error}", raw=whole) from error
    try:
        return _parsed(_flattened(whole))
    except (ValueError, RecursionError) as error:
        raise MalformedAnswer(f"not JSON: {error}", raw=whole) from error


def _parsed(text: str) -> object:
    value: object = json.loads(text, parse_float=_decimal, parse_int=_integer, parse_constant=UnreadableNumber)
    return value


def _flattened(text: str) -> str:
    """The text with a word in place of everything that is nested deeper than a row can be."""
    kept: list[str] = []
    depth = kept_from = 0
    for found in _STRING_OR_BRACKET.finditer(text):
        match found.group():
            case "[" | "{":
                depth += 1
                if depth == _DEEPEST + 1:
                    kept.append(text[kept_from : found.start()])
            case "]" | "}":
                if depth == _DEEPEST + 1:
                    kept.append(_TOO_DEEP)
                    kept_from = found.end()
                depth -= 1
    return "".join([*kept, text[kept_from:]])


def _decimal(digits: str) -> Decimal | str:
    try:
        return Decimal(digits)
    except InvalidOperation:
        return UnreadableNumber(digits)


def _integer(digits: str) -> int | str:
    return int(digits) if len(digits) <= _LONGEST_INTEGER else UnreadableNumber(digits)


def raw_text(value: object) -> str:
    """A parsed value as JSON text again; the digits of its numbers are those that arrived."""
    try:
        return _written(value)
    except RecursionError:
        return f"a {type(value).__name__} that is nested too deeply to be written"


def _written(value: object) -> str:
    match value:
        case Decimal() | UnreadableNumber():
            return str(value)
        case dict():
            members = (f"{json.dumps(str(key), ensure_ascii=False)}:{_written(item)}" for key, item in value.items())
            return "{" + ",".join(members) + "}"
        case list():
            return "[" + ",".join(_written(item) for item in value) + "]"
        case _:
            return json.dumps(value, ensure_ascii=False, default=repr)
