"""Where in a list that is sorted by time and row, newest first, a page begins."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from live_trading.nouns.errors import DoesNotFit

_LAST_ID = UUID(int=2**128 - 1)
_LAST_NUMBER = 2**63 - 1
_UUID_TEXT = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_NUMBER_TEXT = re.compile(r"[0-9]{1,18}")
_NAME_TEXT = re.compile(r"[\x21-\x7e]{1,200}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One row of a list: its time and its id, which is a UUID, a number or another text that tells rows apart.

    `at` is None in a list that is sorted by the row alone.
    """

    at: datetime | None
    row: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PageAsked:
    """At most `size` rows that come after a place; None begins with the newest.

    Rows that are added while somebody turns pages lie before his place, so that he sees none twice and misses none.
    """

    size: int
    after: Place | None = None

    @property
    def rows_to_read(self) -> int:
        """One more than are shown, which tells whether there is another page."""
        return self.size + 1

    @property
    def after_at(self) -> datetime | None:
        """The time of the place; None stands for a time that is later than any."""
        return None if self.after is None else self.after.at

    @property
    def after_id(self) -> UUID:
        """The id of the place where rows have UUIDs. Raises DoesNotFit where it is none."""
        if self.after is None:
            return _LAST_ID
        if not _UUID_TEXT.fullmatch(self.after.row):
            raise _no_place()
        return UUID(self.after.row)

    @property
    def after_number(self) -> int:
        """The number of the place where rows have numbers. Raises DoesNotFit where it is none."""
        if self.after is None:
            return _LAST_NUMBER
        if not _NUMBER_TEXT.fullmatch(self.after.row):
            raise _no_place()
        return int(self.after.row)

    @property
    def after_text(self) -> str | None:
        """The row of the place where rows have another name, None at the beginning. Raises DoesNotFit."""
        if self.after is None:
            return None
        if not _NAME_TEXT.fullmatch(self.after.row):
            raise _no_place()
        return self.after.row


def _no_place() -> DoesNotFit:
    return DoesNotFit("cursor", "is no cursor of this list", allowed="the next_cursor of a page of this list")
