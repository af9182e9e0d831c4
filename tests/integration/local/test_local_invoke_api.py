"""Functions invoke functions on one machine as they do at AWS: by Lambda's own API, with the real client."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from local.lambdas.template.intrinsics import REGION
from tests.integration.lambda_host_fixtures import RunningHost
from tests.waiting import await_true

pytestmark = pytest.mark.integration


def client(host: RunningHost) -> Any:
    return boto3.client(
        "lambda",
        endpoint_url=host.host_url,
        region_name=REGION,
        aws_access_key_id="local",
        aws_secret_access_key="local",
    )


def test_an_event_is_taken_at_once_and_run_behind_the_answer(lambda_host: RunningHost, tmp_path: Path) -> None:
    mine, other = tmp_path / "mine", tmp_path / "other"
    event = json.dumps({"how": "meet", "mine": str(mine), "other": str(other)})

    taken = client(lambda_host).invoke(FunctionName="misbehaving", InvocationType="Event", Payload=event)

    assert taken["StatusCode"] == 202
    await_true(mine.exists, "the handler runs")
    other.touch()


def test_an_invocation_is_waited_for_and_tells_its_failure(lambda_host: RunningHost) -> None:
    well = client(lambda_host).invoke(FunctionName="echo", Payload=json.dumps({"n": 1}))
    badly = client(lambda_host).invoke(FunctionName="misbehaving", Payload=json.dumps({"how": "raise"}))

    assert (well["StatusCode"], "FunctionError" in well) == (200, False)
    assert json.loads(well["Payload"].read())["event"] == {"n": 1}
    assert badly["FunctionError"] == "Unhandled"
    assert json.loads(badly["Payload"].read())["errorMessage"] == "no such luck"


def test_a_function_is_invoked_by_the_name_that_it_knows_itself_by(lambda_host: RunningHost) -> None:
    name = lambda_host.invoke("echo", {})["payload"]["function"]

    assert client(lambda_host).invoke(FunctionName=name, Payload="{}")["StatusCode"] == 200


def test_a_function_that_is_not_there_is_refused(lambda_host: RunningHost) -> None:
    with pytest.raises(ClientError) as refused:
        client(lambda_host).invoke(FunctionName="eco", InvocationType="Event", Payload="{}")

    assert refused.value.response["Error"]["Code"] == "ResourceNotFoundException"
