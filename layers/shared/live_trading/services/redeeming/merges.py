"""Opens a merge where a strategy holds both outcomes of a market: the pair is a dollar now, whatever happens."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from live_trading.chain.redemption import RedemptionKind
from live_trading.ledger.accounts import Account
from live_trading.nouns.markets import Market, ProtocolVersion
from live_trading.nouns.money import Shares, Usd, total_shares
from live_trading.nouns.wallets import TradingWallet
from live_trading.settlement.merges import pairs_to_merge
from live_trading.store.books import ledger, resolutions
from live_trading.store.chain import redemptions
from live_trading.store.chain.redemptions import RedemptionAction
from live_trading.store.database.connection import Transaction
from live_trading.store.feed import markets

# Fewer pairs are not worth the gas of a transaction.
LEAST_PAIRS = Shares(1)


def open_merges(
    transaction: Transaction, wallet: TradingWallet, new_id: Callable[[], UUID], now: datetime
) -> list[UUID]:
    """Makes a merge due for every unresolved market in which this wallet's strategies hold pairs; their ids.

    Markets in which an order may still change or settle are left for later.
    """
    conditions = redemptions.conditions_with_pairs(transaction, wallet.trading_wallet_id)
    opened: list[UUID] = []
    for market in markets.by_condition(transaction, conditions).values():
        pairs = _pairs(transaction, wallet, market)
        if pairs < LEAST_PAIRS:
            continue
        if wallet.trading_wallet_id in resolutions.lock_condition(transaction, market.condition_id):
            continue
        lt_redemption_id = new_id()
        if redemptions.create_due(
            transaction,
            lt_redemption_id=lt_redemption_id,
            trading_wallet_id=wallet.trading_wallet_id,
            condition_id=market.condition_id,
            kind=_kind(market),
            expected=Usd(pairs.value),
            resolved_at=now,
            now=now,
            action=RedemptionAction.MERGE,
            merge_shares=pairs,
        ):
            opened.append(lt_redemption_id)
    return opened


def _pairs(transaction: Transaction, wallet: TradingWallet, market: Market) -> Shares:
    held = [
        part
        for part in ledger.holdings(transaction, Account.POSITION_COST, list(market.token_ids))
        if part.trading_wallet_id == wallet.trading_wallet_id
    ]
    return total_shares(list(pairs_to_merge(held, market.token_ids).values()))


def _kind(market: Market) -> RedemptionKind:
    if market.version is ProtocolVersion.V2:
        return RedemptionKind.ROUTER_V2
    return RedemptionKind.NEG_RISK if market.neg_risk else RedemptionKind.STANDARD
