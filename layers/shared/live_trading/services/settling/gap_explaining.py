"""Puts the paper side of each trade beside its live one, and explains why live brought another result."""

from __future__ import annotations

from datetime import datetime

from live_trading.gap.attribution import attribute
from live_trading.store.books import gaps
from live_trading.store.database.connection import Transaction


def explain(transaction: Transaction, now: datetime) -> int:
    """Links what has changed since the last pass, and writes the terms of those that have ended; how many that were.

    A trade with a side that is open is looked at again when that side, or its market, changes.
    """
    changes = gaps.changed(transaction)
    if not changes:
        return 0
    gaps.link_paper_twins(transaction, changes)
    trades = gaps.unexplained(transaction, changes)
    explained = [(trade, attribute(trade.paper, trade.live, gaps.per_share(trade))) for trade in trades]
    gaps.save_all(transaction, explained, now)
    gaps.forget(transaction, changes)
    return len(trades)
