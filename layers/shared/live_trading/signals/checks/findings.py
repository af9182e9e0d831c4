"""What a check found, before anybody wants to read it: values instead of text, because most are never kept.

`passed` is None for a check that is switched off or cannot be computed because something earlier is missing.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TypeAlias

from live_trading.nouns.decisions import Check, Reason

# Name, observed, limit, whether it passed, the reason where it did not. A function stands for the text that it makes.
Finding: TypeAlias = tuple[str, object, object, bool | None, Reason | None]
Findings: TypeAlias = Iterator[Finding]


def finding(name: str, observed: object, limit: object, reason: Reason, *, passed: bool | None) -> Finding:
    return name, observed, limit, passed, reason if passed is False else None


def off(name: str, observed: object = None) -> Finding:
    return name, observed, None, None, None


def at_least(name: str, observed: Decimal | None, bound: Decimal | None, reason: Reason) -> Finding:
    if bound is None or observed is None:
        return name, observed, None, None, None
    passed = observed >= bound
    return name, observed, bound, passed, None if passed else reason


def at_most(name: str, observed: Decimal | None, bound: Decimal | None, reason: Reason) -> Finding:
    if bound is None or observed is None:
        return name, observed, None, None, None
    passed = observed <= bound
    return name, observed, bound, passed, None if passed else reason


def written(found: Finding) -> Check:
    """The check as it is kept."""
    name, observed, limit, passed, reason = found
    return Check(
        name=name,
        observed=observed if type(observed) is str else text(observed),
        limit=limit if type(limit) is str else text(limit),
        passed=passed,
        reason=reason,
    )


def text(value: object) -> str | None:
    """Plain text for the record: no exponents, times in UTC."""
    if value is None or type(value) is str:
        return value
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return text(value()) if callable(value) else str(value)


def in_units(span: timedelta, unit: timedelta) -> Decimal:
    """A time span as a decimal number of units, down to a thousandth."""
    return Decimal(span * 1000 // unit) / 1000
