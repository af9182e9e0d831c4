"""A Lambda host over a small application of its own, with an issuer and a clock that the tests move."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from local.machine.env import python_part
from local.machine.patience import HANG_SECONDS
from local.machine.ports import HeldPorts, is_listening
from local.machine.processes import Child, Processes
from local.stack.issuer import LocalIssuer

AUDIENCE = "live-trading-api"

TEMPLATE = """
AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::Serverless-2016-10-31
Parameters:
  Issuer: {Type: String}
  NarrowRate: {Type: Number, Default: 0.0001}
  SchedulesEnabled: {Type: String, Default: "false", AllowedValues: ["true", "false"]}
Conditions:
  SchedulesAreOn: !Equals [!Ref SchedulesEnabled, "true"]
Globals:
  Function:
    Runtime: python3.13
    Timeout: 5
    Layers: [!Ref SharedLayer]
    Environment:
      Variables:
        GREETING: !Sub "hello from ${AWS::StackName}"
        TOPIC: !Ref AlertTopic
Resources:
  AlertTopic: {Type: AWS::SNS::Topic}
  SharedLayer:
    Type: AWS::Serverless::LayerVersion
    Properties: {ContentUri: layer/}
  Api:
    Type: AWS::Serverless::HttpApi
    Properties:
      Auth:
        DefaultAuthorizer: Tokens
        Authorizers:
          Tokens:
            IdentitySource: $request.header.Authorization
            JwtConfiguration: {issuer: !Ref Issuer, audience: [live-trading-api]}
  EchoFunction:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: functions/
      Handler: echo.handler
      Environment: {Variables: {OWN: "yes"}}
      Events:
        Open: {Type: HttpApi, Properties: {ApiId: !Ref Api, Path: /health, Method: GET, Auth: {Authorizer: NONE}}}
        Any: {Type: HttpApi, Properties: {ApiId: !Ref Api, Path: "/things/{id}", Method: ANY}}
        Scoped:
          Type: HttpApi
          Properties: {ApiId: !Ref Api, Path: /scoped, Method: GET, Auth: {AuthorizationScopes: [trade]}}
  Narrow:
    Type: AWS::Serverless::HttpApi
    Properties:
      DefaultRouteSettings: {ThrottlingBurstLimit: 3, ThrottlingRateLimit: !Ref NarrowRate}
      RouteSettings:
        "POST /narrow/stop": {ThrottlingBurstLimit: 2, ThrottlingRateLimit: !Ref NarrowRate}
      Auth:
        Authorizers:
          Tokens:
            IdentitySource: $request.header.Authorization
            JwtConfiguration: {issuer: !Ref Issuer, audience: [live-trading-api]}
  NarrowFunction:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: functions/
      Handler: echo.handler
      Events:
        Read: {Type: HttpApi, Properties: {ApiId: !Ref Narrow, Path: "/narrow/{id}", Method: GET}}
        List: {Type: HttpApi, Properties: {ApiId: !Ref Narrow, Path: /narrow, Method: GET, Auth: {Authorizer: Tokens}}}
        Stop: {Type: HttpApi, Properties: {ApiId: !Ref Narrow, Path: /narrow/stop, Method: POST}}
  MisbehavingFunction:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: functions/
      Handler: misbehaving.handler
      Timeout: 2
      Events:
        Door: {Type: HttpApi, Properties: {ApiId: !Ref Api, Path: /misbehave, Method: POST, Auth: {Authorizer: NONE}}}
  BrokenFunction:
    Type: AWS::Serverless::Function
    Properties: {CodeUri: functions/, Handler: broken.handler}
  SingleFunction:
    Type: AWS::Serverless::Function
    Properties: {CodeUri: functions/, Handler: single.handler, ReservedConcurrentExecutions: 1}
  MinutelyFunction:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: functions/
      Handler: echo.handler
      Events:
        Every:
          Type: ScheduleV2
          Properties:
            ScheduleExpression: rate(1 minute)
            State: !If [SchedulesAreOn, ENABLED, DISABLED]
            Input: '{"scheduled_time": "<aws.scheduler.scheduled-time>"}'
"""

ECHO = """
import os
import from_the_layer

def handler(event, context):
    return {
        "event": event, "layer": from_the_layer.VALUE, "remaining_ms": context.get_remaining_time_in_millis(),
        "function": context.function_name, "request_id": context.aws_request_id,
        "environment": {name: os.environ.get(name) for name in (
            "GREETING", "TOPIC", "OWN", "AWS_REGION", "AWS_ENDPOINT_URL", "HOME")},
    }
