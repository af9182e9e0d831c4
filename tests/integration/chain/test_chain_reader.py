"""Batched reads of the chain, and ids that equal the contract's."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from live_trading.chain.abi import Function, decode_uint, hex_text
from live_trading.chain.contracts import MULTICALL3, ContractAddresses
from live_trading.chain.errors import ContractMissing, RpcUnavailable
from live_trading.chain.reading.multicall import encode_aggregate
from live_trading.chain.reading.position_ids import collection_id, condition_id
from live_trading.chain.reading.reader import ChainReader
from live_trading.chain.rpc import JsonRpc
from live_trading.nouns.errors import MalformedAnswer
from live_trading.nouns.markets import PayoutVector
from live_trading.nouns.money import Shares, Usd
from local.chain import ADDRESSES, NEG_RISK_EXCHANGE, STANDARD_EXCHANGE, LocalChain
from local.chain.deployment import OPERATOR, WRAPPED_COLLATERAL
from tests.integration.chain_fixtures import buy, fresh_id, hop_before, new_account, reader_of, running_chain

pytestmark = pytest.mark.integration

PREPARE_CONDITION = Function("prepareCondition(address,bytes32,uint256)")
REPORT_PAYOUTS = Function("reportPayouts(bytes32,uint256[])")
COLLECTION_ID = Function("getCollectionId(bytes32,bytes32,uint256)")
POSITION_ID = Function("getPositionId(address,bytes32)")
NOWHERE = "0x00000000000000000000000000000000000000ff"


@pytest.fixture(scope="module")
def chain() -> Iterator[LocalChain]:
    with running_chain() as chain:
        yield chain


def addresses_with(**changed: str) -> ContractAddresses:
    names = ContractAddresses.__dataclass_fields__
    return ContractAddresses(**{name: changed.get(name, getattr(ADDRESSES, name)) for name in names})


def resolved_conditions(chain: LocalChain, count: int) -> list[str]:
    """Conditions whose oracle is Multicall3, the n-th resolved to [n, 1000], a hundred in one transaction."""
    questions = [fresh_id() for _ in range(count)]
    ctf = ADDRESSES.conditional_tokens
    calls = [PREPARE_CONDITION.call(ctf, MULTICALL3, question, 2) for question in questions]
    calls += [REPORT_PAYOUTS.call(ctf, question, [index + 1, 1000]) for index, question in enumerate(questions)]
    rpc = JsonRpc(chain.rpc_url)
    for start in range(0, len(calls), 100):
        data = hex_text(encode_aggregate(calls[start : start + 100]))
        rpc.call("eth_sendTransactionSync", {"from": OPERATOR, "to": MULTICALL3, "data": data, "gas": hex(25_000_000)})
    return [condition_id(MULTICALL3, question) for question in questions]


def test_payout_vectors_of_a_thousand_conditions_take_at_most_ten_requests(chain: LocalChain) -> None:
    conditions = resolved_conditions(chain, 1000)

    with hop_before(chain.rpc_url) as hop:
        vectors = ChainReader(hop.url, ADDRESSES).payout_vectors(conditions)

    assert len(hop.methods) <= 10
    assert vectors == {
        condition: PayoutVector(condition_id=condition, numerators=(index + 1, 1000), denominator=index + 1001)
        for index, condition in enumerate(conditions)
    }


def test_an_unresolved_or_unknown_condition_has_no_vector(chain: LocalChain) -> None:
    open_market = chain.prepare_market(fresh_id())
    unknown = fresh_id()

    vectors = reader_of(chain).payout_vectors([open_market.condition_id, unknown, open_market.condition_id])

    assert vectors == {open_market.condition_id: None, unknown: None}


def test_no_conditions_take_no_request(chain: LocalChain) -> None:
    with hop_before(chain.rpc_url) as hop:
        vectors = ChainReader(hop.url, ADDRESSES).payout_vectors([])

    assert (vectors, hop.methods) == ({}, [])


def test_token_balances_hold_zero_for_what_is_not_owned(chain: LocalChain) -> None:
    account = new_account(chain)
    market = chain.prepare_market(fresh_id())
    buy(chain, account, market, shares="12.345678")

    balances = reader_of(chain).token_balances(account.address, market.token_ids)

    assert balances == {market.token_ids[0]: Shares("12.345678"), market.token_ids[1]: Shares(0)}


def test_collateral_and_allowances_are_those_of_the_account(chain: LocalChain) -> None:
    account = new_account(chain, collateral="12.34")
    reader = reader_of(chain)

    assert reader.collateral_balance(account.address) == Usd("12.34")
    assert reader.usdce_balance(account.address) == Usd(0)
    assert reader.allowances(account.address, [STANDARD_EXCHANGE, NOWHERE]) == {
        STANDARD_EXCHANGE: 2**256 - 1,
        NOWHERE: 0,
    }
    assert reader.is_operator_approved(account.address, NEG_RISK_EXCHANGE)
    assert not reader.is_operator_approved(account.address, NOWHERE)


def test_a_wrong_address_of_conditional_tokens_is_an_error_and_not_an_unresolved_market(chain: LocalChain) -> None:
    reader = ChainReader(chain.rpc_url, addresses_with(conditional_tokens=NOWHERE))

    with pytest.raises(MalformedAnswer):
        reader.payout_vectors([fresh_id()])


def test_a_missing_multicall_is_named(chain: LocalChain) -> None:
    reader = ChainReader(chain.rpc_url, addresses_with(multicall=NOWHERE))

    with pytest.raises(ContractMissing, match=NOWHERE):
        reader.payout_vectors([fresh_id()])


def test_configured_contracts_without_code_are_named(chain: LocalChain) -> None:
    reader = ChainReader(chain.rpc_url, addresses_with(neg_risk_adapter=NOWHERE))

    assert reader.missing_contracts() == ("neg_risk_adapter",)
    assert reader_of(chain).missing_contracts() == ()


def test_a_node_that_is_away_is_retried_later() -> None:
    reader = ChainReader("http://127.0.0.1:9/secret-provider-key", ADDRESSES)

    with pytest.raises(RpcUnavailable) as away:
        reader.collateral_balance(NOWHERE)

    assert "secret-provider-key" not in str(away.value)


@pytest.mark.parametrize(("neg_risk", "backing"), [(False, ADDRESSES.usdce_token), (True, WRAPPED_COLLATERAL)])
def test_token_ids_equal_the_contract_s_own(chain: LocalChain, neg_risk: bool, backing: str) -> None:
    rpc = JsonRpc(chain.rpc_url)
    for _ in range(20):
        market = chain.prepare_market(fresh_id(), neg_risk=neg_risk)
        for index_set, token_id in ((1, market.token_ids[0]), (2, market.token_ids[1])):
            collection = rpc.contract_read(
                COLLECTION_ID.call(ADDRESSES.conditional_tokens, "0x" + "00" * 32, market.condition_id, index_set)
            )
            position = POSITION_ID.call(ADDRESSES.conditional_tokens, backing, hex_text(collection))

            assert collection_id(market.condition_id, index_set) == collection
            assert decode_uint(rpc.contract_read(position)) == int(token_id)


def test_purses_of_many_wallets_are_one_request(chain: LocalChain) -> None:
    rich, poor = new_account(chain, collateral="12.5"), new_account(chain, collateral="1")
    chain.fund_gas(rich.address, 7 * 10**18)
    chain.fund_gas(poor.address, 3)

    with hop_before(chain.rpc_url) as hop:
        purses = ChainReader(hop.url, ADDRESSES).purses([rich.address, poor.address, NOWHERE])
        assert hop.methods == ["eth_call"]

    assert [(purse.collateral, purse.gas_wei) for purse in purses.values()] == [
        (Usd("12.5"), 7 * 10**18),
        (Usd(1), 3),
        (Usd(0), 0),
    ]
