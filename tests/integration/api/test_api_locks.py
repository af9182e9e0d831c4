"""Locks through the API: who sees which, what may be put, how one ends, and limits that do not fit."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from live_trading.api.resources.risk_rules_asked import complete_rules
from live_trading.nouns.risk_rules import RULE_FIELDS, RiskPreset
from tests.integration.api_fixtures import NO_LIMITS, Api

pytestmark = [pytest.mark.integration, pytest.mark.risk]

STRANGER = "somebody-else"
ADMIN = "read trade admin"


def lock_body(**changes: Any) -> dict[str, Any]:
    return {"scope": "GLOBAL", "reason": "maintenance", **changes}


def test_a_lock_is_put_seen_and_released_with_who_and_why(api: Api) -> None:
    made = api.call("POST", "/api/lt/locks", lock_body(duration_seconds=600), scopes=ADMIN)
    assert made.status == 201
    assert (made.body["reason"], made.body["mode"], made.body["is_in_force"]) == (
        "locked_by_user",
        "STOP_ENTRIES",
        True,
    )

    released = api.call("POST", f"/api/lt/locks/{made.body['lock_id']}/release", {"reason": "it is done"}, scopes=ADMIN)

    assert (released.status, released.body["release_kind"], released.body["is_in_force"]) == (200, "BY_HAND", False)
    assert api.call("GET", "/api/lt/locks").body == {"locks": [], "next_cursor": None}
    audit = api.rows("SELECT action, cause FROM audit_log WHERE subject_type = 'lock' ORDER BY audit_log_id")
    assert [(row["action"], row["cause"]) for row in audit] == [
        ("lock_put", "maintenance"),
        ("lock_released", "it is done"),
    ]


def test_a_strategy_s_lock_is_its_owner_s_and_nobody_else_learns_of_it(api: Api) -> None:
    strategy = api.strategy()
    body = lock_body(scope="STRATEGY", scope_id=strategy["lt_strategy_id"])
    assert api.call("POST", "/api/lt/locks", body, owner=STRANGER).status == 404

    made = api.call("POST", "/api/lt/locks", body)

    assert made.status == 201
    assert api.call("GET", "/api/lt/locks", owner=STRANGER).body == {"locks": [], "next_cursor": None}
    path = f"/api/lt/locks/{made.body['lock_id']}/release"
    assert api.call("POST", path, {"reason": "not mine"}, owner=STRANGER).status == 404
    shown = api.call("GET", f"/api/lt/strategies/{strategy['lt_strategy_id']}").body
    assert (shown["status"], [lock["reason"] for lock in shown["locks"]]) == ("PAUSED", ["locked_by_user"])


def test_a_second_lock_of_the_kind_names_the_first(api: Api) -> None:
    body = lock_body(scope="TRADER", scope_id="0x" + "AB" * 20)
    first = api.call("POST", "/api/lt/locks", body, scopes=ADMIN)
    second = api.call("POST", "/api/lt/locks", body, scopes=ADMIN)

    assert first.body["scope_id"] == "0x" + "ab" * 20
    assert (second.status, second.error["existing_id"]) == (409, str(first.body["lock_id"]))


@pytest.mark.money_faults
def test_a_short_lock_does_not_stand_in_the_way_of_a_lasting_one(api: Api) -> None:
    short = api.call("POST", "/api/lt/locks", lock_body(duration_seconds=2), scopes=ADMIN)

    lasting = api.call("POST", "/api/lt/locks", lock_body(reason="for good"), scopes=ADMIN)

    assert (lasting.status, lasting.body["lock_id"]) == (200, short.body["lock_id"])
    assert api.rows("SELECT ends_at, detail FROM locks") == [{"ends_at": None, "detail": "for good"}]
    shorter = api.call("POST", "/api/lt/locks", lock_body(duration_seconds=600), scopes=ADMIN)
    assert (shorter.status, shorter.error["existing_id"]) == (409, str(short.body["lock_id"]))


@pytest.mark.money_faults
def test_a_lock_can_go_further_and_last_longer_and_is_in_force_at_every_instant(api: Api) -> None:
    """It stays one row: nothing is released before something wider is put."""
    put = api.call("POST", "/api/lt/locks", lock_body(duration_seconds=600), scopes=ADMIN).body

    for body in (
        lock_body(duration_seconds=600, mode="CANCEL_ORDERS"),
        lock_body(duration_seconds=1200, mode="FLATTEN"),
        lock_body(mode="STOP_ENTRIES"),
    ):
        wider = api.call("POST", "/api/lt/locks", {**body, "reason": "wider"}, scopes=ADMIN)
        assert (wider.status, wider.body["lock_id"], wider.body["is_in_force"]) == (200, put["lock_id"], True)

    assert api.rows("SELECT mode, ends_at, released_at FROM locks") == [
        {"mode": "FLATTEN", "ends_at": None, "released_at": None}
    ]
    audit = api.rows("SELECT action FROM audit_log WHERE subject_type = 'lock' ORDER BY audit_log_id")
    assert [row["action"] for row in audit] == ["lock_put", "lock_widened", "lock_widened", "lock_widened"]


@pytest.mark.money_faults
def test_a_pause_can_go_further_without_a_resume_in_between(api: Api) -> None:
    path = f"/api/lt/strategies/{api.strategy()['lt_strategy_id']}/pause"
    assert api.call("POST", path, {"reason": "to think"}).status == 200

    wider = api.call("POST", path, {"reason": "to get out", "mode": "FLATTEN"})

    assert (wider.status, [lock["mode"] for lock in wider.body["locks"]]) == (200, ["FLATTEN"])
    assert api.call("POST", path, {"mode": "CANCEL_ORDERS"}).status == 409
    assert api.rows("SELECT mode FROM locks") == [{"mode": "FLATTEN"}]


def test_a_lock_that_is_over_cannot_be_released_again(api: Api) -> None:
    made = api.call("POST", "/api/lt/locks", lock_body(), scopes=ADMIN)
    path = f"/api/lt/locks/{made.body['lock_id']}/release"
    assert api.call("POST", path, {"reason": "it is done"}, scopes=ADMIN).status == 200

    again = api.call("POST", path, {"reason": "it is done"}, scopes=ADMIN)

    assert (again.status, again.error["code"]) == (409, "wrong_state")
    assert [lock["is_in_force"] for lock in api.call("GET", "/api/lt/locks").body["locks"]] == []


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "scope"),
        (lock_body(scope="EVERYTHING"), "scope"),
        (lock_body(scope_id="x"), "scope_id"),
        ({"scope": "MARKET", "reason": "odd"}, "scope_id"),
        (lock_body(reason="x"), "reason"),
        (lock_body(mode="SELL_ALL"), "mode"),
        (lock_body(scope="TRADER", scope_id="0x" + "ab" * 20, mode="FLATTEN"), "mode"),
        (lock_body(duration_seconds=0), "duration_seconds"),
        (lock_body(duration_seconds="600"), "duration_seconds"),
        (lock_body(until="tomorrow"), "until"),
    ],
)
def test_a_lock_that_does_not_fit_is_refused_with_the_field(api: Api, body: dict[str, Any], field: str) -> None:
    reply = api.call("POST", "/api/lt/locks", body)

    assert reply.status == 422
    assert field in reply.fields
    assert api.rows("SELECT 1 FROM locks") == []


@pytest.mark.parametrize("number", ["0", "7", "9" * 30])
def test_a_lock_that_does_not_exist_is_not_found(api: Api, number: str) -> None:
    assert api.call("POST", f"/api/lt/locks/{number}/release", {"reason": "it is done"}, scopes=ADMIN).status == 404


def test_a_pause_says_how_far_it_goes(api: Api) -> None:
    path = f"/api/lt/strategies/{api.strategy()['lt_strategy_id']}"
    paused = api.call("POST", f"{path}/pause", {"reason": "out of town", "mode": "FLATTEN"})

    assert (paused.status, paused.body["status"], paused.body["locks"][0]["mode"]) == (200, "PAUSED", "FLATTEN")
    assert api.call("POST", f"{path}/pause", {"mode": "EVERYTHING"}).status == 422
    assert api.call("POST", f"{path}/resume", {"mode": "FLATTEN"}).status == 422
    assert api.call("POST", f"{path}/resume", {}).body["status"] == "ACTIVE"


@pytest.mark.parametrize("preset", list(RiskPreset))
def test_a_preset_is_stored_and_shown_limit_by_limit_with_its_name(api: Api, preset: RiskPreset) -> None:
    body = api.strategy_body(risk_preset=preset)
    del body["risk_rules"]
    made = api.call("POST", "/api/lt/strategies", body)

    assert (made.status, made.body["risk_preset"]) == (201, preset)
    assert set(made.body["risk_rules"]) == set(RULE_FIELDS)
    (stored,) = api.rows("SELECT * FROM lt_risk_rules")
    expected = complete_rules(preset, None)
    assert stored["max_drawdown_fraction"] == expected.max_drawdown_fraction
    assert made.body["risk_rules"]["max_drawdown_fraction"] is not None


def test_a_preset_with_some_limits_named_anew_is_both(api: Api) -> None:
    made = api.strategy(risk_preset="moderate", risk_rules={"max_order_usd": "12", "max_drawdown_fraction": None})

    assert made["risk_rules"]["max_order_usd"] == "12.000000"
    assert made["risk_rules"]["max_drawdown_fraction"] is None
    assert Decimal(made["risk_rules"]["max_order_fraction"]) == Decimal("0.05")


def test_a_patch_changes_what_it_names_and_may_start_anew_from_a_preset(api: Api) -> None:
    path = f"/api/lt/strategies/{api.strategy()['lt_strategy_id']}"
    named = api.call("PATCH", path, {"risk_rules": {"max_order_usd": "9"}}).body
    anew = api.call("PATCH", path, {"risk_preset": "aggressive", "risk_rules": {"max_order_usd": "8"}}).body

    assert (named["risk_rules"]["max_order_usd"], named["risk_rules"]["daily_budget_usd"]) == ("9.000000", "100.000000")
    assert (anew["risk_preset"], anew["risk_rules"]["max_order_usd"]) == ("aggressive", "8.000000")
    assert anew["risk_rules"]["daily_budget_usd"] is None


@pytest.mark.parametrize("name", [name for name in RULE_FIELDS if name.endswith("_fraction")])
def test_a_fraction_given_as_a_percentage_is_refused_and_told_so(api: Api, name: str) -> None:
    """The old system read a fraction as a percentage, and a limit of twenty percent became a fifth of one."""
    reply = api.call("POST", "/api/lt/strategies", api.strategy_body(risk_rules={**NO_LIMITS, name: 5}))

    assert reply.status == 422
    assert "not a percentage" in reply.fields[f"risk_rules.{name}"]["reason"]


@pytest.mark.parametrize(
    ("rules", "field"),
    [
        ({"max_order_usd": "0"}, "max_order_usd"),
        ({"max_order_usd": "-5"}, "max_order_usd"),
        ({"max_entry_price": "95"}, "max_entry_price"),
        ({"max_venue_latency_milliseconds": "2.5"}, "max_venue_latency_milliseconds"),
        ({"max_consecutive_losses": 0}, "max_consecutive_losses"),
        ({"shrink_to_fit": None}, "shrink_to_fit"),
        ({"low_volatility_multiplier": "100"}, "low_volatility_multiplier"),
        ({"breaker_scope": "TRADER"}, "breaker_scope"),
        ({"max_drawdown_pct": "7"}, "max_drawdown_pct"),
        ({"min_entry_price": "0.9", "max_entry_price": "0.1"}, "min_entry_price"),
        ({"breaker_breaks": 1}, "breaker_scope"),
        ({"use_volatility_adjustment": True}, "volatility_lookback_days"),
        ({"drawdown_resume_threshold_fraction": "0.5"}, "drawdown_resume_threshold_fraction"),
    ],
)
def test_a_limit_that_makes_no_sense_is_refused_with_its_field(api: Api, rules: dict[str, Any], field: str) -> None:
    made = api.call("POST", "/api/lt/strategies", api.strategy_body(risk_rules={**NO_LIMITS, **rules}))
    strategy = api.strategy()
    changed = api.call("PATCH", f"/api/lt/strategies/{strategy['lt_strategy_id']}", {"risk_rules": rules})

    assert (made.status, changed.status) == (422, 422)
    assert f"risk_rules.{field}" in made.fields
    assert f"risk_rules.{field}" in changed.fields
