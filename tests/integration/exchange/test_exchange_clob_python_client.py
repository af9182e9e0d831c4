"""The official Python client trades on the simulator, unmodified, and its fills settle on the local chain."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from eth_account import Account
from polymarket import SecureClient
from polymarket.errors import RequestRejectedError
from polymarket.models.clob.order_response import AcceptedOrder
from polymarket.models.clob.requests import PriceRequest

from live_trading.nouns.money import Shares
from local.chain.safes import place_relayed_wallet
from local.exchange import arithmetic, units
from local.exchange.identity.wallet_addresses import deposit_wallet_addresses, proxy_address, safe_address
from tests.integration.exchange_clients import (
    best_ask,
    environment,
    first_token,
    fund,
    funded_client,
    new_key,
    order_id,
)
from tests.integration.exchange_fixtures import RunningExchange, running_exchange

pytestmark = pytest.mark.integration

CRYPTO_FEES = arithmetic.FeeTerms(rate=Decimal("0.07"))


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


def test_a_market_buy_is_matched_settled_on_the_chain_and_confirmed(
    exchange: RunningExchange, client: SecureClient, token: str
) -> None:
    signed = client.create_market_order(asset_id=token, side="BUY", amount=5, max_price=best_ask(client, token))

    accepted = client.post_order(signed)
    exchange.advance(10)

    assert isinstance(accepted, AcceptedOrder)
    assert accepted.status == "matched"
    assert accepted.making_amount <= 5
    trades = list(client.list_account_trades(maker_address=str(client.wallet)).iter_items())
    assert {trade.id for trade in trades} == set(accepted.trade_ids)
    assert {trade.status for trade in trades} == {"CONFIRMED"}
    assert client.wait_for_order_fill_settlement(accepted) == tuple(trade.transaction_hash for trade in trades)
    bought = exchange.chain.token_balance(str(client.wallet), token)
    assert bought == Shares(sum(trade.size for trade in trades)) == Shares(accepted.taking_amount)
    fee = arithmetic.taker_fee(CRYPTO_FEES, units.Usd(accepted.making_amount), units.Shares(accepted.taking_amount))
    left = exchange.chain.collateral_balance(str(client.wallet)).value
    assert left == Decimal(100) - accepted.making_amount - fee.value
    truth = exchange.control("GET", f"/accounts/{client.wallet}")
    assert Decimal(truth["collateral_usd"]) == left
    assert Decimal(truth["positions"][token]) == bought.value


def test_shares_that_were_bought_can_be_sold_once_they_have_settled(
    exchange: RunningExchange, client: SecureClient, token: str
) -> None:
    bought = client.post_order(
        client.create_market_order(asset_id=token, side="BUY", amount=20, max_price=best_ask(client, token))
    )
    assert isinstance(bought, AcceptedOrder)
    exchange.advance(4)
    shares = bought.taking_amount.quantize(Decimal("0.01"), rounding="ROUND_FLOOR")
    bid = client.get_order_book(asset_id=token).bids[-1].price

    sold = client.post_order(client.create_market_order(asset_id=token, side="SELL", shares=shares, min_price=bid))

    assert isinstance(sold, AcceptedOrder)
    assert sold.making_amount <= shares
    balance = client.get_balance_allowance(asset_type="CONDITIONAL", asset_id=token)
    assert balance.balance == int(bought.taking_amount * 10**6)


def test_a_limit_order_rests_is_read_and_canceled(exchange: RunningExchange, client: SecureClient, token: str) -> None:
    signed = client.create_limit_order(asset_id=token, price=Decimal("0.02"), size=50, side="BUY")

    accepted = client.post_order(signed)
    assert isinstance(accepted, AcceptedOrder)
    exchange.advance(1)
    found = client.get_order(order_id=accepted.order_id)
    (listed,) = client.list_open_orders(asset_id=token).iter_items()
    canceled = client.cancel_order(order_id=accepted.order_id)

    assert accepted.status == "live"
    assert accepted.order_id == order_id(signed)
    assert (found.status, found.price) == ("ORDER_STATUS_LIVE", Decimal("0.02"))
    assert found.original_size == 50
    assert listed.id == found.id
    assert canceled.canceled == (accepted.order_id,)
    assert list(client.list_open_orders().iter_items()) == []


def test_a_dated_order_and_a_batch_are_taken_in(exchange: RunningExchange, client: SecureClient, token: str) -> None:
    far_away = 4_000_000_000
    orders = [
        client.create_limit_order(asset_id=token, price=Decimal("0.01"), size=10, side="BUY", expiration=far_away),
        client.create_limit_order(asset_id=token, price=Decimal("0.01"), size=20, side="BUY", post_only=True),
        client.create_limit_order(asset_id=token, price=Decimal("0.01"), size=1, side="BUY"),
    ]

    dated, post_only, too_small = client.post_orders(orders)
    exchange.advance(1)

    assert (dated.ok, post_only.ok, too_small.ok) == (True, True, False)
    assert {order.order_type for order in client.list_open_orders().iter_items()} == {"GTD", "GTC"}
    assert len(client.cancel_all().canceled) == 2


def test_a_killed_order_is_refused_and_then_duplicated(client: SecureClient, token: str) -> None:
    signed = client.create_market_order(
        asset_id=token, side="BUY", amount=5, max_price=Decimal("0.01"), order_type="FOK"
    )

    with pytest.raises(RequestRejectedError, match="order couldn't be fully filled") as killed:
        client.post_order(signed)
    with pytest.raises(RequestRejectedError, match="Duplicated") as duplicated:
        client.post_order(signed)

    assert (killed.value.status, duplicated.value.status) == (400, 400)


def test_balances_books_prices_and_modes_are_read(exchange: RunningExchange, client: SecureClient, token: str) -> None:
    book = client.get_order_book(asset_id=token)
    (same,) = client.get_order_books(asset_ids=[token])
    prices = client.get_prices(requests=[PriceRequest(token, "BUY"), PriceRequest(token, "SELL")])

    assert client.get_balance_allowance(asset_type="COLLATERAL").balance == 100 * 10**6
    assert same == book
    assert prices == {token: {"BUY": book.asks[-1].price, "SELL": book.bids[-1].price}}
    assert client.get_price(asset_id=token, side="BUY") == book.asks[-1].price
    assert client.get_midpoint(asset_id=token) == (book.asks[-1].price + book.bids[-1].price) / 2
    assert client.get_spread(asset_id=token) == book.asks[-1].price - book.bids[-1].price
    assert client.get_closed_only_mode() is False
    assert client.send_order_heartbeat().heartbeat_id
    exchange.arm("closed_only")
    assert client.get_closed_only_mode() is True


@pytest.mark.parametrize("kind", ["proxy", "safe", "older deposit wallet", "default wallet"])
def test_wallets_trade_with_the_signatures_that_their_kind_needs(
    exchange: RunningExchange, token: str, kind: str
) -> None:
    key = new_key()
    owner = Account.from_key(key).address.lower()
    beacon_clone, older_clone = deposit_wallet_addresses(owner)
    wallets = {
        "proxy": proxy_address(owner),
        "safe": safe_address(owner),
        "older deposit wallet": older_clone,
        "default wallet": beacon_clone,
    }
    wallet = wallets[kind]
    place_relayed_wallet(exchange.chain, wallet)
    fund(exchange, wallet)

    asked_wallet = wallet if kind in ("proxy", "safe") else None
    with SecureClient.create(private_key=key, wallet=asked_wallet, environment=environment(exchange)) as client:
        signed = client.create_market_order(asset_id=token, side="BUY", amount=5, max_price=best_ask(client, token))
        accepted = client.post_order(signed)
        exchange.advance(4)
        balance = client.get_balance_allowance(asset_type="CONDITIONAL", asset_id=token)

    assert isinstance(accepted, AcceptedOrder)
    assert str(signed.maker).lower() == wallet
    assert exchange.chain.token_balance(wallet, token) == Shares(accepted.taking_amount)
    assert balance.balance == Shares(accepted.taking_amount).base_units
