"""Settlement of trades on the local chain, some seconds after the match, on the venue's clock.

MATCHED, then MINED with a transaction, then CONFIRMED and final. All legs of a trade settle in one
transaction: if one account cannot deliver, or an order does not allow its fill, none of them pays and the trade has
FAILED.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Protocol

from local.chain import FillToSettle, SettlementReverted
from local.exchange.engine.trades import Leg, Trade, TradeStatus
from local.exchange.faults.faults import FaultKind, Faults
from local.exchange.identity.contracts import signing_domain
from local.exchange.tape.tape import Tape, TapeTrade
from local.exchange.tape.timeline import Timeline

MINED_AFTER_MS = 2_000
CONFIRMED_AFTER_MS = 4_000
VISIBLE_AFTER_MS = 1_000
RETRY_AFTER_SECONDS = 5.0


class SettlementChain(Protocol):
    """The chain, as far as settling needs it."""

    def settle_fills(self, exchange: str, fills: Sequence[FillToSettle]) -> str: ...
    def break_next_settlement(self) -> None: ...


class Settlement:
    """Takes each trade from its match to CONFIRMED or FAILED."""

    def __init__(self, *, timeline: Timeline, chain: SettlementChain, tape: Tape, faults: Faults) -> None:
        self._timeline = timeline
        self._chain = chain
        self._tape = tape
        self._faults = faults

    def begin(self, trade: Trade) -> None:
        """Settle a trade that was matched just now, when its time comes."""
        self._timeline.call_at(trade.matched_ms + MINED_AFTER_MS, partial(self._first_try, trade))

    def _first_try(self, trade: Trade) -> None:
        retrying = self._faults.take(FaultKind.SETTLEMENT_RETRYING)
        if retrying is None:
            self._last_try(trade)
            return
        self._chain.break_next_settlement()
        try:
            self._settle(trade)
        except SettlementReverted as reverted:
            self._move(trade, TradeStatus.RETRYING, reverted.transaction_hash)
        seconds = RETRY_AFTER_SECONDS if retrying.seconds is None else retrying.seconds
        again_ms = self._timeline.now_ms() + round(seconds * 1000)
        self._timeline.call_at(again_ms, partial(self._last_try, trade))

    def _last_try(self, trade: Trade) -> None:
        if self._faults.take(FaultKind.SETTLEMENT_FAILURE) is not None:
            self._chain.break_next_settlement()
        try:
            transaction_hash = self._settle(trade)
        except SettlementReverted as reverted:
            trade.error = reverted.reason
            self._move(trade, TradeStatus.FAILED, reverted.transaction_hash)
            return
        self._move(trade, TradeStatus.MINED, transaction_hash)
        for leg in trade.settling_legs:
            self._tape.append(self._tape_trade(trade, leg, transaction_hash))
        confirmed_ms = self._timeline.now_ms() + CONFIRMED_AFTER_MS - MINED_AFTER_MS
        self._timeline.call_at(confirmed_ms, partial(self._move, trade, TradeStatus.CONFIRMED, transaction_hash))

    def _settle(self, trade: Trade) -> str:
        fills = [
            FillToSettle(
                order_hash=leg.order_hash,
                account=leg.account,
                side=leg.side,
                token_id=leg.token_id,
                condition_id=trade.market.condition_id,
                usd=leg.usd,
                shares=leg.shares,
                fee=leg.fee,
                order=None if leg.order is None else leg.order.signed,
                is_maker=leg is not trade.taker,
            )
            for leg in trade.settling_legs
        ]
        exchange = signing_domain(int(trade.taker.token_id), neg_risk=trade.market.neg_risk).exchange
        return self._chain.settle_fills(exchange, fills)

    def _move(self, trade: Trade, status: TradeStatus, transaction_hash: str) -> None:
        trade.move(status, transaction_hash, self._timeline.now_ms())

    def _tape_trade(self, trade: Trade, leg: Leg, transaction_hash: str) -> TapeTrade:
        now_ms = self._timeline.now_ms()
        return TapeTrade(
            transaction_hash=transaction_hash,
            account=leg.account,
            side=leg.side,
            token_id=leg.token_id,
            condition_id=trade.market.condition_id,
            outcome=leg.outcome,
            outcome_index=trade.market.outcome_index(leg.token_id),
            price=leg.price,
            shares=leg.shares,
            usd=leg.usd,
            fee=leg.fee,
            matched_ms=trade.matched_ms,
            settled_ms=now_ms,
            visible_ms=now_ms + VISIBLE_AFTER_MS,
            is_synthetic=False,
            is_maker=leg is not trade.taker,
        )
