"""A Safe 1.3.0 as the trading wallet: it receives tokens and redeems through its owner's typed-data signature."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from eth_abi.abi import encode
from eth_hash.auto import keccak

from live_trading.chain.abi import Call, hex_bytes, hex_text
from live_trading.chain.errors import Reverted
from live_trading.chain.redemption import RedemptionKind, redeem_call
from live_trading.chain.wallets.signer import LocalKeySigner
from live_trading.nouns.money import Shares, Usd
from live_trading.nouns.wallets import SignatureType
from local.chain import ADDRESSES, ChainRefused, LocalChain
from local.chain.safes import place_safe
from local.exchange.identity.wallet_addresses import safe_address
from tests.integration.chain_fixtures import Account, buy, fresh_id, new_account, running_chain, sender_of, sent

pytestmark = pytest.mark.integration

NOBODY = "0x" + "00" * 20
EXEC = "execTransaction(address,uint256,bytes,uint8,uint256,uint256,uint256,address,address,bytes)"
SAFE_TX = [
    {"name": name, "type": kind}
    for name, kind in (
        ("to", "address"),
        ("value", "uint256"),
        ("data", "bytes"),
        ("operation", "uint8"),
        ("safeTxGas", "uint256"),
        ("baseGas", "uint256"),
        ("gasPrice", "uint256"),
        ("gasToken", "address"),
        ("refundReceiver", "address"),
        ("nonce", "uint256"),
    )
]


@pytest.fixture(scope="module")
def chain() -> Iterator[LocalChain]:
    with running_chain() as chain:
        yield chain


def wallet_of(chain: LocalChain, owner: Account) -> str:
    safe = safe_address(owner.address)
    place_safe(chain, safe, owner.address)
    chain.fund_gas(safe)
    chain.mint_collateral(safe, Usd(100))
    chain.approve_trading_of(safe)
    return safe


def through_safe(owner: Account, safe: str, call: Call) -> Call:
    """The owner's call that makes the Safe call something, at the Safe's first nonce."""
    values = {
        "to": call.target,
        "value": 0,
        "data": hex_bytes(call.data),
        "operation": 0,
        "safeTxGas": 0,
        "baseGas": 0,
        "gasPrice": 0,
        "gasToken": NOBODY,
        "refundReceiver": NOBODY,
        "nonce": 0,
    }
    domain = {"chainId": 137, "verifyingContract": safe}
    signature = LocalKeySigner(owner.private_key).sign_typed_data(domain, {"SafeTx": SAFE_TX}, values)
    types = EXEC[EXEC.index("(") + 1 : -1].split(",")
    arguments = [values[entry["name"]] for entry in SAFE_TX[:-1]] + [hex_bytes(signature)]
    return Call(target=safe, data=hex_text(keccak(EXEC.encode())[:4] + encode(types, arguments)))


def test_a_safe_redeems_its_winnings_with_its_owner_s_signature(chain: LocalChain) -> None:
    owner = new_account(chain)
    safe = wallet_of(chain, owner)
    market = chain.prepare_market(fresh_id())
    trader = replace(owner, address=safe, signature_type=SignatureType.SAFE)
    buy(chain, trader, market, shares="10", usd="4")
    chain.report_payouts(market.question_id, [1, 0])
    sender = sender_of(owner, chain.rpc_url)

    redemption = redeem_call(RedemptionKind.STANDARD, market.condition_id, ADDRESSES)
    sent(sender, through_safe(owner, safe, redemption))

    assert chain.collateral_balance(safe) == Usd(106)
    assert chain.token_balance(safe, market.token_ids[0]) == Shares(0)


def test_a_stranger_s_signature_moves_nothing(chain: LocalChain) -> None:
    owner, stranger = new_account(chain), new_account(chain)
    safe = wallet_of(chain, owner)
    market = chain.prepare_market(fresh_id())
    chain.report_payouts(market.question_id, [1, 0])
    call = through_safe(stranger, safe, redeem_call(RedemptionKind.STANDARD, market.condition_id, ADDRESSES))

    with pytest.raises(Reverted, match="GS026"):
        sender_of(stranger, chain.rpc_url).simulate(call)


def test_a_safe_is_set_up_once(chain: LocalChain) -> None:
    owner = new_account(chain)
    safe = wallet_of(chain, owner)

    with pytest.raises(ChainRefused):
        place_safe(chain, safe, owner.address)
