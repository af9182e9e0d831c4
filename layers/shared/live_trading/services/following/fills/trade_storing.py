"""Stores what a source tells of trades: what is new once, and of the rest that this source has told of it too."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from live_trading.nouns.trades import QuarantinedRow, SourceTrade, SourceTradeKey
from live_trading.services.following.fills.trade_matching import Matched, matched
from live_trading.store.database.connection import Transaction
from live_trading.store.feed import quarantine, source_trades
from live_trading.store.feed.told import trade_sources
from live_trading.store.feed.told.trade_sources import DroppedTrade, KnownTrade, Mined, TradeSource

FITS_NOTHING = "fits none of the trades that the other source tells of this transaction: not stored, not copied"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a fill stands on the chain, and of which order it is one."""

    order_hash: str
    block_number: int
    block_hash: str
    log_index: int


def store_listed(transaction: Transaction, trades: Sequence[SourceTrade], now: datetime) -> Matched:
    """What the Data API lists; one statement where all of it is known. Every trader must be in `traders`."""
    result = _against_stored(transaction, trades, TradeSource.DATA_API)
    if not result.new and not result.doubtful and not _not_noted(result):
        return result
    trade_sources.one_at_a_time(transaction)
    result = _against_stored(transaction, trades, TradeSource.DATA_API)
    source_trades.insert(transaction, result.new, now)
    trade_sources.note_listed(transaction, _not_noted(result), now)
    _set_doubtful_aside(transaction, result, "data_api.trades", now)
    return result


@dataclass(frozen=True, slots=True, kw_only=True)
class Replaced:
    """Above block `above` the chain has other blocks than those in which trades of these traders were found.

    The transactions `untold` are in the new ones, and hold fills that could not be told.
    """

    above: int
    traders: Sequence[str]
    untold: Collection[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFromChain:
    """What was stored, which trades went with their blocks, and the numbers of those that are back."""

    result: Matched
    dropped: list[DroppedTrade]
    back: list[int]


def store_mined(
    transaction: Transaction,
    trades: Sequence[SourceTrade],
    places: Mapping[SourceTradeKey, Place],
    now: datetime,
    replaced: Replaced | None = None,
) -> StoredFromChain:
    """What the chain holds, with the place of each trade by its key. Every trader must be in `traders`.

    With `replaced`, the trades must be all that those blocks hold but for what is untold.
    """
    if not trades and replaced is None:
        return StoredFromChain(result=Matched(), dropped=[], back=[])
    trade_sources.one_at_a_time(transaction)
    result = _against_stored(transaction, trades, TradeSource.CHAIN)
    dropped = [] if replaced is None else _dropped(transaction, result, replaced, now)
    back = [known.source_trade_id for known, _ in result.same if known.is_dropped]
    back += _taken_back(transaction, result, places)
    if result.new:
        source_trades.insert(transaction, result.new, now)
        trade_sources.note_mined(
            transaction, [_mined(trade.key, places[trade.key]) for trade in result.new], are_new=True
        )
    moved = [
        _mined(known.key, places[trade.key])
        for known, trade in result.same
        if known.is_dropped or known.block_hash != places[trade.key].block_hash
    ]
    trade_sources.note_mined(transaction, moved, are_new=False)
    trade_sources.offer_again(transaction, back)
    _set_doubtful_aside(transaction, result, "chain.order_filled", now)
    return StoredFromChain(result=result, dropped=dropped, back=back)


def _dropped(transaction: Transaction, result: Matched, replaced: Replaced, now: datetime) -> list[DroppedTrade]:
    there = [known.source_trade_id for known, _ in result.same]
    return trade_sources.drop_above(
        transaction, replaced.above, traders=replaced.traders, but=there, but_of=replaced.untold, now=now
    )


def _taken_back(transaction: Transaction, result: Matched, places: Mapping[SourceTradeKey, Place]) -> list[int]:
    """The dropped trades that new ones are: the venue has sent the same fill of the same order once more.

    They move from `new` to `same`, so that what was decided on them is not decided again.
    """
    if not result.new:
        return []
    gone = trade_sources.dropped_of_orders(transaction, {places[trade.key].order_hash for trade in result.new})
    moved: list[tuple[int, SourceTradeKey]] = []
    for trade in list(result.new):
        again = next(
            (
                each
                for each in gone
                if each[0] == places[trade.key].order_hash and _is_same_fill(each[1].key, trade.key)
            ),
            None,
        )
        if again is not None:
            gone.remove(again)
            result.new.remove(trade)
            result.same.append((replace(again[1], key=trade.key), trade))
            moved.append((again[1].source_trade_id, trade.key))
    trade_sources.move(transaction, moved)
    return [number for number, _ in moved]


def _is_same_fill(one: SourceTradeKey, other: SourceTradeKey) -> bool:
    return replace(one, transaction_hash="", occurrence=0) == replace(other, transaction_hash="", occurrence=0)


def _against_stored(transaction: Transaction, trades: Sequence[SourceTrade], source: TradeSource) -> Matched:
    known: list[KnownTrade] = trade_sources.of_transactions(transaction, {trade.transaction_hash for trade in trades})
    return matched(known, trades, source)


def _not_noted(result: Matched) -> list[int]:
    return [known.source_trade_id for known, _ in result.same if not known.is_listed]


def _mined(key: SourceTradeKey, place: Place) -> Mined:
    return Mined(
        key=key,
        order_hash=place.order_hash,
        block_number=place.block_number,
        block_hash=place.block_hash,
        log_index=place.log_index,
    )


def _set_doubtful_aside(transaction: Transaction, result: Matched, source: str, now: datetime) -> None:
    rows = [
        QuarantinedRow(source=source, reason=FITS_NOTHING, raw=repr(trade), trader=trade.trader)
        for trade in result.doubtful
    ]
    quarantine.record(transaction, rows, now)
