"""Trades that only one of the two sources has told of, although the other has had its time.

Either is a wrong belief about how the venue writes down what happened, or a source that leaves things out: what was
copied then is either no fill, or was copied late.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from live_trading.services.following.fills.chain_watch import LOOKING_SINCE
from live_trading.services.watching.checks.check_look import Judge, Look
from live_trading.services.watching.findings import CheckName, Finding, HealthStatus, count_of, healthy
from live_trading.services.watching.thresholds import HealthThresholds
from live_trading.store.database import cursors
from live_trading.store.database.connection import Transaction
from live_trading.store.feed.told import chain_blocks, trade_sources
from live_trading.store.feed.told.trade_sources import OneSidedTrade

LISTED_WITHIN = HealthThresholds().span("listed_within")
_LOOKED_BACK = timedelta(days=1)
_NAMED = 3


def checked(transaction: Transaction, look: Look) -> Judge:
    """One finding for each source: what the other has not told of. It asks by itself."""
    found = trades(transaction, look.now, look.limits.span("listed_within"))
    return lambda: found


def trades(transaction: Transaction, now: datetime, within: timedelta = LISTED_WITHIN) -> list[Finding]:
    """What each source has not told of although the other did longer ago than `within`."""
    return [_not_listed(transaction, now, within), _not_mined(transaction, now, within)]


def _not_listed(transaction: Transaction, now: datetime, within: timedelta) -> Finding:
    found = trade_sources.not_listed(transaction, since=now - _LOOKED_BACK, before=now - within, limit=_NAMED + 1)
    return _finding(
        CheckName.NOT_LISTED,
        found,
        "compare with the venue's page of the trader; what was decided on them stays",
    )


def _not_mined(transaction: Transaction, now: datetime, within: timedelta) -> Finding:
    """Only blocks that were looked at can lack anything."""
    since = cursors.times(transaction, [LOOKING_SINCE]).get(LOOKING_SINCE)
    newest = chain_blocks.newest(transaction)
    found: Sequence[OneSidedTrade] = ()
    if since is not None and newest is not None:
        found = trade_sources.not_mined(
            transaction,
            since=max(since, now - _LOOKED_BACK),
            before=min(newest.time, now - within),
            limit=_NAMED + 1,
        )
    return _finding(
        CheckName.NOT_MINED,
        found,
        "they were copied as late as the feed is: look whether their exchange is one of those that are configured, and "
        "whether the catalogue finds their token by its id",
    )


def _finding(name: CheckName, found: Sequence[OneSidedTrade], advice: str) -> Finding:
    if not found:
        return healthy(name, "none", count_of(0))
    more = ", and more" if len(found) > _NAMED else ""
    named = "; ".join(_named(each) for each in found[:_NAMED])
    return Finding(
        name=name,
        status=HealthStatus.WARNING,
        detail=f"{named}{more}",
        figures=(count_of(len(found)),),
        advice=advice,
    )


def _named(trade: OneSidedTrade) -> str:
    return (
        f"{trade.side} of {trade.shares} at {trade.price} in {trade.title} by {trade.trader} at "
        f"{trade.trade_time:%Y-%m-%d %H:%M:%S} UTC ({trade.transaction_hash})"
    )
