"""A row of somebody else's data that cannot be read: what counts as that, and how it is kept.

Whatever goes wrong with one row costs that row and no other.
"""

from __future__ import annotations

from pydantic import ValidationError

from live_trading.nouns.errors import MalformedAnswer
from live_trading.nouns.trades import QuarantinedRow
from live_trading.polymarket.wire.field_types import why
from live_trading.polymarket.wire.json_text import raw_text

ROW_FAILURES = (ValueError, ArithmeticError, TypeError, LookupError, AttributeError, RecursionError, MalformedAnswer)
"""What to catch around one row: values that do not fit, and arithmetic of numbers and times that goes out of range."""


def set_aside(row: object, error: Exception, source: str, *, trader: str | None = None) -> QuarantinedRow:
    """The row with its text and why it cannot be read; `trader` is the followed one whose row it is."""
    reason = why(error) if isinstance(error, ValidationError) else str(error)
    return QuarantinedRow(source=source, reason=reason or type(error).__name__, raw=_text(row), trader=trader)


def _text(row: object) -> str:
    try:
        return raw_text(row)
    except RecursionError:
        return f"a {type(row).__name__} that is nested too deeply to be written"
