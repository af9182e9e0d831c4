"""Test data for the venue adapter: an account that asks nothing, plans, and rows as the venue sends them."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from eth_account import Account
from hypothesis import settings

from live_trading.nouns.markets import FeeSchedule, Market, ProtocolVersion
from live_trading.nouns.money import Price, Shares, Usd
from live_trading.nouns.orders import OrderPlan, OrderType
from live_trading.nouns.trades import Side
from live_trading.nouns.wallets import SignatureType, TradingWallet
from live_trading.polymarket.clob.account import VenueAccount
from live_trading.polymarket.endpoints import VenueEndpoints
from live_trading.polymarket.signing.order_payload import OwnOrder
from live_trading.polymarket.signing.wallet_secret import WalletSecret
from live_trading.wiring.chance import SYSTEM

KEY = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"
KEY_ADDRESS = "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266"
CONTRACT_WALLET = "0x1234567890abcdef1234567890abcdef12345678"
YES = "71321045679252212594626385532706912750332728571942532289631379312455583992563"
NO = "52114319501245915516055106046884209969926127482827954674443846427813813222426"
POSITION = str((1 << 248) + (5 << 104))
CONDITION = "0x" + "c1" * 32
TRADER = "0x" + "ab" * 20
ORDER = "0x" + "0f" * 32
OTHER_ORDER = "0x" + "0e" * 32
TRANSACTION = "0x" + "77" * 32
CRYPTO_FEES = FeeSchedule(rate=Decimal("0.07"), exponent=Decimal(1))
# Other test processes may have the machine while an example runs.
UNHURRIED = settings(deadline=None)
NOWHERE = "http://127.0.0.1:1"

ENDPOINTS = VenueEndpoints(
    clob_url=NOWHERE,
    gamma_url=NOWHERE,
    data_api_url=NOWHERE,
    geoblock_url=NOWHERE + "/api/geoblock",
    relayer_url=NOWHERE,
    rpc_url=NOWHERE,
    chain_id=137,
    collateral_token="0xc011a7e12a19f7b1f670d46f03b03f3342e82dfb",
    conditional_tokens="0x4d97dcd97ec945f40cf65f87097ace5ea0476045",
    collateral_adapter="0xada100db00ca00073811820692005400218fce1f",
    neg_risk_collateral_adapter="0xada2005600dec949baf300f4c6120000bdb6eaab",
    neg_risk_adapter="0xd91e80cf2e7be2e162c6513ced06f1dd0da35296",
    standard_exchange="0xe111180000d2663c0091e4f400237545b87b996b",
    neg_risk_exchange="0xe2222d279d744050d28e00520010520000310f59",
    exchange_v3="0xe3333700ca9d93003f00f0f71f8515005f6c00aa",
)


def wallet(signature_type: SignatureType = SignatureType.EOA, address: str = KEY_ADDRESS) -> TradingWallet:
    return TradingWallet(
        trading_wallet_id=UUID(int=1),
        owner_id="owner",
        address=address,
        signature_type=signature_type,
        secret_name="wallet",
    )


def secret(private_key: str = KEY) -> WalletSecret:
    return WalletSecret(private_key=private_key, api_key="key", api_secret="c2VjcmV0", api_passphrase="pass")


def account(trading_wallet: TradingWallet | None = None, endpoints: VenueEndpoints = ENDPOINTS) -> VenueAccount:
    return VenueAccount(trading_wallet or wallet(), secret(), endpoints, SYSTEM)


def market(tick: str = "0.01", *, neg_risk: bool = False, minimum_shares: str = "0") -> Market:
    return Market(
        condition_id=CONDITION,
        version=ProtocolVersion.V1,
        question="Up or Down?",
        slug="up-or-down",
        category="Crypto",
        tags=(),
        event_id=None,
        outcomes=("Up", "Down"),
        token_ids=(YES, NO),
        is_open=True,
        accepting_orders=True,
        end_time=None,
        game_start_time=None,
        tick_size=Price(tick),
        minimum_order_shares=Shares(minimum_shares),
        fees=CRYPTO_FEES,
        neg_risk=neg_risk,
    )


def plan(**changes: Any) -> OrderPlan:
    """A FAK that buys 10 shares at 0.50, with some of it changed."""
    values: dict[str, Any] = {
        "token_id": YES,
        "condition_id": CONDITION,
        "version": ProtocolVersion.V1,
        "outcome_index": 0,
        "side": Side.BUY,
        "order_type": OrderType.FAK,
        "limit_price": Price("0.5"),
        "usd": Usd(5),
        "shares": Shares(10),
        "fee_bound": Usd("0.2"),
        "neg_risk": False,
        "tick_size": Price("0.01"),
    }
    return OrderPlan(**(values | changes))


def own(**changes: Any) -> OwnOrder:
    """What we know of the order of `plan()`."""
    values: dict[str, Any] = {
        "side": Side.BUY,
        "order_type": OrderType.FAK,
        "usd": Usd(5),
        "shares": Shares(10),
    }
    return OwnOrder(**(values | changes))


def feed_row(**changes: Any) -> dict[str, Any]:
    """A row of `/v2/trades`."""
    return {
        "proxy_wallet": TRADER,
        "side": "BUY",
        "token_id": YES,
        "condition_id": CONDITION,
        "size": Decimal("12.5"),
        "price": Decimal("0.4"),
        "timestamp": 1_790_586_000,
        "title": "Up or Down?",
        "slug": "up-or-down",
        "outcome": "Up",
        "outcome_index": 0,
        "transaction_hash": TRANSACTION,
    } | changes


def gamma_row(**changes: Any) -> dict[str, Any]:
    """A market as Gamma shows it."""
    return {
        "conditionId": CONDITION,
        "question": "Up or Down?",
        "slug": "up-or-down",
        "version": "v1",
        "outcomes": '["Up", "Down"]',
        "clobTokenIds": f'["{YES}", "{NO}"]',
        "positionIds": None,
        "active": True,
        "closed": False,
        "archived": False,
        "acceptingOrders": True,
        "enableOrderBook": True,
        "endDate": "2026-09-28T09:15:00Z",
        "negRisk": False,
        "orderPriceMinTickSize": Decimal("0.01"),
        "orderMinSize": 5,
        "feesEnabled": True,
        "feeSchedule": {"exponent": 1, "rate": Decimal("0.07"), "takerOnly": True},
        "events": [{"id": "77", "category": None}],
    } | changes


def order_row(**changes: Any) -> dict[str, Any]:
    """An order as `/data/order` shows it."""
    return {
        "id": ORDER,
        "status": "ORDER_STATUS_LIVE",
        "owner": "key",
        "maker_address": KEY_ADDRESS,
        "market": CONDITION,
        "asset_id": YES,
        "side": "BUY",
        "original_size": "10",
        "size_matched": "0",
        "price": "0.5",
        "order_type": "GTC",
    } | changes


def maker_row(**changes: Any) -> dict[str, Any]:
    """A resting order that a trade met."""
    return {
        "order_id": OTHER_ORDER,
        "maker_address": "0x" + "99" * 20,
        "matched_amount": "10",
        "price": "0.5",
        "fee_rate_bps": "0",
        "asset_id": YES,
        "outcome": "Up",
        "side": "SELL",
    } | changes


def trade_row(**changes: Any) -> dict[str, Any]:
    """A trade as `/data/trades` shows it: our order took ten shares at a half."""
    return {
        "id": "trade-1",
        "taker_order_id": ORDER,
        "market": CONDITION,
        "asset_id": YES,
        "side": "BUY",
        "size": "10",
        "fee_rate_bps": "0",
        "price": "0.5",
        "status": "TRADE_STATUS_MATCHED",
        "match_time": "1790586000",
        "transaction_hash": "",
        "trader_side": "TAKER",
        "maker_orders": [maker_row()],
    } | changes


def a_moment(seconds: int = 1_790_586_000) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def fresh_key() -> str:
    """A key that nobody else has."""
    return "0x" + bytes(Account.create().key).hex()
