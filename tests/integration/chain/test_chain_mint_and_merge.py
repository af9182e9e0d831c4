"""Matches between two accounts: shares change hands, or pairs of outcomes are made from or turned into collateral."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from live_trading.chain.abi import address_topic
from live_trading.nouns.money import Shares, Usd
from live_trading.nouns.trades import Side
from local.chain import ADDRESSES, LocalChain, PreparedMarket, SettlementReverted, SignedOrder
from local.chain.deployment import FEE_RECEIVER
from tests.integration.chain_fixtures import Account, buy, fresh_id, new_account, running_chain
from tests.integration.exchange_event_fixtures import events_of, moved_collateral
from tests.integration.signed_order_fixtures import fill_of, hash_of, signed_order

pytestmark = pytest.mark.integration

SHARE = 1_000_000


@pytest.fixture(scope="module")
def chain() -> Iterator[LocalChain]:
    with running_chain() as chain:
        yield chain


@pytest.fixture
def maker(chain: LocalChain) -> Account:
    return new_account(chain, collateral="100")


@pytest.fixture
def taker(chain: LocalChain) -> Account:
    return new_account(chain, collateral="100")


@pytest.fixture(params=["standard", "neg-risk", "v2"])
def market(chain: LocalChain, request: pytest.FixtureRequest) -> PreparedMarket:
    if request.param == "v2":
        return chain.prepare_v2_market(fresh_id())
    return chain.prepare_market(fresh_id(), neg_risk=request.param == "neg-risk")


def buys(account: Account, market: PreparedMarket, outcome: int, usd: int, shares: int) -> SignedOrder:
    return signed_order(account.private_key, market, Side.BUY, outcome=outcome, maker_amount=usd, taker_amount=shares)


def sells(account: Account, market: PreparedMarket, outcome: int, shares: int, usd: int) -> SignedOrder:
    return signed_order(account.private_key, market, Side.SELL, outcome=outcome, maker_amount=shares, taker_amount=usd)


def matched(
    chain: LocalChain, market: PreparedMarket, taker: SignedOrder, *makers: SignedOrder, fee: int = 0, **moved: Any
) -> str:
    fills = [fill_of(taker, market, fee=fee, **moved), *(fill_of(each, market, is_maker=True) for each in makers)]
    return chain.settle_fills(market.exchange, fills)


def test_shares_of_a_seller_go_to_the_buyer_and_nothing_is_made(
    chain: LocalChain, maker: Account, taker: Account, market: PreparedMarket
) -> None:
    buy(chain, maker, market, shares="10", usd="5")
    made, taken = sells(maker, market, 0, 10 * SHARE, 4 * SHARE), buys(taker, market, 0, 4 * SHARE, 10 * SHARE)
    supply = chain.collateral_supply()

    transaction_hash = matched(chain, market, taken, made, fee=168_000)

    assert chain.collateral_balance(maker.address) == Usd(99)
    assert chain.collateral_balance(taker.address) == Usd("95.832")
    assert chain.token_balance(maker.address, market.token_ids[0]) == Shares(0)
    assert chain.token_balance(taker.address, market.token_ids[0]) == Shares(10)
    assert chain.collateral_supply() == supply
    events = events_of(chain, transaction_hash)
    assert events[hash_of(made, market)].topics[1:] == (address_topic(maker.address), address_topic(taker.address))
    assert events[hash_of(taken, market)].topics[1:] == (address_topic(taker.address), address_topic(market.exchange))
    assert len(events) == 2


def test_two_buyers_of_opposite_outcomes_pay_for_new_pairs_together(
    chain: LocalChain, maker: Account, taker: Account, market: PreparedMarket
) -> None:
    made, taken = buys(maker, market, 1, 6 * SHARE, 10 * SHARE), buys(taker, market, 0, 4 * SHARE, 10 * SHARE)

    transaction_hash = matched(chain, market, taken, made, fee=168_000)

    assert chain.collateral_balance(maker.address) == Usd(94)
    assert chain.collateral_balance(taker.address) == Usd("95.832")
    assert chain.token_balance(maker.address, market.token_ids[1]) == Shares(10)
    assert chain.token_balance(taker.address, market.token_ids[0]) == Shares(10)
    assert moved_collateral(chain, transaction_hash, market.exchange) == 0
    assert moved_collateral(chain, transaction_hash, FEE_RECEIVER) == 168_000
    event = events_of(chain, transaction_hash)[hash_of(made, market)]
    assert event.words[:5] == (0, int(market.token_ids[1]), 6 * SHARE, 10 * SHARE, 0)


def test_two_sellers_of_opposite_outcomes_are_paid_from_the_pairs_that_they_give_up(
    chain: LocalChain, maker: Account, taker: Account, market: PreparedMarket
) -> None:
    matched(chain, market, buys(taker, market, 0, 4 * SHARE, 10 * SHARE), buys(maker, market, 1, 6 * SHARE, 10 * SHARE))
    made, taken = sells(maker, market, 1, 10 * SHARE, 7 * SHARE), sells(taker, market, 0, 10 * SHARE, 3 * SHARE)

    transaction_hash = matched(chain, market, taken, made, fee=147_000)

    assert chain.collateral_balance(maker.address) == Usd(101)
    assert chain.collateral_balance(taker.address) == Usd("98.853")
    assert chain.token_balance(maker.address, market.token_ids[1]) == Shares(0)
    assert chain.token_balance(taker.address, market.token_ids[0]) == Shares(0)
    assert moved_collateral(chain, transaction_hash, market.exchange) == 0
    event = events_of(chain, transaction_hash)[hash_of(taken, market)]
    assert event.words[:5] == (1, int(market.token_ids[0]), 10 * SHARE, 3 * SHARE, 147_000)


def test_a_taker_meets_a_buyer_of_the_other_outcome_and_recorded_depth_at_once(
    chain: LocalChain, maker: Account, taker: Account, market: PreparedMarket
) -> None:
    made, taken = buys(maker, market, 1, 6 * SHARE, 10 * SHARE), buys(taker, market, 0, 10 * SHARE, 25 * SHARE)

    transaction_hash = matched(chain, market, taken, made)

    assert chain.token_balance(taker.address, market.token_ids[0]) == Shares(25)
    assert chain.token_balance(maker.address, market.token_ids[1]) == Shares(10)
    assert chain.collateral_balance(taker.address) == Usd(90)
    assert len(events_of(chain, transaction_hash)) == 3


def test_what_one_of_them_cannot_pay_moves_nothing_of_the_other(
    chain: LocalChain, taker: Account, market: PreparedMarket
) -> None:
    poor = new_account(chain, collateral="1")
    made, taken = buys(poor, market, 1, 6 * SHARE, 10 * SHARE), buys(taker, market, 0, 4 * SHARE, 10 * SHARE)

    with pytest.raises(SettlementReverted, match="InsufficientBalance"):
        matched(chain, market, taken, made)
    assert chain.collateral_balance(taker.address) == Usd(100)

    chain.mint_collateral(poor.address, Usd(5))
    matched(chain, market, taken, made)
    assert chain.collateral_balance(poor.address) == Usd(0)


@pytest.mark.parametrize("paid", [3_999_999, 4_000_001])
def test_a_pair_costs_exactly_a_dollar(
    chain: LocalChain, maker: Account, taker: Account, market: PreparedMarket, paid: int
) -> None:
    made, taken = buys(maker, market, 1, 6 * SHARE, 10 * SHARE), buys(taker, market, 0, 5 * SHARE, 10 * SHARE)

    with pytest.raises(SettlementReverted, match="AmountsDoNotBalance"):
        matched(chain, market, taken, made, usd=paid)


def test_two_buyers_of_the_same_outcome_do_not_trade(
    chain: LocalChain, maker: Account, taker: Account, market: PreparedMarket
) -> None:
    made, taken = buys(maker, market, 0, 6 * SHARE, 10 * SHARE), buys(taker, market, 0, 4 * SHARE, 10 * SHARE)

    with pytest.raises(SettlementReverted, match="OrdersDoNotCross"):
        matched(chain, market, taken, made)


def test_a_maker_s_price_holds_for_a_match_too(
    chain: LocalChain, maker: Account, taker: Account, market: PreparedMarket
) -> None:
    made, taken = buys(maker, market, 1, 5 * SHARE, 10 * SHARE), buys(taker, market, 0, 4 * SHARE, 10 * SHARE)

    with pytest.raises(SettlementReverted, match=r"MakingGtRemaining|PriceWorseThanSigned"):
        chain.settle_fills(
            market.exchange,
            [fill_of(taken, market), fill_of(made, market, usd=6 * SHARE, is_maker=True)],
        )


def test_collateral_stays_backed_by_what_it_was_made_from(chain: LocalChain, maker: Account, taker: Account) -> None:
    market = chain.prepare_market(fresh_id())
    backing = chain.usdce_balance(ADDRESSES.collateral_token) - chain.collateral_supply()

    matched(chain, market, buys(taker, market, 0, 4 * SHARE, 10 * SHARE), buys(maker, market, 1, 6 * SHARE, 10 * SHARE))

    assert chain.usdce_balance(ADDRESSES.collateral_token) - chain.collateral_supply() == backing
