"""What an alarm of the template watches is what a run really emits."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from live_trading.nouns.errors import RetryLater
from live_trading.services.entering.execute import ExecuteReport
from live_trading.store.database.connection import Database
from live_trading.wiring.composition import Parts
from live_trading.wiring.jobs import answer
from local.lambdas.template.intrinsics import read_template
from local.lambdas.template.reading import load_application
from local.machine.env import TEMPLATE
from tests.settlement.parts.bookkeeping_fixtures import HandClock

pytestmark = [pytest.mark.integration, pytest.mark.money_faults]

STACK = "live-trading"
NAMESPACE = f"LiveTrading/{STACK}"


def alarm(name: str) -> dict[str, Any]:
    found: dict[str, Any] = read_template(TEMPLATE)["Resources"][name]["Properties"]
    return found


def emitted(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"_aws"' in line]


@pytest.fixture(autouse=True)
def _as_deployed(monkeypatch: pytest.MonkeyPatch) -> None:
    function = load_application(
        TEMPLATE,
        parameters={"DatabaseUrl": "postgresql://u@h/d", "JwtIssuer": "https://issuer", "JwtAudience": "audience"},
        stack_name=STACK,
    ).function("lt-execute")
    for name in ("POWERTOOLS_METRICS_NAMESPACE", "POWERTOOLS_SERVICE_NAME"):
        monkeypatch.setenv(name, function.environment[name])


@pytest.fixture
def parts(database: Database) -> Parts:
    """Those of a function, on this database."""
    found = Parts({})
    found.__dict__.update(database=database, clock=HandClock(datetime(2026, 11, 26, 12, tzinfo=UTC)))
    return found


def test_a_completed_run_of_lt_execute_is_what_keeps_its_alarm_quiet(
    parts: Parts, capsys: pytest.CaptureFixture[str]
) -> None:
    answer({}, "lt-execute", lambda: ExecuteReport(ran=True), parts)

    (metric,) = emitted(capsys)
    stopped = alarm("ExecuteStopped")
    (told,) = metric["_aws"]["CloudWatchMetrics"]
    assert told["Namespace"] == NAMESPACE == stopped["Namespace"]["Fn::Sub"].replace("${AWS::StackName}", STACK)
    assert [each["Name"] for each in told["Metrics"]] == [stopped["MetricName"]]
    (dimensions,) = told["Dimensions"]
    assert {name: metric[name] for name in dimensions} == {
        each["Name"]: each["Value"] for each in stopped["Dimensions"]
    }


def test_a_run_that_dies_or_finds_another_at_it_does_not_keep_the_alarm_quiet(
    parts: Parts, capsys: pytest.CaptureFixture[str]
) -> None:
    def dies() -> None:
        raise RetryLater("the database is away")

    answer({}, "lt-execute", lambda: ExecuteReport(ran=False), parts)
    with pytest.raises(RetryLater):
        answer({}, "lt-execute", dies, parts)

    names = [
        each["Name"]
        for line in emitted(capsys)
        for told in line["_aws"]["CloudWatchMetrics"]
        for each in told["Metrics"]
    ]
    assert names == ["RunSkipped", "RunFailed"]


def test_the_alarm_of_dead_letters_counts_arrivals_and_so_ends_while_letters_are_kept() -> None:
    arrived = alarm("DeadLetterArrived")

    assert (arrived["MetricName"], arrived["Statistic"]) == ("NumberOfMessagesSent", "Sum")
