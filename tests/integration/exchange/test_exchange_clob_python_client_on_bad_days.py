"""What the official Python client sees when the venue loses answers, restricts trading or fails to settle."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from polymarket import SecureClient
from polymarket.errors import RateLimitError, RequestRejectedError, TransportError, UnexpectedResponseError
from polymarket.models.clob.order_response import AcceptedOrder

from live_trading.nouns.money import Usd
from tests.integration.exchange_clients import best_ask, first_token, funded_client, order_id
from tests.integration.exchange_fixtures import RunningExchange, running_exchange

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def exchange(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningExchange]:
    """One open market whose book is replayed from its first snapshot."""
    directory: Path = tmp_path_factory.mktemp("exchange")
    with running_exchange(directory, markets=1, traders=0) as exchange:
        yield exchange


@pytest.fixture
def client(exchange: RunningExchange) -> Iterator[SecureClient]:
    with funded_client(exchange) as client:
        yield client
    exchange.clear_faults()


@pytest.fixture
def token(exchange: RunningExchange) -> str:
    return first_token(exchange)


@pytest.mark.parametrize("kind", ["accept_then_timeout", "accept_then_server_error", "accept_then_garbage"])
def test_an_order_whose_answer_is_lost_was_placed_once(
    exchange: RunningExchange, client: SecureClient, token: str, kind: str
) -> None:
    exchange.arm(kind, count=1)
    signed = client.create_limit_order(asset_id=token, price=Decimal("0.02"), size=10, side="BUY")

    with pytest.raises((TransportError, RequestRejectedError, UnexpectedResponseError)):
        client.post_order(signed)

    posted = order_id(signed)
    exchange.advance(1)
    assert client.get_order(order_id=posted).status == "ORDER_STATUS_LIVE"
    with pytest.raises(RequestRejectedError, match="Duplicated"):
        client.post_order(signed)
    assert seen(exchange, posted) == (True, 2)


def test_an_order_that_was_dropped_was_never_placed(
    exchange: RunningExchange, client: SecureClient, token: str
) -> None:
    exchange.arm("drop_before_accept", count=1)
    signed = client.create_limit_order(asset_id=token, price=Decimal("0.02"), size=10, side="BUY")

    with pytest.raises(TransportError):
        client.post_order(signed)

    posted = order_id(signed)
    assert seen(exchange, posted) == (False, 1)
    with pytest.raises(RequestRejectedError, match="Order not found") as missing:
        client.get_order(order_id=posted)
    assert missing.value.status == 404
    assert client.post_order(signed).ok


def seen(exchange: RunningExchange, order_hash: str) -> tuple[bool, int]:
    """Whether the venue took an order in, and how many bodies of it it saw."""
    rows = exchange.control("GET", "/orders")["orders"]
    (row,) = (row for row in rows if row["order_hash"] == order_hash)
    return row["accepted"], row["posts_seen"]


def test_restrictions_of_the_venue_reach_the_client_as_such(
    exchange: RunningExchange, client: SecureClient, token: str
) -> None:
    signed = client.create_limit_order(asset_id=token, price=Decimal("0.02"), size=10, side="BUY")
    restrictions: dict[str, Any] = {}

    for kind in ("engine_restarting", "cancel_only", "post_only_mode"):
        exchange.arm(kind, count=1)
        with pytest.raises(RequestRejectedError) as refused:
            client.post_order(signed)
        restrictions[kind] = refused.value.restriction
    exchange.arm("rate_limited", count=1, seconds=3)
    with pytest.raises(RateLimitError) as limited:
        client.post_order(signed)

    assert restrictions == {
        "engine_restarting": "restarting",
        "cancel_only": "cancel_only",
        "post_only_mode": "post_only",
    }
    assert limited.value.retry_after == 3
    assert client.post_order(signed).ok


def test_a_failed_settlement_is_reported_and_moves_nothing(
    exchange: RunningExchange, client: SecureClient, token: str
) -> None:
    exchange.arm("settlement_failure")
    signed = client.create_market_order(asset_id=token, side="BUY", amount=5, max_price=best_ask(client, token))

    accepted = client.post_order(signed)
    exchange.advance(10)

    assert isinstance(accepted, AcceptedOrder)
    statuses = {trade.status for trade in client.list_account_trades().iter_items()}
    assert statuses == {"FAILED"}
    assert exchange.chain.collateral_balance(str(client.wallet)) == Usd(100)


def test_a_retried_settlement_is_confirmed_later(exchange: RunningExchange, client: SecureClient, token: str) -> None:
    signed = client.create_market_order(asset_id=token, side="BUY", amount=2, max_price=best_ask(client, token))
    exchange.arm("settlement_retrying", count=1, seconds=9)

    client.post_order(signed)
    exchange.advance(8)
    during = {trade.status for trade in client.list_account_trades().iter_items()}
    exchange.advance(12)

    assert "RETRYING" in during
    assert {trade.status for trade in client.list_account_trades().iter_items()} == {"CONFIRMED"}
    assert exchange.chain.token_balance(str(client.wallet), token).is_positive
