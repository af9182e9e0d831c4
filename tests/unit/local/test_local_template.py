"""The Lambda host reads a SAM template as CloudFormation and SAM do."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from local.lambdas.template.application import Application
from local.lambdas.template.intrinsics import TemplateError
from local.lambdas.template.reading import kebab_name, load_application, merged
from local.machine.env import TEMPLATE

PARAMETERS = {"DatabaseUrl": "postgresql://u@h/d", "JwtIssuer": "http://issuer", "JwtAudience": "one,two"}


def read(tmp_path: Path, text: str, **parameters: str) -> Application:
    file = tmp_path / "template.yaml"
    file.write_text(text)
    return load_application(file, parameters=parameters, stack_name="s")


def function(tmp_path: Path, value: str, *, head: str = "", **parameters: str) -> str:
    """What a variable with this YAML value comes to."""
    (tmp_path / "code").mkdir(exist_ok=True)
    text = f"""
{head}
Resources:
  Topic: {{Type: AWS::SNS::Topic, Properties: {{TopicName: alerts}}}}
  OneFunction:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: code
      Handler: app.handler
      Runtime: python3.13
      Environment:
        Variables:
          VALUE: {value}
"""
    return read(tmp_path, text, **parameters).functions[0].environment["VALUE"]


HEAD = """
Parameters:
  Name: {Type: String, Default: world}
  Names: {Type: CommaDelimitedList, Default: "a, b"}
Conditions:
  IsWorld: !Equals [!Ref Name, world]
  IsNot: !Not [!Condition IsWorld]
Mappings:
  Table: {row: {column: cell}}
"""


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("plain", "plain"),
        ("!Ref Name", "world"),
        ("!Sub 'hello ${Name} in ${AWS::Region}, ${!Literal}'", "hello world in us-east-1, ${Literal}"),
        ("!Sub ['${Greeting} ${Name}', {Greeting: hi}]", "hi world"),
        ("!Sub '${Topic.TopicName}'", "alerts"),
        ("!GetAtt Topic.TopicName", "alerts"),
        ("!Ref Topic", "arn:aws:sns:us-east-1:123456789012:alerts"),
        ("!GetAtt OneFunction.Arn", "arn:aws:lambda:us-east-1:123456789012:function:one"),
        ("!If [IsWorld, yes, no]", "True"),
        ("!If [IsNot, then, otherwise]", "otherwise"),
        ("!Join ['-', !Ref Names]", "a-b"),
        ("!Select [1, !Split [',', 'x,y']]", "y"),
        ("!FindInMap [Table, row, column]", "cell"),
    ],
)
def test_an_intrinsic_function_comes_to_its_value(tmp_path: Path, value: str, expected: str) -> None:
    assert function(tmp_path, value, head=HEAD) == expected


def test_a_given_parameter_takes_the_place_of_its_default(tmp_path: Path) -> None:
    assert function(tmp_path, "!Ref Name", head=HEAD, Name="moon") == "moon"


@pytest.mark.parametrize(
    ("value", "complaint"),
    [
        ("!Ref Nothing", "neither a parameter nor a resource Nothing"),
        ("!GetAtt Topic.Colour", "Topic.Colour"),
        ("!ImportValue x", "Fn::ImportValue"),
        ("!If [Unheard, a, b]", "condition Unheard"),
    ],
)
def test_what_cannot_be_resolved_is_named(tmp_path: Path, value: str, complaint: str) -> None:
    with pytest.raises(TemplateError, match=complaint):
        function(tmp_path, value, head=HEAD)


def test_a_parameter_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TemplateError, match="no parameter Nmae"):
        function(tmp_path, "x", head=HEAD, Nmae="moon")


def test_a_parameter_without_value_or_default_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TemplateError, match="Name has no default"):
        function(tmp_path, "x", head="Parameters: {Name: {Type: String}}")


def test_globals_add_to_what_a_function_says_and_give_way_to_it() -> None:
    general = {"Timeout": 3, "Environment": {"Variables": {"A": "1", "B": {"Ref": "Old"}}}, "Layers": ["x"]}
    particular = {"Timeout": 9, "Environment": {"Variables": {"B": {"Fn::If": ["C", "2", "3"]}}}, "Layers": ["y"]}

    assert merged(general, particular) == {
        "Timeout": 9,
        "Environment": {"Variables": {"A": "1", "B": {"Fn::If": ["C", "2", "3"]}}},
        "Layers": ["x", "y"],
    }


def test_a_function_whose_code_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TemplateError, match="nowhere"):
        read(
            tmp_path,
            """
Resources:
  OneFunction:
    Type: AWS::Serverless::Function
    Properties: {CodeUri: nowhere, Handler: app.handler, Runtime: python3.13}
""",
        )


def test_kebab_names_follow_from_logical_ids() -> None:
    names = {logical_id: kebab_name(logical_id) for logical_id in ("LtExecuteFunction", "HealthFunction", "FtSync")}

    assert names == {"LtExecuteFunction": "lt-execute", "HealthFunction": "health", "FtSync": "ft-sync"}


def test_every_route_of_the_product_but_health_asks_for_a_token() -> None:
    application = load_application(TEMPLATE, parameters=PARAMETERS, stack_name="s")

    assert [route.key for route in application.routes if route.authorizer is None] == ["GET /health"]
    assert {route.authorizer.audiences for route in application.routes if route.authorizer} == {("one", "two")}


def test_the_products_schedules_are_off_until_they_are_switched_on() -> None:
    off = load_application(TEMPLATE, parameters=PARAMETERS, stack_name="s")
    on = load_application(TEMPLATE, parameters={**PARAMETERS, "SchedulesEnabled": "true"}, stack_name="s")

    minutes = {each.name.rpartition("-dev-")[2]: each.period_ms // 60_000 for each in on.schedules}
    assert off.schedules == ()
    assert minutes == {
        "lt-execute": 2,
        "lt-resolve": 10,
        "lt-redemptions": 10,
        "health": 5,
        "alerts": 1,
        "ft-sync": 1,
        "ft-resolve": 10,
        "retention": 60,
    }


@pytest.mark.health
def test_each_minute_health_only_tells_what_waits() -> None:
    on = load_application(TEMPLATE, parameters={**PARAMETERS, "SchedulesEnabled": "true"}, stack_name="s")

    (each_minute,) = [each for each in on.schedules if each.name.endswith("-alerts")]

    assert on.function(each_minute.function).name == "health"
    assert json.loads(each_minute.input)["only"] == "alerts"
