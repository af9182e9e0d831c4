"""How often somebody may ask: so many at once, and then at a steady pace. Pure; the time is passed in."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """Requests a second in the long run, and how many may come at once after a pause; both above zero."""

    per_second: float
    burst: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Passed:
    """The request may pass. `full_at` is when whoever asks has his whole burst again, in the seconds of `now`."""

    full_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """The request came too soon, and one would pass after so many seconds."""

    seconds: float


def asked(rate: Rate, full_at: float | None, now: float) -> Passed | Held:
    """Whether one more request may pass at `now`, after what passed before; `full_at` is None at the first.

    A bucket of `burst` tokens that fills at `per_second`, told by the moment at which it is full again. A request that
    is held takes nothing. A clock that goes back holds nobody for longer than the bucket takes to fill.
    """
    apart = 1 / rate.per_second
    fills_in = rate.burst * apart
    full_after = min(max(0.0, (full_at or now) - now), fills_in) + apart
    # A hair more than full is what the sums of floating numbers make of exactly full.
    too_much = full_after - fills_in
    return Held(seconds=too_much) if too_much > apart * 1e-9 else Passed(full_at=now + full_after)
