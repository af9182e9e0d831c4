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

from live_trading.nouns.money import Price, Shares, Usd
from local.exchange.contracts import SigningDomain, signing_domain

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
        token_id: str = UP,
        maker_amount: int | None = None,
        taker_amount: int | None = None,
        expiration: int = 0,
        post_only: bool = False,
        maker: str | None = None,
        signer: str | None = None,
        signature_type: int = 0,
        domain: SigningDomain | None = None,
    ) -> dict[str, Any]:
        """A signed body: amounts as given in base units, else from price with shares or dollars."""
        if maker_amount is None or taker_amount is None:
            maker_amount, taker_amount = _amounts(side, price, shares, usd)
        domain = domain or signing_domain(int(token_id), neg_risk=self._neg_risk)
        signed: dict[str, Any] = {
            "maker": maker or self.address,
            "signer": signer or self.address,
            "maker_amount": maker_amount,
            "taker_amount": taker_amount,
            "side": side,
            "salt": next(self._salts),
            "signature_type": signature_type,
            "timestamp": TIMESTAMP,
            "token_id": token_id,
        }
        return {
            "order": {
                "salt": signed["salt"],
                "maker": signed["maker"],
                "signer": signed["signer"],
                "tokenId": token_id,
                "makerAmount": str(maker_amount),
                "takerAmount": str(taker_amount),
                "side": side,
                "expiration": str(expiration),
                "signatureType": signature_type,
                "timestamp": str(TIMESTAMP),
                "metadata": ZERO,
                "builder": ZERO,
                "signature": "0x" + client_signature(self.key, domain, **signed).hex(),
            },
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


def _amounts(side: str, price: str | None, shares: str | None, usd: str | None) -> tuple[int, int]:
    assert price is not None
    limit = Price(price).value
    if usd is not None:
        spent = Usd(usd)
        return spent.base_units, int(spent.value / limit * 10_000) * 100
    size = Shares(shares or "10")
    dollars = Usd(limit * size.value)
    return (dollars.base_units, size.base_units) if side == "BUY" else (size.base_units, dollars.base_units)
