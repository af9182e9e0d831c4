"""Builds every part from the settings, each on first use and once an execution environment.

Nothing is read or opened at import; a function that never trades never imports a venue client or a signer.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from live_trading.nouns.clock import Clock
from live_trading.nouns.wallets import TradingWallet
from live_trading.store.database import Database
from live_trading.wiring.clock import clock_of
from live_trading.wiring.database import database_of
from live_trading.wiring.settings import Settings, read_settings

if TYPE_CHECKING:
    from live_trading.chain.contracts import ContractAddresses
    from live_trading.chain.reader import ChainReader
    from live_trading.polymarket.account import VenueAccount
    from live_trading.polymarket.data_api import DataApi
    from live_trading.polymarket.endpoints import VenueEndpoints
    from live_trading.polymarket.gamma import Gamma
    from live_trading.polymarket.geoblock import Geoblock
    from live_trading.polymarket.market_data import MarketData
    from live_trading.polymarket.wallet_secret import WalletSecret
    from live_trading.services.approvals import Approvals
    from live_trading.services.cancelling import OrderCanceller
    from live_trading.services.carriers import Carrier
    from live_trading.services.closing import PositionCloser
    from live_trading.services.compare import Comparison
    from live_trading.services.evidence import EvidenceGatherer
    from live_trading.services.execute import Executor
    from live_trading.services.ft_resolve import PaperResolver
    from live_trading.services.ft_wallets import FtWallets
    from live_trading.services.health import HealthService
    from live_trading.services.ingest import Ingest
    from live_trading.services.kill_switch import KillSwitch
    from live_trading.services.lock_enforcement import LockEnforcer
    from live_trading.services.locks_api import LocksApi
    from live_trading.services.markets import MarketKeeper
    from live_trading.services.orders_read import OrdersRead
    from live_trading.services.paper import PaperTrader
    from live_trading.services.reconcile import Reconciler
    from live_trading.services.redeem import Redeemer
    from live_trading.services.redemptions_api import RedemptionsApi
    from live_trading.services.resolve import Resolver
    from live_trading.services.risk_check import RiskCheck
    from live_trading.services.strategies import Strategies
    from live_trading.services.trader_statistics import StatisticsKeeper
    from live_trading.services.traders import Traders
    from live_trading.services.trading_actions import TradingActions
    from live_trading.services.trading_wallets import TradingWallets
    from live_trading.services.wallet_breaks import WalletBreaks

GWEI = 10**9
REDEMPTION_GAS_LIMIT = 1_000_000


class Parts:
    """Everything that a function may need. `holder` in the builders names one invocation in its leases."""

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        """`environment` is this process's own unless another one is given."""
        self._environment = environment

    @cached_property
    def settings(self) -> Settings:
        return read_settings(self._environment)

    @cached_property
    def clock(self) -> Clock:
        return clock_of(self.settings.clock_url)

    @cached_property
    def database(self) -> Database:
        return database_of(self.settings.database_url, application_name="live-trading")

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
        from live_trading.chain.reader import ChainReader

        return ChainReader(self.settings.rpc_url, self.contracts)

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
        )

    @cached_property
    def market_data(self) -> MarketData:
        from live_trading.polymarket.market_data import MarketData

        return MarketData(self.endpoints)

    @cached_property
    def gamma(self) -> Gamma:
        from live_trading.polymarket.gamma import Gamma

        return Gamma(self.endpoints)

    @cached_property
    def data_api(self) -> DataApi:
        from live_trading.polymarket.data_api import DataApi

        return DataApi(self.endpoints)

    @cached_property
    def market_keeper(self) -> MarketKeeper:
        from live_trading.services.markets import MarketKeeper

        return MarketKeeper(database=self.database, gamma=self.gamma, chain=self.chain_reader)

    @cached_property
    def statistics(self) -> StatisticsKeeper:
        from live_trading.services.trader_statistics import StatisticsKeeper

        return StatisticsKeeper(database=self.database, data_api=self.data_api)

    @cached_property
    def evidence(self) -> EvidenceGatherer:
        from live_trading.services.evidence import EvidenceGatherer

        return EvidenceGatherer(markets=self.market_keeper, statistics=self.statistics)

    @cached_property
    def _accounts(self) -> dict[UUID, VenueAccount]:
        return {}

    def account(self, wallet: TradingWallet) -> VenueAccount:
        """The wallet's account at the venue, connected once an execution environment."""
        from live_trading.polymarket.account import VenueAccount

        known = self._accounts.get(wallet.trading_wallet_id)
        if known is None:
            known = VenueAccount(wallet, self._secret(wallet), self.endpoints)
            self._accounts[wallet.trading_wallet_id] = known
        return known

    @cached_property
    def _geoblock(self) -> Geoblock:
        from live_trading.polymarket.geoblock import Geoblock

        return Geoblock(self.settings.geoblock_url)

    def may_open(self, account: VenueAccount) -> bool:
        """Whether the venue lets this place and this account open positions; no answer is a no."""
        from live_trading.polymarket.geoblock import Eligibility

        with ThreadPoolExecutor(max_workers=1) as beside:
            closed_only = beside.submit(account.closed_only)
            return self._geoblock.eligibility() is Eligibility.OPEN and not closed_only.result()

    def carriers(self, wallet: TradingWallet) -> list[Carrier]:
        """The wallet's ways to the chain, the preferred one first, within the configured fees."""
        from live_trading.chain.sender import FeeCaps
        from live_trading.wiring.carriers import carriers_of

        settings = self.settings
        return carriers_of(
            wallet,
            self._secret(wallet),
            settings=settings,
            addresses=self.contracts,
            caps=FeeCaps(
                max_fee=settings.max_fee_per_gas_gwei * GWEI,
                max_priority_fee=settings.max_priority_fee_gwei * GWEI,
                max_gas=REDEMPTION_GAS_LIMIT,
            ),
            now=self.clock.now,
        )

    def ingest(self, holder: str) -> Ingest:
        from live_trading.services.ingest import Ingest

        return Ingest(
            database=self.database,
            clock=self.clock,
            feed=self.data_api,
            markets=self.market_keeper,
            statistics=self.statistics,
            holder=holder,
        )

    def paper_trader(self, holder: str) -> PaperTrader:
        from live_trading.services.paper import PaperTrader

        return PaperTrader(
            database=self.database,
            clock=self.clock,
            ingest=self.ingest(holder),
            evidence=self.evidence,
            markets=self.market_keeper,
            market_data=self.market_data,
            holder=holder,
        )

    def paper_resolver(self, holder: str) -> PaperResolver:
        from live_trading.services.ft_resolve import PaperResolver

        return PaperResolver(
            database=self.database,
            clock=self.clock,
            chain=self.chain_reader,
            markets=self.market_keeper,
            holder=holder,
        )

    def comparison(self, holder: str) -> Comparison:
        from live_trading.services.compare import Comparison

        return Comparison(
            database=self.database,
            chain=self.chain_reader,
            exchange_address=self.settings.standard_exchange,
            clock=self.clock,
            actor=holder,
        )

    def reconciler(self, holder: str) -> Reconciler:
        from live_trading.services.reconcile import Reconciler

        return Reconciler(
            database=self.database,
            account=self.account,
            market_keeper=self.market_keeper,
            comparison=self.comparison(holder),
            clock=self.clock,
            holder=holder,
        )

    def executor(self, holder: str) -> Executor:
        from live_trading.services.entry import EntryDesk
        from live_trading.services.execute import Executor
        from live_trading.services.posting import OrderPoster
        from live_trading.services.risk_monitor import RiskMonitor
        from live_trading.services.wallet_entries import WalletEntries

        return Executor(
            database=self.database,
            clock=self.clock,
            ingest=self.ingest(holder),
            evidence=self.evidence,
            reconciler=self.reconciler(holder),
            monitor=RiskMonitor(
                database=self.database,
                clock=self.clock,
                books=self.market_data,
                feed_status=self.data_api.status,
                actor=holder,
            ),
            enforcer=self.enforcer(holder),
            account=self.account,
            entries=WalletEntries(
                database=self.database,
                clock=self.clock,
                market_data=self.market_data,
                account=self.account,
                may_open=self.may_open,
                desk=EntryDesk(database=self.database, now=self.clock.now, new_id=uuid4, actor=holder),
                poster=OrderPoster(database=self.database, clock=self.clock, actor=holder),
            ),
            holder=holder,
        )

    def closer(self, holder: str) -> PositionCloser:
        from live_trading.services.closing import PositionCloser
        from live_trading.services.posting import OrderPoster

        return PositionCloser(
            database=self.database,
            clock=self.clock,
            market_data=self.market_data,
            account=self.account,
            reconciler=self.reconciler(holder),
            poster=OrderPoster(database=self.database, clock=self.clock, actor=holder),
            new_id=uuid4,
            holder=holder,
        )

    def canceller(self, holder: str) -> OrderCanceller:
        from live_trading.services.cancelling import OrderCanceller

        return OrderCanceller(
            database=self.database,
            clock=self.clock,
            account=self.account,
            reconciler=self.reconciler(holder),
            holder=holder,
        )

    def enforcer(self, holder: str) -> LockEnforcer:
        from live_trading.services.lock_enforcement import LockEnforcer

        return LockEnforcer(
            database=self.database,
            clock=self.clock,
            canceller=self.canceller(holder),
            closer=self.closer(holder),
        )

    def trading_actions(self, holder: str) -> TradingActions:
        from live_trading.services.trading_actions import TradingActions

        return TradingActions(database=self.database, closer=self.closer(holder), canceller=self.canceller(holder))

    def kill_switch(self, holder: str) -> KillSwitch:
        from live_trading.services.kill_switch import KillSwitch

        return KillSwitch(
            database=self.database,
            clock=self.clock,
            account=self.account,
            known_wallets=lambda: [account.wallet for account in self._accounts.values()],
            canceller=self.canceller(holder),
            enforcer=self.enforcer(holder),
            holder=holder,
        )

    def resolver(self, holder: str) -> Resolver:
        from live_trading.services.resolve import Resolver

        return Resolver(
            database=self.database,
            chain=self.chain_reader,
            markets=self.market_keeper,
            clock=self.clock,
            reconciler=self.reconciler(holder),
            holder=holder,
        )

    def redeemer(self, holder: str) -> Redeemer:
        from live_trading.services.redeem import Redeemer, RedeemPolicy

        return Redeemer(
            database=self.database,
            chain=self.chain_reader,
            addresses=self.contracts,
            carriers=self.carriers,
            clock=self.clock,
            policy=RedeemPolicy(
                confirmations=self.settings.confirmations,
                patience=timedelta(seconds=self.settings.outbid_after_seconds),
                gas_coin_usd=self.settings.gas_coin_usd,
                low_gas_wei=int(self.settings.low_gas_coin * GWEI * GWEI),
            ),
            new_id=uuid4,
            holder=holder,
        )

    @cached_property
    def ft_wallets(self) -> FtWallets:
        from live_trading.services.ft_wallets import FtWallets

        return FtWallets(database=self.database, clock=self.clock, new_id=uuid4)

    @cached_property
    def orders_read(self) -> OrdersRead:
        from live_trading.services.orders_read import OrdersRead

        return OrdersRead(database=self.database)

    @cached_property
    def wallet_breaks(self) -> WalletBreaks:
        from live_trading.services.wallet_breaks import WalletBreaks

        return WalletBreaks(database=self.database, clock=self.clock)

    @cached_property
    def traders(self) -> Traders:
        from live_trading.services.traders import Traders

        return Traders(database=self.database, clock=self.clock)

    @cached_property
    def trading_wallets(self) -> TradingWallets:
        from live_trading.services.trading_wallets import TradingWallets

        return TradingWallets(database=self.database, clock=self.clock, chain=lambda: self.chain_reader, new_id=uuid4)

    @cached_property
    def strategies(self) -> Strategies:
        from live_trading.services.strategies import Strategies

        return Strategies(database=self.database, clock=self.clock, new_id=uuid4)

    @cached_property
    def locks(self) -> LocksApi:
        from live_trading.services.locks_api import LocksApi

        return LocksApi(database=self.database, clock=self.clock)

    @cached_property
    def risk_check(self) -> RiskCheck:
        from live_trading.services.risk_check import RiskCheck

        return RiskCheck(
            database=self.database,
            clock=self.clock,
            market_data=lambda: self.market_data,
            gamma=lambda: self.gamma,
        )

    @cached_property
    def redemptions(self) -> RedemptionsApi:
        from live_trading.services.redemptions_api import RedemptionsApi

        return RedemptionsApi(database=self.database, clock=self.clock)

    @cached_property
    def approvals(self) -> Approvals:
        from live_trading.services.approvals import Approvals

        return Approvals(
            database=self.database,
            clock=self.clock,
            chain=lambda: self.chain_reader,
            addresses=self.contracts,
            exchanges=(self.settings.standard_exchange, self.settings.neg_risk_exchange, self.settings.exchange_v3),
            new_id=uuid4,
        )

    def health(self) -> HealthService:
        from live_trading.aws.notifications import SnsNotifier
        from live_trading.services.health import HealthService

        topic = self.settings.alert_topic_arn
        return HealthService(
            database=self.database,
            clock=self.clock,
            probes={
                "clock": lambda: self.clock.now().isoformat(),
                "venue": lambda: f"server time {self.market_data.server_time().isoformat()}",
                "feed": self._feed_freshness,
                "chain": lambda: f"block {self.chain_reader.block_number()}",
            },
            notify=None if topic is None else SnsNotifier(topic).notify,
        )

    def _feed_freshness(self) -> str:
        return f"lag {self.data_api.status().lag_seconds} s"

    def _secret(self, wallet: TradingWallet) -> WalletSecret:
        from live_trading.aws.secrets import secret_text
        from live_trading.polymarket.wallet_secret import parse_secret

        return parse_secret(secret_text(wallet.secret_name))
