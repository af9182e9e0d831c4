"""The official client: built for our URLs and contracts, and used to post and to cancel.

Its private `create_environment` is the one private name that is imported; it is what points the client at configured
addresses. Its `place_*` calls are never used: they may approve an unlimited allowance and post again by themselves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

import httpx

from live_trading.nouns.errors import GiveUp, LiveTradingError, OutcomeUnknown, RetryLater
from live_trading.nouns.orders import RejectionCode, SignedOrder
from live_trading.nouns.wallets import SignatureType, TradingWallet
from live_trading.polymarket.clob.outcomes import PostOutcome, Rejected, Unknown, accepted, not_accepted, refused
from live_trading.polymarket.endpoints import VenueEndpoints
from live_trading.polymarket.signing.order_payload import OwnOrder, client_order, own_order
from live_trading.polymarket.signing.wallet_secret import WalletSecret

if TYPE_CHECKING:
    from polymarket import Environment, PolymarketError, SecureClient
    from polymarket.models.clob.order_response import OrderResponse

ORDERS_A_REQUEST = 15
# Services that nothing here uses; asking one by mistake must fail and not reach the production venue.
_NOWHERE = "https://unused.invalid"
# Named alike in the client's environment and in ours.
_CONTRACTS = (
    "collateral_token",
    "conditional_tokens",
    "collateral_adapter",
    "neg_risk_collateral_adapter",
    "neg_risk_adapter",
    "standard_exchange",
    "neg_risk_exchange",
    "exchange_v3",
)
_WALLET_TYPES = {
    SignatureType.EOA: "EOA",
    SignatureType.PROXY: "POLY_PROXY",
    SignatureType.SAFE: "GNOSIS_SAFE",
    SignatureType.DEPOSIT_WALLET: "DEPOSIT_WALLET",
}
_WORTH_ANOTHER_TRY = frozenset({425, 429, 503})
# Raised before a byte of the request has left.
_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


def environment_of(endpoints: VenueEndpoints) -> Environment:
    """The client's environment with every URL and contract that we use from configuration."""
    from eth_utils.address import to_checksum_address
    from polymarket._internal.environment import PRODUCTION_CONFIG, create_environment

    configured: dict[str, Any] = {
        each.name: _NOWHERE for each in fields(PRODUCTION_CONFIG) if each.name.endswith("_url")
    }
    configured |= {
        "clob_url": endpoints.clob_url,
        "gamma_url": endpoints.gamma_url,
        "data_url": endpoints.data_api_url,
        "relayer_url": endpoints.relayer_url,
        "rpc_url": endpoints.rpc_url,
        "chain_id": endpoints.chain_id,
    }
    for name in _CONTRACTS:
        configured[name] = to_checksum_address(getattr(endpoints, name))
    config = replace(PRODUCTION_CONFIG, **configured)
    return create_environment(name="configured", config=config)


def connect(endpoints: VenueEndpoints, wallet: TradingWallet, secret: WalletSecret) -> SecureClient:
    """A client for one wallet, with the credentials of its secret and no others.

    The caller has made sure that the venue knows the API key: the client would replace an unknown one by a new one.
    Raises RetryLater where the venue cannot be reached, GiveUp where key, wallet and credentials do not belong
    together.
    """
    from eth_utils.address import to_checksum_address
    from polymarket import ApiKeyCreds, PolymarketError, SecureClient

    try:
        client = SecureClient.create(
            private_key=secret.private_key,
            wallet=to_checksum_address(wallet.address),
            environment=environment_of(endpoints),
            credentials=ApiKeyCreds(key=secret.api_key, secret=secret.api_secret, passphrase=secret.api_passphrase),
        )
    except PolymarketError as error:
        raise question_error("connect", error) from error
    if client.credentials.key != secret.api_key or client.wallet_type != _WALLET_TYPES[wallet.signature_type]:
        is_other_type = client.wallet_type != _WALLET_TYPES[wallet.signature_type]
        client.close()
        raise GiveUp(
            f"wallet {wallet.address} is a {client.wallet_type} for this key, not a {wallet.signature_type.name}"
            if is_other_type
            else f"the API key of wallet {wallet.address} was replaced while connecting"
        )
    return client


