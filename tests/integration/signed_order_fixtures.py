"""Orders that a key has signed, and the fills of them that a match settles."""

from __future__ import annotations

import secrets
from typing import Any

from eth_account import Account as EthAccount
from eth_account.messages import encode_typed_data

from live_trading.nouns.trades import Side
from live_trading.nouns.wallets import SignatureType
from local.chain import FillToSettle, OrderSide, PreparedMarket, SignedOrder
from local.exchange.identity.contracts import signing_domain
from local.exchange.identity.signing import OrderFields, order_hash

ORDER_FIELDS = [
    {"name": name, "type": kind}
    for name, kind in (
        ("salt", "uint256"),
        ("maker", "address"),
        ("signer", "address"),
        ("tokenId", "uint256"),
        ("makerAmount", "uint256"),
        ("takerAmount", "uint256"),
        ("side", "uint8"),
        ("signatureType", "uint8"),
        ("timestamp", "uint256"),
        ("metadata", "bytes32"),
        ("builder", "bytes32"),
    )
]
WRAPPED_FIELDS = [
    {"name": name, "type": kind}
    for name, kind in (
        ("contents", "Order"),
        ("name", "string"),
        ("version", "string"),
        ("chainId", "uint256"),
        ("verifyingContract", "address"),
        ("salt", "bytes32"),
    )
]


def signed_order(
    private_key: str,
    market: PreparedMarket,
    side: Side,
    *,
    outcome: int = 0,
    maker_amount: int,
    taker_amount: int,
    signature_type: SignatureType = SignatureType.EOA,
    maker: str | None = None,
    version: str | None = None,
) -> SignedOrder:
    """An order that a key has signed, by the standard and not by code of ours, for the market's exchange.

    `maker` is the wallet for which the key signs, by default its own address.
    """
    owner = str(EthAccount.from_key(private_key).address)
    maker = maker or owner
    signer = maker if signature_type is SignatureType.DEPOSIT_WALLET else owner
    values: dict[str, Any] = {
        "salt": secrets.randbits(53),
        "maker": maker,
        "signer": signer,
        "tokenId": int(market.token_ids[outcome]),
        "makerAmount": maker_amount,
        "takerAmount": taker_amount,
        "side": OrderSide[side.value],
        "signatureType": signature_type.value,
        "timestamp": 1_790_586_000_000,
        "metadata": bytes(32),
        "builder": bytes(32),
    }
    domain = {
        "name": "Polymarket CTF Exchange",
        "version": version or ("3" if market.is_v2 else "2"),
        "chainId": 137,
        "verifyingContract": market.exchange,
    }
    sign = _wallet_signature if signature_type is SignatureType.DEPOSIT_WALLET else _signature
    return SignedOrder(
        salt=values["salt"],
        maker=maker.lower(),
        signer=signer.lower(),
        token_id=values["tokenId"],
        maker_amount=maker_amount,
        taker_amount=taker_amount,
        side=values["side"],
        signature_type=values["signatureType"],
        timestamp=values["timestamp"],
        signature=sign(private_key, domain, values),
    )


def _signature(private_key: str, domain: dict[str, Any], values: dict[str, Any]) -> bytes:
    signed = EthAccount.sign_typed_data(private_key, domain, {"Order": ORDER_FIELDS}, values)
    return bytes(signed.signature)


def _wallet_signature(private_key: str, domain: dict[str, Any], values: dict[str, Any]) -> bytes:
    """ERC-7739: the order inside the wallet's own typed data, with what the order was signed for behind it."""
    message = {
        "contents": values,
        "name": "DepositWallet",
        "version": "1",
        "chainId": 137,
        "verifyingContract": values["maker"],
        "salt": bytes(32),
    }
    types = {"TypedDataSign": WRAPPED_FIELDS, "Order": ORDER_FIELDS}
    signed = EthAccount.sign_typed_data(private_key, domain, types, message)
    plain = encode_typed_data(domain, {"Order": ORDER_FIELDS}, values)
    order_type = ",".join(f"{field['type']} {field['name']}" for field in ORDER_FIELDS)
    contents_type = f"Order({order_type})".encode()
    return bytes(signed.signature) + plain.header + plain.body + contents_type + len(contents_type).to_bytes(2, "big")


def hash_of(order: SignedOrder, market: PreparedMarket) -> str:
    """The order's id at the market's exchange, as the simulator computes it."""
    fields = OrderFields(
        salt=order.salt,
        maker=order.maker,
        signer=order.signer,
        token_id=order.token_id,
        maker_amount=order.maker_amount,
        taker_amount=order.taker_amount,
        side=order.side,
        signature_type=order.signature_type,
        timestamp=order.timestamp,
        metadata=order.metadata,
        builder=order.builder,
    )
    return order_hash(fields, signing_domain(order.token_id, neg_risk=market.neg_risk))


def fill_of(
    order: SignedOrder,
    market: PreparedMarket,
    *,
    usd: int | None = None,
    shares: int | None = None,
    fee: int = 0,
    is_maker: bool = False,
) -> FillToSettle:
    """What a match moves of an order, in base units; all of it where nothing else is said."""
    is_buy = order.side is OrderSide.BUY
    dollars, tokens = (order.maker_amount, order.taker_amount) if is_buy else (order.taker_amount, order.maker_amount)
    return FillToSettle(
        order_hash=hash_of(order, market),
        account=order.maker,
        side=Side.BUY if is_buy else Side.SELL,
        token_id=str(order.token_id),
        condition_id=market.condition_id,
        usd=dollars if usd is None else usd,
        shares=tokens if shares is None else shares,
        fee=fee,
        order=order,
        is_maker=is_maker,
    )
