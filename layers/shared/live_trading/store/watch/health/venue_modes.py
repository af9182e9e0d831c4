"""The modes of the venue that answers to orders told of: it is restarting, cancels only, takes resting orders only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from live_trading.nouns.orders import RejectionCode
from live_trading.store.database.connection import Row, Transaction
from live_trading.store.database.pending import Pending, ask
from live_trading.store.database.text import storable

MODES = frozenset(
    {
        RejectionCode.ENGINE_RESTARTING,
        RejectionCode.CANCEL_ONLY,
        RejectionCode.POST_ONLY_MODE,
        RejectionCode.TRADING_DISABLED,
    }
)
_LONGEST = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenMode:
    """A mode, when it was first and last seen, and in the venue's words."""

    mode: RejectionCode
    first_seen_at: datetime
    last_seen_at: datetime
    said: str


def note_seen(transaction: Transaction, said: Mapping[RejectionCode, str], at: datetime) -> None:
    """Keeps the modes that answers told of, with the venue's words, for the next round trip to take along."""
    seen = sorted(said)
    transaction.later(
        """
        INSERT INTO venue_modes AS kept (mode, first_seen_at, last_seen_at, said)
        SELECT mode, :at, :at, said FROM unnest(:modes::text[], :said::text[]) AS seen (mode, said)
        ON CONFLICT (mode) DO UPDATE SET
            last_seen_at = greatest(kept.last_seen_at, excluded.last_seen_at), said = excluded.said
        """,
        modes=seen,
        said=[storable(said[mode])[:_LONGEST] for mode in seen],
        at=at,
    )


def note_taken(transaction: Transaction, at: datetime) -> None:
    """The venue took an order: whatever it told of before is over."""
    transaction.later("DELETE FROM venue_modes WHERE last_seen_at <= :at", at=at)


def ask_modes(transaction: Transaction, since: datetime) -> Pending[list[SeenMode]]:
    """Modes that were seen since then and not seen to end."""
    return ask(
        transaction,
        "SELECT * FROM venue_modes WHERE last_seen_at >= :since ORDER BY last_seen_at DESC, mode",
        _modes,
        since=since,
    )


def _modes(rows: list[Row]) -> list[SeenMode]:
    return [SeenMode(**row | {"mode": RejectionCode(row["mode"])}) for row in rows]
