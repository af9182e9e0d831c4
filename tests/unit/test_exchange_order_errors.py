"""Every documented refusal of an order, over HTTP, in the venue's own words."""

from __future__ import annotations

import pytest

from live_trading.nouns.money import BASE_UNITS
from local.chain import STANDARD_EXCHANGE
from local.exchange.contracts import NEG_RISK_DOMAIN, V3_DOMAIN
from local.exchange.faults import FaultKind
from local.exchange.incoming import identify
from local.exchange.orders import parse_post
from local.exchange.wallet_addresses import safe_address
from tests.unit.exchange_traders import UP, Trader
from tests.unit.exchange_venue import END_MS, START_MS, Snapshot, Venue

BOOK = Snapshot(bids={"0.48": "100", "0.47": "50"}, asks={"0.52": "100", "0.53": "200"})
OTHER_ADDRESS = "0x" + "99" * 20


@pytest.fixture
def venue() -> Venue:
    return Venue(BOOK)


@pytest.fixture
def trader(venue: Venue) -> Trader:
    return venue.trader()


def order_id(venue: Venue, body: dict[str, object]) -> str:
    return identify(parse_post(body), venue.markets.market).order_hash


@pytest.mark.parametrize(
    "damage",
    [
        {"salt": "12"},
        {"salt": 2**53 + 1},
        {"makerAmount": 5_000_000},
        {"makerAmount": "5.2"},
        {"makerAmount": "0"},
        {"maker": "0x12"},
        {"side": "buy"},
        {"signatureType": 4},
        {"signatureType": "0"},
        {"signature": "0xabc"},
        {"metadata": "0x00"},
        {"surprise": 1},
    ],
)
def test_a_malformed_order_is_an_invalid_payload(trader: Trader, damage: dict[str, object]) -> None:
    body = trader.order(price="0.52")
    body["order"] |= damage

    response = trader.post(body)

    assert (response.status_code, response.json()) == (400, {"error": "Invalid order payload"})


@pytest.mark.parametrize("field", ["order", "owner", "orderType"])
def test_a_missing_field_is_an_invalid_payload(trader: Trader, field: str) -> None:
    body = trader.order(price="0.52")
    del body[field]

    assert trader.post(body).json() == {"error": "Invalid order payload"}


def test_a_body_that_is_not_json_is_an_invalid_payload(venue: Venue, trader: Trader) -> None:
    headers = trader.headers("POST", "/order", "{")

    response = venue.http.post("/order", content="{", headers=headers)

    assert (response.status_code, response.json()) == (400, {"error": "Invalid order payload"})


def test_post_only_is_not_for_market_orders(trader: Trader) -> None:
    refusal = trader.refusal(price="0.52", usd="5", order_type="FAK", post_only=True)

    assert refusal == (400, "Invalid order payload")


def test_the_owner_has_to_be_the_api_key(trader: Trader) -> None:
    body = trader.order(price="0.52") | {"owner": "00000000-0000-4000-8000-000000000000"}

    response = trader.post(body)

    assert response.json() == {"error": "the order owner has to be the owner of the API KEY"}


@pytest.mark.parametrize("wallet", [{"signer": OTHER_ADDRESS}, {"maker": OTHER_ADDRESS}])
def test_the_signer_has_to_be_the_api_keys_address(trader: Trader, wallet: dict[str, str]) -> None:
    refusal = trader.refusal(price="0.52", **wallet)

    assert refusal == (400, "the order signer address has to be the address of the API KEY")


@pytest.mark.parametrize("signature_type", [1, 2, 3])
def test_a_wallet_that_no_factory_made_for_the_signer_is_refused(trader: Trader, signature_type: int) -> None:
    signer = OTHER_ADDRESS if signature_type == 3 else None

    refusal = trader.refusal(price="0.52", maker=OTHER_ADDRESS, signer=signer, signature_type=signature_type)

    assert refusal == (400, "the order signer address has to be the address of the API KEY")


def test_an_order_changed_after_signing_has_an_invalid_signature(trader: Trader) -> None:
    body = trader.order(price="0.52", shares="10")
    body["order"]["takerAmount"] = "11000000"

    assert trader.post(body).json() == {"error": "invalid signature"}


def test_an_order_signed_for_the_neg_risk_exchange_has_an_invalid_signature(trader: Trader) -> None:
    assert trader.refusal(price="0.52", domain=NEG_RISK_DOMAIN) == (400, "invalid signature")


def test_an_order_signed_for_the_third_exchange_has_the_wrong_version(trader: Trader) -> None:
    assert trader.refusal(price="0.52", domain=V3_DOMAIN) == (400, "order_version_mismatch")


