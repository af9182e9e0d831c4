"""What a walk brought: the ended bets, those that are open at their last price, equity by day, and the leader's bar.

The leader's bar is what our stakes would have brought at the leader's own prices, without our fees: from it to ours the
difference is what the price had moved to, and what was paid in fees.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from live_trading.analytics.ended_trades import TradeResult
from live_trading.analytics.returns import EquityDay
from live_trading.nouns.money import Price, Usd
from live_trading.store.database.connection import Database, Row
from local.backtest.run import Question, Walked


@dataclass(frozen=True, slots=True, kw_only=True)
class Bet:
    """One paper bet: what it cost, what came of it, and what the leader's price would have made of the same stake.

    `worth` is what was paid for its shares, or what those that are open are worth at their last price.
    """

    title: str
    outcome: str
    result: TradeResult
    is_open: bool
    worth: Usd
    leader_profit: Usd


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """Everything that is told of a back-test. Profit is after fees; `paid_more` and `fees` are dollars."""

    bets: list[Bet]
    decisions: Counter[str]
    curve: list[EquityDay]
    unfilled: int
    seen: int = field(default=0)

    @property
    def profit(self) -> Usd:
        """Of all bets, open ones at their last price."""
        return _sum([bet.result.profit for bet in self.bets])

    @property
    def open_profit(self) -> Usd:
        """That part of it that is not decided."""
        return _sum([bet.result.profit for bet in self.bets if bet.is_open])

    @property
    def leader_profit(self) -> Usd:
        """What the same stakes would have brought at the leader's prices."""
        return _sum([bet.leader_profit for bet in self.bets])

    @property
    def fees(self) -> Usd:
        """What was paid in fees for what was bought."""
        return _sum([bet.result.fee for bet in self.bets])

    @property
    def paid_more(self) -> Usd:
        """What prices that had moved, and the book, took of the leader's profit."""
        return self.leader_profit - self.profit - self.fees


# What a sale leaves because the venue does not trade so little.
_DUST = Usd("0.01")


def results_of(database: Database, walked: Walked, question: Question) -> Results:
    """Reads the wallet's bets, and values what is open."""
    with database.transaction() as transaction:
        orders = transaction.rows(_ORDERS, wallet=walked.ft_wallet_id)
        exits = transaction.rows(
            "SELECT token_id, shares, proceeds_usd, fee_usd, decided_at FROM ft_exits WHERE ft_wallet_id = :wallet",
            wallet=walked.ft_wallet_id,
        )
        decided = transaction.rows(
            "SELECT reason, count(*) FROM decisions WHERE ft_wallet_id = :wallet GROUP BY reason",
            wallet=walked.ft_wallet_id,
        )
        seen = transaction.only("SELECT count(*) FROM source_trades")["count"]
    filled = [order for order in orders if order["shares"] > 0]
    return Results(
        bets=[_bet(order, walked) for order in filled],
        decisions=Counter({row["reason"]: row["count"] for row in decided}),
        curve=_curve(filled, exits, walked, question.balance_usd),
        unfilled=len(orders) - len(filled),
        seen=seen,
    )


_ORDERS = """
SELECT
    bet.token_id, bet.condition_id, bet.outcome_index, bet.signal_price, bet.fill_price, bet.shares, bet.cost_usd,
    bet.fee_usd, bet.outcome, bet.pnl_usd, bet.resolved_at, bet.exited_shares, bet.exit_proceeds_usd, bet.exit_fee_usd,
    bet.trade_time, bet.decided_at, trade.trader_address, trade.price AS leader_price, market.question, market.category,
    market.version, market.outcomes[bet.outcome_index + 1] AS outcome_label
FROM ft_orders AS bet
INNER JOIN source_trades AS trade USING (source_trade_id)
INNER JOIN markets AS market ON market.condition_id = bet.condition_id
WHERE bet.ft_wallet_id = :wallet ORDER BY bet.decided_at, bet.source_trade_id
"""


def _bet(order: Row, walked: Walked) -> Bet:
    cost, fee, shares = Usd(order["cost_usd"]), Usd(order["fee_usd"]), order["shares"]
    is_unresolved = order["outcome"] == "OPEN"
    left = Usd.zero()
    if is_unresolved:
        price = walked.prices.at(order["token_id"], walked.until) or Price(order["fill_price"])
        left = Usd.floor((shares - order["exited_shares"]) * price.value)
        worth = Usd(order["exit_proceeds_usd"]) - Usd(order["exit_fee_usd"]) + left
    else:
        worth = Usd(order["pnl_usd"]) + cost + fee
    is_open = left >= _DUST
    leader_price = order["leader_price"]
    leader_shares = cost.value / leader_price if leader_price else shares
    return Bet(
        title=order["question"],
        outcome=order["outcome_label"] or "",
        is_open=is_open,
        worth=worth,
        leader_profit=Usd.nearest(leader_shares * worth.value / shares - cost.value),
        result=TradeResult(
            condition_id=order["condition_id"],
            trader=order["trader_address"],
            category=order["category"],
            market_kind=order["version"],
            exit_reason="SOLD" if is_unresolved else order["outcome"],
            opened_at=order["decided_at"],
            ended_at=order["resolved_at"] or walked.until,
            price=Price(order["fill_price"]),
            cost=cost,
            fee=fee,
            profit=worth - cost - fee,
        ),
    )


def _curve(orders: Sequence[Row], exits: Sequence[Row], walked: Walked, balance: Decimal) -> list[EquityDay]:
    """Equity at the end of each day from the day before the first bet: cash, and shares at their last price."""
    if not orders:
        return []
    first, last = orders[0]["decided_at"].date() - timedelta(days=1), walked.until.date()
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    return [EquityDay(day=day, equity=_equity(orders, exits, walked, balance, day), paid_in=Usd.zero()) for day in days]


def _equity(orders: Sequence[Row], exits: Sequence[Row], walked: Walked, balance: Decimal, day: date) -> Usd:
    at = datetime.combine(day + timedelta(days=1), time.min, UTC)
    cash, held, outcomes = balance, defaultdict[str, Decimal](Decimal), {}
    for order in orders:
        if order["decided_at"] < at:
            cash -= order["cost_usd"] + order["fee_usd"]
            held[order["token_id"]] += order["shares"]
            outcomes[order["token_id"]] = (order["condition_id"], order["outcome_index"])
    for sale in exits:
        if sale["decided_at"] < at:
            cash += sale["proceeds_usd"] - sale["fee_usd"]
            held[sale["token_id"]] -= sale["shares"]
    worth = sum((shares * _price(token, *outcomes[token], walked, at) for token, shares in held.items()), Decimal(0))
    return Usd.nearest(cash + worth)


def _price(token: str, condition_id: str, outcome_index: int, walked: Walked, at: datetime) -> Decimal:
    ended, vector = walked.endings.at(condition_id), walked.endings.vector(condition_id)
    if ended is not None and ended < at and vector is not None:
        return vector.per_share(outcome_index)
    price = walked.prices.at(token, at)
    return Decimal(0) if price is None else price.value


def _sum(amounts: Sequence[Usd]) -> Usd:
    return Usd(sum((each.value for each in amounts), Decimal(0)))
