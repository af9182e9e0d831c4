"""L1 logins, API keys and L2 signatures over HTTP."""

from __future__ import annotations

import time

import pytest

from local.chain import NEG_RISK_EXCHANGE, STANDARD_EXCHANGE
from local.exchange.identity.contracts import EXCHANGE_V3, NEG_RISK_ADAPTER
from local.exchange.identity.wallet_addresses import deposit_wallet_addresses, proxy_address, safe_address
from local.exchange.units import BASE_UNITS
from tests.unit.exchange.exchange_traders import UP
from tests.unit.exchange.exchange_venue import START_MS, Venue

UNAUTHORIZED = (401, {"error": "Unauthorized/Invalid api key"})
INVALID_LOGIN = (401, {"error": "Invalid L1 Request headers"})


def test_creating_a_key_twice_fails_and_deriving_gives_the_same_one() -> None:
    venue = Venue()
    trader = venue.trader()

    again = venue.http.post("/auth/api-key", headers=trader.login_headers())
    derived = venue.http.get("/auth/derive-api-key", headers=trader.login_headers())

    assert (again.status_code, again.json()) == (400, {"error": "Could not create api key"})
    assert derived.json() == trader.credentials


def test_a_key_that_was_never_created_cannot_be_derived() -> None:
    venue = Venue()

    response = venue.http.get("/auth/derive-api-key", headers=venue.trader().login_headers(nonce=5))

    assert (response.status_code, response.json()) == (400, {"error": "Could not derive api key!"})


def test_every_nonce_has_a_key_of_its_own_until_it_is_deleted() -> None:
    venue = Venue()
    trader = venue.trader()
    second = venue.http.post("/auth/api-key", headers=trader.login_headers(nonce=1)).json()

    listed = trader.call("GET", "/auth/api-keys").json()["apiKeys"]
    deleted = trader.call("DELETE", "/auth/api-key").json()

    assert listed == [trader.credentials["apiKey"], second["apiKey"]]
    assert deleted == "OK"
    response = trader.call("GET", "/auth/api-keys")
    assert (response.status_code, response.json()) == UNAUTHORIZED


@pytest.mark.parametrize(
    "damage",
    [
        {"POLY_ADDRESS": "0x" + "11" * 20},
        {"POLY_ADDRESS": "nobody"},
        {"POLY_SIGNATURE": "0x" + "11" * 65},
        {"POLY_SIGNATURE": "none"},
        {"POLY_NONCE": "1"},
        {"POLY_NONCE": "-1"},
        {"POLY_TIMESTAMP": str(int(time.time()) - 3600)},
        {"POLY_TIMESTAMP": "now"},
    ],
)
def test_a_login_that_the_address_did_not_sign_now_is_refused(damage: dict[str, str]) -> None:
    venue = Venue()

    response = venue.http.post("/auth/api-key", headers=venue.trader().login_headers() | damage)

    assert (response.status_code, response.json()) == INVALID_LOGIN


@pytest.mark.parametrize(
    "damage",
    [
        {"POLY_ADDRESS": "0x" + "11" * 20},
        {"POLY_API_KEY": "00000000-0000-4000-8000-000000000000"},
        {"POLY_PASSPHRASE": "wrong"},
        {"POLY_SIGNATURE": "d3Jvbmc="},
        {"POLY_TIMESTAMP": str(int(time.time()) - 3600)},
        {"POLY_TIMESTAMP": ""},
    ],
)
def test_a_call_whose_headers_do_not_belong_together_is_refused(damage: dict[str, str]) -> None:
    venue = Venue()
    headers = venue.trader().headers("GET", "/data/orders") | damage

    response = venue.http.get("/data/orders", headers=headers)

    assert (response.status_code, response.json()) == UNAUTHORIZED


def test_a_signature_covers_method_path_and_every_byte_of_the_body() -> None:
    venue = Venue()
    trader = venue.trader()
    signed = trader.headers("DELETE", "/order", '{"orderID":"0x1"}')

    other_body = venue.http.request("DELETE", "/order", content='{"orderID": "0x1"}', headers=signed)
    other_path = venue.http.request("DELETE", "/orders", content='{"orderID":"0x1"}', headers=signed)
    as_signed = venue.http.request("DELETE", "/order", content='{"orderID":"0x1"}', headers=signed)

    assert (other_body.status_code, other_path.status_code, as_signed.status_code) == (401, 401, 400)


