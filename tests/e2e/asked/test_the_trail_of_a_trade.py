"""The log of the functions: one line for each step of a trade, with the keys by which lines belong together."""

from __future__ import annotations

from typing import Any

import pytest

from tests.e2e.asked.hurried_fixtures import Hurried, a_key

pytestmark = [pytest.mark.e2e, pytest.mark.health]


def steps(hurried: Hurried, **keys: Any) -> list[dict[str, Any]]:
    wanted = {name: str(value) for name, value in keys.items()}
    return [
        line
        for function in ("lt-execute", "lt-resolve", "lt-redemptions")
        for line in hurried.log_lines(function)
        if "step" in line and all(line.get(name) == value for name, value in wanted.items())
    ]


def test_a_trade_is_followed_by_its_keys_from_the_decision_to_its_settlement(hurried: Hurried) -> None:
    desk = hurried.desk
    trade = desk.signal()
    asked = hurried.ask("POST", "/api/lt/execute", key=a_key())
    job_id = asked.headers["location"].rsplit("/", 1)[1]
    hurried.ended(job_id)
    (order,) = hurried.orders()
    desk.advance(10)
    hurried.run()

    of_decision = steps(hurried, source_trade_id=trade, lt_strategy_id=desk.lt_strategy_id)
    of_order = steps(hurried, lt_order_id=order["lt_order_id"])

    assert [line["step"] for line in of_decision] == ["ACCEPTED", "COMMITTED"]
    counted = sorted(line["step"] for line in of_order)
    fills = sum(step == "FILLED" for step in counted)
    assert fills >= 1
    assert counted == sorted(["COMMITTED", "SENT", "ANSWERED", *["FILLED"] * fills, *["SETTLED"] * fills])
    for line in (*of_decision, *(each for each in of_order if each["step"] in ("COMMITTED", "SENT", "ANSWERED"))):
        assert (line["job"], line["job_id"]) == ("lt-execute", job_id)
        assert line["request_id"] == asked.headers["x-request-id"]
        assert line["invocation_id"]
    assert {line["decision_id"] for line in of_decision} == {str(order["decision_id"])}
    assert {line["order_hash"] for line in of_order} == {order["order_hash"]}


def test_nothing_secret_is_in_the_log(hurried: Hurried) -> None:
    hurried.desk.signal()
    hurried.run()
    text = "".join(log.read_text() for log in (hurried.directory / "logs").glob("lt-*.log"))

    assert hurried.desk.stack.operator_token not in text
    assert "private_key" not in text
    assert "api_secret" not in text
