"""What the rules would say to an order that nobody has placed: every rule with observed and limit, nothing reserved."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from live_trading.api.body import Body
from live_trading.api.described import Example
from live_trading.api.examples import OUTCOME, TRADER_ADDRESS
from live_trading.api.fields import Address, EntryPrice, PositiveUsd, TokenId
from live_trading.api.once import Answer
from live_trading.api.problems import Problem, ProblemCode, not_found
from live_trading.api.resources.required import own_strategy
from live_trading.api.routing import Request, Routes
from live_trading.api.views.live.risk_check_views import RiskCheckView, checked_view, too_small_view
from live_trading.nouns.clock import Clock
from live_trading.nouns.decisions import Reason
from live_trading.nouns.markets import Market, OrderBook
from live_trading.nouns.money import Price, Usd
from live_trading.nouns.orders import OrderPlan
from live_trading.orders.rounding import TooSmall, Unplanned, UnusableTick
from live_trading.polymarket.clob.market_data import MarketData
from live_trading.risk.gate import GateVerdict
from live_trading.risk.volatility import per_day
from live_trading.services.entering.entry_judging import judged
from live_trading.services.entering.entry_planning import plan_entry, plan_within
from live_trading.services.following.sources import MarketSource
from live_trading.store.accounts.live_strategies import LiveStrategy
from live_trading.store.database.connection import Database
from live_trading.store.feed import markets
from live_trading.store.risk import locks
from live_trading.store.risk.locks import LockRow


class CheckRisk(Body):
    """An order that nobody has placed: what would be bought, at which signal, and after whom."""

    token_id: TokenId
    signal_price: EntryPrice
    stake_usd: PositiveUsd
    trader_address: Address | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Question:
    """A hypothetical order with the market and the book that it would meet."""

    strategy: LiveStrategy
    market: Market
    book: OrderBook
    signal_price: Price
    stake: Usd
    trader: str | None
    volatility: Decimal | None
    now: datetime

    def plan(self, stake: Usd) -> OrderPlan | Unplanned:
        return plan_entry(
            self.strategy,
            market=self.market,
            book=self.book,
            signal_price=self.signal_price,
            stake=stake,
            now=self.now,
        )


class RiskCheck:
    """Asks the same rules on the same state as the executor. Raises Problem; the adapters' errors pass through."""

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        market_data: Callable[[], MarketData],
        gamma: Callable[[], MarketSource],
    ) -> None:
        self._database = database
        self._clock = clock
        self._market_data = market_data
        self._gamma = gamma

    def check(self, owner_id: str, lt_strategy_id: UUID, body: CheckRisk) -> Answer:
        """The verdict of each rule, of all together, and what a smaller order would be let in with."""
        question, stops = self._question(owner_id, lt_strategy_id, body)
        plan = question.plan(question.stake)
        if isinstance(plan, UnusableTick):
            raise Problem(
                ProblemCode.WRONG_STATE,
                f"nothing can be priced on a tick of {plan.tick}",
                facts={"current_state": Reason.TICK_UNUSABLE},
            )
        if isinstance(plan, TooSmall):
            return Answer(status=200, body=too_small_view(plan, stops))
        verdict = self._judged(question, plan)
        allowed: OrderPlan | Unplanned | None = plan if verdict.lets_enter else None
        if verdict.shrink_to is not None:
            allowed = plan_within(question.plan, plan, verdict.shrink_to)
        fits = allowed if isinstance(allowed, OrderPlan) else None
        return Answer(status=200, body=checked_view(plan, verdict, fits, stops))

    def _question(self, owner_id: str, lt_strategy_id: UUID, body: CheckRisk) -> tuple[_Question, list[LockRow]]:
        now = self._clock.now()
        with self._database.transaction() as transaction:
            strategy = own_strategy(transaction, lt_strategy_id, owner_id)
        book = self._market_data().books([body.token_id]).get(body.token_id)
        if book is None:
            raise Problem(
                ProblemCode.WRONG_STATE, "the venue has no book for this token", facts={"current_state": "no_book"}
            )
        market = self._market(book.condition_id)
        with self._database.transaction() as transaction:
            stops = locks.blocking_entries(
                transaction,
                lt_strategy_id=lt_strategy_id,
                trading_wallet_id=strategy.trading_wallet_id,
                trader_address=body.trader_address,
                condition_id=market.condition_id,
                event_id=market.event_id,
                now=now,
            )
        question = _Question(
            strategy=strategy,
            market=market,
            book=book,
            signal_price=Price(body.signal_price),
            stake=Usd(body.stake_usd),
            trader=body.trader_address,
            volatility=self._volatility(strategy, body.token_id, now),
            now=now,
        )
        return question, stops

    def _market(self, condition_id: str) -> Market:
        """As it is stored, or as the venue describes it where nobody has traded in it yet."""
        with self._database.transaction() as transaction:
            stored = markets.by_condition(transaction, [condition_id]).get(condition_id)
        if stored is not None:
            return stored
        found = self._gamma().markets([condition_id]).markets.get(condition_id)
        if found is None:
            raise not_found("market of this token", field="token_id")
        return found.market

    def _volatility(self, strategy: LiveStrategy, token_id: str, now: datetime) -> Decimal | None:
        days = strategy.rules.volatility_lookback_days
        if not strategy.rules.use_volatility_adjustment or days is None:
            return None
        return per_day(self._market_data().price_history(token_id, now - timedelta(days=days), now))

    def _judged(self, question: _Question, plan: OrderPlan) -> GateVerdict:
        with self._database.transaction() as transaction:
            return judged(
                transaction,
                question.strategy,
                plan,
                market=question.market,
                book=question.book,
                signal_price=question.signal_price,
                trader=question.trader,
                trade_time=question.now,
                volatility=question.volatility,
                now=question.now,
            )


ROUTES = Routes[RiskCheck]("risk_check")


@ROUTES.post(
    "/api/lt/strategies/<lt_strategy_id>/risk/check",
    body=CheckRisk,
    answers=RiskCheckView,
    refuses=(ProblemCode.WRONG_STATE, ProblemCode.UNAVAILABLE),
    example=Example(
        body={"token_id": OUTCOME, "signal_price": "0.5", "stake_usd": "5", "trader_address": TRADER_ADDRESS}
    ),
)
def _check(rules: RiskCheck, request: Request) -> Answer:
    """Tells what every rule would say to an order, and what would be let in.

    The same rules are asked on the same state as the executor asks, and nothing is reserved or placed.
    """
    return rules.check(request.owner, request.id("lt_strategy_id", "strategy"), request.body(CheckRisk))
