"""How quantities and times are written in the venue's JSON."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal


def number(value: Decimal) -> float:
    """A JSON number with the same digits; exact as text for up to fifteen significant digits."""
    return float(value)


def plain(value: Decimal) -> str:
    """The shortest decimal text, without exponent or trailing zeros."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def moment(ms: int) -> datetime:
    """A replay time as UTC."""
    return datetime.fromtimestamp(ms // 1000, UTC).replace(microsecond=ms % 1000 * 1000)


def iso(ms: int) -> str:
    """`2026-09-28T09:00:00Z`, with milliseconds where there are any."""
    return moment(ms).isoformat(timespec="milliseconds" if ms % 1000 else "seconds").replace("+00:00", "Z")
