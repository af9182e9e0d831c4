"""A row of somebody else's data that cannot be read: what counts as that, and how it is kept.

Whatever goes wrong with one row costs that row and no other.
"""

from __future__ import annotations

from live_trading.nouns.trades import QuarantinedRow
from live_trading.polymarket.wire.field_types import why
from live_trading.polymarket.wire.json_text import raw_text

ROW_FAILURES = (Exception,)
"""What to catch around the reading of one row, which calls nobody: whatever it raises is about that row."""


def set_aside(row: object, error: Exception, source: str, *, trader: str | None = None) -> QuarantinedRow:
    """The row with its text and why it cannot be read; `trader` is the followed one whose row it is."""
    return QuarantinedRow(source=source, reason=why(error), raw=raw_text(row), trader=trader)
