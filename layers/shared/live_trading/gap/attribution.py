"""Why a live trade brought another result than its paper twin, in terms that add up to the difference exactly. Pure.

The paper trade is turned into the live one step by step, and each term is what its step cost:

1. exit: what leaving before the end made of both; from here on both are held to the end
2. sizing: the stake that live decided on
3. rounding: the order that the venue's rounding made of that stake
4. timing: what paper would have paid on the very book that live decided on (else its best offer), in place of what it
   paid: only the market moved in between
5. spread and depth: the average that live paid, in place of that
6. partial fill: the part of the order that matched
7. fee: the fee that live paid
8. settlement failure: the matched shares that were taken back

A trade that live did not make at all is missed as a whole, and so is one that only live made. Every stage is rounded to
the base unit, and a term is the difference of two stages, so nothing is lost between them.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from decimal import Decimal

from live_trading.nouns.money import Price, Shares, Usd, total_usd


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperSide:
    """The paper trade: what was staked and filled, and its profit after fees as it ended."""

    stake: Usd
    shares: Shares
    cost: Usd
    fee: Usd
    pnl: Usd


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveSide:
    """The live trade. `shares`, `cost` and `fee` are of fills that lasted, the `failed_` ones of those taken back.

    `stake` is what was decided, `order_usd` what was ordered, `best_offer` the best offer at the decision, and
    `paper_then` the average that paper would have paid a share on that book.
    """

    stake: Usd
    order_usd: Usd
    best_offer: Price | None
    shares: Shares
    cost: Usd
    fee: Usd
    failed_shares: Shares
    failed_cost: Usd
    failed_fee: Usd
    pnl: Usd
    paper_then: Decimal | None = None

    @property
    def price_then(self) -> Decimal | None:
        """What a share cost when live decided, before anything of live's own; None where nothing was kept."""
        if self.paper_then is not None:
            return self.paper_then
        return None if self.best_offer is None else self.best_offer.value


@dataclass(frozen=True, slots=True, kw_only=True)
class GapTerms:
    """Dollars by which paper was better (negative: live was), by cause."""

    timing: Usd
    spread_and_depth: Usd
    rounding: Usd
    fee: Usd
    partial_fill: Usd
    missed: Usd
    sizing: Usd
    settlement_failure: Usd
    exit: Usd

    @property
    def total(self) -> Usd:
        """Paper P&L minus live P&L."""
        return total_usd([getattr(self, each.name) for each in fields(self)])


@dataclass(frozen=True, slots=True)
class _Held:
    """A trade held to the end: exact while it is scaled, rounded when it is looked at."""

    shares: Decimal
    cost: Decimal
    fee: Decimal
    per_share: Decimal

    def scaled(self, by: Decimal) -> _Held:
        return _Held(self.shares * by, self.cost * by, self.fee * by, self.per_share)

    def at_price(self, price: Decimal) -> _Held:
        return _Held(self.cost / price, self.cost, self.fee, self.per_share)

    @property
    def pnl(self) -> Usd:
        return Usd.nearest(self.shares * self.per_share - self.cost - self.fee)


def attribute(paper: PaperSide, live: LiveSide | None, per_share: Decimal) -> GapTerms:
    """The terms of paper P&L minus live P&L; `per_share` is what the chain pays for one share of the outcome."""
    if live is None or not (live.shares or live.failed_shares) or not paper.shares:
        whole = paper.pnl - (Usd.zero() if live is None else live.pnl)
        return _terms(missed=whole)
    on_paper = _Held(paper.shares.value, paper.cost.value, paper.fee.value, per_share)
    sized = on_paper.scaled(live.stake.value / paper.stake.value)
    ordered = on_paper.scaled(live.order_usd.value / paper.stake.value)
    matched_shares, matched_cost = live.shares + live.failed_shares, live.cost + live.failed_cost
    offered = ordered if live.price_then is None else _at(ordered, live.price_then)
    paid = _at(ordered, matched_cost.value / matched_shares.value)
    part = paid.scaled(matched_cost.value / paid.cost) if paid.cost else paid
    matched = _Held(matched_shares.value, matched_cost.value, (live.fee + live.failed_fee).value, per_share)
    lasting = _Held(live.shares.value, live.cost.value, live.fee.value, per_share)
    return _terms(
        exit=(paper.pnl - on_paper.pnl) - (live.pnl - lasting.pnl),
        sizing=on_paper.pnl - sized.pnl,
        rounding=sized.pnl - ordered.pnl,
        timing=ordered.pnl - offered.pnl,
        spread_and_depth=offered.pnl - paid.pnl,
        partial_fill=paid.pnl - part.pnl,
        fee=part.pnl - matched.pnl,
        settlement_failure=matched.pnl - lasting.pnl,
    )


def _at(held: _Held, price: Decimal) -> _Held:
    """The same dollars at another price; a price of nothing buys nothing."""
    return held.at_price(price) if price else held


def _terms(**named: Usd) -> GapTerms:
    zero = Usd.zero()
    return GapTerms(**{each.name: named.get(each.name, zero) for each in fields(GapTerms)})
