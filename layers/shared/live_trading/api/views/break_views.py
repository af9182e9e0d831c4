"""How the API shows breaks: what differs and since when, what may explain it, and what can be done."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from live_trading.services.comparing.break_alerts import what_to_do
from live_trading.store.books.breaks import StoredBreak


def break_view(each: StoredBreak, now: datetime, clues: Sequence[str] = ()) -> dict[str, Any]:
    """One break; `clues` are what may explain it, as sentences."""
    ended = each.closed_at or now
    return {
        "break_id": each.break_id,
        "kind": each.found.kind,
        "subject": each.found.subject,
        "expected": str(each.found.expected),
        "observed": str(each.found.observed),
        "difference": str(each.found.observed - each.found.expected),
        "stops_entries": each.is_halting,
        "may_explain": list(clues),
        "what_to_do": None if each.closed_at is not None else what_to_do(each),
        "age_seconds": int((ended - each.found_at).total_seconds()),
        "found_at": each.found_at.isoformat(),
        "last_seen_at": each.last_seen_at.isoformat(),
        "closed_at": None if each.closed_at is None else each.closed_at.isoformat(),
        "closed_by": each.closed_by,
        "correction_reference": each.correction_reference,
    }
