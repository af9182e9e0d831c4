"""How long a market may stay without the chain's word before somebody should look at it. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from live_trading.nouns.alerts import Severity
from live_trading.nouns.markets import ResolutionState

# The oracle's usual way is two hours of challenge after a proposal; a dispute is voted on for two to four days.
_LIMITS: dict[ResolutionState, tuple[timedelta, timedelta]] = {
    ResolutionState.ENDED: (timedelta(hours=24), timedelta(hours=72)),
    ResolutionState.PROPOSED: (timedelta(hours=12), timedelta(hours=48)),
    ResolutionState.DISPUTED: (timedelta(hours=48), timedelta(days=7)),
}


def hint_at(hint: ResolutionState, end_time: datetime | None, now: datetime) -> ResolutionState:
    """ENDED for a market whose end has passed although its catalogue still calls it open."""
    if hint is ResolutionState.OPEN and end_time is not None and end_time <= now:
        return ResolutionState.ENDED
    return hint


def urgency(state: ResolutionState, since: datetime, now: datetime) -> Severity | None:
    """How urgent a market is that has been in `state` since then; None where it is not."""
    limits = _LIMITS.get(state)
    if limits is None:
        return None
    age = now - since
    warn_after, alarm_after = limits
    if age >= alarm_after:
        return Severity.CRITICAL
    return Severity.WARNING if age >= warn_after else None
