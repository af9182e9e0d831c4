"""Positions of protocol v2: split, traded, merged and redeemed through the router, and refused where they must be."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from live_trading.chain.abi import Function
from live_trading.chain.contracts import ROUTER_MERGE, ROUTER_REDEEM
from live_trading.nouns.markets import is_position_id
from live_trading.nouns.money import Shares, Usd
from live_trading.nouns.trades import Side
from local.chain import ChainRefused, LocalChain, PreparedMarket
from local.chain.deployment import POSITION_MANAGER, ROUTER
from local.exchange.identity.contracts import EXCHANGE_V3, signing_domain
from tests.integration.chain_fixtures import Account, buy, fresh_id, new_account, running_chain, trade

pytestmark = pytest.mark.integration

ROUTER_SPLIT = Function("split(bytes31,uint256)")
MINT_POSITION = Function("mint(address,uint256,uint256)")
SHARE = 1_000_000


@pytest.fixture(scope="module")
def chain() -> Iterator[LocalChain]:
    with running_chain() as chain:
        yield chain


@pytest.fixture
def account(chain: LocalChain) -> Account:
    return new_account(chain, collateral="100")


@pytest.fixture
def market(chain: LocalChain) -> PreparedMarket:
    return chain.prepare_v2_market(fresh_id())


def held(chain: LocalChain, account: Account, market: PreparedMarket) -> list[Shares]:
    return [chain.token_balance(account.address, token) for token in market.token_ids]


def test_a_v2_market_has_a_condition_of_31_bytes_and_ids_that_the_venue_s_clients_take_for_positions(
    market: PreparedMarket,
) -> None:
    first, second = (int(token) for token in market.token_ids)

    assert (len(bytes.fromhex(market.condition_id[2:])), first >> 8, second) == (
        31,
        int(market.condition_id, 16),
        first | 1,
    )
    assert all(is_position_id(token) for token in market.token_ids)
    assert market.exchange == EXCHANGE_V3 == signing_domain(first, neg_risk=True).exchange


def test_preparing_a_v2_market_again_gives_the_same_one(chain: LocalChain, market: PreparedMarket) -> None:
    assert chain.prepare_v2_market(market.question_id) == market


def test_a_split_costs_a_dollar_a_pair_and_a_merge_gives_it_back(
    chain: LocalChain, account: Account, market: PreparedMarket
) -> None:
    supply = chain.collateral_supply()

    chain.send_as(account.address, ROUTER, ROUTER_SPLIT, market.condition_id, 7 * SHARE)
    assert (held(chain, account, market), chain.collateral_balance(account.address)) == ([Shares(7)] * 2, Usd(93))

    chain.send_as(account.address, ROUTER, ROUTER_MERGE, market.condition_id, 7 * SHARE)
    assert (held(chain, account, market), chain.collateral_balance(account.address)) == ([Shares(0)] * 2, Usd(100))
    assert chain.collateral_supply() == supply


def test_a_condition_that_nobody_prepared_cannot_be_split(chain: LocalChain, account: Account) -> None:
    with pytest.raises(ChainRefused, match="NoSuchCondition"):
        chain.send_as(account.address, ROUTER, ROUTER_SPLIT, "0x" + fresh_id()[2:64], SHARE)


def test_positions_are_made_by_the_router_alone(chain: LocalChain, account: Account, market: PreparedMarket) -> None:
    with pytest.raises(ChainRefused, match="NotRouter"):
        chain.send_as(
            account.address, POSITION_MANAGER, MINT_POSITION, account.address, int(market.token_ids[0]), SHARE
        )


@pytest.mark.parametrize(("numerators", "paid"), [([1, 0], "10"), ([0, 1], "0"), ([7, 3], "7")])
def test_what_was_bought_on_the_third_exchange_is_redeemed_by_the_router(
    chain: LocalChain, account: Account, market: PreparedMarket, numerators: list[int], paid: str
) -> None:
    buy(chain, account, market, shares="10", usd="4", fee="0.1")
    chain.report_payouts(market.question_id, numerators, is_v2=True)

    chain.send_as(account.address, ROUTER, ROUTER_REDEEM, market.condition_id, 0, 10 * SHARE)

    assert chain.collateral_balance(account.address) == Usd("95.9") + Usd(paid)
    assert held(chain, account, market) == [Shares(0), Shares(0)]


def test_a_position_is_not_redeemed_before_the_oracle_has_spoken(
    chain: LocalChain, account: Account, market: PreparedMarket
) -> None:
    buy(chain, account, market)

    with pytest.raises(ChainRefused, match="NotResolved"):
        chain.send_as(account.address, ROUTER, ROUTER_REDEEM, market.condition_id, 0, SHARE)


def test_a_neg_risk_market_of_protocol_v2_is_traded_on_the_same_exchange(chain: LocalChain, account: Account) -> None:
    market = chain.prepare_v2_market(fresh_id(), neg_risk=True)

    buy(chain, account, market, outcome=1, shares="10", usd="4")
    trade(chain, account, market, Side.SELL, outcome=1, shares="10", usd="4.5")

    assert chain.collateral_balance(account.address) == Usd("100.5")
