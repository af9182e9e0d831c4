"""Our encoding against the general ABI libraries."""

from __future__ import annotations

from typing import Any

import pytest
from eth_abi.abi import decode, encode
from hypothesis import given
from hypothesis import strategies as st
from web3 import Web3

from live_trading.chain.abi import Call, Function, decode_bool, decode_uint, hex_bytes, hex_text
from live_trading.chain.contracts import (
    ALLOWANCE,
    APPROVE,
    IS_APPROVED_FOR_ALL,
    PAYOUT_NUMERATORS,
    REDEEM_POSITIONS,
    SET_APPROVAL_FOR_ALL,
    TOKEN_BALANCE_OF,
    TRANSFER,
    ContractAddresses,
)
from live_trading.chain.reading.multicall import decode_results, encode_aggregate
from live_trading.chain.redemption import RedemptionKind, redeem_call
from live_trading.nouns.errors import MalformedAnswer

TARGET = "0x" + "ab" * 20
ADDRESSES = ContractAddresses(
    collateral_token="0xC011a7E12a19f7B1f670d46F03B03f3342E82DFB",
    usdce_token="0x" + "02" * 20,
    conditional_tokens="0x" + "03" * 20,
    ctf_collateral_adapter="0xAdA100Db00Ca00073811820692005400218FcE1f",
    neg_risk_ctf_collateral_adapter="0x" + "05" * 20,
    neg_risk_adapter="0x" + "06" * 20,
)
VALUES = {
    "address": st.binary(min_size=20, max_size=20).map(hex_text),
    "bytes32": st.binary(min_size=32, max_size=32).map(hex_text),
    "uint256": st.integers(min_value=0, max_value=2**256 - 1),
    "bool": st.booleans(),
    "uint256[]": st.lists(st.integers(min_value=0, max_value=2**256 - 1), max_size=5),
}
FUNCTIONS = (
    ALLOWANCE,
    APPROVE,
    IS_APPROVED_FOR_ALL,
    PAYOUT_NUMERATORS,
    REDEEM_POSITIONS,
    SET_APPROVAL_FOR_ALL,
    TOKEN_BALANCE_OF,
    Function("f(uint256[],bool,uint256[])"),
)
RESULTS = st.lists(st.tuples(st.booleans(), st.binary(max_size=100)), max_size=8)
CALLS = st.lists(
    st.builds(
        lambda target, data: Call(target=hex_text(target), data=hex_text(data)),
        st.binary(min_size=20, max_size=20),
        st.binary(max_size=100),
    ),
    max_size=8,
)


def selector(signature: str) -> bytes:
    return bytes(Web3.keccak(text=signature))[:4]


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.signature)
@given(data=st.data())
def test_a_call_is_encoded_as_the_abi_library_encodes_it(function: Function, data: st.DataObject) -> None:
    arguments: list[Any] = [data.draw(VALUES[kind]) for kind in function.inputs]
    plain = [
        hex_bytes(argument) if kind == "bytes32" else argument
        for kind, argument in zip(function.inputs, arguments, strict=True)
    ]

    call = function.call(TARGET, *arguments)

    assert hex_bytes(call.data) == selector(function.signature) + encode(function.inputs, plain)


@given(calls=CALLS)
def test_a_multicall_is_encoded_as_the_abi_library_encodes_it(calls: list[Call]) -> None:
    expected = encode(["(address,bool,bytes)[]"], [[(call.target, True, hex_bytes(call.data)) for call in calls]])

    assert encode_aggregate(calls) == selector("aggregate3((address,bool,bytes)[])") + expected


@given(results=RESULTS)
def test_the_answers_of_a_multicall_are_read_as_they_were_written(results: list[tuple[bool, bytes]]) -> None:
    assert decode_results(encode(["(bool,bytes)[]"], [results])) == results


@given(results=RESULTS.filter(bool), data=st.data())
def test_a_multicall_answer_that_is_cut_off_is_malformed(
    results: list[tuple[bool, bytes]], data: st.DataObject
) -> None:
    whole = encode(["(bool,bytes)[]"], [results])
    trailing_padding = -len(results[-1][1]) % 32
    cut = data.draw(st.integers(min_value=0, max_value=len(whole) - trailing_padding - 1))

    with pytest.raises(MalformedAnswer):
        decode_results(whole[:cut])


@pytest.mark.parametrize(
    ("function", "arguments"),
    [
        (APPROVE, ("0x12", 1)),
        (APPROVE, (TARGET, -1)),
        (APPROVE, (TARGET, 2**256)),
        (APPROVE, (TARGET, True)),
        (APPROVE, (TARGET,)),
        (APPROVE, (TARGET[2:], 1)),
        (SET_APPROVAL_FOR_ALL, (TARGET, 1)),
        (PAYOUT_NUMERATORS, ("0x" + "11" * 31, 0)),
        (REDEEM_POSITIONS, (TARGET, "0x" + "00" * 32, "0x" + "00" * 32, 3)),
    ],
)
def test_an_argument_that_does_not_fit_its_type_is_refused(function: Function, arguments: tuple[object, ...]) -> None:
    with pytest.raises(ValueError, match=r"."):
        function.call(TARGET, *arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize("raw", [b"", b"\x01", b"\0" * 64])
def test_an_answer_of_another_length_is_no_number(raw: bytes) -> None:
    with pytest.raises(MalformedAnswer):
        decode_uint(raw)


def test_a_word_that_is_neither_true_nor_false_is_no_bool() -> None:
    with pytest.raises(MalformedAnswer):
        decode_bool((2).to_bytes(32, "big"))


def test_the_transfer_topic_is_that_of_every_erc20() -> None:
    assert TRANSFER == "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"


@pytest.mark.parametrize(
    ("kind", "adapter"),
    [
        (RedemptionKind.STANDARD, "0xada100db00ca00073811820692005400218fce1f"),
        (RedemptionKind.NEG_RISK, "0x" + "05" * 20),
    ],
)
def test_a_redemption_names_the_condition_and_both_outcomes_to_the_adapter_of_its_kind(
    kind: RedemptionKind, adapter: str
) -> None:
    condition = "0x" + "77" * 32

    call = redeem_call(kind, condition, ADDRESSES)

    assert call.target == adapter
    assert decode(["address", "bytes32", "bytes32", "uint256[]"], hex_bytes(call.data)[4:]) == (
        "0xc011a7e12a19f7b1f670d46f03b03f3342e82dfb",
        bytes(32),
        hex_bytes(condition),
        (1, 2),
    )


@pytest.mark.parametrize("condition", ["0x" + "77" * 31, "77" * 32, "0xzz"])
def test_a_redemption_of_something_that_is_no_condition_is_refused(condition: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        redeem_call(RedemptionKind.STANDARD, condition, ADDRESSES)
