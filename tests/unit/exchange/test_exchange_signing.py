"""Order ids, signatures and wallet addresses against vectors that the venue's own clients and contracts gave."""

from __future__ import annotations

import dataclasses

import pytest
from eth_account import Account
from polymarket._internal.l1_auth import sign_api_key_auth

from local.exchange.identity.contracts import (
    NEG_RISK_DOMAIN,
    STANDARD_DOMAIN,
    V3_DOMAIN,
    SigningDomain,
    is_position_id,
    signing_domain,
)
from local.exchange.identity.signing import OrderFields, deposit_wallet_signer, login_signer, order_hash, order_signer
from local.exchange.identity.wallet_addresses import deposit_wallet_addresses, proxy_address, safe_address
from tests.unit.exchange.exchange_traders import client_signature

KEY = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"
OWNER = "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266"
WALLET = "0x1234567890abcdef1234567890abcdef12345678"
TOKEN = 71321045679252212594626385532706912750332728571942532289631379312455583992563
ZERO = "0x" + "00" * 32
SIGNATURE = bytes.fromhex(
    "f9c59473d27bd228f2b2f65aa65a0a7adadd57ce07bc125ae7664004c97a7614"
    "3de37a2eaa79e9b5edea04b574d36e152ddcccd0aa357aa58d913911737f183b1b"
)
FIELDS = OrderFields(
    salt=479249096354,
    maker=OWNER,
    signer=OWNER,
    token_id=TOKEN,
    maker_amount=5_000_000,
    taker_amount=10_000_000,
    side=0,
    signature_type=0,
    timestamp=1_764_547_200_000,
    metadata=ZERO,
    builder=ZERO,
)
WALLET_FIELDS = dataclasses.replace(FIELDS, maker=WALLET, signer=WALLET, signature_type=3)


def signature_of(fields: OrderFields, domain: SigningDomain) -> bytes:
    """The signature that the official client makes for the same order."""
    values = dataclasses.asdict(fields) | {"side": "BUY", "token_id": str(fields.token_id)}
    return client_signature(Account.from_key(KEY), domain, **values)


@pytest.mark.parametrize(
    ("domain", "expected"),
    [
        (STANDARD_DOMAIN, "0x70148ea493737a0231ec842d7cfa85a1a2eb39213498df799ebe55db14305b2b"),
        (NEG_RISK_DOMAIN, "0xfd0daff890e087383c0366865e3548091df1f3e7505aec03ee079f941716cdbf"),
        (V3_DOMAIN, "0xbb7f2bc90b10113a9eb80b83a104f70a27ed771649d530866248e07dd46a9508"),
    ],
)
def test_an_order_has_the_id_that_its_exchange_gives_it(domain: SigningDomain, expected: str) -> None:
    assert order_hash(FIELDS, domain) == expected


def test_a_deposit_wallet_order_has_the_id_of_the_plain_order() -> None:
    expected = "0xdb45a5c5624c37e53ca5472a7597349e52c3799159b23b8302762a7aa3762bf1"

    assert order_hash(WALLET_FIELDS, STANDARD_DOMAIN) == expected


def test_a_plain_signature_names_its_signer() -> None:
    assert order_signer(FIELDS, STANDARD_DOMAIN, SIGNATURE) == OWNER


@pytest.mark.parametrize("domain", [STANDARD_DOMAIN, NEG_RISK_DOMAIN, V3_DOMAIN])
def test_the_official_clients_signatures_name_the_signer(domain: SigningDomain) -> None:
    plain = signature_of(FIELDS, domain)
    wrapped = signature_of(WALLET_FIELDS, domain)

    assert order_signer(FIELDS, domain, plain) == OWNER
    assert deposit_wallet_signer(WALLET_FIELDS, domain, wrapped) == OWNER
    assert len(wrapped) == 317


def test_a_signature_for_another_order_names_somebody_else() -> None:
    other = dataclasses.replace(FIELDS, maker_amount=5_000_001)

    assert order_signer(other, STANDARD_DOMAIN, SIGNATURE) != OWNER


def test_a_deposit_wallet_signature_for_another_exchange_or_order_is_unusable() -> None:
    wrapped = signature_of(WALLET_FIELDS, STANDARD_DOMAIN)
    other = dataclasses.replace(WALLET_FIELDS, taker_amount=1)

    assert deposit_wallet_signer(WALLET_FIELDS, NEG_RISK_DOMAIN, wrapped) is None
    assert deposit_wallet_signer(other, STANDARD_DOMAIN, wrapped) is None
    assert deposit_wallet_signer(WALLET_FIELDS, STANDARD_DOMAIN, wrapped[:65]) is None


@pytest.mark.parametrize("signature", [b"", bytes(64), bytes(65), b"\xff" * 65])
def test_an_unusable_signature_names_nobody(signature: bytes) -> None:
    assert order_signer(FIELDS, STANDARD_DOMAIN, signature) is None


def test_the_wallets_of_an_owner_stand_where_the_factories_put_them() -> None:
    assert safe_address(OWNER) == "0xd93b25cb943d14d0d34fbaf01fc93a0f8b5f6e47"
    assert proxy_address(OWNER) == "0x365f0ca36ae1f641e02fe3b7743673da42a13a70"
    assert deposit_wallet_addresses(OWNER) == (
        "0xbc0ff067b7740eff76c1ca93c875ba6b890d6b50",
        "0xdf8b9e8f9ab23f261f6e1b171b7454ae6e46ba76",
    )


def test_a_login_names_the_wallet_that_signed_it() -> None:
    signed = sign_api_key_auth(Account.from_key(KEY), chain_id=137, timestamp=1_790_000_000, nonce=7)
    signature = bytes.fromhex(signed.signature[2:])

    assert login_signer(OWNER, "1790000000", 7, signature) == OWNER
    assert login_signer(OWNER, "1790000001", 7, signature) != OWNER
    assert login_signer(OWNER, "1790000000", 8, signature) != OWNER


def test_a_position_id_is_signed_for_the_third_exchange_whatever_the_market_kind() -> None:
    position_id = 2 << 248 | 1

    assert is_position_id(position_id)
    assert signing_domain(position_id, neg_risk=True) == V3_DOMAIN
    assert signing_domain(TOKEN, neg_risk=True) == NEG_RISK_DOMAIN
    assert signing_domain(TOKEN, neg_risk=False) == STANDARD_DOMAIN