def post(client: SecureClient, orders: Sequence[SignedOrder]) -> list[PostOutcome]:
    """Posts the stored bytes once, in one request, and judges each order alone.

    Every failure is an outcome; see `outcomes` for what each proves. At most `ORDERS_A_REQUEST` orders.
    """
    from polymarket import PolymarketError

    own = [own_order(signed) for signed in orders]
    try:
        if len(orders) == 1:
            answers: Sequence[OrderResponse] = [client.post_order(client_order(orders[0]))]
        else:
            answers = client.post_orders([client_order(signed) for signed in orders])
    except PolymarketError as error:
        return [_failed(error)] * len(orders)
    if len(answers) != len(orders):
        return [Unknown(detail=f"{len(answers)} answers to {len(orders)} orders")] * len(orders)
    return [_judged(*each) for each in zip(orders, own, answers, strict=True)]


def _failed(error: PolymarketError) -> PostOutcome:
    """What the failure of a whole request says of each of its orders."""
    from polymarket import RateLimitError, RequestRejectedError, SigningError, TransportError, UserInputError

    match error:
        case RequestRejectedError():
            return refused(error.status, str(error), code=error.code, retry_after=error.retry_after)
        case RateLimitError():
            return refused(429, str(error), retry_after=error.retry_after)
        case UserInputError() | SigningError():
            return Rejected(code=RejectionCode.INVALID_PAYLOAD, text=str(error), may_try_again=False)
        case TransportError():
            return _broken(error)
        case _:
            return Unknown(detail=f"{type(error).__name__}: {error}")


def _judged(signed: SignedOrder, own: OwnOrder, answer: OrderResponse) -> PostOutcome:
    if not answer.ok:
        return not_accepted(answer.message)
    if answer.order_id.lower() != signed.order_hash:
        return Unknown(detail=f"accepted under another id: {answer.order_id}")
    return accepted(
        own,
        status=answer.status,
        making=answer.making_amount,
        taking=answer.taking_amount,
        trade_ids=answer.trade_ids,
        transaction_hashes=answer.transactions_hashes,
    )


def _broken(error: PolymarketError) -> PostOutcome:
    cause = error.__cause__
    if isinstance(cause, _NEVER_SENT):
        text = f"never sent: {type(cause).__name__} {cause}".rstrip()
        return Rejected(code=RejectionCode.NOT_PLACED, text=text, may_try_again=True)
    return Unknown(detail=f"{type(cause).__name__}: {error}")


def question_error(what: str, error: PolymarketError) -> LiveTradingError:
    """What a failure of the client means for a call that changes nothing."""
    from polymarket import RateLimitError, RequestRejectedError, TransportError

    said = f"{what}: {type(error).__name__} {error}"
    match error:
        case RateLimitError():
            return RetryLater(said, retry_after_seconds=error.retry_after)
        case TransportError():
            return RetryLater(said)
        case RequestRejectedError(status=status) if status in _WORTH_ANOTHER_TRY or status >= 500:
            return RetryLater(said, retry_after_seconds=error.retry_after)
        case _:
            return GiveUp(said)


def change_error(what: str, error: PolymarketError) -> LiveTradingError:
    """What a failure of the client means for a call that may have changed something all the same."""
    from polymarket import RequestRejectedError, TransportError, UnexpectedResponseError

    said = f"{what}: {type(error).__name__} {error}"
    if isinstance(error, TransportError) and isinstance(error.__cause__, _NEVER_SENT):
        return RetryLater(said)
    if isinstance(error, TransportError | UnexpectedResponseError):
        return OutcomeUnknown(said)
    if isinstance(error, RequestRejectedError) and error.status >= 500 and error.status not in _WORTH_ANOTHER_TRY:
        return OutcomeUnknown(said)
    return question_error(what, error)
