"""Holds what one source tells of trades against what is stored: pure, so that it can be shown that no fill becomes two.

Both sources tell of the same fills, and nothing that they share names one. What they do share is transaction, token,
trader and side; price and size may be rounded in another way, and whether the Data API has one row where an account's
two orders were filled in one transaction is not documented. So within such a group a row is stored only where it cannot
be one that the other source has told of already:

- equal keys are the same fill, and so are a row of each source whose size and price are as near as rounding is;
- the chain tells the whole of a transaction at once, so that a row of the Data API in a group that the chain has told
  of is never new, and what does not fit stays out and is named;
- a row of the chain is new in a group where every row of the Data API has found its like, and stays out, and is named,
  where one has not.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from live_trading.nouns.trades import Side, SourceTrade, SourceTradeKey
from live_trading.store.feed.told.trade_sources import KnownTrade, TradeSource

# Size to the hundredth of a share or the thousandth part, price to a tenth of a cent: far more than rounding does, and
# pairs are made one to one, so that a wide net cannot hide a fill.
_SHARES = Decimal("0.01")
_PART = Decimal("0.001")
_PRICE = Decimal("0.001")

_Group = tuple[str, str, str, Side]


@dataclass(slots=True, kw_only=True)
class Matched:
    """`new` are to be stored; `same` are stored already; `doubtful` fit nothing and must not be stored."""

    new: list[SourceTrade] = field(default_factory=list)
    same: list[tuple[KnownTrade, SourceTrade]] = field(default_factory=list)
    doubtful: list[SourceTrade] = field(default_factory=list)


def matched(known: Iterable[KnownTrade], told: Sequence[SourceTrade], source: TradeSource) -> Matched:
    """Which of the trades that a source tells are new. `known` are the stored ones of their transactions."""
    stored: dict[_Group, list[KnownTrade]] = defaultdict(list)
    for each in known:
        stored[_group(each.key)].append(each)
    fresh: dict[_Group, list[SourceTrade]] = defaultdict(list)
    for trade in told:
        fresh[_group(trade.key)].append(trade)
    result = Matched()
    for group, trades in fresh.items():
        _match_group(stored.get(group, []), trades, source, result)
    return result


def _match_group(known: list[KnownTrade], told: list[SourceTrade], source: TradeSource, result: Matched) -> None:
    by_key = {each.key: each for each in known}
    left: list[SourceTrade] = []
    for trade in told:
        same = by_key.pop(trade.key, None)
        if same is None:
            left.append(trade)
        else:
            result.same.append((same, trade))
    # What both have told of may come again in the other form; a row of one source alone is no likeness of a second one.
    others = [each for each in by_key.values() if not _has_told(each, source) or (each.is_listed and each.is_mined)]
    unlike: list[SourceTrade] = []
    for trade in left:
        near = _nearest(others, trade.key)
        if near is None:
            unlike.append(trade)
        else:
            others.remove(near)
            result.same.append((near, trade))
    if source is TradeSource.DATA_API:
        is_told = any(each.is_mined for each in known)
    else:
        is_told = any(not each.is_mined for each in others)
    (result.doubtful if is_told else result.new).extend(unlike)


def _nearest(others: Sequence[KnownTrade], key: SourceTradeKey) -> KnownTrade | None:
    near = [each for each in others if _is_near(each.key, key)]
    return min(near, key=lambda each: _distance(each.key, key), default=None)


def _has_told(known: KnownTrade, source: TradeSource) -> bool:
    return known.is_mined if source is TradeSource.CHAIN else known.is_listed


def _group(key: SourceTradeKey) -> _Group:
    return key.transaction_hash, key.token_id, key.trader, key.side


def _is_near(one: SourceTradeKey, other: SourceTradeKey) -> bool:
    allowed = max(_SHARES, _PART * max(one.shares.value, other.shares.value))
    return abs(one.shares.value - other.shares.value) <= allowed and abs(one.price.value - other.price.value) <= _PRICE


def _distance(one: SourceTradeKey, other: SourceTradeKey) -> tuple[Decimal, Decimal]:
    return abs(one.shares.value - other.shares.value), abs(one.price.value - other.price.value)
