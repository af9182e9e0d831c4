"""Venue accounts with funds and an API key at a running exchange."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from eth_account import Account
from polymarket import SecureClient

from live_trading.nouns.markets import Market, OrderBook
from live_trading.nouns.money import Price, Shares, Usd
from live_trading.nouns.orders import OrderPlan, OrderType, SignedOrder
from live_trading.nouns.trades import Side
from live_trading.nouns.wallets import SignatureType, TradingWallet
from live_trading.orders.rounding import plan_limit, plan_marketable_buy, plan_marketable_sell
from live_trading.polymarket.clob.account import VenueAccount
from live_trading.polymarket.clob.market_data import MarketData
from live_trading.polymarket.clob.outcomes import PostOutcome
from live_trading.polymarket.endpoints import VenueEndpoints
from live_trading.polymarket.gamma.catalogue import Gamma
from live_trading.polymarket.signing.order_marker import marker_of
from live_trading.polymarket.signing.wallet_secret import WalletSecret
from live_trading.wiring.chance import SYSTEM
from local.chain.safes import place_relayed_wallet
from local.exchange.identity.wallet_addresses import deposit_wallet_addresses, proxy_address, safe_address
from tests.integration.exchange_clients import environment, fund, new_key
from tests.integration.exchange_fixtures import RunningExchange
from tests.unit.venue.polymarket_builders import ENDPOINTS, wallet

INSTALLATION = UUID(int=0xA1)


def endpoints_of(exchange: RunningExchange) -> VenueEndpoints:
    return replace(
        ENDPOINTS,
        clob_url=exchange.clob_url,
        gamma_url=exchange.gamma_url,
        data_api_url=exchange.data_url,
        geoblock_url=exchange.geoblock_url,
        relayer_url=f"{exchange.clob_url}/relayer",
        rpc_url=exchange.chain.rpc_url,
    )


def post_one(account: VenueAccount, signed: SignedOrder) -> PostOutcome:
    """What came of posting a single order."""
    return account.post([signed])[0]


@dataclass(frozen=True, kw_only=True)
class Trading:
    """One account, the market that it trades in, and the venue behind both."""

    exchange: RunningExchange
    endpoints: VenueEndpoints
    wallet: TradingWallet
    secret: WalletSecret
    account: VenueAccount
    market: Market

    @property
    def token_id(self) -> str:
        return self.market.token_ids[0]

    def book(self) -> OrderBook:
        data = MarketData(self.endpoints, SYSTEM)
        try:
            return data.books([self.token_id])[self.token_id]
        finally:
            data.close()

    def buy(self, usd: str = "5", *, limit: Price | None = None, order_type: OrderType = OrderType.FAK) -> OrderPlan:
        """A marketable buy at the best ask unless a limit is given."""
        best = self.book().best_ask
        assert best is not None
        made = plan_marketable_buy(
            market=self.market,
            outcome_index=0,
            limit_price=limit or best,
            stake=Usd(usd),
            order_type=order_type,
        )
        assert isinstance(made, OrderPlan)
        return made

    def sell(self, shares: Shares) -> OrderPlan:
        best = self.book().best_bid
        assert best is not None
        made = plan_marketable_sell(
            market=self.market, outcome_index=0, limit_price=best, shares=shares, order_type=OrderType.FAK
        )
        assert isinstance(made, OrderPlan)
        return made

    def rest(self, price: str = "0.02", shares: str = "50") -> OrderPlan:
        """A resting buy far from the book."""
        made = plan_limit(
            market=self.market,
            outcome_index=0,
            side=Side.BUY,
            limit_price=Price(price),
            shares=Shares(shares),
            order_type=OrderType.GTC,
            expiration=None,
        )
        assert isinstance(made, OrderPlan)
        return made

    def another_process(self) -> VenueAccount:
        """The same account as a later invocation builds it."""
        return VenueAccount(self.wallet, self.secret, self.endpoints, SYSTEM)

    def truth(self) -> Any:
        """What the venue itself holds of this account."""
        return self.exchange.control("GET", f"/accounts/{self.wallet.address}")

    def posts_seen(self) -> dict[str, int]:
        orders = self.exchange.control("GET", "/orders")["orders"]
        return {order["order_hash"]: order["posts_seen"] for order in orders}


@contextmanager
def trading(exchange: RunningExchange, kind: SignatureType = SignatureType.EOA) -> Iterator[Trading]:
    """A new account of a kind, with 100 dollars and an API key."""
    key = new_key()
    owner = str(Account.from_key(key).address)
    address = _wallet_address(kind, owner.lower())
    if kind is not SignatureType.EOA:
        place_relayed_wallet(exchange.chain, address)
    fund(exchange, address)
    with SecureClient.create(private_key=key, wallet=owner, environment=environment(exchange)) as client:
        credentials = client.credentials
    secret = WalletSecret(
        private_key=key,
        api_key=credentials.key,
        api_secret=credentials.secret,
        api_passphrase=credentials.passphrase,
    )
    trading_wallet = wallet(kind, address)
    endpoints = endpoints_of(exchange)
    account = VenueAccount(trading_wallet, secret, endpoints, SYSTEM, marker=marker_of(INSTALLATION, address))
    try:
        yield Trading(
            exchange=exchange,
            endpoints=endpoints,
            wallet=trading_wallet,
            secret=secret,
            account=account,
            market=first_market(exchange),
        )
    finally:
        account.close()


def _wallet_address(kind: SignatureType, owner: str) -> str:
    match kind:
        case SignatureType.EOA:
            return owner
        case SignatureType.PROXY:
            return proxy_address(owner)
        case SignatureType.SAFE:
            return safe_address(owner)
        case SignatureType.DEPOSIT_WALLET:
            return deposit_wallet_addresses(owner)[0]


def first_market(exchange: RunningExchange) -> Market:
    condition_id = str(exchange.replay()["markets"][0]["condition_id"])
    gamma = Gamma(endpoints_of(exchange), SYSTEM)
    try:
        return gamma.markets([condition_id]).markets[condition_id].market
    finally:
        gamma.close()
