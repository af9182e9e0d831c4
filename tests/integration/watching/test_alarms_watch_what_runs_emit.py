"""What an alarm of the template watches is what a run really emits."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from live_trading.nouns.decisions import Reason
from live_trading.nouns.errors import RetryLater
from live_trading.nouns.money import Usd
from live_trading.nouns.orders import FillStatus, OrderState
from live_trading.services.copying.copy_run import CopyReport
from live_trading.services.entering.execute_report import ExecuteReport, Standing
from live_trading.services.reconciling.reconcile import ReconcileReport
from live_trading.services.redeeming.redeem_report import RedeemReport
from live_trading.services.running.failures import PartFailure
from live_trading.services.watching.checkup import HealthReport
from live_trading.services.watching.findings import (
    CheckName,
    Figure,
    Finding,
    HealthStatus,
    Unit,
    count_of,
    healthy,
)
from live_trading.services.watching.health_figures import health_figures
from live_trading.settlement.machine import RedemptionState
from live_trading.store.database.connection import Database
from live_trading.wiring.composition import Parts
from live_trading.wiring.jobs import answer
from live_trading.wiring.metrics import publish, publish_pass
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


def published(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """Name and values of every figure, a line each, with the dimensions checked."""
    found = []
    for line in emitted(capsys):
        (told,) = line["_aws"]["CloudWatchMetrics"]
        assert told["Namespace"] == NAMESPACE
        assert [sorted(each) for each in told["Dimensions"]] == [["job", "service"]]
        found.append({each["Name"]: line[each["Name"]] for each in told["Metrics"]})
    return found


def test_a_completed_run_of_lt_execute_is_what_keeps_its_alarm_quiet(
    parts: Parts, capsys: pytest.CaptureFixture[str]
) -> None:
    answer(None, "lt-execute", lambda: ExecuteReport(ran=True), parts)

    (metric,) = emitted(capsys)
    stopped = alarm("ExecuteStopped")
    (told,) = metric["_aws"]["CloudWatchMetrics"]
    assert told["Namespace"] == NAMESPACE == stopped["Namespace"]["Fn::Sub"].replace("${AWS::StackName}", STACK)
    assert stopped["MetricName"] in [each["Name"] for each in told["Metrics"]]
    assert metric[stopped["MetricName"]] == [1]
    (dimensions,) = told["Dimensions"]
    assert {name: metric[name] for name in dimensions} == {
        each["Name"]: each["Value"] for each in stopped["Dimensions"]
    }


def test_a_run_that_dies_or_finds_another_at_it_does_not_keep_the_alarm_quiet(
    parts: Parts, capsys: pytest.CaptureFixture[str]
) -> None:
    def dies() -> None:
        raise RetryLater("the database is away")

    answer(None, "lt-execute", lambda: ExecuteReport(ran=False), parts)
    with pytest.raises(RetryLater):
        answer(None, "lt-execute", dies, parts)

    assert published(capsys) == [{"RunSkipped": [1]}, {"RunFailed": [1]}]


def test_a_run_tells_what_it_did_and_no_count_of_zero(parts: Parts, capsys: pytest.CaptureFixture[str]) -> None:
    report = ExecuteReport(ran=True, orders={"FILLED": 2, "UNKNOWN": 1}, exits={"stop_loss": 1})
    report.decided(Reason.ACCEPTED)
    report.decided(Reason.RISK_REJECTED)
    report.posted(timedelta(milliseconds=1_250))
    report.posted(timedelta(milliseconds=900))
    report.reconciled.append(
        ReconcileReport(
            ended=Counter({OrderState.FILLED: 1, OrderState.REJECTED: 1}), settled=Counter({FillStatus.CONFIRMED: 3})
        )
    )
    report.standing = Standing(equity=Usd("100.5"), reserved=Usd(0), exposure=Usd(7))

    answer(None, "lt-execute", lambda: report, parts)

    (told,) = published(capsys)
    assert told.pop("RunSeconds")[0] >= 0
    assert told == {
        "Heartbeat": [1],
        "SignalsDecided": [2],
        "SignalsAccepted": [1],
        "SignalsRejected": [1],
        "OrdersSent": [4],
        "OrdersFilled": [3],
        "OrdersRejected": [1],
        "OrdersUnknown": [1],
        "FillsSettled": [3],
        "TradeToPostMilliseconds": [1250, 900],
        "EquityUsd": [100.5],
        "ReservedUsd": [0],
        "ExposureUsd": [7],
    }


def test_parts_that_fail_are_counted_wherever_they_are_in_the_report(
    parts: Parts, capsys: pytest.CaptureFixture[str]
) -> None:
    failure = PartFailure(part="wallet", error="RetryLater", message="away")
    report = ExecuteReport(ran=True, failures=[failure], reconciled=[ReconcileReport(failures=[failure])])

    answer(None, "lt-execute", lambda: report, parts)

    assert published(capsys)[0]["FailedParts"] == [2]


def test_a_run_that_stays_counts_the_parts_of_its_passes_once(parts: Parts, capsys: pytest.CaptureFixture[str]) -> None:
    failure = PartFailure(part="wallet", error="RetryLater", message="away")
    last = ExecuteReport(ran=True, failures=[failure])
    publish_pass("lt-execute", last)

    answer({}, "lt-execute", lambda: CopyReport(ran=True, live=last), parts)
    answer({}, "lt-execute", lambda: CopyReport(ran=True, live=last, failures=[failure]), parts)

    assert [line.get("FailedParts") for line in published(capsys)] == [[1], None, [1]]


def test_figures_that_cannot_be_published_fail_no_run(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "n")
    report = ExecuteReport(ran=True, trade_to_post_ms=["no number"])  # type: ignore[list-item]

    assert answer({}, "lt-execute", lambda: report, parts)["ran"]


def test_a_redeemer_tells_what_was_booked_and_what_is_on_its_way(
    parts: Parts, capsys: pytest.CaptureFixture[str]
) -> None:
    states = dict(enumerate([RedemptionState.BOOKED, RedemptionState.MINED, RedemptionState.NEEDS_OPERATOR]))
    report = RedeemReport(ran=True, states={str(each): state for each, state in states.items()})
    report.booked.append(("0xabc", Usd(5)))

    answer(None, "lt-redemptions", lambda: report, parts)

    (told,) = published(capsys)
    assert {name: told[name] for name in told if name.startswith("Redemptions")} == {
        "RedemptionsBooked": [1],
        "RedemptionsUnderWay": [1],
        "RedemptionsFailed": [1],
    }


def test_health_tells_the_worst_of_several_and_zero_too_so_that_its_alarm_ends(
    capsys: pytest.CaptureFixture[str],
) -> None:
    findings = (
        Finding(name=CheckName.VENUE, status=HealthStatus.WARNING, detail="slow"),
        healthy(CheckName.BREAKS, "none", count_of(0)),
        healthy(CheckName.ORDERS, "each has an answer", count_of(0)),
        *(
            healthy(CheckName.FEED_LAG, "late", Figure(name="lag", observed=lag, limit=None, unit=Unit.SECONDS))
            for lag in (Decimal(3), Decimal("7.5"), None)
        ),
        *(
            healthy(CheckName.WALLET_GAS, "has", Figure(name="gas", observed=gas, limit=None, unit=Unit.POL))
            for gas in (Decimal(9), Decimal("0.25"))
        ),
        healthy(
            CheckName.CONNECTIONS, "left", Figure(name="left", observed=Decimal("0.4"), limit=None, unit=Unit.FRACTION)
        ),
    )

    publish("health", health_figures(HealthReport(status=HealthStatus.WARNING, findings=findings)))

    (told,) = published(capsys)
    assert told == {
        "HealthCritical": [0],
        "HealthWarning": [1],
        "InertGuards": [0],
        "OpenBreaks": [0],
        "OldestUnknownOrderSeconds": [0],
        "FeedLagSeconds": [7.5],
        "LowestGasPol": [0.25],
        "DatabaseConnectionsLeftPercent": [40],
    }


def test_more_orders_than_a_line_takes_are_told_in_several(parts: Parts, capsys: pytest.CaptureFixture[str]) -> None:
    report = ExecuteReport(ran=True, trade_to_post_ms=list(range(250)))

    answer(None, "lt-execute", lambda: report, parts)

    told = [value for line in published(capsys) for value in line.get("TradeToPostMilliseconds", [])]
    assert told == list(range(250))


def test_without_a_namespace_nothing_is_told_and_nothing_fails(
    parts: Parts, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("POWERTOOLS_METRICS_NAMESPACE")

    answer(None, "lt-execute", lambda: ExecuteReport(ran=True), parts)

    assert emitted(capsys) == []


def test_the_alarm_of_dead_letters_counts_arrivals_and_so_ends_while_letters_are_kept() -> None:
    arrived = alarm("DeadLetterArrived")

    assert (arrived["MetricName"], arrived["Statistic"]) == ("NumberOfMessagesSent", "Sum")
