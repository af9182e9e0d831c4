"""LT strategies over the API: money, limits and first state in one step, or nothing of it."""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import Any

import pytest

from tests.integration.api_fixtures import NO_LIMITS, STRANGER, Api, fresh_address, trading_wallet_body

pytestmark = pytest.mark.integration
STRATEGIES = "/api/lt/strategies"


def test_a_strategy_comes_with_its_limits_its_state_and_its_money(api: Api) -> None:
    made = api.strategy()

    shown = api.call("GET", f"{STRATEGIES}/{made['lt_strategy_id']}").body
    assert shown["status"] == "ACTIVE"
    assert shown["risk_rules"] == {**NO_LIMITS, "daily_budget_usd": "100.000000"}
    assert Decimal(shown["balances"]["available_usd"]) == 500
    assert Decimal(shown["risk_state"]["equity_usd"]) == 500
    (row,) = api.rows("SELECT sum(amount_usd) AS free FROM ledger_entries WHERE account = 'UNALLOCATED'")
    assert row["free"] == 500


@pytest.mark.parametrize("preset", ["conservative", "moderate", "aggressive"])
def test_a_preset_is_stored_as_what_it_means(api: Api, preset: str) -> None:
    body = api.strategy_body(risk_preset=preset)
    del body["risk_rules"]

    made = api.call("POST", STRATEGIES, body)

    assert made.status == 201
    assert any(value is not None for value in made.body["risk_rules"].values())


def test_more_capital_than_the_wallet_has_left_is_refused_and_nothing_is_written(api: Api) -> None:
    refused = api.call("POST", STRATEGIES, api.strategy_body(initial_capital_usd="1000.01"))

    assert (refused.status, refused.error["code"]) == (409, "insufficient_funds")
    assert refused.error["unallocated_usd"] == "1000.000000"
    assert api.rows("SELECT 1 FROM lt_strategies") == api.rows("SELECT 1 FROM lt_risk_rules") == []


def test_a_second_strategy_for_a_paper_wallet_names_the_first(api: Api) -> None:
    first = api.strategy()

    refused = api.call("POST", STRATEGIES, api.strategy_body(ft_wallet_id=first["ft_wallet_id"]))

    assert (refused.status, refused.error["existing_id"]) == (409, first["lt_strategy_id"])
    assert len(api.rows("SELECT 1 FROM lt_strategies")) == 1


def test_of_wallets_that_were_made_at_the_same_moment_the_last_one_comes_first(api: Api) -> None:
    """Their ids are random: in that order four come once in twenty-four times."""
    names = ["zinc", "gold", "tin", "iron"]
    for name in names:
        api.ft_wallet(name)
    api.rows("UPDATE ft_wallets SET created_at = '2026-01-01T00:00:00Z' RETURNING 1")

    listed = api.call("GET", "/api/ft/wallets").body

    assert [each["name"] for each in listed["ft_wallets"]] == names[::-1]


@pytest.mark.parametrize("field", ["ft_wallet_id", "trading_wallet_id"])
def test_an_unknown_wallet_is_not_found(api: Api, field: str) -> None:
    refused = api.call("POST", STRATEGIES, {**api.strategy_body(), field: str(uuid.uuid4())})

    assert (refused.status, refused.error["code"]) == (404, "not_found")
    assert field in refused.fields


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"initial_capital_usd": "-5"}, "initial_capital_usd"),
        ({"initial_capital_usd": "1e3000"}, "initial_capital_usd"),
        ({"initial_capital_usd": "0.0000001"}, "initial_capital_usd"),
        ({"slippage_bound_fraction": 5}, "slippage_bound_fraction"),
        ({"order_type": "GTC"}, "order_type"),
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"name": "\x00"}, "name"),
        ({"name": "x" * 81}, "name"),
        ({"max_signal_age_seconds": 0}, "max_signal_age_seconds"),
        ({"risk_rules": {**NO_LIMITS, "daily_budget_usd": "-1"}}, "risk_rules.daily_budget_usd"),
        ({"risk_rules": {**NO_LIMITS, "daily_budget_fraction": 5}}, "risk_rules.daily_budget_fraction"),
        ({"risk_rules": {"daily_budget_usd": "5"}}, "risk_rules.max_position_usd"),
        ({"risk_rules": {**NO_LIMITS, "daily_budget_usd": 9, "weekly_budget_usd": 8}}, "risk_rules.daily_budget_usd"),
        ({"risk_rules": {**NO_LIMITS, "max_order_usd": 9, "max_position_usd": 8}}, "risk_rules.max_order_usd"),
        ({"surprise": 1}, "surprise"),
        ({"ft_wallet_id": "not-an-id"}, "ft_wallet_id"),
    ],
)
def test_a_field_that_does_not_fit_is_named_with_what_is_allowed(api: Api, changes: dict[str, Any], field: str) -> None:
    whole = {**api.strategy_body(), **changes}

    refused = api.call("POST", STRATEGIES, whole)

    assert (refused.status, refused.error["code"]) == (422, "invalid")
    assert field in refused.fields, refused.fields
    assert api.rows("SELECT 1 FROM lt_strategies") == []