@pytest.mark.parametrize("field", ["nonce", "feeRateBps"])
def test_an_order_of_the_first_version_has_the_wrong_version(trader: Trader, field: str) -> None:
    body = trader.order(price="0.52")
    body["order"][field] = "0"

    assert trader.post(body).json() == {"error": "order_version_mismatch"}


def test_a_price_off_the_grid_names_the_order_the_price_and_the_tick(venue: Venue, trader: Trader) -> None:
    body = trader.order(price="0.525", shares="10")

    response = trader.post(body)

    text = f"order {order_id(venue, body)} is invalid. Price (0.525) breaks minimum tick size rule: 0.01"
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

    text = f"order {order_id(venue, body)} is invalid. Size (4.99) lower than the minimum: 5"
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


def test_a_limit_buy_under_a_dollar_is_too_small_only_where_it_would_match() -> None:
    venue = Venue(Snapshot(asks={"0.10": "100"}))
    trader = venue.trader()

    assert trader.refusal(price="0.10", shares="5")[1].endswith("($0.5), min size: $1")
    assert trader.place(price="0.09", shares="5")["status"] == "live"


@pytest.mark.parametrize(("order_type", "expires_in_s"), [("GTD", 60), ("GTD", -1), ("GTC", 600), ("FAK", 600)])
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
            f"not enough balance / allowance: the allowance is not enough -> spender: {STANDARD_EXCHANGE}, "
            "allowance: 1000000, order amount (inc. fees): 4000000"
        ),
    )


def test_a_sell_needs_the_exchange_as_operator(venue: Venue, trader: Trader) -> None:
    venue.chain.operators_refused.add(trader.address)

    refusal = trader.refusal(side="SELL", price="0.60", shares="10")

    assert "the allowance is not enough -> spender:" in refusal[1]


def test_a_fill_or_kill_that_cannot_fill_is_killed_and_then_duplicated(venue: Venue, trader: Trader) -> None:
    body = trader.order(price="0.52", usd="60", order_type="FOK")

    first, second = (trader.post(body).json()["error"] for _ in range(2))

    assert first == "order couldn't be fully filled. FOK orders are fully filled or killed."
    assert second == f"order {order_id(venue, body)} is invalid. Duplicated."
    assert trader.find(order_id(venue, body)) is None


def test_a_fill_and_kill_without_a_match_is_killed_and_then_duplicated(venue: Venue, trader: Trader) -> None:
    body = trader.order(price="0.51", usd="5", order_type="FAK")

    first, second = (trader.post(body).json()["error"] for _ in range(2))

    assert first == (
        "no orders found to match with FAK order. FAK orders are partially filled or killed if no match is found."
    )
    assert second == f"order {order_id(venue, body)} is invalid. Duplicated."


def test_an_order_that_was_taken_in_is_duplicated_even_after_its_funds_are_gone(venue: Venue) -> None:
    trader = venue.trader(usd=6 * BASE_UNITS)
    body = trader.order(price="0.52", usd="5", order_type="FAK")
    assert trader.post(body).json()["status"] == "matched"
    venue.advance(10)

    assert trader.post(body).json() == {"error": f"order {order_id(venue, body)} is invalid. Duplicated."}


def test_a_token_without_a_book_is_named(trader: Trader) -> None:
    assert trader.refusal(price="0.52", token_id="12345" * 10)[1] == f"The orderbook {'12345' * 10} does not exist"


def test_a_market_that_has_closed_takes_no_orders(venue: Venue, trader: Trader) -> None:
    venue.timeline.advance_to(END_MS + 1)

    assert trader.refusal(price="0.52") == (400, f"The orderbook {UP} does not exist")


