"""What the risk rules say of an order on the committed state, for the executor and for a check alike."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from live_trading.nouns.markets import Market, OrderBook
from live_trading.nouns.money import Price
from live_trading.nouns.orders import OrderPlan
from live_trading.risk.gate import GateVerdict, check_entry
from live_trading.risk.snapshot import RiskSnapshot
from live_trading.services.entering.entry_planning import proposal_of
from live_trading.store.accounts.live_strategies import LiveStrategy
from live_trading.store.database.connection import Transaction
from live_trading.store.risk import risk_facts
from live_trading.store.risk.risk_facts import EntryKey


def judged(
    transaction: Transaction,
    strategy: LiveStrategy,
    plan: OrderPlan,
    *,
    market: Market,
    book: OrderBook,
    signal_price: Price,
    trader: str | None,
    trade_time: datetime,
    volatility: Decimal | None,
    now: datetime,
) -> GateVerdict:
    """The verdict of every rule that is on; it reserves nothing, and holds only while the rows are locked."""
    key = EntryKey(
        token_id=plan.token_id,
        condition_id=plan.condition_id,
        event_id=market.event_id,
        trader=trader,
        trade_time=trade_time,
    )
    state = risk_facts.snapshot(transaction, strategy, key, now)
    return judged_on(
        state,
        strategy,
        plan,
        book=book,
        signal_price=signal_price,
        trade_time=trade_time,
        volatility=volatility,
        now=now,
    )


def judged_on(
    state: RiskSnapshot,
    strategy: LiveStrategy,
    plan: OrderPlan,
    *,
    book: OrderBook,
    signal_price: Price,
    trade_time: datetime,
    volatility: Decimal | None,
    now: datetime,
) -> GateVerdict:
    """The verdict on a state that was read before. Pure."""
    proposal = proposal_of(
        strategy,
        plan,
        book=book,
        signal_price=signal_price,
        trade_time=trade_time,
        volatility=volatility,
        now=now,
    )
    return check_entry(strategy.rules, proposal, state)