def test_a_limit_may_be_changed_and_another_one_switched_off(api: Api) -> None:
    made = api.strategy()
    body = {"risk_rules": {"daily_budget_usd": None, "max_position_fraction": "0.05"}, "name": "renamed"}

    changed = api.call("PATCH", f"{STRATEGIES}/{made['lt_strategy_id']}", body)

    assert changed.status == 200
    assert changed.body["name"] == "renamed"
    assert changed.body["risk_rules"]["daily_budget_usd"] is None
    assert Decimal(changed.body["risk_rules"]["max_position_fraction"]) == Decimal("0.05")


@pytest.mark.money_faults
def test_a_change_that_would_contradict_what_stays_is_refused_with_the_limit(api: Api) -> None:
    path = f"{STRATEGIES}/{api.strategy()['lt_strategy_id']}"

    refused = api.call("PATCH", path, {"risk_rules": {"weekly_budget_usd": "99.999999"}})

    assert (refused.status, list(refused.fields)) == (422, ["risk_rules.daily_budget_usd"])
    assert api.call("GET", path).body["risk_rules"]["weekly_budget_usd"] is None


@pytest.mark.parametrize("body", [{}, {"initial_capital_usd": "5"}, {"name": None}])
def test_a_change_of_nothing_or_of_what_may_not_change_is_refused(api: Api, body: dict[str, Any]) -> None:
    made = api.strategy()

    assert api.call("PATCH", f"{STRATEGIES}/{made['lt_strategy_id']}", body).status == 422


def test_a_pause_is_a_lock_that_a_resume_releases(api: Api) -> None:
    path = f"{STRATEGIES}/{api.strategy()['lt_strategy_id']}"

    paused = api.call("POST", f"{path}/pause", {"reason": "holidays"})
    twice = api.call("POST", f"{path}/pause")
    resumed = api.call("PUT", f"{path}/resume")
    again = api.call("POST", f"{path}/resume")

    assert (paused.status, paused.body["status"]) == (200, "PAUSED")
    assert [(lock["reason"], lock["detail"]) for lock in paused.body["locks"]] == [("paused_by_user", "holidays")]
    assert (twice.status, twice.error["current_state"]) == (409, "PAUSED")
    assert (resumed.body["status"], resumed.body["locks"]) == ("ACTIVE", [])
    assert (again.status, again.error["current_state"]) == (409, "ACTIVE")


def test_somebody_elses_strategy_is_not_found_whatever_is_asked_of_it(api: Api) -> None:
    path = f"{STRATEGIES}/{api.strategy()['lt_strategy_id']}"

    asked = [
        ("GET", path),
        ("PATCH", path),
        ("POST", f"{path}/pause"),
        ("POST", f"{path}/resume"),
        ("GET", f"{path}/orders"),
        ("GET", f"{path}/positions"),
        ("GET", f"{path}/execution"),
    ]
    for method, each in asked:
        body = {"name": "mine now"} if method == "PATCH" else None
        assert api.call(method, each, body, owner=STRANGER).status == 404, each


def test_a_new_strategy_has_no_orders_no_positions_and_an_empty_execution(api: Api) -> None:
    path = f"{STRATEGIES}/{api.strategy()['lt_strategy_id']}"

    assert api.call("GET", f"{path}/orders").body == {"orders": [], "next_cursor": None}
    assert api.call("GET", f"{path}/positions").body == {"positions": [], "next_cursor": None}
    assert api.call("GET", f"{path}/execution").body["orders"] == 0


def test_what_an_address_holds_is_booked_when_it_is_registered(api: Api) -> None:
    wallet = api.trading_wallet(holding="123.456789")

    assert wallet["opening_balance_usd"] == wallet["unallocated_usd"] == "123.456789"
    assert api.call("GET", f"/api/trading-wallets/{wallet['trading_wallet_id']}/breaks").body["breaks"] == []


def test_an_address_is_registered_once_by_each_owner(api: Api) -> None:
    body = trading_wallet_body(fresh_address())
    first = api.call("POST", "/api/trading-wallets", body)

    mine = api.call("POST", "/api/trading-wallets", {**body, "name": "again"})
    own_secret = {"secret_name": f"live-trading/wallets/{STRANGER}/main"}
    theirs = api.call("POST", "/api/trading-wallets", {**body, **own_secret}, owner=STRANGER)

    assert (mine.status, mine.error["existing_id"]) == (409, first.body["trading_wallet_id"])
    assert (theirs.status, theirs.body["verification"]) == (201, "PENDING")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"address": "0x12"}, "address"),
        ({"signature_type": 9}, "signature_type"),
        ({"secret_name": "a b"}, "secret_name"),
    ],
)
def test_a_wallet_that_cannot_be_one_is_refused(api: Api, changes: dict[str, Any], field: str) -> None:
    refused = api.call("POST", "/api/trading-wallets", {**trading_wallet_body(fresh_address()), **changes})

    assert (refused.status, list(refused.fields)) == (422, [field])
