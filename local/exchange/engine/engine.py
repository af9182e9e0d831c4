"""The matching engine: takes orders in, matches them now or on a later snapshot, and keeps their truth.

Responsible for the life of every order. Not for who may post (`incoming`), for single rules (`checks`,
`funds`) nor for what becomes of a trade on the chain (`settlement`).
"""

from __future__ import annotations

from bisect import bisect_right
from functools import partial
from typing import Any

from local.exchange import errors
from local.exchange.engine import checks
from local.exchange.engine.fills import Fills, order_amount
from local.exchange.engine.funds import Funds, Holdings
from local.exchange.engine.incoming import Incoming
from local.exchange.engine.matching import Execution, Offer, is_filled, match, usd_of
from local.exchange.engine.orders import MARKET_TYPES, Order, OrderStatus
from local.exchange.engine.records import Records
from local.exchange.engine.resting import RestingOrders, offers_to
from local.exchange.engine.trade_settlement import Settlement, SettlementChain
from local.exchange.engine.trades import Placement, Trade
from local.exchange.engine.truth import account_truth, all_orders
from local.exchange.faults.faults import FaultKind, Faults
from local.exchange.tape.depth import Depth, MarketSource
from local.exchange.tape.tape import Tape
from local.exchange.tape.timeline import Timeline
from local.exchange.terms import OrderType
from local.exchange.units import Usd

DEFAULT_DELAY_SECONDS = 3.0
NOT_FOUND = "order can't be found - already canceled or matched"


