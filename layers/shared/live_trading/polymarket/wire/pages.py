"""Lists that come in pages: a walk that goes nowhere ends with an error, and a row on two pages is no second row.

Rows of the feed carry no id, so that two that are equal are two events only where one page shows both: at the border of
two pages, or wherever pages overlap, an equal row may be the same one again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from typing import TypeVar

from live_trading.nouns.errors import MalformedAnswer
from live_trading.polymarket.wire.json_text import raw_text

_Row = TypeVar("_Row")


class PageWatch:
    """Looks at each page of one walk before its rows are believed."""

    def __init__(self, what: str) -> None:
        """`what` is asked, for the error."""
        self._what = what
        self._before: list[object] = []

    def seen(self, rows: list[object]) -> None:
        """Raises MalformedAnswer for a page that repeats its predecessor, whatever its cursor says."""
        if rows and rows == self._before:
            raise MalformedAnswer(f"{self._what}: a page that repeats the one before it", raw=raw_text(rows[:3]))
        self._before = rows


def numbered(pages: Iterable[Sequence[_Row]], alike: Callable[[_Row], Hashable]) -> Iterator[tuple[_Row, int, bool]]:
    """Each row with its number among those of its page that are alike, and whether an earlier page had that number."""
    earlier: set[tuple[Hashable, int]] = set()
    for page in pages:
        counted: Counter[Hashable] = Counter()
        here: set[tuple[Hashable, int]] = set()
        for row in page:
            key = alike(row)
            place = (key, counted[key])
            counted[key] += 1
            here.add(place)
            yield row, place[1], place in earlier
        earlier |= here
