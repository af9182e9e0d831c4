"""Where in a list that is sorted by time and row, newest first, a page begins."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

_LAST_ID = UUID(int=2**128 - 1)
_LAST_NUMBER = 2**63 - 1


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
        """The id of the place where rows have UUIDs. Raises ValueError where it is none."""
        return _LAST_ID if self.after is None else UUID(self.after.row)

    @property
    def after_number(self) -> int:
        """The number of the place where rows have numbers. Raises ValueError where it is none."""
        return _LAST_NUMBER if self.after is None else int(self.after.row)
