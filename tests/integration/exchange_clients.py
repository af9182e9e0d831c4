"""The official Python client pointed at the simulator, with accounts that have funds."""

from __future__ import annotations

import dataclasses
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

from eth_account import Account
from polymarket import SecureClient
from polymarket._internal.environment import PRODUCTION_CONFIG, create_environment
from polymarket.environments import Environment

from live_trading.nouns.money import Usd
from local.exchange.engine.orders import SignedOrderBody
from local.exchange.identity.contracts import STANDARD_DOMAIN
from local.exchange.identity.signing import order_hash
from tests.integration.exchange_fixtures import RunningExchange
from tests.unit.exchange.exchange_traders import wire_order


def environment(exchange: RunningExchange) -> Environment:
    """The client's own settings with every URL of this exchange."""
    config = dataclasses.replace(
        PRODUCTION_CONFIG,
        clob_url=exchange.clob_url,
        gamma_url=exchange.gamma_url,
        data_url=exchange.data_url,
        relayer_url=f"{exchange.clob_url}/relayer",
        rpc_url=exchange.chain.rpc_url,
    )
    return create_environment(name="local", config=config)


def new_key() -> str:
    return "0x" + secrets.token_hex(32)


def fund(exchange: RunningExchange, account: str, usd: str = "100") -> None:
    """Gas, collateral and every approval that trading needs."""
    exchange.chain.fund_gas(account)
    exchange.chain.mint_collateral(account, Usd(usd))
    exchange.chain.approve_trading_of(account)


@contextmanager
def funded_client(exchange: RunningExchange) -> Iterator[SecureClient]:
    """A client of a new EOA account with 100 dollars."""
    key = new_key()
    address = Account.from_key(key).address
    fund(exchange, address.lower())
    with SecureClient.create(private_key=key, wallet=address, environment=environment(exchange)) as client:
        yield client


def first_token(exchange: RunningExchange) -> str:
    return str(exchange.replay()["markets"][0]["token_ids"][0])


def best_ask(client: SecureClient, token: str) -> Decimal:
    return client.get_order_book(asset_id=token).asks[-1].price


def order_id(signed: Any) -> str:
    """The id of an order that the client signed for a standard market."""
    fields = {field.name: getattr(signed, field.name) for field in dataclasses.fields(signed)}
    body = wire_order(fields, expiration=signed.expiration, signature=signed.signature)
    return order_hash(SignedOrderBody.model_validate(body).fields(), STANDARD_DOMAIN)
