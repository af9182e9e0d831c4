"""What ended trades come to: how many won, what they brought, how long they took, and what the fees ate.

Paper and live alike: a trade is what was paid, what came back, and when.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import TypeVar

from live_trading.analytics.intervals import Interval, by_cluster, wilson
from live_trading.nouns.money import Price, Usd, total_usd

_Key = TypeVar("_Key", bound=Hashable)
_PLACES = Decimal("0.000001")
PRICE_BUCKETS = tuple(Decimal(each) / 10 for each in range(1, 10))
"""Where the buckets of prices end: tenths of a dollar, each without its upper end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeResult:
    """One position of one source trade that has ended. `profit` is after `fee`; `price` is what a share cost."""

    condition_id: str
    trader: str
    category: str | None
    market_kind: str
    exit_reason: str
    opened_at: datetime
    ended_at: datetime
    price: Price
    cost: Usd
    fee: Usd
    profit: Usd


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultFigures:
    """What a set of ended trades comes to.

    A trade that brought nothing is neither won nor lost. `profit_factor` is won over lost, None where nothing was lost.
    `fee_share` is of what was paid. The interval of `expectancy` is drawn by markets.
    """

    trades: int
    won: int
    lost: int
    markets: int
    win_rate: Decimal | None
    win_rate_interval: Interval | None
    profit: Usd
    cost: Usd
    fees: Usd
    fee_share: Decimal | None
    profit_factor: Decimal | None
    expectancy: Decimal | None
    expectancy_interval: Interval | None
    return_on_cost: Decimal | None
    longest_held: timedelta | None
    median_held: timedelta | None


def results(trades: Sequence[TradeResult], random: Random) -> ResultFigures:
    """The figures of these trades; None where there are none to say them of."""
    won = [each for each in trades if each.profit > Usd.zero()]
    lost = [each for each in trades if each.profit < Usd.zero()]
    profit, cost = total_usd([each.profit for each in trades]), total_usd([each.cost for each in trades])
    fees = total_usd([each.fee for each in trades])
    gained, given = total_usd([each.profit for each in won]), total_usd([each.profit for each in lost])
    held = sorted(each.ended_at - each.opened_at for each in trades)
    return ResultFigures(
        trades=len(trades),
        won=len(won),
        lost=len(lost),
        markets=len({each.condition_id for each in trades}),
        win_rate=_over(Decimal(len(won)), Decimal(len(won) + len(lost))),
        win_rate_interval=wilson(len(won), len(won) + len(lost)),
        profit=profit,
        cost=cost,
        fees=fees,
        fee_share=_over(fees.value, cost.value + fees.value),
        profit_factor=_over(gained.value, -given.value),
        expectancy=_over(profit.value, Decimal(len(trades))),
        expectancy_interval=by_cluster(trades, lambda each: each.condition_id, mean_profit, random=random),
        return_on_cost=_over(profit.value, cost.value + fees.value),
        longest_held=held[-1] if held else None,
        median_held=held[(len(held) - 1) // 2] if held else None,
    )


def grouped(trades: Iterable[TradeResult], key: Callable[[TradeResult], _Key]) -> dict[_Key, list[TradeResult]]:
    """The trades by what the key says of each, in the order in which the keys first come."""
    found: dict[_Key, list[TradeResult]] = {}
    for each in trades:
        found.setdefault(key(each), []).append(each)
    return found


def price_bucket(price: Price) -> str:
    """The tenth of a dollar in which a price lies, as `0.3-0.4`."""
    below = sum(1 for end in PRICE_BUCKETS if price.value >= end)
    return f"{Decimal(below) / 10:.1f}-{Decimal(below + 1) / 10:.1f}"


def mean_profit(trades: Sequence[TradeResult]) -> Decimal:
    """Dollars a trade."""
    return sum((each.profit.value for each in trades), Decimal(0)) / len(trades)


def _over(part: Decimal, whole: Decimal) -> Decimal | None:
    return (part / whole).quantize(_PLACES) if whole else None
