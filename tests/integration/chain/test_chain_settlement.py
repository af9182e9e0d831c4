"""The exchange stand-ins: what a settlement moves, what it emits, and how it fails."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from live_trading.chain.abi import address_topic
from live_trading.chain.rpc import JsonRpc
from live_trading.nouns.money import Shares, Usd
from live_trading.nouns.trades import Side
from local.chain import (
    NEG_RISK_EXCHANGE,
    STANDARD_EXCHANGE,
    ChainRefused,
    FillToSettle,
    LocalChain,
    PreparedMarket,
    SettlementReverted,
)
from local.chain.settlement import ORDER_FILLED, settle_call
from tests.integration.chain_fixtures import Account, buy, fresh_id, new_account, running_chain

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def chain() -> Iterator[LocalChain]:
    with running_chain() as chain:
        yield chain


@pytest.fixture
def account(chain: LocalChain) -> Account:
    return new_account(chain, collateral="100")


@pytest.fixture(params=[False, True], ids=["standard", "neg-risk"])
def market(chain: LocalChain, request: pytest.FixtureRequest) -> PreparedMarket:
    return chain.prepare_market(fresh_id(), neg_risk=request.param)


def fill(
    market: PreparedMarket,
    account: Account,
    side: Side,
    *,
    shares: str = "10",
    usd: str = "4",
    fee: str = "0.168",
    outcome: int = 0,
) -> FillToSettle:
    return FillToSettle(
        order_hash=fresh_id(),
        account=account.address,
        side=side,
        token_id=market.token_ids[outcome],
        condition_id=market.condition_id,
        usd=Usd(usd),
        shares=Shares(shares),
        fee=Usd(fee),
    )


def exchange_of(market: PreparedMarket) -> str:
    return NEG_RISK_EXCHANGE if market.neg_risk else STANDARD_EXCHANGE


def fills_in(chain: LocalChain, transaction_hash: str) -> list[dict[str, Any]]:
    receipt = JsonRpc(chain.rpc_url).call("eth_getTransactionReceipt", transaction_hash)
    return [log for log in receipt["logs"] if log["topics"][0] == ORDER_FILLED]


def words(log: dict[str, Any]) -> list[int]:
    data = log["data"][2:]
    return [int(data[at : at + 64], 16) for at in range(0, len(data), 64)]


def test_the_event_has_the_venue_s_topic() -> None:
    assert ORDER_FILLED == "0xd543adfd945773f1a62f74f0ee55a5e3b9b1a28262980ba90b1a89f2ea84d8ee"


def test_a_buy_pays_the_fee_on_top_and_gets_all_shares(
    chain: LocalChain, account: Account, market: PreparedMarket
) -> None:
    settled = fill(market, account, Side.BUY)

    transaction_hash = chain.settle_fills(exchange_of(market), [settled])

    assert chain.collateral_balance(account.address) == Usd("95.832")
    assert chain.token_balance(account.address, market.token_ids[0]) == Shares(10)
    (log,) = fills_in(chain, transaction_hash)
    assert log["address"] == exchange_of(market)
    assert log["topics"][1:3] == [settled.order_hash, address_topic(account.address)]
    assert words(log) == [0, int(settled.token_id), 4_000_000, 10_000_000, 168_000, 0, 0]


def test_a_sell_gets_its_proceeds_less_the_fee(chain: LocalChain, account: Account, market: PreparedMarket) -> None:
    buy(chain, account.address, market, shares="10", usd="4")
    settled = fill(market, account, Side.SELL, shares="6", usd="3", fee="0.105")

    transaction_hash = chain.settle_fills(exchange_of(market), [settled])

    assert chain.collateral_balance(account.address) == Usd("98.895")
    assert chain.token_balance(account.address, market.token_ids[0]) == Shares(4)
    (log,) = fills_in(chain, transaction_hash)
    assert words(log) == [1, int(settled.token_id), 6_000_000, 3_000_000, 105_000, 0, 0]


def test_a_buy_beyond_the_balance_reverts_and_moves_nothing(
    chain: LocalChain, account: Account, market: PreparedMarket
) -> None:
    with pytest.raises(SettlementReverted) as reverted:
        chain.settle_fills(exchange_of(market), [fill(market, account, Side.BUY, usd="100", fee="0.000001")])

    assert reverted.value.reason == "InsufficientBalance"
    receipt = JsonRpc(chain.rpc_url).call("eth_getTransactionReceipt", reverted.value.transaction_hash)
    assert receipt["status"] == "0x0"
    assert chain.collateral_balance(account.address) == Usd(100)


def test_a_buy_without_allowance_reverts(chain: LocalChain, market: PreparedMarket, account: Account) -> None:
    stranger = Account(private_key=account.private_key, address="0x00000000000000000000000000000000000abcde")
    chain.mint_collateral(stranger.address, Usd(100))

    with pytest.raises(SettlementReverted, match="InsufficientAllowance"):
        chain.settle_fills(exchange_of(market), [fill(market, stranger, Side.BUY)])


def test_a_sell_of_tokens_that_are_not_there_reverts(
    chain: LocalChain, account: Account, market: PreparedMarket
) -> None:
    with pytest.raises(SettlementReverted):
        chain.settle_fills(exchange_of(market), [fill(market, account, Side.SELL)])

    assert chain.collateral_balance(account.address) == Usd(100)


def test_a_token_of_another_market_is_refused(chain: LocalChain, account: Account, market: PreparedMarket) -> None:
    other = chain.prepare_market(fresh_id(), neg_risk=market.neg_risk)
    wrong = FillToSettle(
        order_hash=fresh_id(),
        account=account.address,
        side=Side.BUY,
        token_id=other.token_ids[0],
        condition_id=market.condition_id,
        usd=Usd(1),
        shares=Shares(2),
        fee=Usd(0),
    )

    with pytest.raises(SettlementReverted, match="TokenNotOfCondition"):
        chain.settle_fills(exchange_of(market), [wrong])


def test_the_fills_of_one_trade_settle_together_or_not_at_all(
    chain: LocalChain, account: Account, market: PreparedMarket
) -> None:
    maker = new_account(chain, collateral="1")
    both = [fill(market, account, Side.BUY), fill(market, maker, Side.BUY, outcome=1, usd="6", fee="0")]

    with pytest.raises(SettlementReverted):
        chain.settle_fills(exchange_of(market), both)
    assert chain.collateral_balance(account.address) == Usd(100)

    chain.mint_collateral(maker.address, Usd(5))
    transaction_hash = chain.settle_fills(exchange_of(market), both)
    assert len(fills_in(chain, transaction_hash)) == 2
    assert chain.collateral_balance(maker.address) == Usd(0)


def test_one_settlement_breaks_on_demand_of_any_process_and_the_next_one_works(
    chain: LocalChain, account: Account, market: PreparedMarket
) -> None:
    LocalChain.attach(chain.rpc_url).break_next_settlement()

    with pytest.raises(SettlementReverted, match="SettlementBroken"):
        chain.settle_fills(exchange_of(market), [fill(market, account, Side.BUY)])
    chain.settle_fills(exchange_of(market), [fill(market, account, Side.BUY)])

    assert chain.token_balance(account.address, market.token_ids[0]) == Shares(10)


def test_only_the_operator_may_settle(chain: LocalChain, account: Account, market: PreparedMarket) -> None:
    call = settle_call(exchange_of(market), [fill(market, account, Side.BUY)])
    message = {"from": account.address, "to": call.target, "data": call.data, "gas": hex(1_000_000)}

    receipt = JsonRpc(chain.rpc_url).call("eth_sendTransactionSync", message)

    assert receipt["status"] == "0x0"


def test_a_market_is_resolved_once(chain: LocalChain, market: PreparedMarket) -> None:
    chain.report_payouts(market.question_id, [0, 1], neg_risk=market.neg_risk)

    with pytest.raises(ChainRefused, match="already set"):
        chain.report_payouts(market.question_id, [1, 0], neg_risk=market.neg_risk)


def test_an_exchange_that_does_not_exist_is_refused(
    chain: LocalChain, account: Account, market: PreparedMarket
) -> None:
    with pytest.raises(ValueError, match="no exchange"):
        chain.settle_fills(account.address, [fill(market, account, Side.BUY)])
