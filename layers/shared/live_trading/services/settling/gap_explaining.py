"""Explains, trade by trade, why live brought another result than paper."""

from __future__ import annotations

from datetime import datetime

from live_trading.gap.attribution import attribute
from live_trading.store.books import gaps
from live_trading.store.database.connection import Transaction


def explain(transaction: Transaction, now: datetime) -> int:
    """Writes the terms of every trade of which both sides have ended; how many that were."""
    trades = gaps.unexplained(transaction)
    for trade in trades:
        gaps.save(transaction, trade, attribute(trade.paper, trade.live, gaps.per_share(trade)), now)
    return len(trades)
