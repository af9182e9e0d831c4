"""Whose order it is: owner, signer, wallet and signature of a posted order, checked per signature type."""

from __future__ import annotations

from dataclasses import dataclass

from local.exchange import errors
from local.exchange.engine.orders import PostBody
from local.exchange.identity.accounts import ApiKey
from local.exchange.identity.contracts import V3_DOMAIN, SigningDomain, signing_domain
from local.exchange.identity.signing import OrderFields, deposit_wallet_signer, order_hash, order_signer
from local.exchange.identity.wallet_addresses import deposit_wallet_addresses, proxy_address, safe_address
from local.exchange.tape.recorded import RecordedMarket
from local.exchange.terms import OrderType, Side, SignatureType


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """A posted order whose shape is known and whose id is computed, but of which nothing else is checked."""

    order_hash: str
    body: PostBody
    fields: OrderFields
    market: RecordedMarket

    @property
    def token_id(self) -> str:
        return str(self.fields.token_id)

    @property
    def side(self) -> Side:
        return Side(self.body.order.side)

    @property
    def signature(self) -> bytes:
        return bytes.fromhex(self.body.order.signature[2:])

    @property
    def order_type(self) -> OrderType:
        return OrderType(self.body.order_type)

    @property
    def expiration_s(self) -> int:
        return int(self.body.order.expiration)


def identify(body: PostBody, market: RecordedMarket) -> Incoming:
    """The order of a body, under the id that its exchange gives it."""
    fields = body.order.fields()
    domain = signing_domain(fields.token_id, neg_risk=market.neg_risk)
    return Incoming(order_hash=order_hash(fields, domain), body=body, fields=fields, market=market)


def check_ownership(incoming: Incoming, api_key: ApiKey) -> None:
    """Refuse an order that the API key's address did not sign, or not for a wallet of its own."""
    if incoming.body.owner != api_key.key:
        raise errors.wrong_owner()
    fields, owner = incoming.fields, api_key.address
    if not _is_wallet_of(owner, fields):
        raise errors.wrong_signer()
    domain = signing_domain(fields.token_id, neg_risk=incoming.market.neg_risk)
    if _signed_by(fields, domain, incoming.signature) == owner:
        return
    if domain != V3_DOMAIN and _signed_by(fields, V3_DOMAIN, incoming.signature) == owner:
        raise errors.version_mismatch()
    raise errors.invalid_signature()


def _is_wallet_of(owner: str, fields: OrderFields) -> bool:
    match SignatureType(fields.signature_type):
        case SignatureType.EOA:
            return fields.signer == owner and fields.maker == owner
        case SignatureType.PROXY:
            return fields.signer == owner and fields.maker == proxy_address(owner)
        case SignatureType.SAFE:
            return fields.signer == owner and fields.maker == safe_address(owner)
        case SignatureType.DEPOSIT_WALLET:
            return fields.maker == fields.signer and fields.maker in deposit_wallet_addresses(owner)


def _signed_by(fields: OrderFields, domain: SigningDomain, signature: bytes) -> str | None:
    if fields.signature_type == SignatureType.DEPOSIT_WALLET:
        return deposit_wallet_signer(fields, domain, signature)
    return order_signer(fields, domain, signature)
