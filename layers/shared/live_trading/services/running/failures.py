"""What one failing trader, wallet or market means for the rest of a run.

A part that fails is reported and the others go on. Some failures are of the run itself, and every further part would
meet them too: Postgres away, a lease lost.
"""

from __future__ import annotations

from dataclasses import dataclass

from live_trading.nouns.errors import GiveUp, LiveTradingError, OutcomeUnknown, RetryLater
from live_trading.store.database.connection import CommitOutcomeUnknown, StoreUnavailable

PART_FAILURES = (RetryLater, GiveUp, OutcomeUnknown)
"""What to catch around one part; hand it to `failed_part` at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PartFailure:
    """Which part failed, the class of its error, and what the error said."""

    part: str
    error: str
    message: str


def failed_part(part: str, error: LiveTradingError) -> PartFailure:
    """The failure as a value. Raises the error again where it is one of the whole run."""
    if isinstance(error, StoreUnavailable | CommitOutcomeUnknown):
        raise error
    return PartFailure(part=part, error=type(error).__name__, message=str(error))
