"""Trades between two accounts settle on the local chain, together or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import httpx
import pytest
from eth_account import Account

from live_trading.chain.abi import Function
from live_trading.nouns.money import Price, Shares, Usd, notional
from local.chain import ADDRESSES
from local.exchange.tape.depth import mirrored
from local.machine.patience import HANG_SECONDS
from tests.integration.exchange_fixtures import RunningExchange, running_exchange
from tests.unit.exchange.exchange_traders import Trader

pytestmark = pytest.mark.integration

PLENTY = Usd(100_000)
SOMEBODY = "0x" + "dd" * 20
TRANSFER = Function("transfer(address,uint256)")


@pytest.fixture(scope="module")
def exchange(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningExchange]:
    directory: Path = tmp_path_factory.mktemp("exchange")
    with running_exchange(directory, markets=1, traders=0) as exchange:
        yield exchange


@pytest.fixture
def clob(exchange: RunningExchange) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=exchange.clob_url, timeout=HANG_SECONDS) as http:
        yield http


def funded(exchange: RunningExchange, clob: httpx.Client) -> Trader:
    trader = Trader(clob, Account.create())
    exchange.chain.fund_gas(trader.address)
    exchange.chain.mint_collateral(trader.address, PLENTY)
    exchange.chain.approve_trading_of(trader.address)
    return trader


def give_away(exchange: RunningExchange, account: str, amount: Usd) -> None:
    """Send an account's collateral to somebody else, as its owner could at any moment."""
    exchange.chain.send_as(account, ADDRESSES.collateral_token, TRANSFER, SOMEBODY, amount.base_units)


def meeting(exchange: RunningExchange, clob: httpx.Client) -> tuple[Trader, Trader, Price]:
    """A taker of one outcome who takes the best recorded level and then 10 shares of a maker of the other.

    Returns maker, taker and the price that the taker pays.
    """
    up, down = exchange.replay()["markets"][0]["token_ids"]
    best = clob.get("/book", params={"token_id": up}).json()["asks"][-1]
    price, recorded = Price(best["price"]), Shares(best["size"])
    maker, taker = funded(exchange, clob), funded(exchange, clob)
    maker.place(token_id=down, price=str(mirrored(price)), shares="10")
    taker.place(token_id=up, price=str(price), shares=str(recorded + Shares(10)))
    return maker, taker, price


def test_two_buyers_of_opposite_outcomes_both_get_their_shares(exchange: RunningExchange, clob: httpx.Client) -> None:
    up, down = exchange.replay()["markets"][0]["token_ids"]

    maker, taker, price = meeting(exchange, clob)
    exchange.advance(10)

    (maker_view,), (taker_view,) = maker.trades(), taker.trades()
    assert maker_view["transaction_hash"] == taker_view["transaction_hash"] != ""
    assert (maker_view["status"], taker_view["status"]) == ("TRADE_STATUS_CONFIRMED",) * 2
    assert exchange.chain.token_balance(maker.address, down) == Shares(10)
    assert exchange.chain.token_balance(taker.address, up) == Shares(taker_view["size"])
    paid = PLENTY - exchange.chain.collateral_balance(maker.address)
    assert paid == notional(mirrored(price), Shares(10))


def test_if_one_of_them_cannot_pay_neither_does(exchange: RunningExchange, clob: httpx.Client) -> None:
    up, _ = exchange.replay()["markets"][0]["token_ids"]
    maker, taker, _ = meeting(exchange, clob)
    give_away(exchange, maker.address, PLENTY)

    exchange.advance(10)

    assert {trade["status"] for trade in maker.trades() + taker.trades()} == {"TRADE_STATUS_FAILED"}
    assert exchange.chain.collateral_balance(taker.address) == PLENTY
    assert exchange.chain.token_balance(taker.address, up) == Shares.zero()


def test_the_tape_shows_the_maker_and_the_taker(exchange: RunningExchange, clob: httpx.Client) -> None:
    maker, taker, price = meeting(exchange, clob)
    exchange.advance(10)

    rows = [
        exchange.http.get(
            f"{exchange.data_url}/v2/trades", params={"user": trader.address, "taker_only": "false"}
        ).json()["data"]
        for trader in (maker, taker)
    ]

    (maker_row,), (taker_row,) = rows
    assert Decimal(str(maker_row["price"])) == mirrored(price).value
    assert maker_row["transaction_hash"] == taker_row["transaction_hash"] == taker.trades()[0]["transaction_hash"]
