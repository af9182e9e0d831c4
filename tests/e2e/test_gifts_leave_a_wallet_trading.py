"""Anybody can send a wallet dollars or tokens: lt-execute books them and goes on trading."""

from __future__ import annotations

from uuid import uuid4

import pytest
from eth_abi.abi import encode
from eth_hash.auto import keccak

from live_trading.chain.abi import Function
from live_trading.chain.contracts import APPROVE, NO_PARENT
from live_trading.chain.rpc import JsonRpc
from live_trading.nouns.money import Shares, Usd
from live_trading.store.accounts import live_strategies
from local.chain import ADDRESSES, LocalChain
from tests.e2e.live_fixtures import LiveDesk

pytestmark = pytest.mark.e2e

_SPLIT = Function("splitPosition(address,bytes32,bytes32,uint256[],uint256)")
_SAFE_TRANSFER_FROM = keccak(b"safeTransferFrom(address,address,uint256,uint256,bytes)")[:4]


def address_of(desk: LiveDesk) -> str:
    with desk.database.transaction() as transaction:
        return live_strategies.trading_wallet(transaction, desk.trading_wallet_id).address


def stranger_sends_tokens(desk: LiveDesk, outcome: int, shares: Shares) -> str:
    """Somebody makes a pair out of dollars and sends one half of it; its token."""
    chain, token = LocalChain.attach(desk.stack.rpc_url), str(desk.market["token_ids"][outcome])
    stranger, adapter = "0x" + (uuid4().hex * 2)[:40], ADDRESSES.ctf_collateral_adapter
    chain.fund_gas(stranger)
    chain.mint_collateral(stranger, Usd(shares.value))
    chain.send_as(stranger, ADDRESSES.collateral_token, APPROVE, adapter, shares.base_units)
    condition = desk.market["condition_id"]
    chain.send_as(stranger, adapter, _SPLIT, adapter, NO_PARENT, condition, [1, 2], shares.base_units)
    words = [stranger, address_of(desk), int(token), shares.base_units, b""]
    data = _SAFE_TRANSFER_FROM + encode(["address", "address", "uint256", "uint256", "bytes"], words)
    message = {"from": stranger, "to": ADDRESSES.conditional_tokens, "data": "0x" + data.hex(), "gas": hex(500_000)}
    receipt = JsonRpc(desk.stack.rpc_url).call("eth_sendTransactionSync", message)
    assert int(receipt["status"], 16) == 1
    return token


def trades_on(desk: LiveDesk) -> None:
    """A purchase, and two runs after it that find everything settled and nothing missing."""
    before = len(desk.reasons())
    desk.signal(outcome_index=1)
    desk.execute()
    assert desk.reasons()[before:] == ["accepted"]
    for _ in range(3):
        desk.advance(20)
        (report,) = desk.execute().reconciled
    assert (report.failures, report.breaks) == ([], 0)
    assert desk.rows("SELECT 1 FROM locks WHERE released_at IS NULL") == []


@pytest.mark.parametrize("usd", ["0.000001", "250"])
def test_a_wallet_that_was_sent_dollars_trades_on(desk: LiveDesk, usd: str) -> None:
    desk.change("UPDATE lt_strategies SET slippage_bound_fraction = 0.5")
    LocalChain.attach(desk.stack.rpc_url).mint_collateral(address_of(desk), Usd(usd))

    trades_on(desk)
    trades_on(desk)

    (booked,) = desk.rows("SELECT -sum(amount_usd) AS usd FROM ledger_entries WHERE account = 'EXTERNAL'")
    assert booked["usd"] == Usd(usd).value
    (alert,) = desk.rows("SELECT title FROM lt_alerts WHERE alert_type = 'unexplained_income'")
    assert alert["title"] == f"{Usd(usd)} pUSD came to {address_of(desk)} unasked"


@pytest.mark.parametrize("outcome", [0, 1], ids=["a token that nobody here holds", "a token of a strategy"])
def test_a_wallet_that_was_sent_tokens_trades_on(desk: LiveDesk, outcome: int) -> None:
    desk.change("UPDATE lt_strategies SET slippage_bound_fraction = 0.5")
    trades_on(desk)
    token = stranger_sends_tokens(desk, outcome, Shares(3))

    trades_on(desk)
    trades_on(desk)

    booked = desk.rows("SELECT token_id, shares FROM ledger_entries WHERE account = 'EXTERNAL'")
    assert [(row["token_id"], row["shares"]) for row in booked] == [(token, 3)]
    titles = desk.rows("SELECT title FROM lt_alerts WHERE alert_type = 'unexplained_income'")
    assert [row["title"] for row in titles] == [f"3.000000 shares of token {token} came to {address_of(desk)} unasked"]