@pytest.mark.parametrize(
    ("kind", "status", "text"),
    [
        (FaultKind.ADDRESS_BANNED, 400, "'{address}' address banned"),
        (FaultKind.CLOSED_ONLY, 400, "'{address}' address in closed only mode"),
        (
            FaultKind.DEPOSIT_WALLET_REQUIRED,
            400,
            "maker address not allowed, please use the deposit wallet flow",
        ),
        (FaultKind.MARKET_NOT_READY, 400, "the market is not yet ready to process new orders"),
        (FaultKind.MATCH_DELAYED, 400, "order match delayed due to market conditions"),
        (FaultKind.CANCELED_ON_CHAIN, 400, "order canceled in the CTF exchange contract"),
        (FaultKind.CROSSES_BOOK, 400, "order {order} crosses the book"),
        (FaultKind.API_KEY_UNKNOWN, 401, "Unauthorized/Invalid api key"),
        (FaultKind.GEOBLOCKED, 403, "Trading restricted in your region, please refer to available regions"),
        (FaultKind.ENGINE_RESTARTING, 425, "matching engine is restarting"),
        (FaultKind.RATE_LIMITED, 429, "Too Many Requests"),
        (FaultKind.SERVER_ERROR, 500, "Internal server error"),
        (FaultKind.ORDER_TIMED_OUT, 500, "order timed out"),
        (FaultKind.INSERT_FAILED, 500, "could not insert order"),
        (FaultKind.EXECUTION_FAILED, 500, "could not run the execution"),
        (FaultKind.TRADING_DISABLED, 503, "Trading is currently disabled. Check polymarket.com for updates"),
        (
            FaultKind.CANCEL_ONLY,
            503,
            "Trading is currently cancel-only. New orders are not accepted, but cancels are allowed.",
        ),
        (FaultKind.POST_ONLY_MODE, 503, "post-only mode: only post-only orders and cancels are allowed"),
    ],
)
def test_an_armed_fault_refuses_the_order_which_is_not_placed_and_may_come_again(
    venue: Venue, trader: Trader, kind: FaultKind, status: int, text: str
) -> None:
    venue.faults.arm(kind, count=1)
    body = trader.order(price="0.52", usd="5", order_type="FAK")

    refused = trader.post(body)

    expected = text.format(address=trader.address, order=order_id(venue, body))
    assert (refused.status_code, refused.json()["error"]) == (status, expected)
    assert venue.engine.records.order(order_id(venue, body)) is None
    assert trader.post(body).json()["status"] == "matched"
    assert venue.engine.records.posts_seen(order_id(venue, body)) == 2


def test_post_only_mode_says_for_how_long_and_lets_post_only_orders_pass(venue: Venue, trader: Trader) -> None:
    venue.faults.arm(FaultKind.POST_ONLY_MODE, seconds=90)

    refused = trader.post(trader.order(price="0.40", shares="10"))

    assert refused.json()["code"] == "post_only_mode"
    assert refused.json()["retry_after_seconds"] == 90
    assert trader.place(price="0.40", shares="10", post_only=True)["status"] == "live"


def test_a_rate_limit_says_when_to_come_again(venue: Venue, trader: Trader) -> None:
    venue.faults.arm(FaultKind.RATE_LIMITED, seconds=7, count=1)

    assert trader.post(trader.order(price="0.40")).headers["Retry-After"] == "7"


def test_closed_only_mode_lets_sells_pass_and_is_told(venue: Venue, trader: Trader) -> None:
    venue.faults.arm(FaultKind.CLOSED_ONLY)

    assert trader.refusal(price="0.52", usd="5", order_type="FAK")[0] == 400
    assert trader.place(side="SELL", price="0.48", shares="10", order_type="FAK")["status"] == "matched"
    assert trader.call("GET", "/auth/ban-status/closed-only").json() == {"closed_only": True}


def test_cloudflare_blocks_with_a_page(venue: Venue, trader: Trader) -> None:
    venue.faults.arm(FaultKind.CLOUDFLARE_BLOCKED, count=1)

    response = trader.post(trader.order(price="0.40"))

    assert (response.status_code, response.headers["Server"]) == (403, "cloudflare")
    assert response.headers["Content-Type"].startswith("text/html")


def test_a_batch_answers_for_each_order_on_its_own(trader: Trader) -> None:
    good = trader.order(price="0.40", shares="10")
    small = trader.order(price="0.40", shares="1")

    response = trader.call("POST", "/orders", [good, small])

    live, refused = response.json()
    assert (live["status"], live["errorMsg"]) == ("live", "")
    assert (refused["orderID"], refused["success"]) == ("", True)
    assert "lower than the minimum: 5" in refused["errorMsg"]


def test_a_batch_takes_fifteen_orders(trader: Trader) -> None:
    orders = [trader.order(price="0.40", shares="5") for _ in range(16)]

    response = trader.call("POST", "/orders", orders)

    assert response.json() == {"error": "Too many orders in payload: 16, max allowed: 15"}
    assert len(trader.call("POST", "/orders", orders[:15]).json()) == 15


def test_a_safe_order_needs_the_owners_safe(venue: Venue, trader: Trader) -> None:
    safe = safe_address(trader.address)
    venue.chain.usd[safe] = 100 * BASE_UNITS

    placed = trader.place(price="0.40", shares="10", maker=safe, signature_type=2)

    assert trader.find(placed["orderID"])["maker_address"] == safe
