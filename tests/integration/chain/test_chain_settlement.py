"""The exchanges: what the settlement of a signed order moves, what it emits, and how it fails."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from live_trading.chain.abi import address_topic
from live_trading.chain.rpc import JsonRpc
from live_trading.nouns.money import Shares, Usd
from live_trading.nouns.trades import Side
from local.chain import HOUSE, ChainRefused, FillToSettle, LocalChain, PreparedMarket, SettlementReverted
from local.chain.settlement import ORDER_FILLED, match_call
from tests.integration.chain_fixtures import Account, buy, fresh_id, new_account, running_chain, trade
from tests.integration.exchange_event_fixtures import events_of, moved_collateral
from tests.integration.signed_order_fixtures import fill_of, hash_of, signed_order

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def chain() -> Iterator[LocalChain]:
    with running_chain() as chain:
        yield chain


@pytest.fixture
def account(chain: LocalChain) -> Account:
    return new_account(chain, collateral="100")


@pytest.fixture(params=["standard", "neg-risk", "v2"])
def market(chain: LocalChain, request: pytest.FixtureRequest) -> PreparedMarket:
    if request.param == "v2":
        return chain.prepare_v2_market(fresh_id())
    return chain.prepare_market(fresh_id(), neg_risk=request.param == "neg-risk")


def ten_for_four(account: Account, market: PreparedMarket, *, fee: int = 168_000) -> FillToSettle:
    order = signed_order(account.private_key, market, Side.BUY, maker_amount=4_000_000, taker_amount=10_000_000)
    return fill_of(order, market, fee=fee)


def test_the_event_has_the_venue_s_topic() -> None:
    assert ORDER_FILLED == "0xd543adfd945773f1a62f74f0ee55a5e3b9b1a28262980ba90b1a89f2ea84d8ee"


def test_a_buy_pays_the_fee_on_top_and_gets_all_shares(
    chain: LocalChain, account: Account, market: PreparedMarket
) -> None:
    settled = ten_for_four(account, market)

    transaction_hash = chain.settle_fills(market.exchange, [settled])

    assert chain.collateral_balance(account.address) == Usd("95.832")
    assert chain.token_balance(account.address, market.token_ids[0]) == Shares(10)
    event = events_of(chain, transaction_hash)[settled.order_hash]
    assert event.exchange == market.exchange
    assert event.topics == (settled.order_hash, address_topic(account.address), address_topic(market.exchange))
    assert event.words == (0, int(settled.token_id), 4_000_000, 10_000_000, 168_000, 0, 0)
    assert moved_collateral(chain, transaction_hash, account.address) == -4_168_000


def test_a_sell_gets_its_proceeds_less_the_fee(chain: LocalChain, account: Account, market: PreparedMarket) -> None:
    buy(chain, account, market, shares="10", usd="4")

    sold = trade(chain, account, market, Side.SELL, shares="6", usd="3", fee="0.105")

    assert chain.collateral_balance(account.address) == Usd("98.895")
    assert chain.token_balance(account.address, market.token_ids[0]) == Shares(4)
    event = events_of(chain, sold.transaction_hash)[sold.order_hash]
    assert event.words == (1, int(market.token_ids[0]), 6_000_000, 3_000_000, 105_000, 0, 0)
    assert moved_collateral(chain, sold.transaction_hash, account.address) == 2_895_000


def test_recorded_depth_is_an_order_of_the_house_against_the_account_s(
    chain: LocalChain, account: Account, market: PreparedMarket
) -> None:
    settled = ten_for_four(account, market)

    events = events_of(chain, chain.settle_fills(market.exchange, [settled]))

    (house,) = [event for order, event in events.items() if order != settled.order_hash]
    assert house.topics[1:] == (address_topic(HOUSE), address_topic(account.address))
    assert house.words[:5] == (1, int(settled.token_id), 10_000_000, 4_000_000, 0)


def test_a_resting_order_that_recorded_depth_has_come_to_is_the_maker(
    chain: LocalChain, account: Account, market: PreparedMarket
) -> None:
    settled = replace(ten_for_four(account, market, fee=0), is_maker=True)

    event = events_of(chain, chain.settle_fills(market.exchange, [settled]))[settled.order_hash]

    assert event.topics[1:] == (address_topic(account.address), address_topic(HOUSE))
    assert chain.token_balance(account.address, market.token_ids[0]) == Shares(10)


def test_a_buy_beyond_the_balance_reverts_and_moves_nothing(
    chain: LocalChain, account: Account, market: PreparedMarket
) -> None:
    order = signed_order(account.private_key, market, Side.BUY, maker_amount=100_000_000, taker_amount=200_000_000)

    with pytest.raises(SettlementReverted) as reverted:
        chain.settle_fills(market.exchange, [fill_of(order, market, fee=1)])

    assert reverted.value.reason == "InsufficientBalance"
    receipt = JsonRpc(chain.rpc_url).call("eth_getTransactionReceipt", reverted.value.transaction_hash)
    assert receipt["status"] == "0x0"
    assert chain.collateral_balance(account.address) == Usd(100)
    assert chain.order_status(market.exchange, hash_of(order, market)) == (False, 0)


def test_a_buy_without_allowance_reverts(chain: LocalChain, market: PreparedMarket) -> None:
    stranger = new_account(chain, collateral="100", is_approved=False)

    with pytest.raises(SettlementReverted, match="InsufficientAllowance"):
        chain.settle_fills(market.exchange, [ten_for_four(stranger, market)])


def test_a_sell_of_tokens_that_are_not_there_reverts(
    chain: LocalChain, account: Account, market: PreparedMarket
) -> None:
    order = signed_order(account.private_key, market, Side.SELL, maker_amount=10_000_000, taker_amount=4_000_000)

    with pytest.raises(SettlementReverted):
        chain.settle_fills(market.exchange, [fill_of(order, market)])

    assert chain.collateral_balance(account.address) == Usd(100)


def test_a_sell_without_the_token_s_operator_reverts(chain: LocalChain, market: PreparedMarket) -> None:
    stranger = new_account(chain, collateral="100", is_approved=False)
    order = signed_order(stranger.private_key, market, Side.SELL, maker_amount=10_000_000, taker_amount=4_000_000)

    with pytest.raises(SettlementReverted, match=r"NotApproved|need operator approval"):
        chain.settle_fills(market.exchange, [fill_of(order, market)])


def test_a_token_of_another_market_is_refused(chain: LocalChain, account: Account, market: PreparedMarket) -> None:
    other = new_market_like(chain, market)
    order = signed_order(account.private_key, other, Side.BUY, maker_amount=1_000_000, taker_amount=2_000_000)
    wrong = replace(fill_of(order, other), condition_id=market.condition_id)

    with pytest.raises(SettlementReverted, match="TokenNotOfCondition"):
        chain.settle_fills(market.exchange, [wrong])


def test_one_settlement_breaks_on_demand_of_any_process_and_the_next_one_works(
    chain: LocalChain, account: Account, market: PreparedMarket
) -> None:
    LocalChain.attach(chain.rpc_url).break_next_settlement()
    settled = ten_for_four(account, market)

    with pytest.raises(SettlementReverted, match="SettlementBroken"):
        chain.settle_fills(market.exchange, [settled])
    chain.settle_fills(market.exchange, [settled])

    assert chain.token_balance(account.address, market.token_ids[0]) == Shares(10)


def test_only_the_operator_may_settle(chain: LocalChain, account: Account, market: PreparedMarket) -> None:
    call = match_call(market.exchange, [ten_for_four(account, market)])
    message = {"from": account.address, "to": call.target, "data": call.data, "gas": hex(5_000_000)}

    receipt = JsonRpc(chain.rpc_url).call("eth_sendTransactionSync", message)

    assert receipt["status"] == "0x0"


def test_a_market_is_resolved_once(chain: LocalChain, market: PreparedMarket) -> None:
    kind = {"neg_risk": market.neg_risk, "is_v2": market.is_v2}
    chain.report_payouts(market.question_id, [0, 1], **kind)

    with pytest.raises(ChainRefused, match=r"already set|AlreadyResolved"):
        chain.report_payouts(market.question_id, [1, 0], **kind)


def test_a_neg_risk_market_pays_one_outcome_all_and_the_other_nothing(chain: LocalChain) -> None:
    market = chain.prepare_market(fresh_id(), neg_risk=True)

    with pytest.raises(ValueError, match="neg-risk payouts are 1 and 0"):
        chain.report_payouts(market.question_id, [1, 1], neg_risk=True)


def test_an_exchange_that_does_not_exist_is_refused(
    chain: LocalChain, account: Account, market: PreparedMarket
) -> None:
    with pytest.raises(ValueError, match="no exchange"):
        chain.settle_fills(account.address, [ten_for_four(account, market)])


def new_market_like(chain: LocalChain, market: PreparedMarket) -> PreparedMarket:
    if market.is_v2:
        return chain.prepare_v2_market(fresh_id())
    return chain.prepare_market(fresh_id(), neg_risk=market.neg_risk)
