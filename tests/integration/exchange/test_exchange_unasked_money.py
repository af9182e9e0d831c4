"""Money that comes unasked, on the local chain and in the activity."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from eth_account import Account

from live_trading.nouns.money import Usd
from local.machine.patience import HANG_SECONDS
from tests.integration.exchange_fixtures import RunningExchange, running_exchange
from tests.unit.exchange.exchange_traders import Trader

pytestmark = pytest.mark.integration

TIMES = {"rebates_every_seconds": 60, "dust_after_seconds": 30}
DUST = Usd("0.000001")


@pytest.fixture
def exchange(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningExchange]:
    directory: Path = tmp_path_factory.mktemp("exchange")
    with running_exchange(directory, markets=1, traders=0, payments=TIMES) as exchange:
        yield exchange


@pytest.fixture
def trader(exchange: RunningExchange) -> Iterator[Trader]:
    """An account that has bought for about ten dollars."""
    (up, _) = exchange.replay()["markets"][0]["token_ids"]
    with httpx.Client(base_url=exchange.clob_url, timeout=HANG_SECONDS) as http:
        trader = Trader(http, Account.create())
        exchange.chain.fund_gas(trader.address)
        exchange.chain.mint_collateral(trader.address, Usd(100))
        exchange.chain.approve_trading_of(trader.address)
        best = http.get("/book", params={"token_id": up}).json()["asks"][-1]["price"]
        trader.place(token_id=up, price=best, usd="10", order_type="FAK")
        yield trader


def activity(exchange: RunningExchange, trader: Trader) -> list[dict[str, Any]]:
    answer = exchange.http.get(f"{exchange.data_url}/v2/activity", params={"user": trader.address})
    return list(answer.raise_for_status().json()["data"])


def test_a_stranger_sends_a_base_unit_that_no_activity_explains(exchange: RunningExchange, trader: Trader) -> None:
    exchange.advance(20)
    before = exchange.chain.collateral_balance(trader.address)

    exchange.advance(10)

    assert exchange.chain.collateral_balance(trader.address) == before + DUST
    assert [row["type"] for row in activity(exchange, trader)] == ["TRADE"]


def test_a_taker_gets_its_rebate_on_the_chain_first_and_then_in_the_activity(
    exchange: RunningExchange, trader: Trader
) -> None:
    exchange.advance(50)
    before = exchange.chain.collateral_balance(trader.address)

    exchange.advance(10)
    rebate = exchange.chain.collateral_balance(trader.address) - before
    at_once = [row["type"] for row in activity(exchange, trader)]
    exchange.advance(60)
    newest = activity(exchange, trader)[0]

    assert rebate.is_positive
    assert at_once == ["TRADE"]
    assert newest["type"] == "TAKER_REBATE"
    assert Usd(str(newest["usdc_size"])) == rebate


def test_any_payment_comes_on_demand(exchange: RunningExchange, trader: Trader) -> None:
    exchange.advance(20)
    before = exchange.chain.collateral_balance(trader.address)

    exchange.control("POST", "/payments", json={"address": trader.address, "usd": "1.25", "kind": "REWARD"})
    exchange.control("POST", "/payments", json={"address": trader.address, "usd": "0.5"})
    gained = exchange.chain.collateral_balance(trader.address) - before
    exchange.advance(60)

    assert gained == Usd("1.75")
    assert "REWARD" in [row["type"] for row in activity(exchange, trader)]
