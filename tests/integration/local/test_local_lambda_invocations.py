"""The Lambda host runs functions as the platform does, misbehaving ones included."""

from __future__ import annotations

import statistics
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.integration.lambda_host_fixtures import RunningHost
from tests.waiting import await_true

pytestmark = pytest.mark.integration


def test_a_handler_gets_its_event_context_layer_and_only_the_templates_environment(lambda_host: RunningHost) -> None:
    answer = lambda_host.invoke("echo", {"n": 1})

    payload = answer["payload"]
    assert answer["status"] == "ok"
    assert payload["event"] == {"n": 1}
    assert payload["layer"] == "shared"
    assert payload["function"] == "echo"
    assert payload["request_id"] == answer["request_id"]
    assert 3_000 < payload["remaining_ms"] <= 5_000
    assert payload["environment"] == {
        "GREETING": "hello from tests",
        "TOPIC": "arn:aws:sns:us-east-1:123456789012:tests-AlertTopic",
        "OWN": "yes",
        "AWS_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
        "HOME": None,
    }


def test_a_function_is_found_by_its_logical_id_too(lambda_host: RunningHost) -> None:
    assert lambda_host.invoke("EchoFunction", {})["status"] == "ok"


def test_an_unknown_function_is_refused_with_the_names_of_those_there_are(lambda_host: RunningHost) -> None:
    answer = lambda_host.invoke("eco", {})

    assert answer["status"] == "refused"
    assert answer["error"]["errorMessage"].startswith("no function eco; there are echo, narrow, misbehaving,")


def test_an_event_that_is_not_json_is_refused(lambda_host: RunningHost) -> None:
    response = lambda_host.http.post(f"{lambda_host.host_url}/invoke/echo", content=b"{")

    assert response.status_code == 400
    assert "not JSON" in response.json()["error"]["errorMessage"]


def test_a_warm_invocation_takes_a_few_milliseconds(lambda_host: RunningHost) -> None:
    lambda_host.invoke("echo", {})

    answers = [lambda_host.invoke("echo", {}) for _ in range(20)]

    assert {answer["init_milliseconds"] for answer in answers} == {None}
    assert statistics.median(answer["milliseconds"] for answer in answers) < 20


def test_a_raised_error_comes_back_with_its_type_message_and_trace(lambda_host: RunningHost) -> None:
    error = lambda_host.invoke("misbehaving", {"how": "raise"})["error"]

    assert error["errorType"] == "ValueError"
    assert error["errorMessage"] == "no such luck"
    assert "misbehaving.py" in "".join(error["stackTrace"])


def test_a_module_that_cannot_be_imported_is_an_init_error_every_time(lambda_host: RunningHost) -> None:
    answers = [lambda_host.invoke("broken", {}) for _ in range(2)]

    assert {answer["error"]["errorType"] for answer in answers} == {"Runtime.ImportModuleError"}
    assert "a_package_that_is_not_there" in answers[1]["error"]["errorMessage"]


def test_a_crash_is_reported_and_the_next_event_gets_a_new_process(lambda_host: RunningHost) -> None:
    crashed = lambda_host.invoke("misbehaving", {"how": "exit"})

    after = lambda_host.invoke("misbehaving", {"how": "well"})

    assert crashed["error"] == {
        "errorType": "Runtime.ExitError",
        "errorMessage": f"RequestId: {crashed['request_id']} Error: Runtime exited with error: exit status 3",
    }
    assert after["status"] == "ok"
    assert after["init_milliseconds"] is not None


def test_a_hanging_handler_is_killed_at_its_timeout_and_its_words_are_kept(lambda_host: RunningHost) -> None:
    hung = lambda_host.invoke("misbehaving", {"how": "hang"})

    after = lambda_host.invoke("misbehaving", {"how": "well"})

    assert hung["error"]["errorType"] == "Sandbox.Timedout"
    assert hung["error"]["errorMessage"].endswith("Error: Task timed out after 2.00 seconds")
    assert 2_000 <= hung["milliseconds"] < 4_000
    assert "about to hang" in hung["log"]
    assert after["status"] == "ok"


def test_reserved_concurrency_refuses_a_second_event_while_the_first_runs(
    lambda_host: RunningHost, tmp_path: Path
) -> None:
    event = {"started": str(tmp_path / "started"), "release": str(tmp_path / "release")}
    with ThreadPoolExecutor(1) as threads:
        first = threads.submit(lambda_host.invoke, "single", event)
        await_true((tmp_path / "started").exists, "the first has started")

        second = lambda_host.http.post(f"{lambda_host.host_url}/invoke/single", json=event)

        (tmp_path / "release").touch()
    assert second.status_code == 429
    assert first.result()["status"] == "ok"


def test_without_reserved_concurrency_events_run_side_by_side(lambda_host: RunningHost, tmp_path: Path) -> None:
    one, two = str(tmp_path / "one"), str(tmp_path / "two")
    events = [{"how": "meet", "mine": one, "other": two}, {"how": "meet", "mine": two, "other": one}]

    with ThreadPoolExecutor(2) as threads:
        answers = list(threads.map(lambda event: lambda_host.invoke("misbehaving", event), events))

    assert [answer["status"] for answer in answers] == ["ok", "ok"]
