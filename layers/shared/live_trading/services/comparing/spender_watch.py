"""Which contracts the venue checks before it takes a wallet's orders: asked of the venue, never taken from a list.

The venue checks more than the exchange that an order is signed for, and has changed what it checks. Its own map of
allowances says so per kind of asset; the comparison watches every spender in it, and the owner sees them all. Beside
them it watches the contracts that the wallet's own markets need, which a short list of the venue's would leave out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from live_trading.nouns.clock import Clock
from live_trading.nouns.markets import ProtocolVersion
from live_trading.nouns.wallets import AssetType, TradingWallet
from live_trading.polymarket.clob.account import VenueAccount
from live_trading.services.running.failures import PART_FAILURES, PartFailure, failed_part
from live_trading.store.chain import venue_spenders
from live_trading.store.chain.venue_spenders import VenueSpender
from live_trading.store.database import leases
from live_trading.store.database.connection import Database, Transaction
from live_trading.store.database.leases import Lease
from live_trading.store.positions import touched_tokens

# What a venue checks changes with its contracts, not with the minute.
ASK_EVERY = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spenders:
    """The contracts that take the dollars of an order, by the kind of its market; None where they are not configured.

    The venue refuses neg-risk orders of wallets that have not let the `neg_risk_adapter` take their dollars either.
    """

    standard: str
    neg_risk: str | None = None
    neg_risk_adapter: str | None = None
    v3: str | None = None

    def of_kind(self, version: ProtocolVersion, *, neg_risk: bool) -> tuple[str, ...]:
        """Every contract that an order in such a market needs."""
        if version is ProtocolVersion.V2:
            wanted: tuple[str | None, ...] = (self.v3,)
        else:
            wanted = (self.neg_risk, self.neg_risk_adapter) if neg_risk else (self.standard,)
        return tuple(each for each in wanted if each is not None)


def needed(transaction: Transaction, trading_wallet_id: UUID, spenders: Spenders) -> tuple[str, ...]:
    """Contracts whose allowance of collateral the wallet's orders need: the venue's list, and those of its markets."""
    listed = {
        each.spender
        for each in venue_spenders.of_wallet(transaction, trading_wallet_id)
        if each.asset_type is AssetType.COLLATERAL
    }
    kinds = touched_tokens.kinds_of_markets(transaction, trading_wallet_id)
    own = {each for version, neg_risk in kinds for each in spenders.of_kind(version, neg_risk=neg_risk)}
    return tuple(sorted(listed | own)) or (spenders.standard,)


class SpenderWatch:
    """Keeps what the venue lists, a wallet at a time."""

    def __init__(self, *, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def keep(
        self, lease: Lease, wallet: TradingWallet, account: VenueAccount, held: Collection[str]
    ) -> list[PartFailure]:
        """Asks again where the last answer is old: for the collateral, and for one held token of each protocol.

        What could not be asked is told and stops nothing. Raises LeaseLost, or StoreUnavailable.
        """
        now = self._clock.now()
        with self._database.transaction() as transaction:
            known = venue_spenders.of_wallet(transaction, wallet.trading_wallet_id)
        failures: list[PartFailure] = []
        for asset_type, token_id in _due(known, held, now - ASK_EVERY):
            try:
                listed = account.venue_allowances(token_id)
            except PART_FAILURES as error:
                failures.append(failed_part(f"spenders of {asset_type}", error))
                continue
            with self._database.transaction() as transaction:
                leases.assert_held(transaction, lease)
                venue_spenders.note_listed(transaction, wallet.trading_wallet_id, asset_type, listed, now)
        return failures


def _due(
    known: Collection[VenueSpender], held: Collection[str], stale_before: datetime
) -> Iterator[tuple[AssetType, str | None]]:
    fresh = {each.asset_type for each in known if each.listed_at is not None and each.listed_at >= stale_before}
    wanted: dict[AssetType, str | None] = {AssetType.COLLATERAL: None}
    for token_id in sorted(held):
        wanted.setdefault(AssetType.of_token(token_id), token_id)
    return ((asset_type, token_id) for asset_type, token_id in wanted.items() if asset_type not in fresh)
