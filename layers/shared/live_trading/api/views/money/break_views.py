"""How the API shows breaks: what differs and since when, what may explain it, and what can be done."""

from __future__ import annotations

from collections.abc import Sequence

from typing_extensions import TypedDict

from live_trading.api.shapes import DecimalText, MomentAnswer, NextCursor
from live_trading.api.views.plain import moment
from live_trading.services.comparing.break_alerts import what_to_do
from live_trading.store.books.breaks import BreakKind, StoredBreak


class BreakView(TypedDict):
    """A difference between the ledger (`expected`) and venue or chain (`observed`), in dollars or shares by kind.

    `subject` is a token, an order, a trade, or `collateral`. What could be done is null once it is closed.
    """

    break_id: int
    kind: BreakKind
    subject: str
    expected: DecimalText
    observed: DecimalText
    difference: DecimalText
    stops_entries: bool
    may_explain: list[str]
    what_to_do: str | None
    found_at: MomentAnswer
    last_seen_at: MomentAnswer
    closed_at: MomentAnswer | None
    closed_by: str | None
    correction_reference: str | None


class BreaksView(TypedDict):
    """A page of breaks, the newest first."""

    breaks: list[BreakView]
    next_cursor: NextCursor


def break_view(each: StoredBreak, clues: Sequence[str] = ()) -> BreakView:
    """One break; `clues` are what may explain it, as sentences."""
    return BreakView(
        break_id=each.break_id,
        kind=each.found.kind,
        subject=each.found.subject,
        expected=str(each.found.expected),
        observed=str(each.found.observed),
        difference=str(each.found.observed - each.found.expected),
        stops_entries=each.is_halting,
        may_explain=list(clues),
        what_to_do=None if each.closed_at is not None else what_to_do(each),
        found_at=each.found_at.isoformat(),
        last_seen_at=each.last_seen_at.isoformat(),
        closed_at=moment(each.closed_at),
        closed_by=each.closed_by,
        correction_reference=each.correction_reference,
    )
