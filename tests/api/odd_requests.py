"""Requests that no generator of JSON comes upon: bodies, headers, queries and methods as they may come.

In: a good body, where the route takes one. Out: what is sent, by what is odd about it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

JSON_TYPE = {"content-type": "application/json"}
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PURGE")
_DEEP = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Odd:
    """One request, all but method, path and token."""

    what: str
    content: bytes | None = None
    headers: dict[str, str] = field(default_factory=lambda: dict(JSON_TYPE))
    query: str = ""


def odd_bodies(good: Any) -> Iterator[Odd]:
    """Bodies that are no JSON object, or one of the wrong kind, and good ones that are sent oddly."""
    whole = json.dumps(good).encode()
    raw = {
        "half of it": whole[: len(whole) // 2] or b"{",
        "more than it": whole + b" and more",
        "two of it": whole * 2,
        "a list of it": b"[" + whole + b"]",
        "text": b'"text"',
        "a number": b"1",
        "null": b"null",
        "true": b"true",
        "a nest of lists": b"[" * _DEEP,
        "a nest of objects": b'{"a":' * _DEEP,
        "a closed nest": b'{"a":' * 500 + b"1" + b"}" * 500,
        "no UTF-8": b'{"name": "\xff\xfe"}',
        "UTF-16": json.dumps(good).encode("utf-16"),
        "a byte order mark before it": b"\xef\xbb\xbf" + whole,
        "nothing but zeros": b"\x00" * 100,
        "half of a surrogate pair": b'{"name": "\\ud800"}',
        "a zero in text": b'{"name": "a\\u0000b"}',
        "a control character in text": b'{"name": "a\nb"}',
        "a key twice": b'{"name": "a", "name": "b"}',
        "a key of the prototype": b'{"__proto__": {"admin": true}, "constructor": 1}',
        "not a number": b'{"name": NaN, "amount_usd": Infinity}',
        "a number of many digits": b'{"amount_usd": ' + b"9" * 5000 + b"}",
        "a number with a large exponent": b'{"amount_usd": 1e999999}',
        "a number with a small exponent": b'{"amount_usd": 1e-999999}',
    }
    for what, content in raw.items():
        yield Odd(what=what, content=content)
    yield Odd(what="too much of it", content=b'{"name": "' + b"x" * 300_000 + b'"}')
    yield Odd(what="as a form", content=b"name=a&b=c", headers={"content-type": "application/x-www-form-urlencoded"})
    yield Odd(what="as parts without a boundary", content=whole, headers={"content-type": "multipart/form-data"})
    yield Odd(what="as XML", content=b"<a/>", headers={"content-type": "application/xml"})
    yield Odd(what="as bytes", content=b"\xff\x00\xfe", headers={"content-type": "application/octet-stream"})
    yield Odd(what="as compressed", content=b"\x1f\x8b\x08\x00", headers=JSON_TYPE | {"content-encoding": "gzip"})
    yield Odd(what="of no type that there is", content=whole, headers={"content-type": "nonsense; =;;"})
    yield Odd(what="of no type at all", content=whole, headers={})
    for name, wrong in (
        ("a list", []),
        ("an object", {}),
        ("true", True),
        ("minus", -1),
    ):
        if isinstance(good, dict) and good:
            yield Odd(what=f"{name} everywhere", content=json.dumps(dict.fromkeys(good, wrong)).encode())


def odd_queries(names: tuple[str, ...]) -> Iterator[Odd]:
    """What stands behind the question mark: unknown names, doubled ones, values of every wrong kind."""
    yield Odd(what="an unknown parameter", query="dry_run=true")
    yield Odd(what="no text", query="%FF%FE=%FF")
    yield Odd(what="a zero", query="a%00b=c%00d")
    yield Odd(what="nothing but signs", query="&&==&=&;&?&#")
    yield Odd(what="very long", query="a=" + "x" * 6000)
    values = ("", "%00", "%F0%9F%92%A9", "-1", "1e3", "99999999999999999999", "null", "%27%20OR%201%3D1", "a,b", "[]")
    for name in names:
        yield Odd(what=f"{name} twice", query=f"{name}=1&{name}=2")
        yield Odd(what=f"{name} as a list", query=f"{name}[]=1&{name}[0]=2")
        for value in values:
            yield Odd(what=f"{name} is {value!r}", query=f"{name}={value}")


def odd_headers() -> Iterator[Odd]:
    """Headers that the API reads, with values that nobody would give them."""
    values = ("", "*", '"', 'W/"', ",,,", "x" * 5000, "a b", "a\tb", "'; DROP TABLE lt_orders; --")
    for name in ("idempotency-key", "if-match", "if-none-match", "accept", "x-request-id", "x-amzn-trace-id", "cookie"):
        for value in values:
            yield Odd(what=f"{name} is {value[:20]!r}", headers={name: value})


def odd_parts() -> tuple[str, ...]:
    """Parts of a path, encoded as they are sent, that are no id of anything."""
    return (
        *("0", "-1", "1e3", "1.0", "99999999999999999999999", "%00", "%0A", "%FF", "%2F", "%2e%2e", "..%2f..%2f"),
        *(
            "null",
            "undefined",
            "%27%20OR%201%3D1--",
            "%F0%9F%92%A9",
            "x" * 2000,
            "00000000-0000-0000-0000-000000000000",
        ),
        *("0B9F6E4A-5D0E-4D0C-9D5E-0F1B7A6C1001", "%7B0b9f6e4a-5d0e-4d0c-9d5e-0f1b7a6c1001%7D", "0x", "%20", "+"),
    )
