"""Errors of Postgres by what the caller may do next."""

from __future__ import annotations

import pg8000.exceptions

from live_trading.nouns.errors import GiveUp, OutcomeUnknown, RetryLater

_UNIQUE_VIOLATION = "23505"
_RETRYABLE = frozenset({"40001", "40P01", "55P03", "57014"})
_UNAVAILABLE_PREFIXES = ("08", "53", "57P")
# A prepared statement whose tables a migration has changed since.
_STALE_PLAN = "0A000"


class StoreUnavailable(RetryLater):
    """Postgres could not be reached or refused to work; nothing of the transaction is committed."""


class CommitOutcomeUnknown(OutcomeUnknown):
    """The connection was lost while committing: the transaction may or may not have been kept."""


class Conflict(RetryLater):
    """A deadlock, serialization failure, lock or statement timeout: the transaction was rolled back."""


class AlreadyExists(GiveUp):
    """A unique key is taken; `constraint` names it."""

    def __init__(self, constraint: str) -> None:
        super().__init__(f"already exists: {constraint}")
        self.constraint = constraint


class ConstraintViolated(GiveUp):
    """A check, foreign key or trigger refused the write, or a value does not fit its column."""


def translated(error: pg8000.exceptions.DatabaseError) -> Exception:
    """An error of Postgres as one of ours; itself where it says that a statement is wrong."""
    raised: Exception = error
    facts = error.args[0] if error.args and isinstance(error.args[0], dict) else {}
    state = str(facts.get("C", ""))
    message = str(facts.get("M", error))
    if state == _UNIQUE_VIOLATION:
        return AlreadyExists(str(facts.get("n", "")))
    if state in _RETRYABLE:
        return Conflict(message)
    if state.startswith(_UNAVAILABLE_PREFIXES) or state == _STALE_PLAN:
        return StoreUnavailable(message)
    if state.startswith(("22", "23")):
        return ConstraintViolated(message)
    return raised
