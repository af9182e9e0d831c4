"""FT wallets over the API: versions that never change, and configurations that are refused field by field."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from tests.integration.api_fixtures import STRANGER, Api, ft_wallet_body

pytestmark = pytest.mark.integration
WALLETS = "/api/ft/wallets"


def test_a_wallet_is_created_listed_and_shown(api: Api) -> None:
    made = api.call("POST", WALLETS, ft_wallet_body())

    assert made.status == 201
    assert made.body["version"] == 1
    wallet = made.body["ft_wallet_id"]
    assert [each["ft_wallet_id"] for each in api.call("GET", WALLETS).body["ft_wallets"]] == [wallet]
    assert api.call("GET", f"{WALLETS}/{wallet}").body["config"]["bet_size"] == "10"


def test_an_update_is_a_new_version_and_the_old_one_stays_as_it_was(api: Api) -> None:
    wallet = api.ft_wallet()["ft_wallet_id"]

    changed = api.call("PUT", f"{WALLETS}/{wallet}", {"config": {"bet_size": "20", "max_bet": "40"}})

    assert (changed.status, changed.body["version"]) == (200, 2)
    rows = api.rows("SELECT version, config->>'bet_size' AS bet FROM ft_wallet_versions ORDER BY version")
    assert [(row["version"], row["bet"]) for row in rows] == [(1, "10"), (2, "20")]


def test_a_change_on_top_of_another_version_is_refused(api: Api) -> None:
    wallet = api.ft_wallet()["ft_wallet_id"]
    body = {"config": {"bet_size": "20", "max_bet": "40"}, "expected_version": 7}

    refused = api.call("PUT", f"{WALLETS}/{wallet}", body)

    assert (refused.status, refused.error["code"]) == (409, "wrong_state")


@pytest.mark.money_faults
@pytest.mark.parametrize(
    ("config", "field"),
    [
        ({"bet_size": "-5"}, "config.bet_size"),
        ({"bet_size": 10.123456789}, "config.bet_size"),
        ({"bet_size": "10", "min_edge": "5"}, "config.min_edge"),
        ({"bet_size": "10", "kelly_fraction": 25}, "config.kelly_fraction"),
        ({"bet_size": "10", "no_such_key": 1}, "config.no_such_key"),
        ({"bet_size": "10", "allocation_method": "GUESS"}, "config.allocation_method"),
        ({"bet_size": "10", "target_traders": ["0x12"]}, "config.target_traders"),
        ({"bet_size": "10", "price_min": "0.9", "price_max": "0.1"}, "config.price_min"),
        ({"target_traders": ["0x" + "ab" * 20], "excluded_traders": ["0x" + "AB" * 20]}, "config.excluded_traders"),
        ({"market_categories": ["Sports"], "exclude_market_keywords": ["sports"]}, "config.exclude_market_keywords"),
        ({"bet_size": "50", "max_bet": "40"}, "config.bet_size"),
        ({"allocation_method": "TIERED", "copy_tiers": [{"from_usd": 1, "multiplier": 1}]}, "config.copy_tiers"),
        ({"allocation_method": "COPY_FRACTION"}, "config.copy_fraction"),
    ],
)
def test_a_configuration_that_does_not_fit_is_refused_with_its_field(
    api: Api, config: dict[str, Any], field: str
) -> None:
    refused = api.call("POST", WALLETS, {**ft_wallet_body(), "config": config})

    assert (refused.status, refused.error["code"]) == (422, "invalid")
    assert any(name.startswith(field) for name in refused.fields), refused.fields
    assert api.rows("SELECT 1 FROM ft_wallets") == []


def test_a_percentage_is_recognised_and_the_fraction_asked_for(api: Api) -> None:
    refused = api.call("POST", WALLETS, {**ft_wallet_body(), "config": {"bet_size": "10", "min_edge": 5}})

    problem = refused.fields["config.min_edge"]
    assert problem["allowed"] is not None
    assert "fraction" in problem["reason"] or "1" in problem["allowed"]


def test_a_second_wallet_of_the_same_name_names_the_first(api: Api) -> None:
    first = api.ft_wallet()["ft_wallet_id"]

    refused = api.call("POST", WALLETS, ft_wallet_body())

    assert (refused.status, refused.error["code"], refused.error["existing_id"]) == (409, "already_exists", first)


def test_somebody_elses_wallet_is_not_found_like_one_that_does_not_exist(api: Api) -> None:
    wallet = api.ft_wallet()["ft_wallet_id"]

    theirs = api.call("GET", f"{WALLETS}/{wallet}", owner=STRANGER)
    none = api.call("GET", f"{WALLETS}/{uuid.uuid4()}", owner=STRANGER)

    assert theirs.status == none.status == 404
    assert theirs.body == none.body
    assert api.call("GET", WALLETS, owner=STRANGER).body["ft_wallets"] == []


def test_the_same_request_under_one_key_is_carried_out_once(api: Api) -> None:
    first = api.call("POST", WALLETS, ft_wallet_body(), key="once")
    again = api.call("POST", WALLETS, ft_wallet_body(), key="once")
    other = api.call("POST", WALLETS, ft_wallet_body("other"), key="once")

    assert (again.status, again.body) == (first.status, first.body)
    assert (other.status, other.error["code"]) == (409, "idempotency_key_reused")
    assert len(api.rows("SELECT 1 FROM ft_wallets")) == 1


def test_the_traders_of_a_wallet_are_followed_from_now_on(api: Api) -> None:
    trader = "0x" + "Ab" * 20

    api.ft_wallet(config={"bet_size": "10", "target_traders": [trader]})

    (row,) = api.rows("SELECT trader_address, is_followed FROM traders")
    assert (row["trader_address"], row["is_followed"]) == (trader.lower(), True)
