"""How far a list looks where its filter has no index of its own: a bounded part of the rows, and on from there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from live_trading.nouns.pages import PageAsked, Place

# So many rows are looked at for one page. One that holds fewer than were asked for goes on from the last of them.
MOST_LOOKED = 1_000

_Row = TypeVar("_Row")


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked(Generic[_Row]):
    """Rows that fit, and the last one that was looked at; None where there are no more to look at."""

    rows: Sequence[_Row]
    looked_to: Place | None


def rows_to_look_at(page: PageAsked, *, is_filtered: bool) -> int:
    """How many rows an index gives up for the page, where more is asked of them than the index knows."""
    return max(MOST_LOOKED, page.rows_to_read) if is_filtered else page.rows_to_read
