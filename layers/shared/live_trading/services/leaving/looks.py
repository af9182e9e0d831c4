"""One look at a position: what is held and what the traders did make what the rules judge; what they say is planned."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from live_trading.exits.bracket import BracketStep, RestingBracket, Venue, bracket_step
from live_trading.exits.decide import after_exit, decide
from live_trading.exits.held import HeldToken
from live_trading.exits.trader_exits import TraderTrade, due, reductions
from live_trading.nouns.exits import ExitDecision, ExitRules, ExitWatch, HoldReason, OpenShares
from live_trading.nouns.markets import Market, OrderBook
from live_trading.nouns.money import Shares
from live_trading.nouns.orders import OrderPlan
from live_trading.orders.exit_orders import plan_exit

TraderTrades = Mapping[tuple[str, str], Sequence[TraderTrade]]
"""What traders did, by (trader, token)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What was decided of a position, the order that follows from it, and what is remembered if it is placed or not."""

    decision: ExitDecision
    plan: OrderPlan | None

    @property
    def watch(self) -> ExitWatch:
        return after_exit(self.decision) if self.plan is not None else self.decision.watch

    @property
    def without_sale(self) -> Look:
        """The same where what rests of the position has to end first, or does the selling: nothing else is sellable."""
        if self.decision.exit is None:
            return self
        return Look(decision=replace(self.decision, exit=None, hold=HoldReason.NOTHING_SELLABLE), plan=None)


def asked_of_traders(held: Iterable[HeldToken]) -> set[tuple[str, str]]:
    """Whose fills in which tokens have to be known."""
    return {(buy.trader, each.token_id) for each in held for buy in each.bought}


def look(
    held: HeldToken,
    market: Market,
    book: OrderBook | None,
    rules: ExitRules,
    watch: ExitWatch,
    trades: TraderTrades,
    now: datetime,
) -> Look:
    """The same for paper and live. An exit that the venue's minimum or grid does not allow is kept as dust."""
    decision = decide(open_shares(held, market, rules, trades), book, rules, watch, now)
    if decision.exit is None or book is None:
        return Look(decision=decision, plan=None)
    plan = plan_exit(market, held.outcome_index, book, decision.exit)
    if isinstance(plan, OrderPlan):
        return Look(decision=decision, plan=plan)
    return Look(decision=replace(decision, exit=None, hold=HoldReason.DUST), plan=None)


def open_shares(held: HeldToken, market: Market, rules: ExitRules, trades: TraderTrades) -> OpenShares:
    """A position as the rules see it."""
    return OpenShares(
        shares=held.shares,
        sellable=held.sellable,
        paid=held.paid,
        opened_at=held.opened_at,
        due_to_trader=_due(held, rules, trades) if rules.follow_trader else Shares.zero(),
        ends_at=market.end_time,
    )


def bracket_of(
    held: HeldToken,
    market: Market,
    book: OrderBook | None,
    rules: ExitRules,
    seen: Look,
    resting: RestingBracket | None,
    now: datetime,
    *,
    may_rest: bool,
) -> BracketStep:
    """What to do about the bracket of a position that a look has seen; `held` is without what rests."""
    venue = Venue(
        tick=market.tick_size if book is None else book.tick_in(market),
        minimum=market.minimum_order_shares,
        best_bid=None if book is None else book.best_bid,
    )
    position = open_shares(held, market, rules, {})
    return bracket_step(position, rules, seen.decision, venue, resting, now, may_rest=may_rest)


def _due(held: HeldToken, rules: ExitRules, trades: TraderTrades) -> Shares:
    traders = sorted({buy.trader for buy in held.bought})
    given_up = [
        one
        for trader in traders
        for one in reductions(trader, trades.get((trader, held.token_id), ()), rules.unknown_reduction_fraction)
    ]
    return due(held.bought, held.sold, given_up, held.sold_for_trader)
