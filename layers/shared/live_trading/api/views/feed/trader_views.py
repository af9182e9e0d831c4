"""How the API shows a followed trader."""

from __future__ import annotations

from typing_extensions import TypedDict

from live_trading.api.shapes import AddressAnswer, MomentAnswer, NextCursor
from live_trading.store.feed.traders import FollowedTrader


class TraderView(TypedDict):
    """A followed trader; his trades count from then on."""

    address: AddressAnswer
    followed_since: MomentAnswer


class TradersView(TypedDict):
    """A page of followed traders, who was followed last first."""

    traders: list[TraderView]
    next_cursor: NextCursor


def trader_view(row: FollowedTrader) -> TraderView:
    """One followed trader."""
    return TraderView(address=row.trader, followed_since=row.followed_since.isoformat())
