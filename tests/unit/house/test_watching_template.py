"""Figures, alarms, dashboard and their page name the same things, and every schedule has its dead man's switch."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator

from live_trading.nouns.measures.metrics import DIMENSIONS, MetricName
from local.lambdas.template.application import Schedule
from local.lambdas.template.intrinsics import read_template
from local.lambdas.template.reading import load_application
from local.machine.env import ROOT, TEMPLATE

RESOURCES: dict[str, Any] = read_template(TEMPLATE)["Resources"]
APPLICATION = load_application(
    TEMPLATE,
    parameters={
        "DatabaseUrl": "postgresql://u@h/d",
        "JwtIssuer": "https://issuer",
        "JwtAudience": "audience",
        "SchedulesEnabled": "true",
    },
    stack_name="live-trading",
)
NAMESPACE = "LiveTrading/${AWS::StackName}"
ALARMS = {name: each["Properties"] for name, each in RESOURCES.items() if each["Type"] == "AWS::CloudWatch::Alarm"}
PAGE = (ROOT / "docs/metrics.md").read_text()
CORE = ROOT / "layers/shared/live_trading"
# The roles of functions write logs and traces and reach a subnet; whatever else they may, the template writes out.
MANAGED = {"AWSLambdaBasicExecutionRole", "AWSXrayWriteOnlyAccess", "AWSLambdaVPCAccessExecutionRole"}


def documented() -> dict[str, tuple[str, set[str]]]:
    """Unit and jobs of each figure on the page."""
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \| ([\w\-, ]+) \|", PAGE, re.M)
    return {name: (unit, _jobs(told)) for name, unit, told in rows}


def _jobs(told: str) -> set[str]:
    return {job_of(each) for each in APPLICATION.schedules} if told == "every job" else set(told.split(", "))


def job_of(schedule: Schedule) -> str:
    job: str = json.loads(schedule.input)["job"]
    return job


def own(metrics: Iterator[tuple[str, str, dict[str, str]]]) -> set[tuple[str, str]]:
    """Name and job of those in our own namespace, whose dimensions are what is published."""
    found = set()
    for namespace, name, dimensions in metrics:
        if namespace == NAMESPACE:
            assert set(dimensions) == set(DIMENSIONS), name
            found.add((name, dimensions["job"]))
    return found


def alarmed() -> Iterator[tuple[str, str, dict[str, str]]]:
    for each in ALARMS.values():
        if "MetricName" in each:
            namespace = each["Namespace"]
            dimensions = {part["Name"]: part["Value"] for part in each["Dimensions"]}
            yield namespace["Fn::Sub"] if isinstance(namespace, dict) else namespace, each["MetricName"], dimensions


def shown() -> Iterator[tuple[str, str, dict[str, str]]]:
    body = json.loads(RESOURCES["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"])
    for widget in body["widgets"]:
        before: list[str] = []
        for metric in widget["properties"].get("metrics", []):
            given = [part for part in metric if isinstance(part, str)]
            before = [before[place] if part == "." else part for place, part in enumerate(given)]
            namespace, name, *pairs = before
            yield namespace, name, dict(zip(pairs[::2], pairs[1::2], strict=True))


def test_the_page_has_every_figure_with_its_unit_and_no_other() -> None:
    assert {name: unit for name, (unit, _) in documented().items()} == {each: each.unit for each in MetricName}


def test_every_figure_is_made_somewhere_and_published_in_one_place() -> None:
    files = [file for file in CORE.rglob("*.py") if file.name != "metrics.py" or file.parent.name != "measures"]
    text = {file: file.read_text() for file in files}
    made = {name for each in text.values() for name in re.findall(r"\bMetricName\.(\w+)", each)}
    publishing = [file.relative_to(CORE) for file, each in text.items() if "aws_lambda_powertools.metrics" in each]

    assert {each.name for each in MetricName} - made == set()
    assert [str(each) for each in publishing] == ["wiring/metrics.py"]


def test_no_figure_is_named_by_a_literal() -> None:
    names = {each.value for each in MetricName}
    found = {
        str(file.relative_to(CORE)): node.value
        for file in CORE.rglob("*.py")
        if str(file.relative_to(CORE)) != "nouns/measures/metrics.py"
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Constant) and node.value in names
    }

    assert found == {}


@pytest.mark.parametrize("watching", [alarmed, shown])
def test_what_is_watched_is_published_by_that_job(watching: Any) -> None:
    published = {(name, job) for name, (_, jobs) in documented().items() for job in jobs}

    assert own(watching()) - published == set()


def test_every_figure_is_on_the_dashboard() -> None:
    assert {each.value for each in MetricName} - {name for name, _ in own(shown())} == set()


@pytest.mark.parametrize("schedule", APPLICATION.schedules, ids=lambda each: each.name)
def test_every_schedule_has_a_dead_mans_switch_that_fits_its_period(schedule: Schedule) -> None:
    name = job_of(schedule)
    service = APPLICATION.function(schedule.function).environment["POWERTOOLS_SERVICE_NAME"]
    dimensions = [{"Name": "job", "Value": name}, {"Name": "service", "Value": service}]
    switches = {
        alarm: each
        for alarm, each in ALARMS.items()
        if each.get("MetricName") == MetricName.HEARTBEAT and each["Dimensions"] == dimensions
    }

    ((alarm, switch),) = switches.items()
    assert RESOURCES[alarm]["Condition"] == "SchedulesOn"
    assert (switch["Statistic"], switch["Threshold"]) == ("Sum", 1)
    assert (switch["ComparisonOperator"], switch["TreatMissingData"]) == ("LessThanThreshold", "breaching")
    # One lost tick is no matter, three are.
    assert 2 <= switch["Period"] * switch["EvaluationPeriods"] * 1000 / schedule.period_ms <= 3


@pytest.mark.parametrize("name", sorted(ALARMS))
def test_every_alarm_tells_of_its_begin_and_its_end_and_is_on_the_page(name: str) -> None:
    assert ALARMS[name]["AlarmActions"] == ALARMS[name]["OKActions"] == [{"Ref": "AlertTopic"}]
    assert ALARMS[name]["TreatMissingData"] in ("breaching", "notBreaching")
    assert f"`{name}`" in PAGE.partition("## Alarms")[2]


@pytest.mark.parametrize("name", ["FunctionFailed", "FunctionThrottled", "FunctionNearTimeout"])
def test_alarms_over_functions_leave_none_out_that_runs_by_itself(name: str) -> None:
    told = [each["MetricStat"]["Metric"]["Dimensions"] for each in ALARMS[name]["Metrics"] if "MetricStat" in each]

    watched = {dimension["Value"]["Ref"] for dimensions in told for dimension in dimensions}

    assert {spec.logical_id for spec in APPLICATION.functions} - watched == {"MigrateFunction"}


def test_the_alarm_of_long_runs_knows_every_time_out() -> None:
    expression, *parts = ALARMS["FunctionNearTimeout"]["Metrics"]
    function_of = {each["Id"]: each["MetricStat"]["Metric"]["Dimensions"][0]["Value"]["Ref"] for each in parts}

    told = dict(re.findall(r"FILL\((m\d), 0\) / (\d+)", expression["Expression"]))

    assert {function_of[each]: int(limit) for each, limit in told.items()} == {
        each: APPLICATION.function(each).timeout_seconds * 1000 for each in function_of.values()
    }


def translated() -> dict[str, Any]:
    """The template as CloudFormation gets it."""
    template = read_template(TEMPLATE)
    for each in template["Resources"].values():
        for name in {"CodeUri", "ContentUri"} & each.get("Properties", {}).keys():
            each["Properties"][name] = "s3://bucket/key"
    session = boto3.session.Session(region_name="eu-west-1")
    made: dict[str, Any] = Translator({}, Parser(), boto_session=session).translate(template, {})["Resources"]
    return made


def test_a_function_s_policy_holds_the_permissions_of_all_its_routes() -> None:
    """AWS refuses a policy of over 20,480 bytes, and with it the stack: some fifty routes with a permission each.

    Source: "Function resource-based policy: 20 KB" of Lambda's quotas, which cannot be raised.
    """
    # A statement as AWS keeps it, with the longest names of a stack and of its resources.
    around = (
        2 * 128
        + 64
        + len(
            '{"Sid":"","Effect":"Allow","Principal":{"Service":"apigateway.amazonaws.com"},'
            '"Action":"lambda:InvokeFunction","Resource":"arn:aws-us-gov:lambda:ap-southeast-1:123456789012:function:",'
            '"Condition":{"ArnLike":{"AWS:SourceArn":"arn:aws-us-gov:execute-api:ap-southeast-1:123456789012:/*"}}},'
        )
    )
    sizes: dict[str, int] = {}
    for each in translated().values():
        if each["Type"] == "AWS::Lambda::Permission":
            name = json.dumps(each["Properties"]["FunctionName"])
            sizes[name] = sizes.get(name, 0) + around + len(json.dumps(each["Properties"].get("SourceArn", "")))

    assert sizes
    assert {name: size for name, size in sizes.items() if size > 20_480} == {}


def test_every_function_is_traced_and_its_role_got_nothing_but_that_by_it() -> None:
    made = translated()
    functions = [each["Properties"] for each in made.values() if each["Type"] == "AWS::Lambda::Function"]
    roles = {name: each["Properties"] for name, each in made.items() if each["Type"] == "AWS::IAM::Role"}

    assert len(functions) == len(APPLICATION.functions)
    assert [each["TracingConfig"]["Mode"] for each in functions] == ["Active"] * len(functions)
    assert {arn.rpartition("/")[2] for role in roles.values() for arn in role.get("ManagedPolicyArns", [])} <= MANAGED
    for name, role in roles.items():
        for policy in role.get("Policies", []):
            for statement in policy["PolicyDocument"]["Statement"]:
                actions = statement.get("Action", [])
                assert "*" not in json.dumps(actions), name
                assert statement.get("Resource") != "*", name
