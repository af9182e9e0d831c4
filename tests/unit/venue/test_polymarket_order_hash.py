"""The order hash and the signatures, against published vectors and two other implementations."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from eth_account import Account
from hypothesis import given, settings
from hypothesis import strategies as st

from live_trading.nouns.markets import ProtocolVersion
from live_trading.nouns.trades import Side
from live_trading.nouns.wallets import SignatureType
from live_trading.polymarket.signing.order_hash import (
    ExchangeDomain,
    NoExchange,
    OrderFields,
    exchange_domain,
    order_hash,
)
from live_trading.polymarket.signing.order_signatures import LocalKey, UnusableKey, sign_order
from local.exchange.identity import contracts, signing
from tests.unit.exchange.exchange_traders import client_signature
from tests.unit.venue.polymarket_builders import CONTRACT_WALLET, ENDPOINTS, KEY, KEY_ADDRESS, POSITION, YES

# Every example costs a signature of several milliseconds.
SIGNING = settings(max_examples=40, deadline=None)
VECTOR = OrderFields(
    salt=479249096354,
    maker=KEY_ADDRESS,
    signer=KEY_ADDRESS,
    token_id=int(YES),
    maker_amount=5_000_000,
    taker_amount=10_000_000,
    side=Side.BUY,
    signature_type=SignatureType.EOA,
    timestamp=1_764_547_200_000,
)
STANDARD = exchange_domain(ENDPOINTS, YES, version=ProtocolVersion.V1, neg_risk=False)
NEG_RISK = exchange_domain(ENDPOINTS, YES, version=ProtocolVersion.V1, neg_risk=True)
SECOND_PROTOCOL = exchange_domain(ENDPOINTS, POSITION, version=ProtocolVersion.V2, neg_risk=False)


@pytest.mark.parametrize(
    ("domain", "expected"),
    [
        (STANDARD, "0x70148ea493737a0231ec842d7cfa85a1a2eb39213498df799ebe55db14305b2b"),
        (NEG_RISK, "0xfd0daff890e087383c0366865e3548091df1f3e7505aec03ee079f941716cdbf"),
        (SECOND_PROTOCOL, "0xbb7f2bc90b10113a9eb80b83a104f70a27ed771649d530866248e07dd46a9508"),
    ],
    ids=["standard", "neg risk", "second protocol"],
)
def test_the_hash_is_the_one_that_the_contracts_compute(domain: ExchangeDomain, expected: str) -> None:
    assert order_hash(VECTOR, domain) == expected


def test_the_signature_of_an_eoa_is_the_one_that_the_contract_accepts() -> None:
    assert sign_order(LocalKey(KEY), VECTOR, STANDARD) == (
        "0xf9c59473d27bd228f2b2f65aa65a0a7adadd57ce07bc125ae7664004c97a7614"
        "3de37a2eaa79e9b5edea04b574d36e152ddcccd0aa357aa58d913911737f183b1b"
    )


def test_a_deposit_wallets_hash_is_that_of_the_plain_order() -> None:
    order = replace(VECTOR, maker=CONTRACT_WALLET, signer=CONTRACT_WALLET, signature_type=SignatureType.DEPOSIT_WALLET)

    signature = bytes.fromhex(sign_order(LocalKey(KEY), order, STANDARD)[2:])

    assert order_hash(order, STANDARD) == "0xdb45a5c5624c37e53ca5472a7597349e52c3799159b23b8302762a7aa3762bf1"
    assert len(signature) == 317
    assert signature.hex().endswith("00ba")


def test_a_token_is_traded_by_the_exchange_of_its_kind() -> None:
    assert STANDARD.contract == ENDPOINTS.standard_exchange
    assert NEG_RISK.contract == ENDPOINTS.neg_risk_exchange
    assert exchange_domain(ENDPOINTS, POSITION, version=ProtocolVersion.V2, neg_risk=True) == SECOND_PROTOCOL
    assert (SECOND_PROTOCOL.contract, SECOND_PROTOCOL.version) == (ENDPOINTS.exchange_v3, "3")


@pytest.mark.parametrize(
    ("token_id", "version"),
    [(YES, ProtocolVersion.UNKNOWN), (YES, ProtocolVersion.V2)],
    ids=["unknown version", "a hashed id in v2"],
)
@pytest.mark.parametrize("neg_risk", [False, True])
def test_a_version_that_its_token_contradicts_has_no_exchange(
    token_id: str, version: ProtocolVersion, *, neg_risk: bool
) -> None:
    with pytest.raises(NoExchange):
        exchange_domain(ENDPOINTS, token_id, version=version, neg_risk=neg_risk)


def test_what_could_not_be_redeemed_has_no_exchange() -> None:
    closed = replace(ENDPOINTS, trades_v2=False)

    with pytest.raises(NoExchange, match="not configured"):
        exchange_domain(closed, POSITION, version=ProtocolVersion.V2, neg_risk=False)
    assert exchange_domain(closed, YES, version=ProtocolVersion.V1, neg_risk=False) == STANDARD


def test_an_address_hashes_alike_with_and_without_its_checksum() -> None:
    checksummed = replace(VECTOR, maker=Account.from_key(KEY).address, signer=Account.from_key(KEY).address)

    assert order_hash(checksummed, STANDARD) == order_hash(VECTOR, STANDARD)


@SIGNING
@given(
    salt=st.integers(0, 2**53 - 1),
    amounts=st.tuples(st.integers(1, 2**128), st.integers(1, 2**128)),
    side=st.sampled_from(Side),
    signature_type=st.sampled_from(SignatureType),
    timestamp=st.integers(0, 2**48),
    market=st.tuples(st.sampled_from([(YES, ProtocolVersion.V1), (POSITION, ProtocolVersion.V2)]), st.booleans()),
)
def test_hash_and_signature_are_those_of_the_venue_and_of_its_client(
    salt: int,
    amounts: tuple[int, int],
    side: Side,
    signature_type: SignatureType,
    timestamp: int,
    market: tuple[tuple[str, ProtocolVersion], bool],
) -> None:
    (token_id, version), is_neg_risk = market
    order = replace(
        VECTOR,
        token_id=int(token_id),
        salt=salt,
        maker_amount=amounts[0],
        taker_amount=amounts[1],
        side=side,
        signature_type=signature_type,
        timestamp=timestamp,
    )
    domain = exchange_domain(ENDPOINTS, token_id, version=version, neg_risk=is_neg_risk)

    signature = sign_order(LocalKey(KEY), order, domain)

    venue_domain = contracts.signing_domain(int(token_id), neg_risk=is_neg_risk)
    assert order_hash(order, domain) == signing.order_hash(_venue_fields(order), venue_domain)
    assert signature == "0x" + _client_signature(order, venue_domain).hex()


def _venue_fields(order: OrderFields) -> signing.OrderFields:
    return signing.OrderFields(
        salt=order.salt,
        maker=order.maker,
        signer=order.signer,
        token_id=order.token_id,
        maker_amount=order.maker_amount,
        taker_amount=order.taker_amount,
        side=0 if order.side is Side.BUY else 1,
        signature_type=int(order.signature_type),
        timestamp=order.timestamp,
        metadata=order.metadata,
        builder=order.builder,
    )


def _client_signature(order: OrderFields, domain: contracts.SigningDomain) -> bytes:
    fields: dict[str, Any] = {
        "salt": order.salt,
        "maker": order.maker,
        "signer": order.signer,
        "token_id": str(order.token_id),
        "maker_amount": order.maker_amount,
        "taker_amount": order.taker_amount,
        "side": str(order.side),
        "signature_type": int(order.signature_type),
        "timestamp": order.timestamp,
    }
    return client_signature(Account.from_key(KEY), domain, **fields)


def test_a_key_that_is_none_is_refused_without_its_text() -> None:
    with pytest.raises(UnusableKey) as refused:
        LocalKey("0xnot-a-key")

    assert "not-a-key" not in str(refused.value)
