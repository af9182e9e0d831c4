"""Entries that the venue refused because the market's grid had changed: prepared to be planned and signed once more.

They are found by what is stored, so it is all the same when the refusal came: in the answer to a first POST, in that of
a later one, or just before a run was killed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from live_trading.nouns.wallets import TradingWallet
from live_trading.orders.refusals import SEND_WITHIN
from live_trading.services.following import evaluation
from live_trading.services.following.evaluation import PreparedTrade, Subject
from live_trading.signals.config import InvalidConfig
from live_trading.store.accounts import live_strategies
from live_trading.store.accounts.live_strategies import LiveStrategy
from live_trading.store.books import ledger
from live_trading.store.database.connection import Transaction
from live_trading.store.feed import source_trades
from live_trading.store.orders import entry_signals
from live_trading.store.orders.entry_signals import RefusedEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedForTick:
    """A refused order, whose it is, and its trade with the inputs to judge it by."""

    lt_order_id: UUID
    strategy: LiveStrategy
    subject: Subject
    prepared: PreparedTrade


def refused_for_tick(transaction: Transaction, wallet: TradingWallet, now: datetime) -> list[RefusedForTick]:
    """The refused entries of a wallet that have no second order and whose signal is still fresh; oldest first."""
    refused = entry_signals.to_be_planned_again(
        transaction, wallet.trading_wallet_id, decided_after=now - SEND_WITHIN, now=now
    )
    if not refused:
        return []
    strategies = {each.lt_strategy_id: each for each in live_strategies.active(transaction, wallet.trading_wallet_id)}
    trades = source_trades.by_numbers(transaction, [each.source_trade_id for each in refused])
    found = [
        _prepared(transaction, each, strategies[each.lt_strategy_id], trades[each.source_trade_id], now)
        for each in refused
        if each.lt_strategy_id in strategies and each.source_trade_id in trades
    ]
    return [each for each in found if each is not None]


def _prepared(
    transaction: Transaction,
    refused: RefusedEntry,
    strategy: LiveStrategy,
    trade: source_trades.StoredTrade,
    now: datetime,
) -> RefusedForTick | None:
    try:
        subject = evaluation.strategy_subject(transaction, strategy.lt_strategy_id)
    except InvalidConfig:
        # The run says so where it prepares the strategy's new trades.
        return None
    (prepared,) = evaluation.inputs_for(
        transaction,
        [(subject, [trade])],
        bankrolls={subject.key: ledger.balances_of_strategy(transaction, strategy.lt_strategy_id).available},
        now=now,
        max_signal_age_seconds={subject.key: strategy.max_signal_age_seconds},
    )[subject.key]
    return RefusedForTick(lt_order_id=refused.lt_order_id, strategy=strategy, subject=subject, prepared=prepared)
