"""Orders that break a rule of the market or exceed the account's funds, over HTTP, in the venue's own words."""

from __future__ import annotations

import pytest
from eth_utils.address import to_checksum_address

from local.chain import NEG_RISK_EXCHANGE, STANDARD_EXCHANGE
from local.exchange.identity.contracts import NEG_RISK_ADAPTER
from local.exchange.units import BASE_UNITS
from tests.unit.exchange.exchange_traders import UP, Trader
from tests.unit.exchange.exchange_venue import END_MS, START_MS, Snapshot, Venue

BOOK = Snapshot(bids={"0.48": "100", "0.47": "50"}, asks={"0.52": "100", "0.53": "200"})


@pytest.fixture
def venue() -> Venue:
    return Venue(BOOK)


@pytest.fixture
def trader(venue: Venue) -> Trader:
    return venue.trader()


def test_a_price_off_the_grid_names_the_order_the_price_and_the_tick(venue: Venue, trader: Trader) -> None:
    body = trader.order(price="0.525", shares="10")

    response = trader.post(body)

    text = f"order {venue.order_id(body)} is invalid. Price (0.525) breaks minimum tick size rule: 0.01"
    assert (response.status_code, response.json()) == (400, {"error": text})


def test_a_finer_tick_takes_the_price_that_the_coarse_one_refused() -> None:
    venue = Venue(BOOK, fine_after_s=10)
    trader = venue.trader()
    body = trader.order(price="0.525", shares="10")

    before = trader.post(body)
    venue.advance(10)
    after = trader.post(body)

    assert (before.status_code, after.status_code) == (400, 200)


def test_a_resting_order_below_five_shares_is_too_small(venue: Venue, trader: Trader) -> None:
    body = trader.order(price="0.40", shares="4.99")

    text = f"order {venue.order_id(body)} is invalid. Size (4.99) lower than the minimum: 5"
    assert trader.post(body).json() == {"error": text}


@pytest.mark.parametrize(
    ("amounts", "side", "text"),
    [
        (
            (1_001_000, 1_925_000),
            "BUY",
            (
                "invalid amounts, the market buy orders maker amount supports a max accuracy of 2 decimals, "
                "taker amount a max of 4 decimals"
            ),
        ),
        (
            (1_000_000, 1_923_076),
            "BUY",
            (
                "invalid amounts, the market buy orders maker amount supports a max accuracy of 2 decimals, "
                "taker amount a max of 4 decimals"
            ),
        ),
        (
            (10_001_000, 4_800_480),
            "SELL",
            (
                "invalid amounts, the sell orders maker amount supports a max accuracy of 2 decimals, "
                "taker amount a max of 4 decimals"
            ),
        ),
    ],
)
def test_market_amounts_with_too_many_decimals_are_refused(
    trader: Trader, amounts: tuple[int, int], side: str, text: str
) -> None:
    maker, taker = amounts

    refusal = trader.refusal(side=side, maker_amount=maker, taker_amount=taker, order_type="FAK")

    assert refusal == (400, text)


def test_limit_amounts_with_too_many_decimals_are_refused(trader: Trader) -> None:
    refusal = trader.refusal(price="0.40", shares="10.001")

    assert refusal == (
        400,
        (
            "invalid amounts, the buy orders maker amount supports a max accuracy of 4 decimals, "
            "taker amount a max of 2 decimals"
        ),
    )


@pytest.mark.parametrize("order_type", ["FAK", "FOK"])
def test_a_market_buy_under_a_dollar_is_too_small(trader: Trader, order_type: str) -> None:
    refusal = trader.refusal(price="0.52", usd="0.99", order_type=order_type)

    assert refusal == (400, "invalid amount for a marketable BUY order ($0.99), min size: $1")


@pytest.mark.parametrize("order_type", ["FAK", "FOK"])
def test_a_market_order_over_a_dollar_needs_no_five_shares(trader: Trader, order_type: str) -> None:
    bought = trader.place(price="0.52", usd="1.04", order_type=order_type)
    sold = trader.place(side="SELL", price="0.40", shares="2.1", order_type=order_type)

    assert (bought["takingAmount"], sold["makingAmount"]) == ("2", "2.1")


def test_a_market_sell_that_would_get_less_than_a_dollar_is_too_small(trader: Trader) -> None:
    refusal = trader.refusal(side="SELL", price="0.40", shares="2", order_type="FAK")

    assert refusal == (400, "invalid amount for a marketable SELL order ($0.96), min size: $1")


def test_a_resting_order_needs_five_shares_whatever_they_are_worth(trader: Trader) -> None:
    assert trader.refusal(price="0.45", shares="4.99")[1].endswith("Size (4.99) lower than the minimum: 5")


def test_a_limit_buy_under_a_dollar_is_too_small_only_where_it_would_match() -> None:
    venue = Venue(Snapshot(asks={"0.10": "100"}))
    trader = venue.trader()

    assert trader.refusal(price="0.10", shares="5")[1].endswith("($0.5), min size: $1")
    assert trader.place(price="0.09", shares="5")["status"] == "live"


@pytest.mark.parametrize(("order_type", "expires_in_s"), [("GTD", 179), ("GTD", -1), ("GTC", 600), ("FAK", 600)])
def test_an_expiration_that_cannot_be_kept_is_invalid(trader: Trader, order_type: str, expires_in_s: int) -> None:
    expiration = START_MS // 1000 + expires_in_s

    refusal = trader.refusal(price="0.40", shares="10", order_type=order_type, expiration=expiration)

    assert refusal == (400, "invalid expiration")


