"""Errors by what the caller may do next: retry, look up, give up, stop."""

from __future__ import annotations


class LiveTradingError(Exception):
    """Base of every error that this package raises on purpose."""


class RetryLater(LiveTradingError):
    """Nothing happened; the same call may work later (venue restarting, rate limit, connection refused)."""

    def __init__(self, message: str, *, retry_after_seconds: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class OutcomeUnknown(LiveTradingError):
    """It may or may not have happened: look it up, never repeat it under another identity."""


class GiveUp(LiveTradingError):
    """It did not happen and will not, however often it is tried."""


class MalformedAnswer(GiveUp):
    """Somebody else's data does not have its documented shape; `raw` is what arrived."""

    def __init__(self, message: str, *, raw: str) -> None:
        super().__init__(message)
        self.raw = raw


class StopEverything(LiveTradingError):
    """A rule that must always hold does not: no further step of this run is safe."""


class LeaseLost(StopEverything):
    """Another holder has a newer fencing token; nothing of this run may be written any more."""


class NoSuch(GiveUp):
    """What was asked for does not exist, or is somebody else's: the two are not told apart."""

    def __init__(self, what: str) -> None:
        super().__init__(f"no such {what}")
        self.what = what


class WrongState(GiveUp):
    """It cannot be done as things stand, and nothing was written; `current_state` names how they stand where it can."""

    def __init__(self, message: str, *, current_state: str | None = None) -> None:
        super().__init__(message)
        self.current_state = current_state


class DoesNotFit(GiveUp):
    """A value of a request that cannot be taken as things stand; `allowed` says what can."""

    def __init__(self, field: str, reason: str, *, allowed: str) -> None:
        super().__init__(f"{field} {reason}; allowed: {allowed}")
        self.field = field
        self.reason = reason
        self.allowed = allowed