"""

MISBEHAVING = """
import json, os, pathlib, time

def meet(mine, other):
    pathlib.Path(mine).touch()
    while not pathlib.Path(other).exists():
        time.sleep(0.005)

def handler(event, context):
    how = json.loads(event["body"])["how"] if "body" in event else event["how"]
    if how == "raise":
        raise ValueError("no such luck")
    if how == "exit":
        os._exit(3)
    if how == "hang":
        print("about to hang")
        time.sleep(60)
    if how == "meet":
        meet(event["mine"], event["other"])
    if how == "answer nonsense":
        return {"statusCode": "many"}
    return {"statusCode": 201, "headers": {"X-How": how}, "cookies": ["a=b"], "body": "made"}
"""

SINGLE = """
import pathlib, time

def handler(event, context):
    pathlib.Path(event["started"]).touch()
    while not pathlib.Path(event["release"]).exists():
        time.sleep(0.005)
    return "done"
"""


@dataclass(slots=True)
class MovableClock:
    """The part of the exchange's control API that the scheduler uses.

    `moves_on` is how far it has gone by itself whenever it has been advanced, as where invocations take venue time.
    """

    moves_on: int = 0
    now_ms: int = 1_000_000_000_000
    advanced_to: list[int] = field(default_factory=list)
    url: str = ""

    def serve(self) -> ThreadingHTTPServer:
        clock = self

        class Answers(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._send()

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                clock.now_ms = body["to_ms"]
                clock.advanced_to.append(clock.now_ms)
                self._send()
                clock.now_ms += clock.moves_on

            def _send(self) -> None:
                self.send_response(200)
                self.end_headers()
                self.wfile.write(json.dumps({"now_ms": clock.now_ms}).encode())

            def log_message(self, *arguments: Any) -> None: ...

        server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
        self.url = f"http://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        return server


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningHost:
    """A host that answers."""

    child: Child
    http: httpx.Client
    front_door_url: str
    host_url: str
    issuer: LocalIssuer
    clock: MovableClock
    directory: Path

    def invoke(self, name: str, event: Any) -> dict[str, Any]:
        """The control API's answer to one invocation."""
        answer: dict[str, Any] = self.http.post(f"{self.host_url}/invoke/{name}", json=event).json()
        return answer


@pytest.fixture(scope="module")
def lambda_host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHost]:
    """One host for the tests of a module, its schedules on."""
    directory = tmp_path_factory.mktemp("host")
    write_application(directory)
    clock = MovableClock()
    server = clock.serve()
    with (
        LocalIssuer(audience=AUDIENCE) as issuer,
        HeldPorts() as ports,
        Processes(directory / "logs") as processes,
        httpx.Client(timeout=HANG_SECONDS) as http,
    ):
        front_door, host = ports.any(), ports.any()
        config = {
            "template": str(directory / "template.yaml"),
            "parameters": {"Issuer": issuer.url, "SchedulesEnabled": "true"},
            "stack_name": "tests",
            "front_door_port": front_door,
            "host_port": host,
            "control_url": clock.url,
            "aws_endpoint_url": "http://127.0.0.1:1",
            "logs": str(directory / "logs"),
        }
        (directory / "host.json").write_text(json.dumps(config))
        child = processes.start(
            python_part("host", "-m", "local.lambdas", "--config", str(directory / "host.json"), remedy="read the log")
        )
        child.wait_until(lambda: is_listening(host), seconds=HANG_SECONDS)
        yield RunningHost(
            child=child,
            http=http,
            front_door_url=f"http://127.0.0.1:{front_door}",
            host_url=f"http://127.0.0.1:{host}",
            issuer=issuer,
            clock=clock,
            directory=directory,
        )
    server.shutdown()
    server.server_close()


def write_application(directory: Path) -> None:
    """The template and the code of its functions."""
    files = {
        "template.yaml": TEMPLATE,
        "functions/echo.py": ECHO,
        "functions/misbehaving.py": MISBEHAVING,
        "functions/single.py": SINGLE,
        "functions/broken.py": "import a_package_that_is_not_there\n",
        "layer/from_the_layer.py": "VALUE = 'shared'\n",
    }
    for name, text in files.items():
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_text(text)
