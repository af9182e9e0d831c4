"""A number is plain digits wherever one is read: in a body, in a configuration, in a query, in a path."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.integration.api.gate_fixtures import Everything
from tests.integration.api_fixtures import NO_LIMITS, Api, ft_wallet_body

pytestmark = [pytest.mark.integration, pytest.mark.money_faults]

# JSON text of what Python, or JSON, may take for a number and nobody meant as one.
ODD_DECIMALS = [
    '"1e3"',
    '" 1 "',
    '"+1"',
    '"\uff11\uff10"',
    '"1_000"',
    '"NaN"',
    '"Infinity"',
    '"-Infinity"',
    '"0x10"',
    '"1."',
    '""',
    "NaN",
    "Infinity",
    "-Infinity",
    "1e999999999999999999999",
    "1e400",
    "1" * 5000,
    "true",
    "null",
    "[]",
]
ODD_WHOLE_NUMBERS = [*ODD_DECIMALS, '"5"', "5.0", "1e1", "-0.0"]
STRATEGY = "/api/lt/strategies"


def with_raw(body: dict[str, Any], path: str, raw: str) -> str:
    """The body as JSON text with this text at a dotted path."""
    *inner, last = path.split(".")
    place = body
    for name in inner:
        place = place[name]
    place[last] = "RAW"
    return json.dumps(body).replace('"RAW"', raw)


@pytest.mark.parametrize(
    ("field", "odd"),
    [
        ("starting_balance_usd", ODD_DECIMALS),
        ("config.bet_size", ODD_DECIMALS),
        ("config.min_edge", ODD_DECIMALS),
        ("config.min_minutes_to_end", ODD_WHOLE_NUMBERS),
    ],
)
def test_a_number_of_a_paper_wallet(api: Api, field: str, odd: list[str]) -> None:
    for raw in odd:
        refused = api.call("POST", "/api/ft/wallets", with_raw(ft_wallet_body(), field, raw))
        assert (refused.status, list(refused.fields)) == (422, [field]), raw
    assert api.rows("SELECT 1 FROM ft_wallets") == []


@pytest.mark.parametrize(
    ("field", "odd"),
    [
        ("initial_capital_usd", ODD_DECIMALS),
        ("slippage_bound_fraction", ODD_DECIMALS),
        ("max_signal_age_seconds", ODD_WHOLE_NUMBERS),
        # Null switches a limit off.
        ("risk_rules.daily_budget_usd", [raw for raw in ODD_DECIMALS if raw != "null"]),
        ("risk_rules.daily_budget_fraction", [raw for raw in ODD_DECIMALS if raw != "null"]),
        ("risk_rules.max_concurrent_positions", [raw for raw in ODD_WHOLE_NUMBERS if raw != "null"]),
    ],
)
def test_a_number_of_a_strategy(api: Api, field: str, odd: list[str]) -> None:
    whole = api.strategy_body()

    for raw in odd:
        body = {**whole, "risk_rules": dict(NO_LIMITS)}
        refused = api.call("POST", STRATEGY, with_raw(body, field, raw))
        assert (refused.status, list(refused.fields)) == (422, [field]), raw
    assert api.rows("SELECT 1 FROM lt_strategies") == []


def test_a_wallet_s_kind_of_signature(api: Api) -> None:
    body = {"name": "main", "address": "0x" + "3a" * 20, "secret_name": "live-trading/wallets/main"}

    for raw in (*ODD_WHOLE_NUMBERS, '"0"'):
        refused = api.call("POST", "/api/trading-wallets", with_raw(body, "signature_type", raw))
        assert (refused.status, list(refused.fields)) == (422, ["signature_type"]), raw


def test_a_number_in_a_path(everything: Everything) -> None:
    accept = "/api/trading-wallets/<trading_wallet_id>/breaks/<break_id>/accept"

    for number in ("1e3", "+1", "-1", "1_000", "1.0", "01", "x", "NaN", "%EF%BC%91"):
        everything.own |= {"lock_id": number, "break_id": number}
        for path, field in (("/api/lt/locks/<lock_id>/release", "lock_id"), (accept, "break_id")):
            refused = everything.ask("strategy-api", "POST", path, {"reason": "no such number"})
            assert (refused.status, list(refused.fields)) == (422, [field]), number


def test_a_token_in_a_path(everything: Everything) -> None:
    path = "/api/lt/strategies/<lt_strategy_id>/positions/<token_id>/close"

    for token in ("1e3", "-7", "0x7", "7" * 79, "seven"):
        everything.own["token_id"] = token
        refused = everything.ask("lt-execute", "POST", path, {}, key="k")
        assert (refused.status, list(refused.fields)) == (422, ["token_id"]), token


@pytest.mark.parametrize("path", ["/api/lt/locks", "/api/trading-wallets/<trading_wallet_id>/breaks"])
def test_a_switch_in_a_query_is_true_or_false(everything: Everything, path: str) -> None:
    for given, status in (("true", 200), ("false", 200), ("TRUE", 422), ("1", 422), ("", 422)):
        seen = everything.ask("strategy-api", "GET", path, query={"all": given})
        assert seen.status == status, given
        if status == 422:
            assert list(seen.fields) == ["all"]
