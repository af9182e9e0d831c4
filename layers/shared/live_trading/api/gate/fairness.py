"""So that one caller leaves room for the others: each subject of a token has a rate.

The gateway's limit is for all callers together. This one is kept in the memory of each execution environment, for
nothing depends on its being exact: with n environments a caller may come to n times as much. What stops trading or gets
out of it is never held.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from live_trading.api.problems import Problem, ProblemCode
from live_trading.nouns.measures.rates import Held, Rate, asked

URGENT = frozenset(
    {
        ("POST", "/api/lt/kill-switch"),
        ("POST", "/api/lt/locks"),
        ("POST", "/api/lt/orders/<lt_order_id>/cancel"),
        ("POST", "/api/lt/strategies/<lt_strategy_id>/cancel-orders"),
        ("POST", "/api/lt/strategies/<lt_strategy_id>/pause"),
        ("POST", "/api/lt/strategies/<lt_strategy_id>/positions/<token_id>/close"),
        ("POST", "/api/trading-wallets/<trading_wallet_id>/cancel-orders"),
    }
)
"""Routes that stop trading or get out of it, by method and path: each has a limit of its own at the gateway too."""

RETRY_AFTER = "retry_after_seconds"
# Subjects whose bucket is full are forgotten when more than so many are known.
MOST_SUBJECTS = 10_000
_MINUTE = 60
# So many seconds' worth may come at once.
_BURST_SECONDS = 10


class Fairness:
    """The rates of all subjects that one execution environment has seen."""

    def __init__(self, *, a_minute: int, now: Callable[[], float]) -> None:
        """Requests a minute and subject, 0 for no limit; `now` are seconds."""
        burst = max(1, a_minute * _BURST_SECONDS // _MINUTE)
        self._rate = Rate(per_second=a_minute / _MINUTE, burst=burst) if a_minute else None
        self._now = now
        self._full_at: dict[str, float] = {}

    def admit(self, subject: str, method: str, path: str) -> None:
        """Nothing where the request may pass. Raises Problem (TOO_MANY_REQUESTS) where it came too soon."""
        if self._rate is None or (method, path) in URGENT:
            return
        now = self._now()
        answer = asked(self._rate, self._full_at.get(subject), now)
        if isinstance(answer, Held):
            raise _too_many(answer)
        self._full_at[subject] = answer.full_at
        if len(self._full_at) > MOST_SUBJECTS:
            self._full_at = {each: full_at for each, full_at in self._full_at.items() if full_at > now}


def _too_many(held: Held) -> Problem:
    seconds = max(1, math.ceil(held.seconds))
    return Problem(
        ProblemCode.TOO_MANY_REQUESTS,
        f"these are more requests than leave room for others; try again in {seconds} s",
        facts={RETRY_AFTER: seconds},
    )