class Engine:
    """One venue's order book. `records` may be read by anyone and is changed only here."""

    def __init__(
        self,
        *,
        timeline: Timeline,
        markets: MarketSource,
        tape: Tape,
        faults: Faults,
        chain: SettlementChain,
        holdings: Holdings,
    ) -> None:
        self.records = Records()
        self.resting = RestingOrders()
        self.depth = Depth(markets)
        self.holdings = holdings
        self._timeline = timeline
        self._markets = markets
        self._faults = faults
        self._funds = Funds(holdings, self.records.open_orders, self.records.unsettled)
        settlement = Settlement(timeline=timeline, chain=chain, tape=tape, faults=faults)
        self._fills = Fills(self.records, self.depth, settlement)
        self._watched: set[str] = set()

    def place(self, incoming: Incoming, user: str) -> Placement:
        """Take in an order of `user`'s API key and match it, or raise Refused.

        An order that reached matching is known from then on, also if it was killed there: the same one again
        is Duplicated.
        """
        if self.records.order(incoming.order_hash) is not None:
            raise errors.duplicated(incoming.order_hash)
        if not self._markets.is_open(incoming.market.condition_id, self._timeline.now_ms()):
            raise errors.orderbook_gone(incoming.token_id)
        order = self._checked(incoming, user)
        delayed = self._faults.take(FaultKind.DELAYED)
        if delayed is not None:
            seconds = DEFAULT_DELAY_SECONDS if delayed.seconds is None else delayed.seconds
            return self._delay(order, round(seconds * 1000))
        if self._faults.take(FaultKind.UNMATCHED) is not None:
            order.status = OrderStatus.UNMATCHED
            self.records.add_order(order)
            return Placement(order=order, status="unmatched")
        return self._match_now(order)

    def cancel(self, user: str, order_hash: str) -> str | None:
        """Cancel a user's order; None if it is canceled, else why it is not."""
        order = self.records.order(order_hash)
        if order is None or order.user != user or not order.is_open:
            return NOT_FOUND
        if order.status is OrderStatus.DELAYED:
            return errors.MATCH_DELAYED
        self._end(order, OrderStatus.CANCELED)
        return None

    def all_orders(self) -> list[dict[str, Any]]:
        """Every order id that was ever posted, with what became of it (see `truth`)."""
        return all_orders(self.records)

    def account_truth(self, account: str) -> dict[str, Any]:
        """What an account (lower case) holds, and its orders and trades (see `truth`)."""
        return account_truth(self.records, self.holdings, account)

    def _checked(self, incoming: Incoming, user: str) -> Order:
        now_ms = self._timeline.now_ms()
        tick_size = self._markets.tick_size(incoming.token_id, now_ms)
        fields = incoming.fields
        order = Order(
            order_hash=incoming.order_hash,
            account=fields.maker,
            owner=incoming.body.owner,
            user=user,
            market=incoming.market,
            token_id=incoming.token_id,
            side=incoming.side,
            order_type=incoming.order_type,
            limit=checks.limit_price(
                incoming.order_hash, incoming.side, fields.maker_amount, fields.taker_amount, tick_size
            ),
            maker_amount=fields.maker_amount,
            taker_amount=fields.taker_amount,
            expiration_s=incoming.expiration_s,
            post_only=incoming.body.post_only,
            created_ms=now_ms,
            sequence=len(self.records.orders()),
            signed=incoming.body.order.signed(),
        )
        checks.check_amounts(order, tick_size)
        checks.check_size(order)
        checks.check_expiration(order.order_type, order.expiration_s, now_ms)
        return order

    def _match_now(self, order: Order) -> Placement:
        executions = self._executions(order)
        if order.post_only and executions:
            raise errors.invalid_post_only()
        checks.check_marketable_amount(order, usd_of(executions))
        self._funds.check(order, order_amount(order, executions))
        self.records.add_order(order)
        if self._is_killed(order, executions):
            order.status = OrderStatus.KILLED
            raise errors.fok_not_filled() if order.order_type is OrderType.FOK else errors.fak_not_filled()
        trades = self._fill(order, executions)
        return Placement(order=order, status="matched" if trades else "live", trades=trades)

    def _delay(self, order: Order, delay_ms: int) -> Placement:
        checks.check_marketable_amount(order, Usd.zero())
        self._funds.check(order, order_amount(order, ()))
        order.status = OrderStatus.DELAYED
        self.records.add_order(order)
        self._timeline.call_at(order.created_ms + delay_ms, partial(self._match_delayed, order))
        return Placement(order=order, status="delayed")

    def _match_delayed(self, order: Order) -> None:
        if not self._markets.is_open(order.market.condition_id, self._timeline.now_ms()):
            order.status = OrderStatus.CANCELED_MARKET_RESOLVED
            return
        if not self._funds.covers(order):
            order.status = OrderStatus.CANCELED_NOT_ENOUGH_BALANCE
            return
        executions = self._executions(order)
        if self._is_killed(order, executions):
            order.status = OrderStatus.UNMATCHED
        elif order.post_only and executions:
            order.status = OrderStatus.CANCELED
        else:
            self._fill(order, executions)

    @staticmethod
    def _is_killed(order: Order, executions: tuple[Execution, ...]) -> bool:
        if order.order_type is OrderType.FOK:
            return not is_filled(order.demand, executions)
        return order.order_type is OrderType.FAK and not executions

    def _executions(self, order: Order) -> tuple[Execution, ...]:
        """What would trade, after every maker that cannot deliver has been taken off the book."""
        while True:
            offers = offers_to(order, self.resting, self.depth, self._timeline.now_ms())
            executions = match(order.demand, offers)
            makers = [execution.offer.order for execution in executions if execution.offer.order is not None]
            broke = [maker for maker in makers if not self._funds.covers(maker)]
            if not broke:
                return executions
            for maker in broke:
                self._end(maker, OrderStatus.CANCELED_NOT_ENOUGH_BALANCE)

    def _fill(self, order: Order, executions: tuple[Execution, ...]) -> tuple[Trade, ...]:
        order.status = OrderStatus.LIVE
        trades = self._fills.as_taker(order, executions, self._timeline.now_ms())
        for execution in executions:
            maker = execution.offer.order
            if maker is not None and not maker.is_open:
                self.resting.remove(maker)
        if order.is_open:
            self._rest(order)
        return trades

    def _rest(self, order: Order) -> None:
        if order.order_type in MARKET_TYPES:
            order.status = OrderStatus.MATCHED
            return
        self.resting.add(order)
        close = partial(self._end, order, OrderStatus.CANCELED_MARKET_RESOLVED)
        self._timeline.call_at(order.market.closes_ms + 1, close)
        if order.order_type is OrderType.GTD:
            expire = partial(self._end, order, OrderStatus.CANCELED_EXPIRED_ORDER)
            self._timeline.call_at(checks.expiry_ms(order.expiration_s), expire)
        self._watch(order.token_id)

    def _end(self, order: Order, status: OrderStatus) -> None:
        """Take an order off the book for a reason; one that is not open any more stays as it is."""
        if order.is_open:
            order.status = status
            self.resting.remove(order)

    def _watch(self, token_id: str) -> None:
        """Look at the token's resting orders again on its next snapshot."""
        times = self._markets.book_times(token_id)
        upcoming = bisect_right(times, self._timeline.now_ms())
        if token_id not in self._watched and upcoming < len(times):
            self._watched.add(token_id)
            self._timeline.call_at(times[upcoming], partial(self._on_snapshot, token_id))

    def _on_snapshot(self, token_id: str) -> None:
        self._watched.discard(token_id)
        for order in self.resting.by_priority(token_id):
            self._cross(order)
        if self.resting.of_token(token_id):
            self._watch(token_id)

    def _cross(self, order: Order) -> None:
        """Fill a resting order at its own price where the recorded book has come to it."""
        now_ms = self._timeline.now_ms()
        levels = self.depth.levels(order.token_id, order.side, now_ms)
        executions = match(order.demand, [Offer(price=price, shares=shares) for price, shares in levels])
        if not executions:
            return
        if not self._funds.covers(order):
            self._end(order, OrderStatus.CANCELED_NOT_ENOUGH_BALANCE)
            return
        self._fills.as_maker(order, executions, now_ms)
        if not order.is_open:
            self.resting.remove(order)
