"""Questions to the CLOB about one account, signed with its API key (L2 authentication).

Own requests and not the client's, because the client refuses a whole page for one status that it does not know, takes
an order that the venue answers with `null` for a broken answer, and cannot ask for a refresh of balances.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterator
from typing import Annotated

from pydantic import BeforeValidator, Field, StringConstraints

from live_trading.nouns.chance import Chance
from live_trading.nouns.errors import MalformedAnswer
from live_trading.nouns.money import Usd
from live_trading.nouns.wallets import AssetType, SignatureType
from live_trading.polymarket.clob.account_lists import OpenOrders, read_open_orders, read_trade_rows, walk
from live_trading.polymarket.clob.account_rows import VenueOrder, VenueTrades, read_order
from live_trading.polymarket.signing.order_payload import OwnOrder
from live_trading.polymarket.signing.wallet_secret import UnusableSecret, WalletSecret
from live_trading.polymarket.wire.call_meter import CallMeter
from live_trading.polymarket.wire.field_types import WireModel, read
from live_trading.polymarket.wire.http_questions import HttpQuestions, NotFound, QueryItems

# More dollars than there are: an answer that says so is none.
_MOST_UNITS = 10**21
_BaseUnits = Annotated[int, BeforeValidator(lambda raw: int(raw) if isinstance(raw, str) else raw), Field(ge=0)]


class _ApiKeys(WireModel):
    api_keys: list[str] = Field(validation_alias="apiKeys")


class _ClosedOnly(WireModel):
    closed_only: bool


class _Balance(WireModel):
    balance: Annotated[_BaseUnits, Field(le=_MOST_UNITS)]
    allowances: dict[Annotated[str, StringConstraints(pattern=r"^0x[0-9a-fA-F]{40}$")], _BaseUnits] | None = None


class ClobAccount:
    """Asks about one account. Raises RetryLater, GiveUp or MalformedAnswer as `HttpQuestions` does."""

    def __init__(
        self, clob_url: str, secret: WalletSecret, key_address: str, chance: Chance, meter: CallMeter | None = None
    ) -> None:
        """`key_address` is the address of the wallet's key, with its checksum: the API key belongs to it."""
        self._http = HttpQuestions(clob_url, chance, meter)
        self._chance = chance
        self._secret = secret
        self._key_address = key_address

    @property
    def is_refused(self) -> bool:
        """Whether the venue has refused the credentials."""
        return self._http.is_refused

    def knows_api_key(self) -> bool:
        """Whether the venue has the secret's API key. Raises GiveUp where it refuses the credentials."""
        return self._secret.api_key in read(_ApiKeys, self._get("/auth/api-keys"), "clob.api_keys").api_keys

    def closed_only(self) -> bool:
        """Whether the venue lets this account only close positions."""
        return read(_ClosedOnly, self._get("/auth/ban-status/closed-only"), "clob.closed_only").closed_only

    def collateral(self, signature_type: SignatureType) -> Usd:
        """The collateral that the venue believes the account to have; it lags behind the chain."""
        return Usd.of_base_units(self._funds(signature_type, None).balance)

    def allowances(self, signature_type: SignatureType, token_id: str | None) -> dict[str, int]:
        """Base units that each spender which the venue checks may take, as the venue believes; spenders in lower case.

        Of the collateral, or of an outcome token, of which a spender may take all or nothing. Empty where the venue
        lists none, as its older answers did.
        """
        listed = self._funds(signature_type, token_id).allowances or {}
        return {spender.lower(): allowance for spender, allowance in listed.items()}

    def refresh(self, signature_type: SignatureType, token_id: str | None) -> None:
        """Has the venue read balance and allowances of the collateral, or of a token, from the chain again."""
        path = "/balance-allowance/update"
        self._http.touch(path, _asset_query(signature_type, token_id), self._headers("GET", path))

    def _funds(self, signature_type: SignatureType, token_id: str | None) -> _Balance:
        answer = self._get("/balance-allowance", _asset_query(signature_type, token_id))
        return read(_Balance, answer, "clob.balance")

    def order(self, order_hash: str, own: OwnOrder | None) -> VenueOrder | None:
        """One order; None only where the venue says with 404 or `null` that it has none of this id."""
        try:
            answer = self._get(f"/data/order/{order_hash}")
        except NotFound:
            return None
        if answer is None:
            return None
        order = read_order(answer, own)
        if order.order_hash != order_hash:
            raise MalformedAnswer(f"asked for order {order_hash}", raw=order.order_hash)
        return order

    def open_orders(self) -> OpenOrders:
        """The orders that rest at the venue."""
        return read_open_orders(self._walk("/data/orders", ()))

    def trades(
        self,
        maker_address: str,
        after_seconds: int,
        *,
        condition_id: str | None = None,
        venue_trade_id: str | None = None,
    ) -> VenueTrades:
        """The account's trades as taker and maker after a time, in epoch seconds; where named, of one market or id."""
        named = (("market", condition_id), ("id", venue_trade_id))
        query = (
            ("maker_address", maker_address),
            ("after", str(after_seconds)),
            *((name, value) for name, value in named if value is not None),
        )
        return read_trade_rows(self._walk("/data/trades", query))

    def close(self) -> None:
        self._http.close()

    def _walk(self, path: str, query: QueryItems) -> Iterator[object]:
        return walk(lambda cursor: self._get(path, [*query, *_at(cursor)]), path)

    def _get(self, path: str, query: QueryItems = ()) -> object:
        return self._http.get(path, query, self._headers("GET", path))

    def _headers(self, method: str, path: str) -> dict[str, str]:
        timestamp = str(int(self._chance.wall_time().timestamp()))
        return {
            "POLY_ADDRESS": self._key_address,
            "POLY_API_KEY": self._secret.api_key,
            "POLY_PASSPHRASE": self._secret.api_passphrase,
            "POLY_TIMESTAMP": timestamp,
            "POLY_SIGNATURE": l2_signature(self._secret.api_secret, f"{timestamp}{method}{path}"),
        }


def l2_signature(api_secret: str, message: str) -> str:
    """The venue's request signature: URL-safe base64 of the HMAC-SHA256 under the decoded secret.

    `message` is timestamp, method, path without query, and body. Raises UnusableSecret.
    """
    try:
        key = base64.urlsafe_b64decode(api_secret + "=" * (-len(api_secret) % 4))
    except (binascii.Error, ValueError):
        raise UnusableSecret("the secret's api_secret is not base64") from None
    return base64.urlsafe_b64encode(hmac.new(key, message.encode(), hashlib.sha256).digest()).decode()


def _at(cursor: str | None) -> QueryItems:
    return () if cursor is None else (("next_cursor", cursor),)


def _asset_query(signature_type: SignatureType, token_id: str | None) -> QueryItems:
    """The collateral where no token is named. The venue keeps the tokens of protocol v2 under a type of their own."""
    signature = ("signature_type", str(int(signature_type)))
    if token_id is None:
        return (("asset_type", AssetType.COLLATERAL), signature)
    return (("asset_type", AssetType.of_token(token_id)), ("token_id", token_id), signature)