def test_a_post_only_order_that_would_match_is_refused_and_may_come_again(trader: Trader) -> None:
    body = trader.order(price="0.52", post_only=True)

    texts = {trader.post(body).json()["error"] for _ in range(2)}

    assert texts == {"invalid post-only order: order crosses book"}


def test_an_order_for_more_than_the_balance_is_refused_with_the_fee_included(venue: Venue) -> None:
    trader = venue.trader(usd=5_200_000)

    refusal = trader.refusal(price="0.52", shares="10")

    assert refusal == (
        400,
        (
            "not enough balance / allowance: the balance is not enough -> balance: 5200000, "
            "order amount (inc. fees): 5374720"
        ),
    )


def test_open_orders_and_unsettled_fills_speak_for_the_balance(venue: Venue) -> None:
    trader = venue.trader(usd=12 * BASE_UNITS)
    trader.place(price="0.40", shares="10")
    trader.place(price="0.52", usd="5.20", order_type="FAK")

    refusal = trader.refusal(price="0.40", shares="10")

    assert refusal == (
        400,
        (
            "not enough balance / allowance: the balance is not enough -> balance: 12000000, "
            "sum of active orders: 4000000, sum of matched orders: 5374720, order amount (inc. fees): 4000000"
        ),
    )


def test_shares_bought_a_moment_ago_cannot_be_sold_before_they_have_settled(venue: Venue) -> None:
    trader = venue.trader(shares=0)
    trader.place(price="0.52", usd="5.20", order_type="FAK")
    sell = {"side": "SELL", "price": "0.48", "shares": "10", "order_type": "FAK"}

    early = trader.refusal(**sell)
    venue.advance(2)

    assert early[1].startswith("not enough balance / allowance: the balance is not enough -> balance: 0,")
    assert trader.place(**sell)["status"] == "matched"


def test_an_allowance_below_the_order_is_refused(venue: Venue, trader: Trader) -> None:
    venue.chain.allowance[trader.address] = 1_000_000

    refusal = trader.refusal(price="0.40", shares="10")

    assert refusal == (
        400,
        (
            "not enough balance / allowance: the allowance is not enough -> "
            f"spender: {to_checksum_address(STANDARD_EXCHANGE)}, "
            "allowance: 1000000, order amount (inc. fees): 4000000"
        ),
    )


def test_a_sell_needs_the_exchange_as_operator(venue: Venue, trader: Trader) -> None:
    venue.chain.operators_refused.add(trader.address)

    refusal = trader.refusal(side="SELL", price="0.60", shares="10")

    assert "the allowance is not enough -> spender:" in refusal[1]


@pytest.mark.parametrize("spender", [NEG_RISK_EXCHANGE, NEG_RISK_ADAPTER])
@pytest.mark.parametrize("side", ["BUY", "SELL"])
def test_neg_risk_needs_the_allowance_of_its_exchange_and_of_the_adapter(spender: str, side: str) -> None:
    venue = Venue(Snapshot(bids={"0.48": "100"}, asks={"0.52": "100"}), neg_risk=True)
    trader = venue.trader()
    order = {"side": side, "price": "0.50", "shares": "10"}
    assert trader.place(**order)["status"] == "live"
    venue.chain.refused.add((trader.address, spender))

    status, text = trader.refusal(**order)

    assert (status, f"spender: {to_checksum_address(spender)}, allowance: 0" in text) == (400, True)


def test_a_standard_market_asks_nothing_of_neg_risk_spenders(venue: Venue, trader: Trader) -> None:
    venue.chain.refused |= {(trader.address, NEG_RISK_EXCHANGE), (trader.address, NEG_RISK_ADAPTER)}

    assert trader.place(price="0.52", usd="5.20", order_type="FAK")["status"] == "matched"


def test_a_fill_or_kill_that_cannot_fill_is_killed_and_then_duplicated(venue: Venue, trader: Trader) -> None:
    body = trader.order(price="0.52", usd="60", order_type="FOK")

    first, second = (trader.post(body).json()["error"] for _ in range(2))

    assert first == "order couldn't be fully filled. FOK orders are fully filled or killed."
    assert second == f"order {venue.order_id(body)} is invalid. Duplicated."
    assert trader.find(venue.order_id(body)) is None


def test_a_fill_and_kill_without_a_match_is_killed_and_then_duplicated(venue: Venue, trader: Trader) -> None:
    body = trader.order(price="0.51", usd="5", order_type="FAK")

    first, second = (trader.post(body).json()["error"] for _ in range(2))

    assert first == (
        "no orders found to match with FAK order. FAK orders are partially filled or killed if no match is found."
    )
    assert second == f"order {venue.order_id(body)} is invalid. Duplicated."


def test_an_order_that_was_taken_in_is_duplicated_even_after_its_funds_are_gone(venue: Venue) -> None:
    trader = venue.trader(usd=6 * BASE_UNITS)
    body = trader.order(price="0.52", usd="5", order_type="FAK")
    assert trader.post(body).json()["status"] == "matched"
    venue.advance(10)

    assert trader.post(body).json() == {"error": f"order {venue.order_id(body)} is invalid. Duplicated."}


def test_a_token_without_a_book_is_named(trader: Trader) -> None:
    assert trader.refusal(price="0.52", token_id="12345" * 10)[1] == f"The orderbook {'12345' * 10} does not exist"


def test_a_market_that_has_closed_takes_no_orders(venue: Venue, trader: Trader) -> None:
    venue.timeline.advance_to(END_MS + 1)

    assert trader.refusal(price="0.52") == (400, f"The orderbook {UP} does not exist")
