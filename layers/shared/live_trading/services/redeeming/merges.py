"""Opens a merge where a strategy holds both outcomes of a market: the pair is a dollar now, whatever happens."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from live_trading.chain.redemption import RedemptionKind
from live_trading.ledger.accounts import Account
from live_trading.nouns.clock import Clock
from live_trading.nouns.markets import Market, ProtocolVersion
from live_trading.nouns.money import Shares, Usd, total_shares
from live_trading.nouns.wallets import TradingWallet
from live_trading.services.running.failures import PartFailure, contained
from live_trading.settlement.merges import pairs_to_merge
from live_trading.store.books import ledger, resolutions
from live_trading.store.chain import redemptions
from live_trading.store.chain.redemptions import RedemptionAction
from live_trading.store.database import leases
from live_trading.store.database.connection import Database, Transaction
from live_trading.store.database.leases import Lease
from live_trading.store.feed import markets

# Fewer pairs are not worth the gas of a transaction.
LEAST_PAIRS = Shares(1)


class Merging:
    """Makes merges due."""

    def __init__(self, *, database: Database, clock: Clock, new_id: Callable[[], UUID]) -> None:
        self._database = database
        self._clock = clock
        self._new_id = new_id

    def open_due(self, lease: Lease, wallet: TradingWallet, failures: list[PartFailure]) -> None:
        """Makes a merge due for every unresolved market in which this wallet's strategies hold pairs.

        Markets in which an order may still change or settle are left for later; a market that cannot be looked at is a
        failure of its own.
        """
        with self._database.transaction() as transaction:
            conditions = redemptions.conditions_with_pairs(transaction, wallet.trading_wallet_id)
            found = markets.by_condition(transaction, conditions) if conditions else {}
        for market in found.values():
            with contained(f"merge of market {market.condition_id}", failures):
                self._open(lease, wallet, market)

    def _open(self, lease: Lease, wallet: TradingWallet, market: Market) -> None:
        now, lt_redemption_id = self._clock.now(), self._new_id()
        with self._database.transaction() as transaction:
            leases.assert_held(transaction, lease)
            pairs = _pairs(transaction, wallet, market)
            if pairs < LEAST_PAIRS:
                return
            if wallet.trading_wallet_id in resolutions.lock_condition(transaction, market.condition_id):
                return
            redemptions.create_due(
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
            )


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
