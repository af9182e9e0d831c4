"""Orders that the venue cannot read, or that are not the caller's own, over HTTP, in the venue's own words."""

from __future__ import annotations

import pytest

from local.exchange.identity.contracts import NEG_RISK_DOMAIN, V3_DOMAIN
from local.exchange.identity.wallet_addresses import safe_address
from local.exchange.units import BASE_UNITS
from tests.unit.exchange.exchange_traders import Trader
from tests.unit.exchange.exchange_venue import Snapshot, Venue

BOOK = Snapshot(bids={"0.48": "100", "0.47": "50"}, asks={"0.52": "100", "0.53": "200"})
OTHER_ADDRESS = "0x" + "99" * 20


@pytest.fixture
def venue() -> Venue:
    return Venue(BOOK)


@pytest.fixture
def trader(venue: Venue) -> Trader:
    return venue.trader()


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
