"""How far a token has been entered, from what came of it and what left: the same account for paper and live. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from live_trading.nouns.exits import ExitReason
from live_trading.nouns.money import Price, Shares
from live_trading.signals.inputs import PositionStanding

STOPS = (ExitReason.STOP_LOSS, ExitReason.TRAILING_STOP)
# A share is worth no more than the dollar that the venue's smallest sale must bring: what is less stays behind.
_LEAST_HELD = Shares(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenMove:
    """Shares that came, or left where negative; `entered_at` is the price of the signal where they were an entry."""

    shares: Shares
    entered_at: Price | None = None


def position_standing(moves: Iterable[TokenMove], last_stop_at: datetime | None) -> PositionStanding:
    """The standing after moves in the order of their time. A part that was sold leaves its entries counted."""
    held = Shares.zero()
    entries: list[Price] = []
    was_left = False
    for move in moves:
        held += move.shares
        if move.entered_at is not None:
            entries.append(move.entered_at)
            was_left = False
        elif move.shares.is_negative and held < _LEAST_HELD:
            held = Shares.zero()
            was_left = was_left or bool(entries)
            entries.clear()
    return PositionStanding(
        entries=len(entries),
        last_entry_price=entries[-1] if entries else None,
        last_stop_at=last_stop_at,
        was_left=was_left,
    )
