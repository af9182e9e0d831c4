"""Asks the venue by itself about each thing that is older than the list of trades that a pass reads.

Invariants: however much is open, a pass asks a bounded number of questions, and each pass begins at another of them; a
question that is not answered stops no other, and says of which orders nothing may be concluded.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from live_trading.nouns.chance import Chance
from live_trading.polymarket.clob.account import VenueAccount, VenueTrades
from live_trading.services.running.failures import PartFailure, contained
from live_trading.store.orders.lt_orders import StoredOrder
from live_trading.store.orders.unsettled_trades import OpenTrade

# The venue stamps trades by its own clock and lists them late: look this far behind what is known.
TRADES_OVERLAP = timedelta(minutes=5)
MOST_QUESTIONS = 200
_AT_ONCE = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class HeardOfOld:
    """What was heard; `unheard` are the hashes of orders whose trades could not be asked for."""

    answers: list[VenueTrades]
    failures: list[PartFailure]
    unheard: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Question:
    part: str
    ask: Callable[[], VenueTrades]
    order_hashes: frozenset[str]


def ask_about_old(
    account: VenueAccount,
    orders: Sequence[StoredOrder],
    trades: Sequence[OpenTrade],
    *,
    since: datetime,
    chance: Chance,
) -> HeardOfOld:
    """The trades of those orders that were made before `since`, by their markets, and these trades by their ids."""
    questions = _of_orders(account, [order for order in orders if order.intent_at < since])
    questions += _of_trades(account, trades)
    unheard = {order_hash for question in questions for order_hash in question.order_hashes}
    if len(questions) > MOST_QUESTIONS:
        first = chance.below(len(questions))
        questions = [*questions[first:], *questions[:first]][:MOST_QUESTIONS]
    answers: list[VenueTrades] = []
    failures: list[PartFailure] = []
    if questions:
        with chance.side_by_side(_AT_ONCE) as beside:
            for question, answer in [(each, beside.submit(each.ask)) for each in questions]:
                with contained(question.part, failures):
                    answers.append(answer.result())
                    unheard -= question.order_hashes
    return HeardOfOld(answers=answers, failures=failures, unheard=frozenset(unheard))


def _of_orders(account: VenueAccount, orders: Sequence[StoredOrder]) -> list[_Question]:
    by_market: dict[str, list[StoredOrder]] = {}
    for order in orders:
        by_market.setdefault(order.condition_id, []).append(order)
    return [
        _Question(
            part=f"trades of old orders in market {condition_id}",
            ask=partial(_ask_for_orders, account, condition_id, old),
            order_hashes=_hashes(old),
        )
        for condition_id, old in sorted(by_market.items())
    ]


def _ask_for_orders(account: VenueAccount, condition_id: str, orders: Sequence[StoredOrder]) -> VenueTrades:
    """The market's trades in which these orders took part; the others have been read in their time."""
    since = min(order.intent_at for order in orders) - TRADES_OVERLAP
    found, asked = account.trades_in_market(condition_id, since), _hashes(orders)
    took_part = (
        trade
        for trade in found.trades
        if trade.taker_order_hash in asked or any(part.order_hash in asked for part in trade.makers)
    )
    return VenueTrades(trades=tuple(took_part), malformed=found.malformed)


def _hashes(orders: Sequence[StoredOrder]) -> frozenset[str]:
    return frozenset(order.signed.order_hash for order in orders)


def _of_trades(account: VenueAccount, trades: Sequence[OpenTrade]) -> list[_Question]:
    return [
        _Question(
            part=f"outside trade {each.venue_trade_id}",
            ask=partial(account.trade, each.venue_trade_id, each.match_time - TRADES_OVERLAP),
            order_hashes=frozenset(),
        )
        for each in trades
    ]
