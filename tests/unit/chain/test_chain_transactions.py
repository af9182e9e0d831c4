"""What a node's refusal means, and what its logs say of money."""

from __future__ import annotations

from typing import Any

import pytest
from eth_abi.abi import encode
from eth_account import Account

from live_trading.chain.abi import address_topic, hex_text
from live_trading.chain.contracts import TRANSFER
from live_trading.chain.errors import Reverted, RpcRefused
from live_trading.chain.reading.receipts import net_transfer
from live_trading.chain.rpc import as_revert, revert_reason
from live_trading.chain.sending.sender import FeeCaps
from live_trading.chain.sending.transactions import BroadcastVerdict, decode_signed, verdict_of

PUSD = "0xc011a7e12a19f7b1f670d46f03b03f3342e82dfb"
OURS = "0x" + "11" * 20
OTHER = "0x" + "22" * 20


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("already known", BroadcastVerdict.KNOWN),
        ("AlreadyKnown", BroadcastVerdict.KNOWN),
        ("transaction already imported", BroadcastVerdict.KNOWN),
        ("nonce too low: next nonce 8, tx nonce 7", BroadcastVerdict.NONCE_USED),
        ("OldNonce", BroadcastVerdict.NONCE_USED),
        ("insufficient funds for gas * price + value: balance 0", BroadcastVerdict.NO_GAS_MONEY),
        ("replacement transaction underpriced", BroadcastVerdict.FEE_TOO_LOW),
        ("transaction underpriced: gas tip cap 1", BroadcastVerdict.FEE_TOO_LOW),
        ("max fee per gas less than block base fee", BroadcastVerdict.FEE_TOO_LOW),
        ("invalid sender", BroadcastVerdict.UNMINEABLE),
        ("intrinsic gas too low", BroadcastVerdict.UNMINEABLE),
        ("rlp: expected List", BroadcastVerdict.UNMINEABLE),
        ("unknown transaction type", BroadcastVerdict.UNCLEAR),
        ("txpool is full", BroadcastVerdict.UNCLEAR),
        ("", BroadcastVerdict.UNCLEAR),
    ],
)
def test_a_refusal_means_only_what_its_text_says(text: str, verdict: BroadcastVerdict) -> None:
    assert verdict_of(f"eth_sendRawTransaction: {text} (-32000)") is verdict


@pytest.mark.money_faults
@pytest.mark.parametrize(
    "text",
    [
        "transaction gas price below minimum: gas tip cap 1000000000, minimum needed 25000000000",
        "INTERNAL_ERROR: could not replace existing tx",
        "fee too low",
    ],
)
def test_a_bid_that_is_too_low_is_no_unclear_outcome(text: str) -> None:
    assert verdict_of(f"eth_sendRawTransaction: {text} (-32000)") is BroadcastVerdict.FEE_TOO_LOW


def test_the_text_of_a_revert_is_read_from_its_data() -> None:
    data = hex_text(bytes.fromhex("08c379a0") + encode(["string"], ["result for condition not received yet"]))

    assert revert_reason(data) == "result for condition not received yet"
    assert revert_reason("0xf4d678b8") == "0xf4d678b8"
    assert revert_reason("0x") is None


def test_a_node_error_that_is_no_revert_stays_a_node_error() -> None:
    refused = RpcRefused("eth_call: header not found", code=-32000, data=None)

    assert as_revert(refused) is refused


def test_a_revert_without_data_keeps_the_node_s_text() -> None:
    found = as_revert(RpcRefused("execution reverted: paused", code=-32000, data=None))

    assert isinstance(found, Reverted)
    assert "paused" in found.reason


def transfer(source: str, target: str, amount: int, token: str = PUSD) -> dict[str, Any]:
    return {
        "address": token,
        "topics": [TRANSFER, address_topic(source), address_topic(target)],
        "data": hex_text(amount.to_bytes(32, "big")),
    }


def test_the_collateral_delta_is_what_came_in_less_what_went_out() -> None:
    logs = [transfer(OTHER, OURS, 10), transfer(OURS, OTHER, 3), transfer(OTHER, OTHER, 100)]

    assert net_transfer(logs, OURS, PUSD) == 7


def test_a_transfer_to_oneself_is_no_delta() -> None:
    assert net_transfer([transfer(OURS, OURS, 5)], OURS, PUSD) == 0


def test_a_transfer_of_another_token_is_no_collateral() -> None:
    assert net_transfer([transfer(OTHER, OURS, 10, token=OTHER)], OURS, PUSD) == 0


def test_an_erc721_transfer_of_the_same_topic_is_passed_over() -> None:
    odd = transfer(OTHER, OURS, 10)
    odd["topics"].append("0x" + "00" * 32)

    assert net_transfer([odd], OURS, PUSD) == 0


def test_a_legacy_transaction_is_not_read_as_ours() -> None:
    legacy = Account.from_key("0x" + "42" * 32).sign_transaction(
        {"to": None, "value": 0, "gas": 21000, "gasPrice": 1, "nonce": 0, "chainId": 137, "data": b""}
    )

    with pytest.raises(ValueError, match="EIP-1559"):
        decode_signed(hex_text(bytes(legacy.raw_transaction)))


def test_caps_that_contradict_each_other_are_refused() -> None:
    with pytest.raises(ValueError, match="part of the cap"):
        FeeCaps(max_fee=1, max_priority_fee=2, max_gas=21_000)
    with pytest.raises(ValueError, match="not above its cap"):
        FeeCaps(max_fee=4, max_priority_fee=2, max_gas=21_000, least_priority_fee=3)
