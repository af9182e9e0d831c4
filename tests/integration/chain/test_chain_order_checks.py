"""What the exchanges check of an order before they move anything: hash, signature, remaining amount, price and fee."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from eth_abi.abi import encode
from eth_hash.auto import keccak

from live_trading.chain.abi import Call, hex_text
from live_trading.chain.rpc import JsonRpc
from live_trading.nouns.money import Shares, Usd
from live_trading.nouns.trades import Side
from live_trading.nouns.wallets import SignatureType
from local.chain import (
    EXCHANGE_V3,
    HOUSE,
    NEG_RISK_EXCHANGE,
    STANDARD_EXCHANGE,
    LocalChain,
    OrderSide,
    PreparedMarket,
    SettlementReverted,
    SignedOrder,
)
from local.chain.safes import place_relayed_wallet, place_safe
from local.exchange.engine.trades import HOUSE_ACCOUNT
from local.exchange.identity.wallet_addresses import deposit_wallet_addresses, proxy_address, safe_address
from tests.integration.chain_fixtures import Account, fresh_id, new_account, running_chain
from tests.integration.signed_order_fixtures import fill_of, hash_of, signed_order

pytestmark = pytest.mark.integration

DOLLAR = 1_000_000
ORDER_TYPE = "(uint256,address,address,uint256,uint256,uint256,uint8,uint8,uint256,bytes32,bytes32,bytes)"
WALLETS = pytest.mark.parametrize("kind", [SignatureType.PROXY, SignatureType.SAFE, SignatureType.DEPOSIT_WALLET])


@pytest.fixture(scope="module")
def chain() -> Iterator[LocalChain]:
    with running_chain() as chain:
        yield chain


@pytest.fixture(scope="module")
def account(chain: LocalChain) -> Account:
    return new_account(chain, collateral="100000")


@pytest.fixture(params=["standard", "neg-risk", "v2"])
def market(chain: LocalChain, request: pytest.FixtureRequest) -> PreparedMarket:
    if request.param == "v2":
        return chain.prepare_v2_market(fresh_id())
    return chain.prepare_market(fresh_id(), neg_risk=request.param == "neg-risk")


def bought(account: Account, market: PreparedMarket, usd: int, shares: int, **signed: Any) -> SignedOrder:
    return signed_order(account.private_key, market, Side.BUY, maker_amount=usd, taker_amount=shares, **signed)


def refused(chain: LocalChain, market: PreparedMarket, order: SignedOrder, **moved: Any) -> str:
    with pytest.raises(SettlementReverted) as reverted:
        chain.settle_fills(market.exchange, [fill_of(order, market, **moved)])
    return reverted.value.reason


def wallet_of(chain: LocalChain, owner: Account, kind: SignatureType) -> str:
    """The owner's wallet, put where the venue's factory would put it, with money and approvals."""
    address = {
        SignatureType.PROXY: proxy_address(owner.address),
        SignatureType.SAFE: safe_address(owner.address),
        SignatureType.DEPOSIT_WALLET: deposit_wallet_addresses(owner.address)[0],
    }[kind]
    if kind is SignatureType.SAFE:
        place_safe(chain, address, owner.address)
    else:
        place_relayed_wallet(chain, address)
    chain.fund_gas(address)
    chain.mint_collateral(address, Usd(100))
    chain.approve_trading_of(address)
    return address


def hash_on_chain(chain: LocalChain, exchange: str, order: SignedOrder) -> str:
    selector = keccak(f"hashOrder({ORDER_TYPE})".encode())[:4]
    call = Call(target=exchange, data=hex_text(selector + encode([ORDER_TYPE], [order.values()])))
    return hex_text(JsonRpc(chain.rpc_url).contract_read(call))


def test_the_contract_s_hash_is_the_simulator_s(chain: LocalChain, account: Account, market: PreparedMarket) -> None:
    order = bought(account, market, 4 * DOLLAR, 10 * DOLLAR)

    assert hash_on_chain(chain, market.exchange, order) == hash_of(order, market)


@pytest.mark.parametrize(
    ("exchange", "expected"),
    [
        (STANDARD_EXCHANGE, "0x70148ea493737a0231ec842d7cfa85a1a2eb39213498df799ebe55db14305b2b"),
        (NEG_RISK_EXCHANGE, "0xfd0daff890e087383c0366865e3548091df1f3e7505aec03ee079f941716cdbf"),
        (EXCHANGE_V3, "0xbb7f2bc90b10113a9eb80b83a104f70a27ed771649d530866248e07dd46a9508"),
    ],
)
def test_an_order_that_the_venue_s_clients_were_seen_to_hash_has_that_hash(
    chain: LocalChain, exchange: str, expected: str
) -> None:
    order = SignedOrder(
        salt=479249096354,
        maker="0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266",
        signer="0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266",
        token_id=71321045679252212594626385532706912750332728571942532289631379312455583992563,
        maker_amount=5 * DOLLAR,
        taker_amount=10 * DOLLAR,
        side=OrderSide.BUY,
        signature_type=0,
        timestamp=1764547200000,
    )

    assert hash_on_chain(chain, exchange, order) == expected


@WALLETS
def test_a_wallet_s_order_settles_with_its_owner_s_signature(
    chain: LocalChain, market: PreparedMarket, kind: SignatureType
) -> None:
    owner = new_account(chain, is_approved=False)
    wallet = wallet_of(chain, owner, kind)
    order = bought(owner, market, 4 * DOLLAR, 10 * DOLLAR, signature_type=kind, maker=wallet)

    chain.settle_fills(market.exchange, [fill_of(order, market)])

    assert chain.collateral_balance(wallet) == Usd(96)
    assert chain.token_balance(wallet, market.token_ids[0]) == Shares(10)


@WALLETS
def test_a_stranger_s_signature_moves_nothing_of_a_wallet(
    chain: LocalChain, market: PreparedMarket, kind: SignatureType
) -> None:
    owner, stranger = new_account(chain, is_approved=False), new_account(chain, is_approved=False)
    wallet = wallet_of(chain, owner, kind)
    order = bought(stranger, market, 4 * DOLLAR, 10 * DOLLAR, signature_type=kind, maker=wallet)

    assert refused(chain, market, order) == "InvalidSignature"


def test_a_deposit_wallet_that_is_not_deployed_has_signed_nothing(chain: LocalChain, market: PreparedMarket) -> None:
    owner = new_account(chain, is_approved=False)
    wallet = deposit_wallet_addresses(owner.address)[0]
    order = bought(owner, market, DOLLAR, 2 * DOLLAR, signature_type=SignatureType.DEPOSIT_WALLET, maker=wallet)

    assert refused(chain, market, order) == "InvalidSignature"


def test_an_account_s_order_that_another_key_signed_is_refused(
    chain: LocalChain, account: Account, market: PreparedMarket
) -> None:
    stranger = new_account(chain, is_approved=False)
    order = replace(bought(stranger, market, DOLLAR, 2 * DOLLAR), maker=account.address, signer=account.address)

    assert refused(chain, market, order) == "InvalidSignature"


def test_an_order_changed_after_it_was_signed_is_refused(
    chain: LocalChain, account: Account, market: PreparedMarket
) -> None:
    order = replace(bought(account, market, DOLLAR, 2 * DOLLAR), maker_amount=2 * DOLLAR)

    assert refused(chain, market, order) == "InvalidSignature"


def test_an_order_signed_for_another_version_of_the_exchange_is_refused(
    chain: LocalChain, account: Account, market: PreparedMarket
) -> None:
    order = bought(account, market, DOLLAR, 2 * DOLLAR, version="2" if market.is_v2 else "3")

    assert refused(chain, market, order) == "InvalidSignature"


def test_an_order_fills_in_parts_and_never_beyond_its_amount(
    chain: LocalChain, account: Account, market: PreparedMarket
) -> None:
    order = bought(account, market, 4 * DOLLAR, 10 * DOLLAR)
    order_hash = hash_of(order, market)

    seen = [chain.order_status(market.exchange, order_hash)]
    for _ in range(2):
        chain.settle_fills(market.exchange, [fill_of(order, market, usd=1_600_000, shares=4_000_000)])
        seen.append(chain.order_status(market.exchange, order_hash))

    assert seen == [(False, 0), (False, 2_400_000), (False, 800_000)]
    assert refused(chain, market, order, usd=1_600_000, shares=4_000_000) == "MakingGtRemaining"
    chain.settle_fills(market.exchange, [fill_of(order, market, usd=800_000, shares=2_000_000)])
    assert chain.order_status(market.exchange, order_hash) == (True, 0)
    assert refused(chain, market, order, usd=400_000, shares=1_000_000) == "OrderAlreadyFilled"


def test_a_buy_filled_below_its_limit_keeps_a_remainder_and_is_not_filled(
    chain: LocalChain, account: Account, market: PreparedMarket
) -> None:
    order = bought(account, market, 22_500_000, 50_000_000)

    chain.settle_fills(market.exchange, [fill_of(order, market, usd=20_000_000, fee=600_000)])

    assert chain.order_status(market.exchange, hash_of(order, market)) == (False, 2_500_000)


@pytest.mark.parametrize(
    ("usd", "shares"), [(12_339_952, 21_166_300), (49_999_932, 50_643_100), (4_949_998, 5_051_019)]
)
def test_the_floor_of_the_signed_price_is_enough_and_one_base_unit_less_is_not(
    chain: LocalChain, account: Account, market: PreparedMarket, usd: int, shares: int
) -> None:
    # the signed ratio is a price with a remainder: what the seller is owed is its floor
    numerator, denominator = {12_339_952: (583, 1000), 49_999_932: (9873, 10_000), 4_949_998: (98, 100)}[usd]
    buy = bought(account, market, shares * numerator // denominator + 1, shares)
    chain.settle_fills(market.exchange, [fill_of(buy, market)])
    lot = denominator * DOLLAR
    order = signed_order(
        account.private_key, market, Side.SELL, maker_amount=lot, taker_amount=lot * numerator // denominator
    )

    assert refused(chain, market, order, usd=usd - 1, shares=shares) == "PriceWorseThanSigned"
    chain.settle_fills(market.exchange, [fill_of(order, market, usd=usd, shares=shares)])


def test_a_buy_gets_at_least_the_shares_that_its_price_asks_for(
    chain: LocalChain, account: Account, market: PreparedMarket
) -> None:
    order = bought(account, market, 5 * DOLLAR, 7_575_757)

    assert refused(chain, market, order, usd=2_000_000, shares=3_030_301) == "PriceWorseThanSigned"
    chain.settle_fills(market.exchange, [fill_of(order, market, usd=2_000_000, shares=3_030_302)])


@pytest.mark.parametrize("side", [Side.BUY, Side.SELL])
def test_a_fee_of_five_percent_of_the_cash_is_taken_and_one_base_unit_more_is_not(
    chain: LocalChain, account: Account, market: PreparedMarket, side: Side
) -> None:
    order = bought(account, market, 4 * DOLLAR, 10 * DOLLAR)
    if side is Side.SELL:
        chain.settle_fills(market.exchange, [fill_of(order, market)])
        order = signed_order(account.private_key, market, Side.SELL, maker_amount=10 * DOLLAR, taker_amount=4 * DOLLAR)

    assert refused(chain, market, order, fee=200_001) == "FeeExceedsMaxRate"
    chain.settle_fills(market.exchange, [fill_of(order, market, fee=200_000)])


def test_the_largest_fee_rate_is_the_operator_s_to_change(chain: LocalChain, account: Account) -> None:
    market = chain.prepare_market(fresh_id())
    order = bought(account, market, DOLLAR, 10 * DOLLAR)

    chain.set_max_fee_rate(market.exchange, 700)
    try:
        chain.settle_fills(market.exchange, [fill_of(order, market, fee=63_000)])
    finally:
        chain.set_max_fee_rate(market.exchange, 500)


def test_the_house_of_the_contracts_is_that_of_recorded_depth() -> None:
    assert HOUSE == HOUSE_ACCOUNT
