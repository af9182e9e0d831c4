"""The whole gap of a strategy: every dollar of paper and of live, each in a row that says where it comes from. Pure.

Three bars and what lies between them: what the leader's own prices would have made of our stakes, what paper made of
them, and what live made. A row is one source trade, on whichever side it stands, or the rest of a strategy's profit
that no trade explains. Its terms sum to the differences of its bars exactly, so the terms of all rows do too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from live_trading.gap.attribution import GapTerms, LiveSide, PaperSide, attribute
from live_trading.gap.shapley import average_terms
from live_trading.nouns.money import Price, Usd, total_usd


class GapKind(StrEnum):
    """PAIRED on both sides; PAPER_ONLY and LIVE_ONLY on one; BEFORE_LAUNCH a paper trade from before the strategy.

    REST is what is in the ledger and of no trade: corrections, what came from elsewhere, and what is on its way.
    """

    PAIRED = "PAIRED"
    PAPER_ONLY = "PAPER_ONLY"
    LIVE_ONLY = "LIVE_ONLY"
    BEFORE_LAUNCH = "BEFORE_LAUNCH"
    REST = "REST"


class LeaderTerm(StrEnum):
    """From the leader's bar to paper's."""

    MOVED_PRICE = "moved_price"
    PAPER_FEE = "paper_fee"
    PAPER_UNFILLED = "paper_unfilled"
    PAPER_MISSED = "paper_missed"


class GapTerm(StrEnum):
    """From paper's bar to live's."""

    SIZING = "sizing"
    ROUNDING = "rounding"
    TIMING = "timing"
    SPREAD_AND_DEPTH = "spread_and_depth"
    PARTIAL_FILL = "partial_fill"
    FEE = "fee"
    SETTLEMENT_FAILURE = "settlement_failure"
    EXIT = "exit"
    MISSED = "missed"
    LIVE_ONLY = "live_only"
    BEFORE_LAUNCH = "before_launch"
    REST = "rest"


Terms = Mapping[GapTerm | LeaderTerm, Usd]


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeSides:
    """One source trade as both sides have it so far; `per_share` is what a share pays, or is worth now.

    `leader_price` is what the leader paid.
    """

    paper: PaperSide | None
    live: LiveSide | None
    leader_price: Price
    per_share: Decimal
    is_before_launch: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class GapRow:
    """A row: its three bars, and the terms between them. `averages` are the terms of paper to live in no order."""

    kind: GapKind
    leader: Usd
    paper: Usd
    live: Usd
    terms: Terms
    averages: Terms

    @property
    def error(self) -> Usd:
        """What the terms do not explain, which is nothing."""
        return self.leader - self.live - total_usd(list(self.terms.values()))


def row_of(sides: TradeSides) -> GapRow:
    """The row of a trade. Raises ValueError where neither side has it."""
    paper, live = sides.paper, sides.live
    if paper is not None and sides.is_before_launch and live is None:
        before = _named({GapTerm.BEFORE_LAUNCH: paper.pnl})
        return GapRow(
            kind=GapKind.BEFORE_LAUNCH,
            leader=paper.pnl,
            paper=paper.pnl,
            live=Usd.zero(),
            terms=before,
            averages=before,
        )
    if paper is not None:
        return _with_paper(sides, paper)
    if live is None:
        raise ValueError("a trade of neither side")
    leader = _leader(live.order_usd, live.cost, live.shares.value, live.pnl + live.cost + live.fee, sides)
    only = _named({GapTerm.LIVE_ONLY: Usd.zero() - live.pnl})
    return GapRow(
        kind=GapKind.LIVE_ONLY,
        leader=leader,
        paper=Usd.zero(),
        live=live.pnl,
        terms={LeaderTerm.PAPER_MISSED: leader, **only} if leader else only,
        averages=only,
    )


def rest_of(live: Usd) -> GapRow:
    """The row of what is in the ledger and of no trade."""
    terms = _named({GapTerm.REST: Usd.zero() - live})
    return GapRow(kind=GapKind.REST, leader=Usd.zero(), paper=Usd.zero(), live=live, terms=terms, averages=terms)


def _with_paper(sides: TradeSides, paper: PaperSide) -> GapRow:
    live = sides.live
    made = attribute(paper, live, sides.per_share)
    worth = paper.pnl + paper.cost + paper.fee
    leader = _leader(paper.stake, paper.cost, paper.shares.value, worth, sides)
    fills = paper.shares.value and (live is not None and (live.shares.value or live.failed_shares.value))
    average = average_terms(paper, live, made) if live is not None and fills else made
    if live is not None and not paper.shares:
        # Paper found nothing to buy: what live made of it is live's alone.
        to_live = averages = _named({GapTerm.LIVE_ONLY: Usd.zero() - live.pnl})
    else:
        to_live, averages = _of_terms(made), _of_terms(average)
    return GapRow(
        kind=GapKind.PAPER_ONLY if live is None else GapKind.PAIRED,
        leader=leader,
        paper=paper.pnl,
        live=Usd.zero() if live is None else live.pnl,
        terms={**_to_paper(leader, paper, worth, sides), **to_live},
        averages=averages,
    )


def _leader(stake: Usd, cost: Usd, shares: Decimal, worth: Usd, sides: TradeSides) -> Usd:
    """What the whole stake would have brought at the leader's price, without a fee and sold as ours was."""
    price = sides.leader_price.value
    if not price:
        return worth - cost
    a_share = worth.value / shares if shares else sides.per_share
    return Usd.nearest(stake.value / price * a_share - stake.value)


def _to_paper(leader: Usd, paper: PaperSide, worth: Usd, sides: TradeSides) -> Terms:
    """What paper's own price, fee and unfilled part took of the leader's profit."""
    filled = _leader(paper.cost, paper.cost, paper.shares.value, worth, sides) if paper.shares.value else Usd.zero()
    moved = filled - (worth - paper.cost)
    return _named(
        {
            LeaderTerm.PAPER_UNFILLED: leader - filled,
            LeaderTerm.MOVED_PRICE: moved,
            LeaderTerm.PAPER_FEE: paper.fee,
        }
    )


def _of_terms(terms: GapTerms) -> Terms:
    return _named({GapTerm(name): getattr(terms, name) for name in GapTerms.__dataclass_fields__})


def _named(terms: Mapping[GapTerm | LeaderTerm, Usd]) -> Terms:
    """Without those that are nothing."""
    return {name: usd for name, usd in terms.items() if usd}


def summed(rows: Iterable[Terms]) -> dict[GapTerm | LeaderTerm, Usd]:
    """The sum of each term."""
    found: dict[GapTerm | LeaderTerm, Usd] = {}
    for terms in rows:
        for name, usd in terms.items():
            found[name] = found.get(name, Usd.zero()) + usd
    return found
