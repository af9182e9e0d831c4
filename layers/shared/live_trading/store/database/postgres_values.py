"""Values on their way to Postgres and back, as the client reads and writes them, in less time.

The client takes arrays apart and puts them together letter by letter, and asks of each member anew of what type it is.
Whatever is not of the common kinds goes the client's own way.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any
from uuid import UUID

import pg8000.native
from pg8000.converters import array_out, make_param, string_in, timestamptz_in

_UUID, _NUMERIC, _TIMESTAMPTZ = 2950, 1700, 1184
# Arrays by Postgres' number of their type: what reads a member.
_ARRAYS: Mapping[int, Callable[[str], Any]] = {
    1005: int,
    1007: int,
    1016: int,
    1009: str,
    1015: str,
    1231: Decimal,
    2951: UUID,
}
_KEPT_IDS = 4_096
_length = struct.Struct(">i").unpack_from
_QUOTED = re.compile(r'[\s{},"\\]')


def read_quickly(connection: pg8000.native.Connection) -> None:
    """Makes the connection read rows by these readers."""
    connection.register_in_adapter(_UUID, _id)
    connection.register_in_adapter(_NUMERIC, Decimal)
    connection.register_in_adapter(_TIMESTAMPTZ, moment)
    for number, member in _ARRAYS.items():
        connection.register_in_adapter(number, _array_reader(member, connection.pg_types[number]))


def row_of(message: bytes, readers: Sequence[Callable[[str], Any]]) -> list[Any]:
    """The values of a row as Postgres sends it: of each its length, -1 for NULL, and its text."""
    at = 2
    row: list[Any] = []
    for read in readers:
        (size,) = _length(message, at)
        at += 4
        if size < 0:
            row.append(None)
        elif read is string_in:
            row.append(message[at : at + size].decode())
            at += size
        else:
            row.append(read(message[at : at + size].decode()))
            at += size
    return row


# Rows name the same ids over and over, and making one takes longer than finding it.
_id = lru_cache(maxsize=_KEPT_IDS)(UUID)


def moment(text: str) -> datetime | str | float:
    """A time as Postgres prints it: the client tries one format after the other."""
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        # Infinity, and years that have more or fewer than four digits.
        read: datetime | str | float = timestamptz_in(text)
        return read


def as_parameter(value: object, writers: Mapping[type, Callable[[Any], str | None]]) -> object:
    """A value as a parameter of a statement; `writers` are the client's own."""
    if type(value) is list:
        return _array(value, writers)
    return make_param(writers, value)


def _array(members: list[Any], writers: Mapping[type, Callable[[Any], str | None]]) -> str:
    return "{" + ",".join([_member(each, writers) for each in members]) + "}"


def _member(value: Any, writers: Mapping[type, Callable[[Any], str | None]]) -> str:
    kind = type(value)
    if kind is str:
        return _text(value)
    if kind is UUID or kind is int or kind is Decimal:
        return str(value)
    if value is None:
        return "NULL"
    if kind is list:
        return _array(value, writers)
    if kind is datetime or kind is bool:
        return str(writers[kind](value))
    member: str = array_out(value)
    return member


def _text(value: str) -> str:
    if value and value.upper() != "NULL" and _QUOTED.search(value) is None:
        return value
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _array_reader(member: Callable[[str], Any], whole: Callable[[str], Any]) -> Callable[[str], Any]:
    """Reads an array of one dimension without a quoted member; `whole` reads any other."""

    def read(text: str) -> Any:
        if text == "{}":
            return []
        if not text.startswith("{") or text.startswith("{{") or '"' in text:
            return whole(text)
        return [None if each == "NULL" else member(each) for each in text[1:-1].split(",")]

    return read
