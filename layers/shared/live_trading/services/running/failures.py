"""What one failing trader, wallet or market means for the rest of a run.

A part that fails is reported and the others go on. Some failures are of the run itself, and every further part would
meet them too: Postgres away, a lease lost.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from live_trading.nouns.errors import GiveUp, LeaseLost, LiveTradingError, OutcomeUnknown, RetryLater
from live_trading.store.database.connection import CommitOutcomeUnknown, StoreUnavailable

logger = logging.getLogger(__name__)

PART_FAILURES = (RetryLater, GiveUp, OutcomeUnknown)
"""What to catch around one part; hand it to `failed_part` at once."""

_OF_THE_RUN = (StoreUnavailable, CommitOutcomeUnknown, LeaseLost)
_LONGEST_MESSAGE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class PartFailure:
    """Which part failed, the class of its error, and what the error said."""

    part: str
    error: str
    message: str


def failed_part(part: str, error: LiveTradingError) -> PartFailure:
    """The failure as a value. Raises the error again where it is one of the whole run."""
    if isinstance(error, _OF_THE_RUN):
        raise error
    return _failure(part, error)


@contextmanager
def contained(part: str, failures: list[PartFailure], *, passing: tuple[type[Exception], ...] = ()) -> Iterator[None]:
    """The net around one part: whatever it raises becomes its failure, and the parts behind it go on.

    An error that nobody foresaw, and a broken rule of the system, go to the log with their traceback: they stop the
    part that they concern. Raises what is of the whole run, Postgres away or a lease lost, and what is in `passing`,
    which a larger part catches.
    """
    try:
        yield
    except _OF_THE_RUN:
        raise
    except passing:
        raise
    except PART_FAILURES as error:
        failures.append(_failure(part, error))
    except Exception as error:
        logger.exception("a part failed in a way that nobody foresaw", extra={"part": part})
        failures.append(_failure(part, error))


def _failure(part: str, error: Exception) -> PartFailure:
    return PartFailure(part=part, error=type(error).__name__, message=str(error)[:_LONGEST_MESSAGE])
