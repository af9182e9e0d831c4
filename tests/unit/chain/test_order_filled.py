"""One OrderFilled event, as recorded fills of the venue state their amounts, and as the feed shows the same fill."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from live_trading.chain.abi import address_topic
from live_trading.chain.contracts import ORDER_FILLED
from live_trading.chain.reading.order_filled import is_order_filled, read_order_filled
from live_trading.nouns.errors import MalformedAnswer
from live_trading.nouns.money import Shares, Usd, average_price
from live_trading.polymarket.data.feed_rows import read_feed
from tests.recorded import CASES

ACCOUNT = "0x" + "Ab" * 20
EXCHANGE = "0xe111180000d2663c0091e4f400237545b87b996b"
TOKEN = 106689618751734537559107616250640758897114156553243070254321217567999623094691


def log_of(side: int, making: int, taking: int, fee: int = 0) -> dict[str, Any]:
    words = (side, TOKEN, making, taking, fee, 0, 0)
    return {
        "address": EXCHANGE,
        "topics": [ORDER_FILLED, "0x" + "0d" * 32, address_topic(ACCOUNT), address_topic(EXCHANGE)],
        "data": "0x" + "".join(f"{word:064x}" for word in words),
    }


def recorded_fills() -> list[dict[str, Any]]:
    file = CASES / "chain_order_filled_fees.json"
    if not file.is_file():
        pytest.skip(f"no recorded fills at {file}")
    found: list[dict[str, Any]] = json.loads(file.read_text())
    return found


def test_recorded_fills_are_read_at_the_price_of_their_order() -> None:
    for each in recorded_fills():
        side = 0 if each["side"] == "BUY" else 1
        filled = read_order_filled(log_of(side, each["maker_amount_filled"], each["taker_amount_filled"], each["fee"]))
        price = average_price(filled.moved.usd, filled.moved.shares)

        assert filled.is_buy == (each["side"] == "BUY")
        assert filled.moved.fee == Usd.of_base_units(each["fee"])
        assert price is not None
        assert abs(price.value - Decimal(each["price"])) < Decimal("0.000001")


def test_a_fill_and_the_feeds_row_of_it_have_one_price_and_one_size() -> None:
    """The feed prints a quotient: 4.999998 dollars for 7.042251 shares, with up to eighteen digits."""
    usd, shares = Decimal("4.999998"), Decimal("7.042251")
    row = {
        "proxy_wallet": ACCOUNT,
        "side": "BUY",
        "token_id": str(TOKEN),
        "condition_id": "0x" + "c0" * 32,
        "size": float(shares),
        "price": float(usd / shares),
        "timestamp": 1_788_887_014,
        "transaction_hash": "0x" + "ab" * 32,
    }
    filled = read_order_filled(log_of(0, 4_999_998, 7_042_251))

    (shown,) = read_feed(json.dumps([row]), "test").trades

    assert (shown.price, shown.shares) == (average_price(filled.moved.usd, filled.moved.shares), filled.moved.shares)
    assert (shown.trader, shown.token_id) == (filled.account, filled.token_id)


def test_an_event_of_another_shape_is_no_fill() -> None:
    short = log_of(0, 1, 2)
    short["data"] = short["data"][:-64]
    for log in (short, log_of(2, 1, 2), log_of(0, 3, 2), log_of(0, 0, 0), log_of(1, 0, 1)):
        with pytest.raises(MalformedAnswer):
            read_order_filled(log)


def test_a_sale_gives_shares_for_dollars() -> None:
    moved = read_order_filled(log_of(1, 7_570_000, 4_920_500, 86_100)).moved

    assert (moved.shares, moved.usd, moved.fee) == (Shares("7.57"), Usd("4.9205"), Usd("0.0861"))


def test_an_event_without_the_accounts_is_another_one() -> None:
    log = log_of(0, 1, 2)

    assert is_order_filled(log)
    assert not is_order_filled(log | {"topics": log["topics"][:3]})
    assert not is_order_filled(log | {"topics": ["0x" + "00" * 32, *log["topics"][1:]]})
