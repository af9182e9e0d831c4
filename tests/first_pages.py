"""The first page of a list, as a caller asks for it who says nothing of pages."""

from __future__ import annotations

from live_trading.api.paging import Paging
from live_trading.api.query import USUAL_PAGE
from live_trading.nouns.pages import PageAsked


def first_page(size: int = USUAL_PAGE) -> Paging:
    """It begins with the newest."""
    return Paging(asked=PageAsked(size=size), seal="")
