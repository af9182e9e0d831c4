"""Accounts for tests of the CLOB: every signature is made by the official client's own functions."""

from __future__ import annotations

import itertools
import json
import time
from typing import Any, cast

import httpx
from eth_account.signers.local import LocalAccount
from polymarket._internal.actions.orders.typed_data import build_order_signature, build_order_typed_data
from polymarket._internal.actions.orders.types import UnsignedOrder
from polymarket._internal.hmac import build_hmac_signature
from polymarket._internal.l1_auth import sign_api_key_auth
from polymarket.types import HexString

from local.exchange.identity.contracts import SigningDomain, signing_domain
from local.exchange.units import Price, Shares, Usd

UP = "71321045679252212594626385532706912750332728571942532289631379312455583992563"
ZERO = "0x" + "00" * 32
TIMESTAMP = 1_790_586_000_000


def client_signature(key: LocalAccount, domain: SigningDomain, **fields: Any) -> bytes:
    """The official client's signature of an order; `fields` are those of its unsigned order."""
    values: dict[str, Any] = {"builder": ZERO, "metadata": ZERO, "expiration": 0, "order_type": "GTC"}
    unsigned = UnsignedOrder(
        chain_id=137,
        **(values | fields),
        exchange_address=cast("Any", domain.exchange),
        protocol_version=cast("Any", domain.version),
    )
    signed = key.sign_typed_data(full_message=build_order_typed_data(unsigned))
    return bytes.fromhex(build_order_signature(unsigned, HexString("0x" + signed.signature.hex()))[2:])


def wire_order(fields: dict[str, Any], *, expiration: int, signature: str) -> dict[str, Any]:
    """The order object that is posted, from the fields of an unsigned order."""
    return {
        "salt": fields["salt"],
        "maker": fields["maker"],
        "signer": fields["signer"],
        "tokenId": fields["token_id"],
        "makerAmount": str(fields["maker_amount"]),
        "takerAmount": str(fields["taker_amount"]),
        "side": fields["side"],
        "expiration": str(expiration),
        "signatureType": fields["signature_type"],
        "timestamp": str(fields["timestamp"]),
        "metadata": ZERO,
        "builder": ZERO,
        "signature": signature,
    }


class Trader:
    """One EOA account with a new API key, calling a CLOB over HTTP."""

    def __init__(self, http: httpx.Client, key: LocalAccount, *, neg_risk: bool = False) -> None:
        self.http = http
        self.key = key
        self.address = key.address.lower()
        self._neg_risk = neg_risk
        self._salts = itertools.count(1)
        created = http.post("/auth/api-key", headers=self.login_headers())
        assert created.status_code == 200, created.text
        self.credentials = created.json()

    def login_headers(self, *, nonce: int = 0) -> dict[str, str]:
        signed = sign_api_key_auth(self.key, chain_id=137, timestamp=int(time.time()), nonce=nonce)
        return {
            "POLY_ADDRESS": signed.address,
            "POLY_SIGNATURE": signed.signature,
            "POLY_TIMESTAMP": str(signed.timestamp),
            "POLY_NONCE": str(signed.nonce),
        }

    def headers(self, method: str, path: str, body: str | None = None) -> dict[str, str]:
        stamp = int(time.time())
        return {
            "POLY_ADDRESS": self.key.address,
            "POLY_API_KEY": self.credentials["apiKey"],
            "POLY_PASSPHRASE": self.credentials["passphrase"],
            "POLY_TIMESTAMP": str(stamp),
            "POLY_SIGNATURE": build_hmac_signature(
                secret=self.credentials["secret"], timestamp=stamp, method=method, path=path, body=body
            ),
        }

    def call(self, method: str, path: str, payload: Any = None, **query: Any) -> Any:
        """The response of an authenticated call."""
        body = None if payload is None else json.dumps(payload)
        headers = self.headers(method, path, body)
        return self.http.request(method, path, content=body, headers=headers, params=query)

    def order(
        self,
        *,
        side: str = "BUY",
        price: str | None = None,
        shares: str | None = None,
        usd: str | None = None,
        order_type: str = "GTC",
        expiration: int = 0,
        post_only: bool = False,
        domain: SigningDomain | None = None,
        **signed: Any,
    ) -> dict[str, Any]:
        """A signed body. Its amounts follow from the price with shares or dollars.

        `signed` overrides what is signed: maker_amount, taker_amount, token_id, maker, signer, signature_type.
        """
        fields: dict[str, Any] = {
            "maker": self.address,
            "signer": self.address,
            "side": side,
            "salt": next(self._salts),
            "signature_type": 0,
            "timestamp": TIMESTAMP,
            "token_id": UP,
        }
        if price is not None:
            fields["maker_amount"], fields["taker_amount"] = _amounts(side, price, shares, usd)
        fields |= {name: value for name, value in signed.items() if value is not None}
        domain = domain or signing_domain(int(fields["token_id"]), neg_risk=self._neg_risk)
        signature = "0x" + client_signature(self.key, domain, **fields).hex()
        return {
            "order": wire_order(fields, expiration=expiration, signature=signature),
            "owner": self.credentials["apiKey"],
            "orderType": order_type,
            "deferExec": False,
            "postOnly": post_only,
        }

    def post(self, body: Any) -> Any:
        """The response to a signed body."""
        return self.call("POST", "/order", body)

    def place(self, **order: Any) -> dict[str, Any]:
        """The venue's answer to an order that it takes in."""
        response = self.post(self.order(**order))
        assert response.status_code == 200, response.text
        return cast("dict[str, Any]", response.json())

    def refusal(self, **order: Any) -> tuple[int, str]:
        """Status and text of the venue's answer to an order that it refuses."""
        response = self.post(self.order(**order))
        return response.status_code, response.json()["error"]

    def find(self, order_hash: str) -> Any:
        """The look-up of an order; None where the venue answers null."""
        response = self.call("GET", f"/data/order/{order_hash}")
        assert response.status_code == 200, response.text
        return response.json()

    def trades(self, **query: Any) -> list[dict[str, Any]]:
        return cast("list[dict[str, Any]]", self.call("GET", "/data/trades", **query).json()["data"])

    def open_orders(self) -> list[dict[str, Any]]:
        return cast("list[dict[str, Any]]", self.call("GET", "/data/orders").json()["data"])


def _amounts(side: str, price: str, shares: str | None, usd: str | None) -> tuple[int, int]:
    limit = Price(price).value
    if usd is not None:
        spent = Usd(usd)
        return spent.base_units, int(spent.value / limit * 10_000) * 100
    size = Shares(shares or "10")
    dollars = Usd(limit * size.value)
    return (dollars.base_units, size.base_units) if side == "BUY" else (size.base_units, dollars.base_units)
