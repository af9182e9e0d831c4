"""Latency over the API: every stage of entries and decisions by the moments that are kept, one owner's alone."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.integration.api_fixtures import STRANGER, Api
from tests.risk.risk_fixtures import RiskDesk

pytestmark = pytest.mark.integration
OWNER = "owner"
STAGES = ("trade_to_seen", "seen_to_decided", "decided_to_sent", "sent_to_answered", "trade_to_sent")


def latency(api: Api, query: str = "", owner: str = OWNER) -> dict[str, Any]:
    event_path = "/api/lt/latency"
    reply = api.call("GET", event_path + query, owner=owner)
    assert reply.status == 200, reply.body
    body: dict[str, Any] = reply.body
    return body


def entered_with_times(risk_desk: RiskDesk, api: Api, *seconds: tuple[float, ...]) -> str:
    """A strategy whose orders took so long from the trade to each later moment, newest last."""
    seat = risk_desk.add_strategy()
    for number, at in enumerate(seconds):
        entered = risk_desk.enter(seat, market=number)
        moments = [timedelta(seconds=each) for each in at]
        api.rows(
            """
            UPDATE lt_orders SET
                trade_time = now() - interval '1 hour', seen_at = now() - interval '1 hour' + :seen::interval,
                decided_at = now() - interval '1 hour' + :decided::interval, intent_at = now() - interval '1 hour',
                sent_at = now() - interval '1 hour' + :sent::interval,
                answered_at = now() - interval '1 hour' + :answered::interval
            WHERE lt_order_id = :id RETURNING lt_order_id
            """,
            id=entered.lt_order_id,
            seen=moments[0],
            decided=moments[1],
            sent=moments[2],
            answered=moments[3],
        )
    return str(seat.strategy.lt_strategy_id)


def test_each_stage_of_the_orders_has_its_percentiles(risk_desk: RiskDesk, api: Api) -> None:
    strategy = entered_with_times(risk_desk, api, (2, 2.5, 2.6, 2.7), (3, 3.5, 3.8, 4.8), (10, 11, 12, 14))

    found = {each["stage"]: each for each in latency(api, f"?lt_strategy_id={strategy}")["orders"]}

    assert tuple(found) == STAGES
    assert found["trade_to_seen"] == {
        "stage": "trade_to_seen",
        "count": 3,
        "p50_milliseconds": 3000,
        "p95_milliseconds": 10000,
        "max_milliseconds": 10000,
    }
    assert found["decided_to_sent"]["p50_milliseconds"] == 300
    assert found["trade_to_sent"]["max_milliseconds"] == 12000


def test_decisions_are_measured_whether_or_not_they_were_entered(risk_desk: RiskDesk, api: Api) -> None:
    entered_with_times(risk_desk, api, (2, 2.5, 2.6, 2.7))
    api.rows("UPDATE decisions SET decided_at = now() RETURNING decision_id")

    stages = [each["stage"] for each in latency(api)["decisions"]]

    assert stages == ["trade_to_seen", "seen_to_decided"]


def test_what_is_older_than_asked_for_does_not_count(risk_desk: RiskDesk, api: Api) -> None:
    entered_with_times(risk_desk, api, (2, 2.5, 2.6, 2.7))
    api.rows("UPDATE lt_orders SET intent_at = intent_at - interval '2 hours' RETURNING lt_order_id")

    assert latency(api, "?hours=2")["orders"] == []
    assert latency(api, "?hours=4")["orders"] != []


def test_nobody_sees_how_others_do(risk_desk: RiskDesk, api: Api) -> None:
    strategy = entered_with_times(risk_desk, api, (2, 2.5, 2.6, 2.7))

    assert latency(api, owner=STRANGER) | {"since": None} == {"since": None, "orders": [], "decisions": []}
    assert api.call("GET", f"/api/lt/latency?lt_strategy_id={strategy}", owner=STRANGER).status == 404


@pytest.mark.parametrize("hours", ["0", "169", "-1", "1.5", "ten", "", "9999999999"])
def test_hours_that_are_none_are_refused_with_what_is_allowed(api: Api, hours: str) -> None:
    reply = api.call("GET", f"/api/lt/latency?hours={hours}")

    assert reply.status == 422
    assert reply.fields["hours"]["allowed"] == "a whole number, 1 to 168"
