"""What may stand behind the question mark: typed, closed, and documented as the bodies are.

Every value arrives as text. A parameter that a route does not have is refused, because a filter that is misspelt would
show what it was meant to leave out.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from live_trading.api.fields import text_of

LARGEST_PAGE = 500
USUAL_PAGE = 100
_DIGITS = re.compile(r"[0-9]{1,9}")
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2})")
_ALLOWED_MOMENT = "an ISO 8601 time with its zone, such as 2026-11-27T00:00:00Z (write a plus sign as %2B)"


def _refused(reason: str, allowed: str) -> PydanticCustomError:
    return PydanticCustomError("refused", "{reason}", {"reason": reason, "allowed": allowed})


def whole_text(least: int, most: int) -> tuple[PlainValidator, WithJsonSchema]:
    """A whole number of a range, in plain digits."""
    allowed = f"a whole number, {least} to {most}"

    def check(raw: object) -> int:
        if isinstance(raw, int) and not isinstance(raw, bool):
            return raw
        if not isinstance(raw, str) or not _DIGITS.fullmatch(raw):
            raise _refused("is not a whole number", allowed)
        if not least <= int(raw) <= most:
            raise _refused("is out of range", allowed)
        return int(raw)

    return PlainValidator(check), WithJsonSchema({"type": "integer", "minimum": least, "maximum": most})


def _moment(raw: object) -> datetime:
    if not isinstance(raw, str) or not _MOMENT.fullmatch(raw):
        raise _refused("is no time", _ALLOWED_MOMENT)
    try:
        return datetime.fromisoformat(raw).astimezone(UTC)
    except (ValueError, OverflowError):
        raise _refused("is no time", _ALLOWED_MOMENT) from None


def _switch(raw: object) -> bool:
    if raw not in ("true", "false"):
        raise _refused("is not one of the allowed values", "true, false")
    return raw == "true"


MomentText = Annotated[
    datetime,
    PlainValidator(_moment),
    WithJsonSchema({"type": "string", "format": "date-time", "description": _ALLOWED_MOMENT}),
]
SwitchText = Annotated[bool, PlainValidator(_switch), WithJsonSchema({"type": "boolean"})]
CursorText = Annotated[str, *text_of(1, 1000)]


class Query(BaseModel):
    """What every set of parameters has in common."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class NoQuery(Query):
    """What a route without parameters takes."""


class PageQuery(Query):
    """A page of a list, newest first: at most `limit` rows, from where `cursor` says or from the newest."""

    limit: Annotated[int, *whole_text(1, LARGEST_PAGE)] = USUAL_PAGE
    cursor: CursorText | None = None


class PeriodQuery(PageQuery):
    """A page of what lies in a span of time: since `since`, before `until`. Either may be left open."""

    since: MomentText | None = None
    until: MomentText | None = None
