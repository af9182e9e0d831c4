"""A key is proved by what it signs, an owner has the wallets that the factories give him, a secret tells its owner."""

from __future__ import annotations

import re

import pytest
from eth_account import Account
from eth_account.messages import encode_defunct
from hypothesis import given
from hypothesis import strategies as st

from live_trading.chain.errors import UnusableKey
from live_trading.chain.wallets.factory_addresses import wallets_of
from live_trading.chain.wallets.key_proof import prove_key
from live_trading.nouns.secret_names import is_secret_of, owner_part, prefix_of_owner
from live_trading.nouns.wallets import SignatureType
from local.exchange.identity.wallet_addresses import deposit_wallet_addresses, proxy_address, safe_address

pytestmark = pytest.mark.money_faults

KEY = "0x" + "42" * 32
OTHER_KEY = "0x" + "43" * 32
PREFIX = "live-trading/wallets/"
AWS_NAME = re.compile(r"[A-Za-z0-9/_+=.@-]{1,512}")


def address_of(key: str) -> str:
    return str(Account.from_key(key).address).lower()


@pytest.mark.parametrize("key", [KEY, OTHER_KEY])
def test_an_owner_s_wallets_are_where_the_venue_s_factories_put_them(key: str) -> None:
    owner = address_of(key)

    assert wallets_of(owner, SignatureType.EOA) == {owner}
    assert wallets_of(owner, SignatureType.PROXY) == {proxy_address(owner)}
    assert wallets_of(owner, SignatureType.SAFE) == {safe_address(owner)}
    assert wallets_of(owner, SignatureType.DEPOSIT_WALLET) == set(deposit_wallet_addresses(owner))


@pytest.mark.parametrize("kind", list(SignatureType), ids=lambda kind: kind.name)
def test_only_the_owner_s_key_proves_a_wallet(kind: SignatureType) -> None:
    (address, *_) = sorted(wallets_of(address_of(KEY), kind))

    proof = prove_key(KEY, "sign this", address=address, kind=kind)

    assert (proof.signer, proof.is_owner) == (address_of(KEY), True)
    signed = encode_defunct(text="sign this")
    assert Account.recover_message(signed, signature=proof.signature).lower() == address_of(KEY)
    assert not prove_key(OTHER_KEY, "sign this", address=address, kind=kind).is_owner


def test_a_key_does_not_prove_a_wallet_of_another_kind() -> None:
    assert not prove_key(KEY, "sign this", address=address_of(KEY), kind=SignatureType.SAFE).is_owner


def test_what_is_no_key_is_told_of_without_its_text() -> None:
    with pytest.raises(UnusableKey) as complaint:
        prove_key("not a key 1234", "sign this", address=address_of(KEY), kind=SignatureType.EOA)

    assert "1234" not in str(complaint.value)


@given(st.text(min_size=1, max_size=300), st.text(min_size=1, max_size=300))
def test_no_two_owners_share_a_part_of_a_secret_s_name(one: str, other: str) -> None:
    for owner in (one, other):
        assert AWS_NAME.fullmatch(owner_part(owner))
        assert "/" not in owner_part(owner)
    assert (owner_part(one) == owner_part(other)) == (one == other)


@pytest.mark.parametrize(
    ("owner", "told"),
    [
        ("operator", "operator"),
        ("auth0|5f7c", "auth0=7C5f7c"),
        ("a/b", "a=2Fb"),
        ("a=2Fb", "a=3D2Fb"),
        ("..", ".."),
        ("é", "=C3=A9"),
    ],
)
def test_an_owner_is_told_readably(owner: str, told: str) -> None:
    assert owner_part(owner) == told


def test_a_secret_is_its_owner_s_only() -> None:
    assert is_secret_of(PREFIX, "alice", f"{PREFIX}alice/main")
    for name in (
        f"{PREFIX}bob/main",
        f"{PREFIX}alice/",
        f"{PREFIX}alice/../bob/main",
        f"{PREFIX}alice/a/b",
        f"{PREFIX}alice2/main",
        f"other/{PREFIX}alice/main",
        "alice/main",
    ):
        assert not is_secret_of(PREFIX, "alice", name)
    assert prefix_of_owner(PREFIX, "a" * 5000).startswith(f"{PREFIX}=sha256-")
