"""A caller who floods is answered 429 with when to come back; others, and what stops trading, go on."""

from __future__ import annotations

import pytest

from tests.integration.api.gate_fixtures import Everything

pytestmark = [pytest.mark.integration, pytest.mark.access]

LIST = ("strategy-api", "GET", "/api/lt/strategies")
PAUSE = ("strategy-api", "POST", "/api/lt/strategies/<lt_strategy_id>/pause")
KILL = ("lt-execute", "POST", "/api/lt/kill-switch")


@pytest.fixture(autouse=True)
def _one_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_A_MINUTE_PER_USER", "1")


def flooded(everything: Everything) -> None:
    while everything.ask(*LIST).status != 429:
        pass


def test_a_flood_is_answered_with_when_to_come_back(everything: Everything) -> None:
    flooded(everything)

    refused = everything.ask(*LIST)

    assert refused.status == 429
    assert refused.headers["content-type"] == "application/problem+json"
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    assert refused.body["error"]["code"] == "too_many_requests"
    assert str(refused.body["error"]["retry_after_seconds"]) == refused.headers["retry-after"]


def test_a_flood_of_one_caller_holds_no_other_and_tells_nobody_without_a_token(everything: Everything) -> None:
    flooded(everything)

    assert everything.ask(*LIST, owner="another").status == 200
    assert everything.ask(*LIST, owner=None).status == 401


def test_a_refused_request_writes_nothing(everything: Everything) -> None:
    flooded(everything)
    before = everything.written()

    refused = everything.ask("strategy-api", "POST", "/api/lt/strategies/<lt_strategy_id>/allocate",
                             {"amount_usd": "3"}, key="flood-1")  # fmt: skip

    assert (refused.status, everything.written()) == (429, before)


def test_whoever_has_flooded_may_still_stop_everything(everything: Everything) -> None:
    flooded(everything)

    paused = [everything.ask(*PAUSE, everything.body("POST", PAUSE[2])).status for _ in range(3)]
    killed = everything.ask(*KILL, {"reason": "a drill"}, key="drill").status

    assert set(paused) <= {200, 409}
    assert killed in (200, 202, 207)
