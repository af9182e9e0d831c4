"""Which trades a subject might enter or leave after, by whom its configuration follows: told before anything is judged.

A trade must fit the configuration of its own time and the present one: whoever adds a trader copies what that trader
does from then on.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from live_trading.nouns.decisions import Reason
from live_trading.signals.config import WalletConfig
from live_trading.store.feed.brief_trades import BriefTrade


@dataclass(frozen=True, slots=True, kw_only=True)
class Follows:
    """Whose trades a configuration takes: `traders` None is everybody's; `sales` are theirs too where it leaves with
    them."""

    traders: frozenset[str] | None
    excluded: frozenset[str]
    sales: bool

    @classmethod
    def of(cls, config: WalletConfig) -> Follows:
        """What the configuration says of it."""
        return cls(
            traders=None if config.target_traders is None else frozenset(config.target_traders),
            excluded=frozenset(config.excluded_traders),
            sales=config.exits is not None and config.exits.follow_trader,
        )

    def refuses(self, trader: str, *, is_buy: bool) -> Reason | None:
        """Why none of the trader's purchases, or sales, is the subject's business."""
        if not is_buy and not self.sales:
            return Reason.NOT_AN_ENTRY
        if self.traders is not None and trader not in self.traders:
            return Reason.NOT_TARGET_TRADER
        return Reason.EXCLUDED_TRADER if trader in self.excluded else None


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowRule:
    """Whose trades a subject takes and from when on; `earlier` is what held until each of these moments, in order."""

    follows: Follows
    starts_at: datetime
    earlier: tuple[tuple[datetime, Follows], ...] = ()

    def refuses(self, trade: BriefTrade) -> Reason | None:
        """Why the trade is none of the subject's business."""
        now = self.follows.refuses(trade.trader, is_buy=trade.is_buy)
        if now is not None or not self.earlier:
            return now
        held = next((each for until, each in self.earlier if trade.trade_time < until), None)
        return None if held is None else held.refuses(trade.trader, is_buy=trade.is_buy)


class TradeShelf:
    """Trades by trader and side, in the order of their numbers, to be paired with any number of subjects."""

    def __init__(self, trades: Iterable[BriefTrade] = (), single: Iterable[BriefTrade] = ()) -> None:
        """`trades` are whole ranges in the order of their numbers, `single` are known by their number alone."""
        self._by_source: dict[tuple[str, bool], list[BriefTrade]] = defaultdict(list)
        self._by_number = {each.source_trade_id: each for each in single}
        self._numbers: dict[tuple[str, bool], list[int]] = defaultdict(list)
        self._of_side: dict[bool, list[int]] = {True: [], False: []}
        for trade in trades:
            source = trade.trader, trade.is_buy
            self._by_source[source].append(trade)
            self._numbers[source].append(trade.source_trade_id)
            self._of_side[trade.is_buy].append(trade.source_trade_id)
            self._by_number[trade.source_trade_id] = trade
        self._traders = frozenset(trader for trader, _ in self._by_source)
        self.oldest = min((each.trade_time for each in self._by_number.values()), default=None)

    def after(self, rule: FollowRule, position: int, to: int) -> Iterator[BriefTrade]:
        """What the rule takes of the trades numbered above `position`, up to and with `to`."""
        for source in self._followed(rule.follows):
            numbers = self._numbers[source]
            between = self._by_source[source][bisect_right(numbers, position) : bisect_right(numbers, to)]
            yield from self._taken(rule, between)

    def among(self, rule: FollowRule, numbers: Sequence[int]) -> Iterator[BriefTrade]:
        """What the rule takes of these."""
        known = (self._by_number[each] for each in numbers if each in self._by_number)
        return self._taken(rule, known)

    def passed_over(self, rule: FollowRule, position: int, to: int) -> Counter[str]:
        """How many of the trades between these numbers are none of the subject's business, by reason."""
        if rule.earlier or (self.oldest is not None and self.oldest < rule.starts_at):
            return self._passed_one_by_one(rule, position, to)
        follows = rule.follows
        sides = (True, False) if follows.sales else (True,)
        found: Counter[str] = Counter()
        if not follows.sales:
            found[Reason.NOT_AN_ENTRY] = _between(self._of_side[False], position, to)
        excluded = follows.excluded if follows.traders is None else follows.excluded & follows.traders
        found[Reason.EXCLUDED_TRADER] = self._of(excluded, sides, position, to)
        if follows.traders is not None:
            all_ = sum(_between(self._of_side[side], position, to) for side in sides)
            found[Reason.NOT_TARGET_TRADER] = all_ - self._of(follows.traders, sides, position, to)
        return +found

    def _passed_one_by_one(self, rule: FollowRule, position: int, to: int) -> Counter[str]:
        mine = (
            trade
            for trades in self._by_source.values()
            for trade in trades
            if position < trade.source_trade_id <= to and trade.trade_time >= rule.starts_at
        )
        return Counter(reason.value for reason in map(rule.refuses, mine) if reason is not None)

    def _of(self, traders: frozenset[str], sides: Sequence[bool], position: int, to: int) -> int:
        sources = ((trader, side) for trader in traders & self._traders for side in sides)
        return sum(_between(self._numbers[each], position, to) for each in sources if each in self._numbers)

    def _followed(self, follows: Follows) -> Iterator[tuple[str, bool]]:
        traders = self._traders if follows.traders is None else follows.traders & self._traders
        for trader in traders - follows.excluded:
            for is_buy in (True, False) if follows.sales else (True,):
                if (trader, is_buy) in self._by_source:
                    yield trader, is_buy

    def _taken(self, rule: FollowRule, trades: Iterable[BriefTrade]) -> Iterator[BriefTrade]:
        return (each for each in trades if each.trade_time >= rule.starts_at and rule.refuses(each) is None)


def _between(numbers: Sequence[int], position: int, to: int) -> int:
    return bisect_right(numbers, to) - bisect_right(numbers, position)
