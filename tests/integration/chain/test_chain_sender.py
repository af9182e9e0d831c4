"""Sending: nothing before the broadcast, nothing twice, and every refusal with its meaning."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from live_trading.chain.contracts import APPROVE
from live_trading.chain.errors import (
    BroadcastOutcomeUnknown,
    FeeAboveCap,
    FeeTooLow,
    GasAboveCap,
    NonceTaken,
    NotEnoughGasMoney,
    Reverted,
    RpcUnavailable,
    Unmineable,
)
from live_trading.chain.redemption import RedemptionKind, redeem_call
from live_trading.chain.rpc import JsonRpc
from live_trading.chain.sending.sender import EoaSender, FeeCaps
from live_trading.chain.wallets.signer import LocalKeySigner
from live_trading.nouns.money import Usd
from local.chain import ADDRESSES, STANDARD_EXCHANGE, LocalChain, PreparedMarket
from tests.integration.chain_fixtures import (
    CAPS,
    GWEI,
    Account,
    buy,
    fresh_id,
    hop_before,
    mined,
    new_account,
    prepared_redemption,
    running_chain,
    sender_of,
)
from tests.settlement.parts.fault_fixtures import Moment
from tests.settlement.parts.faulty_node_fixtures import Refusal, faulty_node

pytestmark = pytest.mark.integration

APPROVAL = APPROVE.call(ADDRESSES.collateral_token, STANDARD_EXCHANGE, 1)


@pytest.fixture(scope="module")
def chain() -> Iterator[LocalChain]:
    with running_chain() as chain:
        yield chain


@pytest.fixture
def account(chain: LocalChain) -> Account:
    return new_account(chain)


@pytest.fixture
def sender(chain: LocalChain, account: Account) -> EoaSender:
    return sender_of(account, chain.rpc_url)


@pytest.fixture
def won(chain: LocalChain, account: Account) -> PreparedMarket:
    """A market in which the account is owed 10 dollars."""
    market = chain.prepare_market(fresh_id())
    buy(chain, account, market)
    chain.report_payouts(market.question_id, [1, 0])
    return market


@contextmanager
def blocks_held_back(chain: LocalChain) -> Iterator[JsonRpc]:
    """No block is made inside, unless asked for."""
    rpc = JsonRpc(chain.rpc_url)
    rpc.call("evm_setAutomine", False)
    try:
        yield rpc
    finally:
        rpc.call("evm_setAutomine", True)
        rpc.call("anvil_mine", "0x1")


def test_a_prepared_transaction_is_not_on_the_wire(
    chain: LocalChain, account: Account, sender: EoaSender, won: PreparedMarket
) -> None:
    before = chain.collateral_balance(account.address)

    prepared = prepared_redemption(sender, won)

    assert sender.receipt(prepared.transaction_hash) is None
    assert chain.collateral_balance(account.address) == before
    assert sender.prepare(APPROVAL, None).nonce == prepared.nonce


def test_the_receipt_tells_gas_block_and_the_collateral_that_arrived(
    chain: LocalChain, sender: EoaSender, won: PreparedMarket
) -> None:
    prepared = prepared_redemption(sender, won)

    sender.broadcast(prepared.signed)
    mined(sender, prepared.transaction_hash)
    chain.mine(4)

    receipt = mined(sender, prepared.transaction_hash)
    assert (receipt.status, receipt.collateral_received, receipt.confirmations) == (1, Usd(10), 5)
    assert 0 < receipt.gas_used <= prepared.gas
    assert 0 < receipt.effective_gas_price <= prepared.max_fee


def test_the_same_signed_bytes_again_move_nothing(
    chain: LocalChain, account: Account, sender: EoaSender, won: PreparedMarket
) -> None:
    before = chain.collateral_balance(account.address)
    prepared = prepared_redemption(sender, won)
    sender.broadcast(prepared.signed)
    mined(sender, prepared.transaction_hash)

    sender.broadcast(prepared.signed)

    receipt = mined(sender, prepared.transaction_hash)
    assert receipt.collateral_received == Usd(10)
    assert chain.collateral_balance(account.address) - before == Usd(10)


def test_bytes_that_wait_in_the_pool_may_be_sent_again(
    chain: LocalChain, sender: EoaSender, won: PreparedMarket
) -> None:
    prepared = prepared_redemption(sender, won)
    with blocks_held_back(chain):
        sender.broadcast(prepared.signed)

        sender.broadcast(prepared.signed)

        assert sender.receipt(prepared.transaction_hash) is None
    receipt = mined(sender, prepared.transaction_hash)
    assert receipt.collateral_received == Usd(10)


def test_a_lost_answer_leaves_the_broadcast_unknown_and_sending_again_settles_it(
    chain: LocalChain, account: Account, won: PreparedMarket
) -> None:
    with hop_before(chain.rpc_url) as hop:
        sender = sender_of(account, hop.url)
        prepared = prepared_redemption(sender, won)
        hop.loses_answers = True

        with pytest.raises(BroadcastOutcomeUnknown):
            sender.broadcast(prepared.signed)

        hop.loses_answers = False
        sender.broadcast(prepared.signed)
        receipt = mined(sender, prepared.transaction_hash)
    assert receipt.collateral_received == Usd(10)


def test_a_nonce_used_by_another_transaction_is_unknown_until_it_is_final(
    chain: LocalChain, sender: EoaSender, won: PreparedMarket
) -> None:
    prepared = prepared_redemption(sender, won)
    other = sender.prepare(APPROVAL, prepared.nonce)
    sender.broadcast(other.signed)
    mined(sender, other.transaction_hash)

    with pytest.raises(BroadcastOutcomeUnknown):
        sender.broadcast(prepared.signed)

    chain.mine(100)
    with pytest.raises(NonceTaken):
        sender.broadcast(prepared.signed)


def test_of_a_transaction_and_its_replacement_only_one_is_mined(
    chain: LocalChain, account: Account, sender: EoaSender, won: PreparedMarket
) -> None:
    before = chain.collateral_balance(account.address)
    stuck = prepared_redemption(sender, won)
    with blocks_held_back(chain):
        sender.broadcast(stuck.signed)

        replacement = sender.replacement(stuck.signed)
        sender.broadcast(replacement.signed)

    assert (replacement.nonce, replacement.target, replacement.data) == (stuck.nonce, stuck.target, stuck.data)
    assert replacement.max_fee > stuck.max_fee
    assert mined(sender, replacement.transaction_hash).status == 1
    assert sender.receipt(stuck.transaction_hash) is None
    assert chain.collateral_balance(account.address) - before == Usd(10)


def test_a_replacement_above_the_caps_is_refused(chain: LocalChain, account: Account, won: PreparedMarket) -> None:
    stuck = prepared_redemption(sender_of(account, chain.rpc_url), won)
    tight = FeeCaps(max_fee=stuck.max_fee, max_priority_fee=stuck.priority_fee, max_gas=CAPS.max_gas)

    with pytest.raises(FeeAboveCap):
        sender_of(account, chain.rpc_url, tight).replacement(stuck.signed)


def test_a_fee_above_the_cap_is_not_signed(chain: LocalChain, account: Account) -> None:
    sender = sender_of(account, chain.rpc_url, FeeCaps(max_fee=1, max_priority_fee=1, max_gas=CAPS.max_gas))

    with pytest.raises(FeeAboveCap):
        sender.prepare(APPROVAL, None)


@pytest.mark.money_faults
def test_the_tip_is_never_below_the_chain_s_floor_whatever_the_node_suggests(
    chain: LocalChain, account: Account
) -> None:
    floored = replace(CAPS, least_priority_fee=25 * GWEI)
    sender = sender_of(account, chain.rpc_url, floored)
    unfloored = sender_of(account, chain.rpc_url).prepare(APPROVAL, None)
    assert unfloored.priority_fee < 25 * GWEI

    assert sender.prepare(APPROVAL, None).priority_fee == 25 * GWEI
    assert sender.replacement(unfloored.signed).priority_fee == 25 * GWEI


@pytest.mark.money_faults
@pytest.mark.parametrize("code", [-32000, -32603])
@pytest.mark.parametrize(
    "text", ["transaction gas price below minimum", "INTERNAL_ERROR: could not replace existing tx"]
)
def test_a_bid_that_the_node_finds_too_low_was_not_taken(
    chain: LocalChain, account: Account, text: str, code: int
) -> None:
    with faulty_node(chain.rpc_url) as node:
        sender = sender_of(account, node.url)
        prepared = sender.prepare(APPROVAL, None)

        def refuses(_: int, method: str, moment: Moment) -> None:
            if method == "eth_sendRawTransaction" and moment is Moment.BEFORE:
                raise Refusal(code=code, message=text)

        node.happens = refuses
        with pytest.raises(FeeTooLow):
            sender.broadcast(prepared.signed)


def test_gas_above_the_cap_is_not_signed(chain: LocalChain, account: Account) -> None:
    sender = sender_of(account, chain.rpc_url, FeeCaps(max_fee=GWEI * 500, max_priority_fee=0, max_gas=21_000))

    with pytest.raises(GasAboveCap):
        sender.prepare(APPROVAL, None)


def test_a_sender_without_gas_money_can_send_the_same_bytes_later(
    chain: LocalChain, account: Account, sender: EoaSender, won: PreparedMarket
) -> None:
    prepared = prepared_redemption(sender, won)
    chain.fund_gas(account.address, 0)

    with pytest.raises(NotEnoughGasMoney):
        sender.broadcast(prepared.signed)

    chain.fund_gas(account.address)
    sender.broadcast(prepared.signed)
    assert mined(sender, prepared.transaction_hash).status == 1


def test_a_call_that_would_revert_is_not_signed(chain: LocalChain, account: Account, sender: EoaSender) -> None:
    market = chain.prepare_market(fresh_id())
    buy(chain, account, market)

    with pytest.raises(Reverted, match="result for condition not received yet"):
        prepared_redemption(sender, market)


def test_a_transaction_for_another_chain_can_never_be_mined(chain: LocalChain, account: Account) -> None:
    elsewhere = EoaSender(
        rpc_url=chain.rpc_url,
        addresses=ADDRESSES,
        signer=LocalKeySigner(account.private_key),
        chain_id=1,
        caps=CAPS,
    )

    with pytest.raises(Unmineable):
        elsewhere.broadcast(elsewhere.prepare(APPROVAL, None).signed)


def test_a_node_that_is_away_has_seen_nothing(account: Account) -> None:
    sender = sender_of(account, "http://127.0.0.1:9")

    with pytest.raises(RpcUnavailable):
        sender.simulate(redeem_call(RedemptionKind.STANDARD, fresh_id(), ADDRESSES))


def test_an_unknown_transaction_has_no_receipt(sender: EoaSender) -> None:
    assert sender.receipt(fresh_id()) is None
