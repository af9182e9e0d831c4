"""How the API shows the gap: from the leader's profit over paper's to live's, in all and trade by trade."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from typing_extensions import TypedDict

from live_trading.api.shapes import ConditionIdAnswer, DayAnswer, IdAnswer, MomentAnswer, NextCursor, UsdText
from live_trading.api.views.plain import text
from live_trading.gap.waterfall import TermSpread
from live_trading.gap.whole import GapKind, GapTerm, LeaderTerm, summed
from live_trading.nouns.money import Usd, total_usd
from live_trading.store.gap.gap_pages import ShownGap
from live_trading.store.gap.gap_rows import GapSum


class TermView(TypedDict):
    """Dollars that a cause takes from one bar to the next; negative where it adds."""

    term: GapTerm | LeaderTerm
    usd: UsdText


class GapView(TypedDict):
    """One source trade, ended or at what it is worth now. Each `to_…` sums to the difference of its two bars.

    `to_live_on_average` tells the same in no order of the causes. `reason` is why only one side has it.
    """

    lt_strategy_id: IdAnswer
    source_trade_id: int
    condition_id: ConditionIdAnswer
    slug: str | None
    kind: GapKind
    is_final: bool
    leader_pnl_usd: UsdText
    paper_pnl_usd: UsdText
    live_pnl_usd: UsdText
    gap_usd: UsdText
    to_paper: list[TermView]
    to_live: list[TermView]
    to_live_on_average: list[TermView]
    reason: str | None
    computed_at: MomentAnswer


class GapsView(TypedDict):
    """A page of trades, of the newest source trade first."""

    gaps: list[GapView]
    next_cursor: NextCursor


class ReasonSumView(TypedDict):
    """The part of a term that is of trades of one side only, by why the other has none."""

    reason: str
    usd: UsdText


class TermSumView(TypedDict):
    """What a cause takes from one bar to the next, over all trades.

    `average_usd` is the same in no order of the causes, which only those from paper to live have. `low_usd` and
    `high_usd` are the interval (95 %, drawn by market) of the newest trades' sum, null where markets are too few.
    """

    term: GapTerm | LeaderTerm
    usd: UsdText
    average_usd: UsdText | None
    low_usd: UsdText | None
    high_usd: UsdText | None
    by_reason: list[ReasonSumView]


class WaterfallView(TypedDict):
    """Three bars and what lies between them: leader less the sum of `to_paper` is paper, less `to_live` is live.

    `identity_error_usd` is what the terms do not explain, which is nothing. Intervals are of the newest
    `trades_looked_at`, in `markets_looked_at` markets.
    """

    since: DayAnswer | None
    until: DayAnswer | None
    leader_pnl_usd: UsdText
    paper_pnl_usd: UsdText
    live_pnl_usd: UsdText
    to_paper: list[TermSumView]
    to_live: list[TermSumView]
    identity_error_usd: UsdText
    trades_looked_at: int
    markets_looked_at: int


def gap_view(gap: ShownGap) -> GapView:
    """One trade with its bars and terms."""
    return {
        "lt_strategy_id": str(gap.lt_strategy_id),
        "source_trade_id": gap.source_trade_id,
        "condition_id": gap.condition_id,
        "slug": gap.slug,
        "kind": gap.kind,
        "is_final": gap.is_final,
        "leader_pnl_usd": str(gap.leader),
        "paper_pnl_usd": str(gap.paper),
        "live_pnl_usd": str(gap.live),
        "gap_usd": str(gap.paper - gap.live),
        "to_paper": [{"term": name, "usd": str(usd)} for name, usd in gap.leader_terms.items()],
        "to_live": [{"term": name, "usd": str(usd)} for name, usd in gap.terms.items()],
        "to_live_on_average": [{"term": name, "usd": str(usd)} for name, usd in gap.averages.items()],
        "reason": gap.reason,
        "computed_at": gap.computed_at.isoformat(),
    }


def waterfall_view(
    sums: Sequence[GapSum],
    spreads: Mapping[GapTerm | LeaderTerm, TermSpread],
    *,
    since: str | None,
    until: str | None,
    trades: int,
    markets: int,
) -> WaterfallView:
    """All sums of a strategy."""
    bars = {each.part: each.usd for each in sums if not each.name}
    zero = Usd.zero()
    leader, paper, live = (bars.get(part, zero) for part in ("LEADER", "PAPER", "LIVE"))
    told = [each for each in sums if each.part in ("LEADER_TERM", "TERM")]
    explained = sum((each.usd.value for each in told), zero.value)
    averages = summed({GapTerm(each.name): each.usd} for each in sums if each.part == "AVERAGE")
    return {
        "since": since,
        "until": until,
        "leader_pnl_usd": str(leader),
        "paper_pnl_usd": str(paper),
        "live_pnl_usd": str(live),
        "to_paper": [_sum(term, told, None, spreads.get(term)) for term in LeaderTerm if _has(term, told)],
        "to_live": [
            _sum(term, told, averages.get(term, zero), spreads.get(term)) for term in GapTerm if _has(term, told)
        ],
        "identity_error_usd": str(Usd((leader - live).value - explained)),
        "trades_looked_at": trades,
        "markets_looked_at": markets,
    }


def _has(term: GapTerm | LeaderTerm, sums: Sequence[GapSum]) -> bool:
    return any(each.name == term for each in sums)


def _sum(
    term: GapTerm | LeaderTerm, sums: Sequence[GapSum], average: Usd | None, spread: TermSpread | None
) -> TermSumView:
    parts = [each for each in sums if each.name == term]
    return {
        "term": term,
        "usd": str(total_usd([each.usd for each in parts])),
        "average_usd": text(average),
        "low_usd": None if spread is None else str(spread.low),
        "high_usd": None if spread is None else str(spread.high),
        "by_reason": [{"reason": each.reason, "usd": str(each.usd)} for each in parts if each.reason],
    }
