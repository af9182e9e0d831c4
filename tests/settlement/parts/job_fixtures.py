"""The product's own jobs of settlement over a test's database and chain."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from live_trading.chain.contracts import ContractAddresses
from live_trading.chain.reading.fill_receipts import FillReceipts
from live_trading.chain.reading.reader import ChainReader
from live_trading.chain.sending.sender import FeeCaps
from live_trading.nouns.errors import RetryLater
from live_trading.nouns.wallets import TradingWallet
from live_trading.polymarket.clob.market_data import MarketData
from live_trading.polymarket.endpoints import VenueEndpoints
from live_trading.polymarket.gamma.catalogue import Gamma
from live_trading.polymarket.signing.wallet_secret import WalletSecret
from live_trading.services.comparing.compare import Comparison
from live_trading.services.following.market_keeping import MarketKeeper
from live_trading.services.reconciling.reconcile import Reconciler
from live_trading.services.redeeming.redeem import Redeemer, RedeemPolicy
from live_trading.services.redeeming.redeem_report import RedeemReport
from live_trading.services.redeeming.ways.carriers import Carrier
from live_trading.services.running.leasing import held
from live_trading.services.settling.resolve import Resolver, ResolveReport
from live_trading.wiring.carriers import carriers_of
from live_trading.wiring.chance import SYSTEM
from live_trading.wiring.composition import Parts
from live_trading.wiring.settings import Settings
from local.chain import ADDRESSES, NEG_RISK_EXCHANGE, STANDARD_EXCHANGE
from local.exchange.identity.contracts import DEPOSIT_WALLET_FACTORY, PROXY_FACTORY
from tests.integration.chain_fixtures import GWEI
from tests.settlement.parts.bookkeeping_fixtures import Bookkeeping, Holder
from tests.settlement.parts.chain_lever_fixtures import ChainLevers

RELAY_HUB = "0xd216153c06e857cd7f72665e0af1d7d82172f494"
_SETTING_OF = {"router": "protocol_v2_router"}
CONFIRMATIONS = 4
PATIENCE = timedelta(minutes=3)
CAPS = FeeCaps(max_fee=500 * GWEI, max_priority_fee=50 * GWEI, max_gas=1_000_000)
COIN_USD = Decimal("0.25")


@dataclass(kw_only=True)
class Jobs(ChainLevers, Bookkeeping):
    """lt-resolve and lt-redemptions as they are wired, with the test's clock."""

    rpc_url: str
    relayer_url: str = "http://127.0.0.1:9"
    addresses: ContractAddresses = ADDRESSES
    patience: timedelta = PATIENCE
    keys: dict[UUID, WalletSecret] = field(default_factory=dict)
    reports: list[RedeemReport] = field(default_factory=list)

    def wait(self, **span: float) -> None:
        self.clock.at += timedelta(**span)

    def resolver(self) -> Resolver:
        reconciler = Reconciler(
            database=self.database,
            account=_venue_is_away,
            market_keeper=self.market_keeper,
            comparison=self.comparison,
            receipts=FillReceipts(
                self.rpc_url,
                self.addresses,
                exchanges=(STANDARD_EXCHANGE, NEG_RISK_EXCHANGE),
                confirmations=CONFIRMATIONS,
            ),
            books=MarketData(self.endpoints, SYSTEM),
            clock=self.clock,
            chance=SYSTEM,
            holder="test",
        )
        return Resolver(
            database=self.database,
            chain=self.reader,
            markets=self.market_keeper,
            clock=self.clock,
            reconciler=reconciler,
            holder=str(uuid4()),
        )

    @property
    def comparison(self) -> Comparison:
        return Comparison(
            database=self.database,
            chain=self.reader,
            exchange_address=STANDARD_EXCHANGE,
            clock=self.clock,
            actor="test",
        )

    def breaks(self, holder: Holder) -> int | None:
        """How many differences a comparison of ledger and chain finds; None while something settles."""
        wallet = holder.wallet
        with held(self.database, self.clock, name=f"wallet:{wallet.address}", holder="test", seconds=60) as lease:
            assert lease is not None
            return self.comparison.run(lease, wallet)

    @property
    def market_keeper(self) -> MarketKeeper:
        return MarketKeeper(database=self.database, gamma=Gamma(self.endpoints, SYSTEM), chain=self.reader)

    @property
    def endpoints(self) -> VenueEndpoints:
        return Parts(environment={name.upper(): str(value) for name, value in self.settings if value}).endpoints

    def resolve(self) -> ResolveReport:
        return self.resolver().run()

    def carriers(self, wallet: TradingWallet) -> list[Carrier]:
        settings = self.settings
        return carriers_of(
            wallet,
            self.keys[wallet.trading_wallet_id],
            settings=settings,
            addresses=self.addresses,
            caps=CAPS,
            now=self.clock.now,
        )

    @property
    def settings(self) -> Settings:
        named = {f"{name}_url": "http://127.0.0.1:9" for name in ("clob", "gamma", "data_api", "geoblock", "clock")}
        return Settings.model_validate(
            {
                **named,
                "database_url": "postgresql://nobody@127.0.0.1/none",
                "relayer_url": self.relayer_url,
                "rpc_url": self.rpc_url,
                "chain_id": 137,
                **{_SETTING_OF.get(name, name): address for name, address in self.addresses.named()},
                "proxy_factory": PROXY_FACTORY,
                "deposit_wallet_factory": DEPOSIT_WALLET_FACTORY,
                "relay_hub": RELAY_HUB,
                "standard_exchange": ADDRESSES.conditional_tokens,
                "neg_risk_exchange": ADDRESSES.conditional_tokens,
                "exchange_v3": ADDRESSES.conditional_tokens,
            }
        )

    def redeemer(
        self,
        *,
        carriers: Callable[[TradingWallet], Sequence[Carrier]] | None = None,
        pause: Callable[[float], None] | None = None,
    ) -> Redeemer:
        return Redeemer(
            database=self.database,
            chain=ChainReader(self.rpc_url, self.addresses),
            addresses=self.addresses,
            carriers=carriers or self.carriers,
            clock=self.clock,
            policy=RedeemPolicy(
                confirmations=CONFIRMATIONS, patience=self.patience, gas_coin_usd=COIN_USD, low_gas_wei=10**18
            ),
            new_id=uuid4,
            holder=str(uuid4()),
            pause=pause,
        )

    def redeem(self) -> RedeemReport:
        return self.redeemer().run()

    def redeem_twice(self) -> None:
        """The two runs of an undisturbed redemption: one sends, the next one finds it deep enough."""
        self.redeem()
        self.chain.mine(CONFIRMATIONS)
        self.wait(minutes=11)
        self.redeem()

    def redeem_to_the_end(self, runs: int = 6) -> list[str]:
        """Runs of lt-redemptions with blocks in between, until every redemption is at rest; their states."""
        for _ in range(runs):
            self.reports.append(self.redeem())
            self.chain.mine(CONFIRMATIONS)
            self.wait(minutes=11)
            if all(state in ("BOOKED", "NOTHING_TO_DO", "NEEDS_OPERATOR") for state in self.states()):
                break
        return self.states()


def _venue_is_away(wallet: TradingWallet) -> Any:
    """Nothing here trades; settlement goes on without the venue."""
    raise RetryLater(f"the venue is away for {wallet.address}")
