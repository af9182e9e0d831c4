"""The database, the venue, the chain and the wallets, from the settings; each on first use.

Nothing is read or opened at import; a function that never trades never imports a venue client or a signer.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from functools import cached_property
from threading import RLock
from typing import TYPE_CHECKING
from uuid import UUID

from live_trading.api.gate.fairness import Fairness
from live_trading.nouns.chance import Chance
from live_trading.nouns.clock import Clock
from live_trading.nouns.errors import RetryLater, WrongState
from live_trading.nouns.wallets import TradingWallet, WalletVerification
from live_trading.store.database import installation
from live_trading.store.database.connection import Database
from live_trading.wiring.chance import SYSTEM, stepped
from live_trading.wiring.clock import clock_of
from live_trading.wiring.database import MIGRATION_READ_TIMEOUT_SECONDS, database_of
from live_trading.wiring.logs import carry_keys
from live_trading.wiring.settings import Settings, read_settings

if TYPE_CHECKING:
    from live_trading.chain.contracts import ContractAddresses
    from live_trading.chain.reading.fill_receipts import FillReceipts
    from live_trading.chain.reading.order_logs import OrderLogs
    from live_trading.chain.reading.reader import ChainReader
    from live_trading.chain.wallets.key_proof import KeyProof
    from live_trading.polymarket.clob.account import VenueAccount
    from live_trading.polymarket.clob.geoblock import Geoblock
    from live_trading.polymarket.clob.market_data import MarketData
    from live_trading.polymarket.data.data_api import DataApi
    from live_trading.polymarket.data.payments import OwnPayments
    from live_trading.polymarket.endpoints import VenueEndpoints
    from live_trading.polymarket.gamma.catalogue import Gamma
    from live_trading.polymarket.signing.wallet_secret import WalletSecret
    from live_trading.services.redeeming.ways.carriers import Carrier

GWEI = 10**9
REDEMPTION_GAS_LIMIT = 1_000_000


class KeyNotProved(WrongState):
    """Nothing is signed for a wallet whose key is not proved."""


class Adapters:
    """What the services talk to, once an execution environment."""

    def __init__(self, environment: Mapping[str, str] | None = None, chance: Chance | None = None) -> None:
        """`environment` is this process's own, and `chance` what its settings say, unless others are given."""
        carry_keys()
        self._environment = environment
        self._given_chance = chance
        self._accounts_lock = RLock()
        self._account_secrets: dict[UUID, WalletSecret] = {}
        self._read_again: list[VenueAccount] = []

    @cached_property
    def settings(self) -> Settings:
        return read_settings(self._environment)

    @cached_property
    def clock(self) -> Clock:
        return clock_of(self.settings.clock_url)

    @cached_property
    def fairness(self) -> Fairness:
        """By the clock on the wall: a frozen environment's other clocks stand still."""
        return Fairness(a_minute=self.settings.requests_a_minute_per_user, now=time.time)

    @cached_property
    def chance(self) -> Chance:
        if self._given_chance is not None:
            return self._given_chance
        return stepped(self.clock) if self.settings.stepped_clock else SYSTEM

    @cached_property
    def database(self) -> Database:
        return database_of(self.settings.database_url, application_name="live-trading")

    @cached_property
    def migration_database(self) -> Database:
        """The same for statements that take minutes."""
        return database_of(
            self.settings.database_url,
            application_name="live-trading-migrate",
            read_seconds=MIGRATION_READ_TIMEOUT_SECONDS,
        )

    @cached_property
    def contracts(self) -> ContractAddresses:
        from live_trading.chain.contracts import ContractAddresses

        return ContractAddresses(
            collateral_token=self.settings.collateral_token,
            usdce_token=self.settings.usdce_token,
            conditional_tokens=self.settings.conditional_tokens,
            ctf_collateral_adapter=self.settings.ctf_collateral_adapter,
            neg_risk_ctf_collateral_adapter=self.settings.neg_risk_ctf_collateral_adapter,
            neg_risk_adapter=self.settings.neg_risk_adapter,
            router=self.settings.protocol_v2_router,
            position_manager=self.settings.position_manager,
            safe_multisend=self.settings.safe_multisend,
        )

    @cached_property
    def chain_reader(self) -> ChainReader:
        from live_trading.chain.reading.reader import ChainReader

        return ChainReader(self.settings.rpc_url, self.contracts)

    @cached_property
    def fill_receipts(self) -> FillReceipts:
        from live_trading.chain.reading.fill_receipts import FillReceipts

        settings = self.settings
        return FillReceipts(
            settings.rpc_url,
            self.contracts,
            exchanges=(settings.standard_exchange, settings.neg_risk_exchange, settings.exchange_v3),
            confirmations=settings.confirmations,
        )

    @cached_property
    def node(self) -> OrderLogs:
        """The node that everything reads through, for its blocks alone."""
        return self._blocks_of(self.settings.rpc_url)

    @cached_property
    def second_node(self) -> OrderLogs | None:
        """Another node to compare with, where one is configured."""
        url = self.settings.second_rpc_url
        return None if url is None else self._blocks_of(url)

    def _blocks_of(self, rpc_url: str) -> OrderLogs:
        from live_trading.chain.reading.order_logs import OrderLogs

        return OrderLogs(rpc_url, exchanges=())

    @cached_property
    def order_logs(self) -> OrderLogs:
        from live_trading.chain.reading.order_logs import OrderLogs

        settings = self.settings
        return OrderLogs(
            settings.rpc_url,
            exchanges=(
                settings.standard_exchange,
                settings.neg_risk_exchange,
                settings.exchange_v3,
                *settings.further_exchanges,
            ),
            confirmations=settings.signal_confirmations,
        )

    @cached_property
    def endpoints(self) -> VenueEndpoints:
        from live_trading.polymarket.endpoints import VenueEndpoints

        settings = self.settings
        return VenueEndpoints(
            clob_url=settings.clob_url,
            gamma_url=settings.gamma_url,
            data_api_url=settings.data_api_url,
            geoblock_url=settings.geoblock_url,
            relayer_url=settings.relayer_url,
            rpc_url=settings.rpc_url,
            chain_id=settings.chain_id,
            collateral_token=settings.collateral_token,
            conditional_tokens=settings.conditional_tokens,
            collateral_adapter=settings.ctf_collateral_adapter,
            neg_risk_collateral_adapter=settings.neg_risk_ctf_collateral_adapter,
            neg_risk_adapter=settings.neg_risk_adapter,
            standard_exchange=settings.standard_exchange,
            neg_risk_exchange=settings.neg_risk_exchange,
            exchange_v3=settings.exchange_v3,
            trades_v2=settings.position_manager is not None and settings.protocol_v2_router is not None,
        )

    @cached_property
    def market_data(self) -> MarketData:
        from live_trading.polymarket.clob.market_data import MarketData

        return MarketData(self.endpoints, self.chance)

    @cached_property
    def gamma(self) -> Gamma:
        from live_trading.polymarket.gamma.catalogue import Gamma

        return Gamma(self.endpoints, self.chance)

    @cached_property
    def data_api(self) -> DataApi:
        from live_trading.polymarket.data.data_api import DataApi

        return DataApi(self.endpoints, self.chance)

    @cached_property
    def own_payments(self) -> OwnPayments:
        from live_trading.polymarket.data.payments import OwnPayments

        return OwnPayments(self.endpoints, self.chance)

    @cached_property
    def accounts(self) -> dict[UUID, VenueAccount]:
        return {}

    def account(self, wallet: TradingWallet) -> VenueAccount:
        """The wallet's account at the venue, connected once an execution environment and anew with another secret.

        A secret that the venue refuses is read again at once, and once; any other is minutes old at most. While secrets
        cannot be read, an account that is known goes on. Wallets that are served side by side may ask at once.
        """
        with self._accounts_lock:
            return self._known_or_opened(wallet)

    def _known_or_opened(self, wallet: TradingWallet) -> VenueAccount:
        from live_trading.polymarket.clob.account import VenueAccount
        from live_trading.polymarket.signing.order_hash import ZERO_WORD
        from live_trading.polymarket.signing.order_marker import marker_of

        known = self.accounts.get(wallet.trading_wallet_id)
        is_doubted = known is not None and known.is_refused and known not in self._read_again
        try:
            secret = self.secret(wallet, is_fresh=is_doubted)
        except RetryLater:
            if known is None:
                raise
            return known
        if known is not None and self._account_secrets.get(wallet.trading_wallet_id) == secret:
            self._read_again += [known] if is_doubted else []
            return known
        marker = marker_of(self._installation_id, wallet.address) if self.settings.mark_orders else ZERO_WORD
        opened = VenueAccount(wallet, secret, self.endpoints, self.chance, marker=marker)
        if known is not None:
            self._read_again = [each for each in self._read_again if each is not known]
            known.close()
        self._account_secrets[wallet.trading_wallet_id] = secret
        self.accounts[wallet.trading_wallet_id] = opened
        return opened

    @cached_property
    def _installation_id(self) -> UUID:
        with self.database.transaction() as transaction:
            return installation.installation_id(transaction)

    @cached_property
    def geoblock(self) -> Geoblock:
        from live_trading.polymarket.clob.geoblock import Geoblock

        return Geoblock(self.settings.geoblock_url, self.chance)

    def may_open(self, account: VenueAccount) -> bool:
        """Whether the venue lets this place and this account open positions; no answer is a no."""
        from live_trading.polymarket.clob.geoblock import Eligibility

        with self.chance.side_by_side(1) as beside:
            closed_only = beside.submit(account.closed_only)
            return self.geoblock.eligibility() is Eligibility.OPEN and not closed_only.result()

    def carriers(self, wallet: TradingWallet) -> list[Carrier]:
        """The wallet's ways to the chain, the preferred one first, within the configured fees."""
        from live_trading.chain.sending.sender import FeeCaps
        from live_trading.wiring.carriers import carriers_of

        settings = self.settings
        return carriers_of(
            wallet,
            self.secret(wallet),
            settings=settings,
            addresses=self.contracts,
            caps=FeeCaps(
                max_fee=settings.max_fee_per_gas_gwei * GWEI,
                max_priority_fee=settings.max_priority_fee_gwei * GWEI,
                max_gas=REDEMPTION_GAS_LIMIT,
                least_priority_fee=settings.min_priority_fee_gwei * GWEI,
            ),
            now=self.clock.now,
        )

    def secret(self, wallet: TradingWallet, *, is_fresh: bool = False) -> WalletSecret:
        """The wallet's secret, some minutes old at most.

        Raises KeyNotProved, SecretMissing, UnusableSecret, RetryLater.
        """
        if wallet.verification is not WalletVerification.VERIFIED:
            raise KeyNotProved(f"the key of wallet {wallet.trading_wallet_id} is not proved yet; it may not trade")
        return self._secret(wallet, is_fresh=is_fresh)

    def prove(self, wallet: TradingWallet, challenge: str) -> KeyProof:
        """Has the key in the wallet's secret sign a challenge. Raises as `secret` does, and UnusableKey."""
        from live_trading.chain.wallets.key_proof import prove_key

        secret = self._secret(wallet, is_fresh=True)
        return prove_key(secret.private_key, challenge, address=wallet.address, kind=wallet.signature_type)

    def _secret(self, wallet: TradingWallet, *, is_fresh: bool) -> WalletSecret:
        from live_trading.aws.secrets import secret_text
        from live_trading.polymarket.signing.wallet_secret import parse_secret

        return parse_secret(secret_text(wallet.secret_name, is_fresh=is_fresh))
