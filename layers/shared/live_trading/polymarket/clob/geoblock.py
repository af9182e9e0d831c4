"""Whether the venue takes orders from where we are. It is asked, believed and never worked around."""

from __future__ import annotations

import logging
from enum import StrEnum

from live_trading.nouns.chance import Chance
from live_trading.nouns.errors import GiveUp, RetryLater
from live_trading.polymarket.wire.field_types import WireModel, read
from live_trading.polymarket.wire.http_questions import HttpQuestions

logger = logging.getLogger(__name__)


class Eligibility(StrEnum):
    """Only OPEN allows opening positions; UNKNOWN is treated like BLOCKED."""

    OPEN = "OPEN"
    BLOCKED = "BLOCKED"
    UNKNOWN = "UNKNOWN"


class _Answer(WireModel):
    blocked: bool


class Geoblock:
    """Asks the venue each time, over one kept connection."""

    def __init__(self, url: str, chance: Chance) -> None:
        self._url = url
        self._http = HttpQuestions("", chance)

    def eligibility(self) -> Eligibility:
        """The venue's answer for the address that this process has on the internet; UNKNOWN where it gives none."""
        try:
            answer = read(_Answer, self._http.get(self._url), "geoblock")
        except (RetryLater, GiveUp) as error:
            logger.warning("the geoblock question has no answer: %s", error)
            return Eligibility.UNKNOWN
        return Eligibility.BLOCKED if answer.blocked else Eligibility.OPEN
