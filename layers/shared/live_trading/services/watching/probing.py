"""Asks the outside parts side by side, each for so long and no longer: one that hangs hides no other.

A part that hung last time and still does is not asked again, so that hanging calls do not pile up.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Thread
from time import monotonic
from typing import TypeAlias

from live_trading.nouns.errors import LiveTradingError
from live_trading.services.watching.findings import CheckName, Finding, HealthStatus

logger = logging.getLogger(__name__)

Probe: TypeAlias = Callable[[], Sequence[Finding]]
_ADVICE = "look at its status page and at the way to it; what needs it waits, and nothing is lost"


@dataclass(slots=True)
class _Asked:
    """One probe under way; `found` is its answer once there is one."""

    thread: Thread
    found: list[Finding] | None = None


class Probing:
    """Keeps what is under way for as long as the execution environment lives."""

    def __init__(self, *, side_by_side: bool = True) -> None:
        """Without `side_by_side` each is waited for before the next is asked, for runs that are to be repeated."""
        self._side_by_side = side_by_side
        self._under_way: dict[CheckName, _Asked] = {}

    def ask(self, probes: Sequence[tuple[CheckName, Probe]], seconds: float) -> list[Finding]:
        """What each probe finds, in their order; a finding of its own name for one that fails or does not answer.

        Waits for `seconds` at most where they are asked side by side, else for so long for each.
        """
        asked = []
        for name, probe in probes:
            one = self._begun(name, probe)
            if not self._side_by_side:
                one.thread.join(seconds)
            asked.append((name, one))
        return [finding for name, one in self._waited(asked, seconds) for finding in self._found(name, one, seconds)]

    def _begun(self, name: CheckName, probe: Probe) -> _Asked:
        before = self._under_way.get(name)
        if before is not None and before.thread.is_alive():
            return before

        def work() -> None:
            one.found = _answer(name, probe)

        one = _Asked(Thread(target=work, name=f"probe {name}", daemon=True))
        self._under_way[name] = one
        one.thread.start()
        return one

    def _waited(self, asked: list[tuple[CheckName, _Asked]], seconds: float) -> list[tuple[CheckName, _Asked]]:
        """The time is one for all: who comes first leaves what is left of it to the next."""
        until = monotonic() + seconds
        for _, one in asked:
            one.thread.join(max(0.0, until - monotonic()))
        return asked

    def _found(self, name: CheckName, one: _Asked, seconds: float) -> list[Finding]:
        if one.found is not None:
            return one.found
        return [
            Finding(
                name=name,
                status=HealthStatus.CRITICAL,
                detail=f"no answer within {seconds:g} s",
                advice=_ADVICE,
                is_answer=False,
            )
        ]


def _answer(name: CheckName, probe: Probe) -> list[Finding]:
    """Whatever one probe raises is its own finding: a defect of one check is told as that of a part."""
    try:
        return list(probe())
    except LiveTradingError as error:
        return [_failed(name, error)]
    except Exception as error:
        logger.exception("a probe failed", extra={"check": name.value})
        return [_failed(name, error)]


def _failed(name: CheckName, error: Exception) -> Finding:
    return Finding(
        name=name,
        status=HealthStatus.CRITICAL,
        detail=f"{type(error).__name__}: {error}",
        advice=_ADVICE,
        is_answer=False,
    )
