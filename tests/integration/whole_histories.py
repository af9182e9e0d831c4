"""A trader's whole history, read in one go from a running venue: what the records that are kept in steps must equal."""

from __future__ import annotations

from datetime import datetime

from live_trading.nouns.trades import TraderStats
from live_trading.polymarket.data.data_api import DataApi
from live_trading.polymarket.data.trader_history import (
    PositionList,
    PositionsPage,
    PositionStatus,
    conditions_to_date,
    positions_page,
)
from live_trading.signals.trader_record import TradeSize, stats_as_of


def all_positions(feed: DataApi, trader: str) -> PositionsPage:
    """Every ended position of a trader, from all lists together."""
    listed = {status: _whole_list(feed, trader, status) for status in PositionStatus}
    conditions = set().union(*(conditions_to_date(each, status) for status, each in listed.items()))
    return positions_page(listed, feed.resolutions(conditions))


def all_sizes(feed: DataApi, trader: str, until: datetime, after: datetime | None = None) -> list[TradeSize]:
    """Every trade of a trader up to a moment."""
    sizes: list[TradeSize] = []
    down_to: datetime | None = until
    while down_to is not None:
        step = feed.trade_sizes(trader, after, down_to)
        sizes += step.sizes
        down_to = step.down_to
    return sizes


def whole_record(feed: DataApi, trader: str, as_of: datetime, now: datetime) -> TraderStats:
    """The record as of a moment by everything that the venue shows now. Raises RecordUnavailable."""
    return stats_as_of(trader, as_of, all_positions(feed, trader).positions, all_sizes(feed, trader, now))


def _whole_list(feed: DataApi, trader: str, status: PositionStatus) -> PositionList:
    rows, quarantined = [], []
    cursor: str | None = None
    while True:
        step = feed.positions(trader, status, cursor)
        rows += step.listed.rows
        quarantined += step.listed.quarantined
        cursor = step.next_cursor
        if cursor is None:
            return PositionList(rows=rows, quarantined=quarantined)
