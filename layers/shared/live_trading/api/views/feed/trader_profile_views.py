"""How the API shows one trader: the record, how far it has been read, what is traded, and who of the caller follows."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from typing_extensions import TypedDict

from live_trading.api.shapes import AddressAnswer, FractionText, IdAnswer, MomentAnswer, UsdText
from live_trading.api.views.plain import moment, text
from live_trading.nouns.decisions import Verdict
from live_trading.nouns.trades import TraderRecord, TraderStats
from live_trading.signals import probability
from live_trading.signals.history_sums import HistoryPart, Progress
from live_trading.store.shown.trader_profiles import Follower, KnownTrader, TradedCategory


class IntervalView(TypedDict):
    """Between which rates the trader's own lies in 19 cases of 20."""

    low: FractionText
    high: FractionText


class RecordView(TypedDict):
    """Resolved positions of a span of time; won is a profit above zero.

    `shrunken_win_rate` leans on the win rate of all followed traders, as much as 30 positions would. Rates are null
    where nothing is resolved, sizes where one of the trades has none.
    """

    resolved_count: int
    won_count: int
    win_rate: FractionText | None
    win_rate_interval: IntervalView | None
    shrunken_win_rate: FractionText | None
    shrunken_win_rate_interval: IntervalView | None
    average_trade_usd: UsdText | None


class TraderRecordView(TypedDict):
    """The newest record: of the 30 days before `as_of`, and of everything before it."""

    as_of: MomentAnswer
    population_win_rate: FractionText | None
    last_30_days: RecordView
    lifetime: RecordView


class ReadingView(TypedDict):
    """How far the trader's history has been read, which is done in steps.

    `reading_part` is null between two passes. All of the past up to `complete_to` is known. For hours up to
    `refused_as_of` there will be no record, because of what `refused_because` says.
    """

    pass_number: int
    reading_part: HistoryPart | None
    began_at: MomentAnswer
    complete_to: MomentAnswer | None
    last_whole_pass_at: MomentAnswer | None
    refused_as_of: MomentAnswer | None
    refused_because: str | None


class TradedCategoryView(TypedDict):
    """What the trader's newest 200 trades were in; null where the market is not known or has no category."""

    category: str | None
    trades: int
    usd: UsdText


class FollowerView(TypedDict):
    """A strategy of the caller, or an FT wallet where `lt_strategy_id` is null, whose configuration takes the trades.

    The verdicts are those on the trader's newest 50 trades, `orders` what was made of these, live for a strategy and on
    paper for an FT wallet, and `pnl_usd` what the ended ones among them brought after fees.
    """

    ft_wallet_id: IdAnswer
    lt_strategy_id: IdAnswer | None
    name: str
    is_active: bool
    accepted: int
    rejected: int
    followed_out: int
    orders: int
    pnl_usd: UsdText


class TraderProfileView(TypedDict):
    """One trader. `followed_since`: from when on trades count; null for one who is followed no more.

    `record` and `reading` are null until there is one. `followers` are the oldest 100.
    """

    trader_address: AddressAnswer
    is_followed: bool
    followed_since: MomentAnswer | None
    last_trade_at: MomentAnswer | None
    record: TraderRecordView | None
    reading: ReadingView | None
    categories: list[TradedCategoryView]
    followers: list[FollowerView]


def trader_profile_view(
    trader: KnownTrader,
    *,
    record: TraderStats | None,
    population_mean: Decimal | None,
    reading: Progress | None,
    categories: Sequence[TradedCategory],
    followers: Sequence[Follower],
) -> TraderProfileView:
    """One trader."""
    return TraderProfileView(
        trader_address=trader.trader,
        is_followed=trader.is_followed,
        followed_since=trader.since.isoformat() if trader.is_followed else None,
        last_trade_at=moment(trader.last_trade_at),
        record=None if record is None else _stats(record, population_mean),
        reading=None if reading is None else _reading(reading),
        categories=[
            TradedCategoryView(category=each.category, trades=each.trades, usd=str(each.usd)) for each in categories
        ],
        followers=[_follower(each) for each in followers],
    )


def _stats(stats: TraderStats, population_mean: Decimal | None) -> TraderRecordView:
    return TraderRecordView(
        as_of=stats.as_of.isoformat(),
        population_win_rate=_rate(population_mean),
        last_30_days=_record(stats.last_30_days, population_mean),
        lifetime=_record(stats.lifetime, population_mean),
    )


def _record(record: TraderRecord, population_mean: Decimal | None) -> RecordView:
    return RecordView(
        resolved_count=record.resolved_count,
        won_count=record.won_count,
        win_rate=_rate(probability.win_rate(record)),
        win_rate_interval=_interval(probability.win_rate_interval(record)),
        shrunken_win_rate=_rate(probability.shrunken_win_rate(record, population_mean)),
        shrunken_win_rate_interval=_interval(probability.shrunken_interval(record, population_mean)),
        average_trade_usd=text(record.average_trade_usd),
    )


def _rate(rate: Decimal | None) -> str | None:
    return None if rate is None else f"{rate:.8f}"


def _interval(bounds: tuple[Decimal, Decimal] | None) -> IntervalView | None:
    return None if bounds is None else IntervalView(low=f"{bounds[0]:f}", high=f"{bounds[1]:f}")


def _reading(progress: Progress) -> ReadingView:
    return ReadingView(
        pass_number=progress.pass_number,
        reading_part=progress.part,
        began_at=progress.began_at.isoformat(),
        complete_to=moment(progress.complete_to),
        last_whole_pass_at=moment(progress.whole_at),
        refused_as_of=moment(progress.refused_as_of),
        refused_because=progress.refused_because,
    )


def _follower(follower: Follower) -> FollowerView:
    return FollowerView(
        ft_wallet_id=str(follower.ft_wallet_id),
        lt_strategy_id=text(follower.lt_strategy_id),
        name=follower.name,
        is_active=follower.is_active,
        accepted=follower.verdicts[Verdict.ACCEPTED],
        rejected=follower.verdicts[Verdict.REJECTED],
        followed_out=follower.verdicts[Verdict.EXIT],
        orders=follower.orders,
        pnl_usd=str(follower.pnl),
    )