def test_a_query_is_not_signed() -> None:
    venue = Venue()

    assert venue.trader().call("GET", "/data/orders", market="0x" + "00" * 32).status_code == 200


def test_a_client_may_stamp_the_venues_own_time() -> None:
    venue = Venue()
    trader = venue.trader()
    stamp = str(venue.get("/time"))
    key = venue.world.accounts.find(trader.credentials["apiKey"])
    assert key is not None
    signature = key.sign(f"{stamp}GET/data/orders".encode())
    headers = trader.headers("GET", "/data/orders") | {"POLY_TIMESTAMP": stamp, "POLY_SIGNATURE": signature}

    assert stamp == str(START_MS // 1000)
    assert venue.http.get("/data/orders", headers=headers).status_code == 200


def test_balances_are_those_of_the_wallet_that_the_signature_type_means() -> None:
    venue = Venue()
    trader = venue.trader(usd=1 * BASE_UNITS)
    beacon_clone, older_clone = deposit_wallet_addresses(trader.address)
    for units, wallet in enumerate((proxy_address(trader.address), safe_address(trader.address), beacon_clone), 2):
        venue.chain.usd[wallet] = units * BASE_UNITS
    venue.chain.usd[older_clone] = 9 * BASE_UNITS

    def balance(signature_type: int) -> str:
        query = {"asset_type": "COLLATERAL", "signature_type": signature_type}
        return str(trader.call("GET", "/balance-allowance", **query).json()["balance"])

    by_type = [balance(signature_type) for signature_type in range(4)]
    venue.chain.deployed.add(older_clone)

    assert by_type == ["1000000", "2000000", "3000000", "4000000"]
    assert balance(3) == "9000000"


def test_allowances_are_given_for_every_spender_that_the_venue_checks() -> None:
    venue = Venue()
    trader = venue.trader(usd=5, shares=7)
    venue.chain.allowance[trader.address] = 3

    dollars = trader.call("GET", "/balance-allowance", asset_type="COLLATERAL").json()
    tokens = trader.call("GET", "/balance-allowance", asset_type="CONDITIONAL", token_id=UP).json()

    assert dollars["balance"] == "5"
    allowances = {spender.lower(): allowance for spender, allowance in dollars["allowances"].items()}
    spenders = (STANDARD_EXCHANGE, NEG_RISK_EXCHANGE, NEG_RISK_ADAPTER)
    assert allowances == dict.fromkeys((*spenders, EXCHANGE_V3), "3")
    assert tokens["balance"] == "7"
    assert {spender.lower() for spender in tokens["allowances"]} == set(spenders)
    assert trader.call("GET", "/balance-allowance/update", asset_type="COLLATERAL").status_code == 200


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ({}, "Invalid asset type"),
        ({"asset_type": "GOLD"}, "Invalid asset type"),
        ({"asset_type": "COLLATERAL", "signature_type": "4"}, "Invalid signature_type"),
        ({"asset_type": "CONDITIONAL"}, "Invalid token id"),
    ],
)
def test_a_balance_question_that_makes_no_sense_is_refused(query: dict[str, str], text: str) -> None:
    response = Venue().trader().call("GET", "/balance-allowance", **query)

    assert (response.status_code, response.json()) == (400, {"error": text})


def test_a_missed_heartbeat_cancels_every_order_of_the_key() -> None:
    venue = Venue()
    trader = venue.trader()
    order = trader.place(price="0.40", shares="10")["orderID"]
    first = trader.call("POST", "/v1/heartbeats", {"heartbeat_id": ""}).json()["heartbeat_id"]

    venue.advance(10)
    wrong = trader.call("POST", "/v1/heartbeats", {"heartbeat_id": "stale"})
    trader.call("POST", "/v1/heartbeats", {"heartbeat_id": first})
    venue.advance(14)
    alive = trader.find(order)["status"]
    venue.advance(1)

    assert (wrong.status_code, wrong.json()["heartbeat_id"]) == (400, first)
    assert wrong.json()["error_msg"] == "Invalid Heartbeat ID"
    assert alive == "ORDER_STATUS_LIVE"
    assert trader.find(order)["status"] == "ORDER_STATUS_CANCELED"
