"""Signatures of orders, per signature type.

EOA, proxy and Safe accounts sign the plain order. A deposit wallet (type 3) is a contract that checks an ERC-7739
signature: its owner signs the order nested in a struct that names the wallet, and the signature carries the exchange's
domain separator, the order's struct hash and the order's type behind it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from live_trading.nouns.errors import GiveUp
from live_trading.nouns.wallets import SignatureType
from live_trading.polymarket.signing.order_hash import (
    ORDER_FIELDS,
    ORDER_TYPE,
    ZERO_WORD,
    ExchangeDomain,
    OrderFields,
    domain_message,
    domain_types,
    order_message,
    plain_order,
    typed,
)

if TYPE_CHECKING:
    from eth_account.messages import SignableMessage

_WALLET_NAME, _WALLET_VERSION = "DepositWallet", "1"
_NESTED_FIELDS = (
    ("contents", "Order"),
    ("name", "string"),
    ("version", "string"),
    ("chainId", "uint256"),
    ("verifyingContract", "address"),
    ("salt", "bytes32"),
)


class UnusableKey(GiveUp):
    """The secret holds no private key; its text is never repeated."""


class OrderSigner(Protocol):
    """Something that holds a key: a secret, a hardware module, a scoped session."""

    @property
    def address(self) -> str:
        """The address of the key, lower case."""
        ...

    def sign(self, message: SignableMessage) -> bytes:
        """65 bytes: r, s, v."""
        ...


class LocalKey:
    """A private key in memory."""

    def __init__(self, private_key: str) -> None:
        """Raises UnusableKey."""
        from eth_account import Account
        from eth_keys.datatypes import PrivateKey

        try:
            account = Account.from_key(private_key)
        except (ValueError, TypeError):
            raise UnusableKey("the secret's private_key is not a key") from None
        self._address = str(account.address).lower()
        # From bytes, every signature would compute the public key anew, which takes as long as signing.
        self._key = PrivateKey(bytes(account.key))

    @property
    def address(self) -> str:
        return self._address

    def sign(self, message: SignableMessage) -> bytes:
        from eth_account import Account

        return bytes(Account.sign_message(message, private_key=self._key).signature)


def sign_order(
    signer: OrderSigner, order: OrderFields, domain: ExchangeDomain, plain: SignableMessage | None = None
) -> str:
    """The signature that the venue expects for the order's signature type, 0x-hex.

    `plain` is the order as `plain_order` encodes it, for a caller who has that: encoding takes longer than signing.
    """
    plain = plain_order(order, domain) if plain is None else plain
    if order.signature_type is not SignatureType.DEPOSIT_WALLET:
        return "0x" + signer.sign(plain).hex()
    contents_type = ORDER_TYPE.encode()
    trailer = plain.header + plain.body + contents_type + len(contents_type).to_bytes(2, "big")
    return "0x" + (signer.sign(_nested_in_wallet(order, domain)) + trailer).hex()


def _nested_in_wallet(order: OrderFields, domain: ExchangeDomain) -> SignableMessage:
    from eth_account.messages import encode_typed_data

    return encode_typed_data(
        full_message={
            "types": {
                "EIP712Domain": domain_types(),
                "Order": typed(ORDER_FIELDS),
                "TypedDataSign": typed(_NESTED_FIELDS),
            },
            "primaryType": "TypedDataSign",
            "domain": domain_message(domain),
            "message": {
                "contents": order_message(order),
                "name": _WALLET_NAME,
                "version": _WALLET_VERSION,
                "chainId": domain.chain_id,
                "verifyingContract": order.signer,
                "salt": ZERO_WORD,
            },
        }
    )
