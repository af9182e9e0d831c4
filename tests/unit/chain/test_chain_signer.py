"""A key signs, and is seen nowhere."""

from __future__ import annotations

import copy
import pickle
import traceback

import pytest
from eth_account import Account
from eth_account.messages import encode_typed_data

from live_trading.chain.errors import UnusableKey
from live_trading.chain.sending.transactions import decode_signed
from live_trading.chain.wallets.signer import LocalKeySigner, Signer, TransactionFields

KEY = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"
ADDRESS = "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266"
FIELDS = TransactionFields(
    chain_id=137,
    nonce=7,
    target="0xada100db00ca00073811820692005400218fce1f",
    data="0x01b7037c",
    gas=300_000,
    max_fee=90_000_000_000,
    priority_fee=30_000_000_000,
)


def signer() -> Signer:
    return LocalKeySigner(KEY)


def test_the_address_is_lower_case() -> None:
    assert signer().address == ADDRESS


def test_a_signed_transaction_holds_what_was_asked_and_recovers_to_the_address() -> None:
    signed = signer().sign_transaction(FIELDS)

    assert decode_signed(signed.signed) == FIELDS
    assert Account.recover_transaction(signed.signed).lower() == ADDRESS


def test_signing_twice_gives_the_same_bytes() -> None:
    assert signer().sign_transaction(FIELDS) == signer().sign_transaction(FIELDS)


def test_a_typed_data_signature_recovers_to_the_address() -> None:
    domain = {"name": "Test", "version": "1", "chainId": 137}
    types = {"Note": [{"name": "text", "type": "string"}]}
    message = {"text": "hello"}

    signature = signer().sign_typed_data(domain, types, message)

    signable = encode_typed_data(domain, types, message)
    assert Account.recover_message(signable, signature=signature).lower() == ADDRESS


@pytest.mark.parametrize("shown", [repr, str, lambda held: f"{held!r:>80}", lambda held: f"{[held]}"])
def test_the_key_is_in_no_text_of_the_signer(shown: object) -> None:
    text = shown(signer())  # type: ignore[operator]

    assert KEY[2:] not in text
    assert ADDRESS in text


@pytest.mark.parametrize("take", [pickle.dumps, copy.copy, copy.deepcopy])
def test_the_signer_is_neither_pickled_nor_copied(take: object) -> None:
    with pytest.raises(TypeError):
        take(signer())  # type: ignore[operator]


def test_the_signer_has_no_dict_to_dump() -> None:
    with pytest.raises(TypeError):
        vars(signer())


@pytest.mark.parametrize(
    "broken",
    [
        KEY[:-1],
        KEY[:-2],
        KEY + "ff",
        KEY[:-1] + "g",
        KEY.replace("0xac", "0xzz"),
        "",
        "0x",
        "0x" + "00" * 32,
        "0x" + "ff" * 32,
    ],
)
def test_an_unusable_key_is_refused_without_showing_it(broken: str) -> None:
    with pytest.raises(UnusableKey) as refused:
        LocalKeySigner(broken)

    told = "".join(traceback.format_exception(refused.value))
    assert KEY[4:60] not in told
    assert not broken or broken not in str(refused.value)
    assert refused.value.__context__ is None
