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
        for trade in trades:
            self._by_source[(trade.trader, trade.is_buy)].append(trade)
            self._by_number[trade.source_trade_id] = trade
        self._numbers = {source: [each.source_trade_id for each in found] for source, found in self._by_source.items()}

    @property
    def oldest(self) -> datetime | None:
        """When the oldest of them was made."""
        return min((each.trade_time for each in self._by_number.values()), default=None)

    def after(self, rule: FollowRule, position: int, to: int) -> Iterator[BriefTrade]:
        """What the rule takes of the trades numbered above `position`, up to and with `to`."""
        for (trader, is_buy), trades in self._by_source.items():
            if rule.follows.refuses(trader, is_buy=is_buy) is None:
                yield from self._taken(rule, self._slice((trader, is_buy), trades, position, to))

    def among(self, rule: FollowRule, numbers: Sequence[int]) -> Iterator[BriefTrade]:
        """What the rule takes of these."""
        known = (self._by_number[each] for each in numbers if each in self._by_number)
        return self._taken(rule, known)

    def passed_over(self, rule: FollowRule, position: int, to: int) -> Counter[str]:
        """How many of the trades between these numbers are none of the subject's business, by reason."""
        found: Counter[str] = Counter()
        for source, trades in self._by_source.items():
            reason = rule.follows.refuses(source[0], is_buy=source[1])
            if reason is None and not rule.earlier:
                continue
            between = self._slice(source, trades, position, to)
            if not between:
                continue
            mine = between if between[0].trade_time >= rule.starts_at else _since(between, rule.starts_at)
            if reason is not None:
                found[reason.value] += len(mine)
            else:
                found.update(each.value for each in map(rule.refuses, mine) if each is not None)
        return +found

    def _slice(self, source: tuple[str, bool], trades: list[BriefTrade], position: int, to: int) -> list[BriefTrade]:
        numbers = self._numbers[source]
        if numbers[0] > position and numbers[-1] <= to:
            return trades
        return trades[bisect_right(numbers, position) : bisect_right(numbers, to)]

    def _taken(self, rule: FollowRule, trades: Iterable[BriefTrade]) -> Iterator[BriefTrade]:
        return (each for each in trades if each.trade_time >= rule.starts_at and rule.refuses(each) is None)


def _since(trades: Sequence[BriefTrade], moment: datetime) -> list[BriefTrade]:
    return [each for each in trades if each.trade_time >= moment]
