"""Trades as people have them: the venue's own export, sheets with their own columns, and rows that are none."""

from __future__ import annotations

from typing import Any

import pytest

from live_trading.nouns.trades import Side, SourceTrade
from live_trading.polymarket.data.feed_rows import FeedPage, read_rows
from local.backtest.sheets import NOBODY, as_feed_rows

pytestmark = pytest.mark.backtest

TRADER = "0x" + "ab" * 20
HASH = "0x" + "1" * 64
EXPORTED = {
    "marketName": "Will it rain?",
    "action": "Buy",
    "usdcAmount": "34.5",
    "tokenAmount": "100",
    "tokenName": "Yes",
    "timestamp": "1776504298",
    "hash": HASH,
}


def read(*rows: object, trader: str | None = None) -> FeedPage:
    return read_rows(as_feed_rows(rows, trader), "sheet")


def one(**changes: Any) -> SourceTrade:
    page = read(EXPORTED | changes, trader=TRADER)
    assert page.quarantined == []
    (trade,) = page.trades
    return trade


def test_the_venues_own_export_is_read() -> None:
    trade = one()

    assert (trade.trader, trade.side, trade.transaction_hash) == (TRADER, Side.BUY, HASH)
    assert (str(trade.price), str(trade.shares), trade.title) == ("0.345000", "100.000000", "Will it rain?")
    assert trade.trade_time.timestamp() == 1776504298


def test_the_same_market_and_outcome_are_the_same_token_in_every_row() -> None:
    bought, sold = one(), one(action="Sell", hash="0x" + "2" * 64, tokenName="yes")
    other = one(tokenName="No")

    assert bought.token_id == sold.token_id
    assert bought.condition_id == other.condition_id
    assert bought.token_id != other.token_id


@pytest.mark.parametrize("price", ["0.34", "$0.34", "34¢", "34c", "34%", "0.340000"])
def test_a_price_is_read_as_it_is_written(price: str) -> None:
    assert str(one(price=price).price) == "0.340000"


@pytest.mark.parametrize(
    "moment",
    [
        1776504298,
        "1776504298",
        "1776504298000",
        "2026-04-18T09:24:58Z",
        "2026-04-18 09:24:58",
        "2026-04-18 11:24:58+02:00",
    ],
)
def test_a_time_is_read_as_it_is_written(moment: object) -> None:
    assert one(timestamp=moment).trade_time.timestamp() == 1776504298


@pytest.mark.parametrize("side", ["buy", "BUY", "Bought", "b"])
def test_a_side_is_read_as_it_is_written(side: str) -> None:
    assert one(action=side).side is Side.BUY


@pytest.mark.parametrize("action", ["Deposit", "Redeem", "Withdraw"])
def test_what_is_no_trade_is_counted_as_such(action: str) -> None:
    page = read(EXPORTED | {"action": action})

    assert (page.trades, page.quarantined, page.other_activities) == ([], [], 1)


def test_two_fills_that_look_alike_are_two() -> None:
    without_hash = {name: value for name, value in EXPORTED.items() if name != "hash"}

    assert [trade.occurrence for trade in read(without_hash, without_hash).trades] == [0, 1]


def test_who_traded_is_nobody_where_nobody_says() -> None:
    (trade,) = read(EXPORTED).trades

    assert trade.trader == NOBODY


@pytest.mark.parametrize(
    "changes", [{"timestamp": "01.04.2026"}, {"tokenAmount": "many", "usdcAmount": "a lot"}, {"price": "1.7"}]
)
def test_what_cannot_be_read_is_set_aside_with_its_reason(changes: dict[str, Any]) -> None:
    page = read(EXPORTED | changes)

    assert page.trades == []
    assert len(page.quarantined) + page.other_activities == 1


def test_rows_of_the_feed_stay_as_they_are() -> None:
    row = {"proxyWallet": TRADER, "side": "BUY", "asset": "7", "transactionHash": HASH}

    assert as_feed_rows([row, 7, None, ["x"]], None) == [row, 7, None, ["x"]]
