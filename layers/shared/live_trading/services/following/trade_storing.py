"""Stores what a source tells of trades: what is new once, and of the rest that this source has told of it too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from live_trading.nouns.trades import QuarantinedRow, SourceTrade, SourceTradeKey
from live_trading.services.following.trade_matching import Matched, matched
from live_trading.store.database.connection import Transaction
from live_trading.store.feed import quarantine, source_trades, trade_sources
from live_trading.store.feed.trade_sources import KnownTrade, Mined, TradeSource

FITS_NOTHING = "fits none of the trades that the other source tells of this transaction: not stored, not copied"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a fill stands on the chain."""

    block_number: int
    block_hash: str
    log_index: int


def store_listed(transaction: Transaction, trades: Sequence[SourceTrade], now: datetime) -> Matched:
    """What the Data API lists; one statement where all of it is known. Every trader must be in `traders`."""
    result = _against_stored(transaction, trades, TradeSource.DATA_API)
    if not result.new and not _not_noted(result):
        return result
    trade_sources.one_at_a_time(transaction)
    result = _against_stored(transaction, trades, TradeSource.DATA_API)
    source_trades.insert(transaction, result.new, now)
    trade_sources.note_listed(transaction, _not_noted(result), now)
    _set_doubtful_aside(transaction, result, "data_api.trades", now)
    return result


def store_mined(
    transaction: Transaction, trades: Sequence[SourceTrade], places: Mapping[SourceTradeKey, Place], now: datetime
) -> Matched:
    """What the chain holds, with the place of each trade by its key. Every trader must be in `traders`."""
    if not trades:
        return Matched()
    trade_sources.one_at_a_time(transaction)
    result = _against_stored(transaction, trades, TradeSource.CHAIN)
    if result.new:
        source_trades.insert(transaction, result.new, now)
        new = [_mined(trade.key, places[trade.key]) for trade in result.new]
        trade_sources.note_mined(transaction, new, are_new=True)
    moved = [
        _mined(known.key, places[trade.key])
        for known, trade in result.same
        if known.is_dropped or known.block_hash != places[trade.key].block_hash
    ]
    trade_sources.note_mined(transaction, moved, are_new=False)
    _set_doubtful_aside(transaction, result, "chain.order_filled", now)
    return result


def _against_stored(transaction: Transaction, trades: Sequence[SourceTrade], source: TradeSource) -> Matched:
    known: list[KnownTrade] = trade_sources.of_transactions(transaction, {trade.transaction_hash for trade in trades})
    return matched(known, trades, source)


def _not_noted(result: Matched) -> list[int]:
    return [known.source_trade_id for known, _ in result.same if not known.is_listed]


def _mined(key: SourceTradeKey, place: Place) -> Mined:
    return Mined(key=key, block_number=place.block_number, block_hash=place.block_hash, log_index=place.log_index)


def _set_doubtful_aside(transaction: Transaction, result: Matched, source: str, now: datetime) -> None:
    rows = [
        QuarantinedRow(source=source, reason=FITS_NOTHING, raw=repr(trade), trader=trade.trader)
        for trade in result.doubtful
    ]
    quarantine.record(transaction, rows, now)
