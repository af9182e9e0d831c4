"""The audit log: who changed what, from where; written once, and read by whose things they are."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from live_trading.api.table import described
from live_trading.store.database import audit_history
from live_trading.store.database.connection import ConstraintViolated, Database
from live_trading.store.watch import old_rows
from tests.builders import NOON
from tests.integration.api.gate_fixtures import NO_ID, OWNER, Everything
from tests.integration.api_fixtures import STRANGER, Api, http_event

pytestmark = [pytest.mark.integration, pytest.mark.health]

# A question; and cancels where nothing rests.
CHANGES_NOTHING = ("/risk/check", "/cancel-orders")
CHANGING = sorted(
    (function, route.method, route.path)
    for function, route in described()
    if route.method != "GET" and function in ("strategy-api", "lt-execute") and route.path != "/api/lt/execute"
)


def lines(api: Api, query: str = "", **who: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = api.call("GET", f"/api/lt/audit{query}", **who).body["audit"]
    return found


def test_a_change_says_who_made_it_and_from_where_as_the_gateway_saw_it(api: Api) -> None:
    event = http_event("POST", "/api/traders", '{"address": "0x' + "7e" * 20 + '"}')
    event["requestContext"]["requestId"] = "JKJaXmPLvHcESHA="
    event["requestContext"]["http"] |= {"sourceIp": "203.0.113.9", "userAgent": "curl/8\n{}"}
    event["headers"] |= {"x-forwarded-for": "198.51.100.1", "x-request-id": "mine"}

    answer = api.send(event)

    (line,) = lines(api, "?action=trader_followed") or lines(api)
    assert (line["actor"], line["owner_id"]) == ("operator", "operator")
    assert (line["source_ip"], line["user_agent"]) == ("203.0.113.9", "curl/8?{}")
    assert line["request_id"] == answer.headers["x-request-id"] == "JKJaXmPLvHcESHA="
    assert api.call("GET", f"/api/lt/audit/{line['audit_id']}").body == line


def test_a_problem_names_the_request_too(api: Api) -> None:
    refused = api.call("GET", f"/api/lt/orders/{NO_ID}")

    assert refused.body["request_id"] == refused.headers["x-request-id"] != ""


def test_a_request_that_fails_is_found_in_the_log_by_its_id(
    api: Api, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("a defect")

    monkeypatch.setattr(audit_history, "page", broken)

    failed = api.call("GET", "/api/lt/audit")

    (line,) = [each for each in caplog.records if each.message == "request failed"]
    assert failed.status == 500
    assert vars(line)["request_id"] == failed.body["request_id"] == failed.headers["x-request-id"]
    assert "a defect" not in json.dumps(failed.body)


@pytest.mark.parametrize(("function", "method", "path"), CHANGING, ids=str)
def test_every_line_that_a_request_writes_has_the_request(
    everything: Everything, function: str, method: str, path: str
) -> None:
    (before,) = everything.api.rows("SELECT coalesce(max(audit_log_id), 0) AS last FROM audit_log")

    said = everything.ask(function, method, path, everything.body(method, path), scopes="read trade", key="once")

    written = everything.api.rows(
        "SELECT action, request_id, source_ip, owner_id FROM audit_log WHERE audit_log_id > :last", last=before["last"]
    )
    assert [line for line in written if line["request_id"] is None or not line["source_ip"]] == []
    assert {line["owner_id"] for line in written} <= {OWNER}
    assert written or said.status >= 400 or path.endswith(CHANGES_NOTHING), said.body


def test_what_is_somebody_else_s_is_not_there_and_an_admin_sees_all(everything: Everything) -> None:
    api, ours = everything.api, everything.own["audit_id"]

    assert lines(api, owner=STRANGER) == []
    assert api.call("GET", f"/api/lt/audit/{ours}", owner=STRANGER).status == 404
    assert str(lines(api, owner=STRANGER, scopes="read trade admin")[0]["audit_id"]) == ours
    assert api.call("GET", f"/api/lt/audit/{ours}", owner=STRANGER, scopes="admin").status == 200


def test_lines_are_found_by_what_they_are_about_and_turned_page_by_page(everything: Everything) -> None:
    api = everything.api
    strategy = everything.own["lt_strategy_id"]
    for name in ("first", "second"):
        everything.ask("strategy-api", "PATCH", "/api/lt/strategies/<lt_strategy_id>", {"name": name})
    of_strategy = lines(api, f"?subject_type=lt_strategy&subject_id={strategy}", owner=OWNER)

    first = api.call("GET", f"/api/lt/audit?limit=1&subject_id={strategy}", owner=OWNER).body
    cursor = first["next_cursor"]
    second = api.call("GET", f"/api/lt/audit?limit=1&subject_id={strategy}&cursor={cursor}", owner=OWNER).body

    assert [first["audit"][0], second["audit"][0]] == of_strategy[:2]
    assert of_strategy[0]["after"]["name"] == "second"
    assert of_strategy[0]["before"]["name"] == "first"
    assert lines(api, "?action=nothing", owner=OWNER) == []
    assert lines(api, "?actor=somebody", owner=OWNER) == []
    assert lines(api, "?until=2020-01-01T00:00:00Z", owner=OWNER) == []
    assert api.call("GET", f"/api/lt/audit?limit=1&cursor={cursor}", owner=OWNER).status == 422


@pytest.mark.parametrize(
    "statement", ["UPDATE audit_log SET actor = 'nobody'", "DELETE FROM audit_log", "TRUNCATE audit_log"]
)
def test_the_log_is_append_only(database: Database, statement: str) -> None:
    write(database, "lock")

    with pytest.raises(ConstraintViolated), database.transaction() as transaction:
        transaction.execute(statement)
    with database.transaction() as transaction:
        assert transaction.only("SELECT count(*) AS kept FROM audit_log")["kept"] == 1


def test_retention_removes_what_it_may_and_money_s_lines_stay(database: Database) -> None:
    for subject_type in ("lock", "lt_strategy"):
        write(database, subject_type)
    later = NOON + timedelta(days=1000)

    with database.transaction() as transaction:
        removed = old_rows.audit_of_settings(transaction, later, later)
    with pytest.raises(ConstraintViolated):
        delete_like_retention(database)

    assert removed.rows == 1
    with database.transaction() as transaction:
        assert [row["subject_type"] for row in transaction.rows("SELECT subject_type FROM audit_log")] == [
            "lt_strategy"
        ]


def delete_like_retention(database: Database) -> None:
    with database.transaction() as transaction:
        transaction.rows("SELECT set_config('live_trading.retention', 'on', TRUE)")
        transaction.execute("DELETE FROM audit_log")


def write(database: Database, subject_type: str) -> None:
    with database.transaction() as transaction:
        transaction.execute(
            "INSERT INTO audit_log (actor, action, subject_type, subject_id, cause, at) "
            "VALUES ('somebody', 'done', :type, '1', 'a test', :now)",
            type=subject_type,
            now=NOON,
        )
