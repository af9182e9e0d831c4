"""Every route goes through one gate: a body that fits or none, an Idempotency-Key where it is needed, and acts once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from live_trading.api.described import NoBody
from live_trading.api.routing import Route
from live_trading.api.table import lt_execute, strategy_api, table
from tests.integration.api.gate_fixtures import Everything

pytestmark = [pytest.mark.integration, pytest.mark.money_faults]

ALL = [(function, method, path) for function, method, path, _ in table()]
POSTS = [(function, path) for function, method, path in ALL if method == "POST"]
ADMIN = "read trade admin"

# Why a POST is not among those that are repeated here.
ONLY_READS = {"/api/lt/strategies/<lt_strategy_id>/risk/check"}
AT_THE_VENUE = {
    "/api/lt/strategies/<lt_strategy_id>/positions/<token_id>/close",
    "/api/lt/orders/<lt_order_id>/cancel",
    "/api/lt/strategies/<lt_strategy_id>/cancel-orders",
    "/api/trading-wallets/<trading_wallet_id>/cancel-orders",
}
FOR_EVERYBODY = {"/api/lt/kill-switch", "/api/lt/execute", "/api/lt/resolve", "/api/lt/redemptions/process"}
REPEATED = [(function, path) for function, path in POSTS if path not in ONLY_READS | AT_THE_VENUE | FOR_EVERYBODY]


def routes() -> Iterator[Route[Any]]:
    for each in (*strategy_api(), *lt_execute()):
        yield from each


def prepare(everything: Everything, path: str) -> None:
    """What has to be so before this request has anything to do."""
    trade = {"scopes": ADMIN, "key": f"before {path}".replace(" ", "-")}
    if path.endswith("/resume"):
        assert everything.ask("strategy-api", "POST", path.replace("/resume", "/pause"), {}, **trade).status == 200
    if path.endswith("/allocate") or path == "/api/lt/strategies":
        taken = path.replace("/allocate", "/deallocate") if "<" in path else f"{path}/<lt_strategy_id>/deallocate"
        assert everything.ask("strategy-api", "POST", taken, {"amount_usd": "9"}, **trade).status == 200
    if path.endswith("/end"):
        everything.api.rows("DELETE FROM orders RETURNING 1")
        everything.api.rows("DELETE FROM lt_orders RETURNING 1")
        everything.api.rows(
            """
            INSERT INTO ledger_entries (
                ledger_transaction_id, trading_wallet_id, lt_strategy_id, account, amount_usd
            )
            SELECT ledger_transaction_id, trading_wallet_id, lt_strategy_id, account, -amount_usd
            FROM ledger_entries INNER JOIN ledger_transactions USING (ledger_transaction_id)
            WHERE kind = 'RESERVATION' RETURNING 1
            """
        )


@pytest.mark.parametrize(("function", "method", "path"), ALL, ids=str)
def test_an_unknown_field_is_refused_by_its_name_and_nothing_is_done(
    everything: Everything, function: str, method: str, path: str
) -> None:
    body = {**(everything.body(method, path) or {}), "dry_run": True}
    before = everything.written()

    refused = everything.ask(function, method, path, body, scopes=ADMIN, key="unknown")

    assert (refused.status, refused.error["code"], list(refused.fields)) == (422, "invalid", ["dry_run"])
    assert everything.written() == before


def test_a_route_without_a_body_takes_nothing_or_an_empty_object(everything: Everything) -> None:
    without = {(route.method, route.path) for route in routes() if route.body is NoBody}

    assert ("POST", "/api/lt/orders/<lt_order_id>/cancel") in without
    for body in (None, {}):
        seen = everything.ask("strategy-api", "GET", "/api/lt/strategies/<lt_strategy_id>", body)
        assert seen.status == 200
    refused = everything.ask("strategy-api", "GET", "/api/lt/strategies/<lt_strategy_id>", [])
    assert (refused.status, refused.error["code"]) == (400, "not_json")


@pytest.mark.parametrize(
    ("function", "path"),
    [(function, path) for function, path in POSTS if any(r.path == path and r.needs_key for r in routes())],
)
def test_what_would_act_a_second_time_needs_a_key(everything: Everything, function: str, path: str) -> None:
    before = everything.written()

    refused = everything.ask(function, "POST", path, everything.body("POST", path), scopes=ADMIN)

    assert (refused.status, refused.error["code"]) == (400, "idempotency_key_required")
    assert refused.fields["Idempotency-Key"]["reason"] == "is missing"
    assert everything.written() == before


def test_selling_stopping_and_moving_money_need_a_key() -> None:
    needing = {route.path.rsplit("/", 1)[1] for route in routes() if route.needs_key}

    assert needing >= {"close", "kill-switch", "allocate", "deallocate"}


@pytest.mark.parametrize(("function", "path"), POSTS, ids=str)
def test_a_key_that_cannot_be_kept_is_refused_everywhere(everything: Everything, function: str, path: str) -> None:
    body = everything.body("POST", path)

    refused = everything.ask(function, "POST", path, body, scopes=ADMIN, key="no key")

    assert (refused.status, list(refused.fields)) == (422, ["Idempotency-Key"])


@pytest.mark.parametrize(("function", "path"), REPEATED, ids=str)
def test_one_key_acts_once_gives_one_answer_and_names_one_request(
    everything: Everything, function: str, path: str
) -> None:
    prepare(everything, path)
    acts_once(everything, function, path)


@pytest.mark.parametrize(("function", "path"), [each for each in POSTS if each[1] in FOR_EVERYBODY], ids=str)
def test_a_job_and_the_kill_switch_run_once_under_one_key(nothing: Everything, function: str, path: str) -> None:
    acts_once(nothing, function, path)


def acts_once(everything: Everything, function: str, path: str) -> None:
    body = everything.body("POST", path)
    before = everything.written()

    first = everything.ask(function, "POST", path, body, scopes=ADMIN, key="once")
    done = everything.written()
    again = everything.ask(function, "POST", path, body, scopes=ADMIN, key="once")

    assert 200 <= first.status < 300, first.body
    assert done != before
    assert (again.status, again.body) == (first.status, first.body)
    assert everything.written() == done
    if body is not None:
        changed = {**body, "reason": "another one"} if "reason" in body else {**body, **_another(body)}
        other = everything.ask(function, "POST", path, changed, scopes=ADMIN, key="once")
        assert (other.status, other.error["code"]) == (409, "idempotency_key_reused")
        assert everything.written() == done


def _another(body: dict[str, Any]) -> dict[str, Any]:
    if "remark" in body:
        return {"remark": "another one"}
    if "name" in body:
        return {"name": "another"}
    return {"address": "0x" + "6e" * 20} if "address" in body else {"amount_usd": "2"}
