"""Reads a SAM template: its functions, routes, schedules, authorizers and topics."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from live_trading.nouns.measures.rates import Rate
from local.lambdas.template.application import (
    Application,
    FunctionSpec,
    JwtAuthorizer,
    Route,
    Schedule,
    Throttle,
    function_arn,
)
from local.lambdas.template.intrinsics import ACCOUNT_ID, REGION, Intrinsics, TemplateError, is_intrinsic, read_template
from local.lambdas.template.schedules import period_ms

_FUNCTION = "AWS::Serverless::Function"
_HTTP_API = "AWS::Serverless::HttpApi"
_LAYER = "AWS::Serverless::LayerVersion"
_TOPIC = "AWS::SNS::Topic"
_IMPLICIT_API = "ServerlessHttpApi"
_RATE_LIMIT = "ThrottlingRateLimit"
_BURST_LIMIT = "ThrottlingBurstLimit"
_SHARED = "every other route"
_DEFAULT_TIMEOUT_SECONDS = 3
_DEFAULT_MEMORY_MB = 128


def load_application(file: Path, *, parameters: Mapping[str, str], stack_name: str) -> Application:
    """Read a template with these parameter values; TemplateError for what it should not say."""
    reader = _Reader(file, parameters, stack_name)
    return Application(
        functions=tuple(reader.functions()),
        routes=tuple(reader.routes()),
        schedules=tuple(reader.schedules()),
        topic_names=tuple(reader.topic_names()),
    )


def kebab_name(logical_id: str) -> str:
    """`LtExecuteFunction` as `lt-execute`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", logical_id.removesuffix("Function")).lower()


def merged(general: Any, particular: Any) -> Any:
    """SAM's Globals rule: mappings merge, lists add up, anything else, intrinsic functions too, is replaced."""
    if is_intrinsic(general) or is_intrinsic(particular):
        return particular
    if isinstance(general, dict) and isinstance(particular, dict):
        both = {key: merged(general[key], particular[key]) for key in general.keys() & particular.keys()}
        return {**general, **particular, **both}
    if isinstance(general, list) and isinstance(particular, list):
        return [*general, *particular]
    return particular


class _Reader:
    def __init__(self, file: Path, parameters: Mapping[str, str], stack_name: str) -> None:
        self._directory = file.resolve().parent
        self._template = read_template(file)
        self._resources: dict[str, Any] = self._template["Resources"]
        self._stack_name = stack_name
        self._intrinsics = Intrinsics(
            self._template,
            parameters=parameters,
            stack_name=stack_name,
            reference=self._reference,
            attribute=self._attribute,
        )

    def functions(self) -> Iterator[FunctionSpec]:
        for logical_id, properties in self._of_type(_FUNCTION, "Function"):
            yield self._function(logical_id, properties)

    def routes(self) -> Iterator[Route]:
        for logical_id, _, event in self._events("HttpApi"):
            yield self._route(logical_id, event)

    def schedules(self) -> Iterator[Schedule]:
        for logical_id, name, event in self._events("ScheduleV2"):
            if self._resolved(event, "State", "ENABLED") != "ENABLED":
                continue
            yield Schedule(
                name=str(self._resolved(event, "Name", name)),
                function=logical_id,
                period_ms=period_ms(self._resolved(event, "ScheduleExpression")),
                input=str(self._resolved(event, "Input", "{}")),
            )

    def topic_names(self) -> Iterator[str]:
        for logical_id, _ in self._of_type(_TOPIC, None):
            yield self._reference(logical_id).rpartition(":")[2]

    def _of_type(self, kind: str, section: str | None) -> Iterator[tuple[str, dict[str, Any]]]:
        general = self._template.get("Globals", {}).get(section, {}) if section else {}
        for logical_id, resource in self._resources.items():
            if resource["Type"] != kind:
                continue
            if "Condition" in resource and not self._intrinsics.is_true(resource["Condition"]):
                continue
            yield logical_id, merged(general, resource.get("Properties", {}))

    def _resolved(self, properties: Mapping[str, Any], name: str, default: Any = None) -> Any:
        value = self._intrinsics.resolve(properties.get(name, default))
        if value is None:
            raise TemplateError(f"{name} is missing")
        return value

    def _function(self, logical_id: str, properties: Mapping[str, Any]) -> FunctionSpec:
        environment = self._resolved(properties.get("Environment", {}), "Variables", {})
        logging = self._resolved(properties, "LoggingConfig", {})
        reserved = self._intrinsics.resolve(properties.get("ReservedConcurrentExecutions"))
        return FunctionSpec(
            logical_id=logical_id,
            name=kebab_name(logical_id),
            deployed_name=self._reference(logical_id),
            handler=self._resolved(properties, "Handler"),
            runtime=self._resolved(properties, "Runtime"),
            code=self._folder(self._resolved(properties, "CodeUri")),
            layers=tuple(map(self._layer, properties.get("Layers", []))),
            environment={name: str(value) for name, value in environment.items()},
            timeout_seconds=int(self._resolved(properties, "Timeout", _DEFAULT_TIMEOUT_SECONDS)),
            memory_mb=int(self._resolved(properties, "MemorySize", _DEFAULT_MEMORY_MB)),
            reserved_concurrency=int(reserved) if isinstance(reserved, int | str) else None,
            log_format=logging.get("LogFormat", "Text"),
            log_level=logging.get("ApplicationLogLevel"),
        )

    def _layer(self, value: Any) -> Path:
        logical_id = value.get("Ref") if isinstance(value, dict) else None
        layer = self._resources.get(logical_id or "", {})
        if layer.get("Type") != _LAYER:
            raise TemplateError(f"a layer must be a Ref to a layer of the template, not {value!r}")
        return self._folder(self._resolved(layer["Properties"], "ContentUri"))

    def _folder(self, place: Any) -> Path:
        folder = self._directory / str(place)
        if not folder.is_dir():
            raise TemplateError(f"{folder} is not a folder")
        return folder

    def _events(self, kind: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
        """The function, the event's name and its properties.

        TemplateError for an event of a type that is neither a route nor a schedule.
        """
        for logical_id, properties in self._of_type(_FUNCTION, "Function"):
            for name, event in properties.get("Events", {}).items():
                if event["Type"] not in ("HttpApi", "ScheduleV2"):
                    raise TemplateError(f"event {name} of {logical_id} has type {event['Type']}, not run here")
                if event["Type"] == kind:
                    yield logical_id, f"{logical_id}{name}", event.get("Properties", {})

    def _route(self, logical_id: str, event: Mapping[str, Any]) -> Route:
        own = event.get("Auth", {})
        api_id, api = self._api(event.get("ApiId", {"Ref": _IMPLICIT_API}))
        auth = api.get("Auth", {})
        name = own.get("Authorizer", auth.get("DefaultAuthorizer", "NONE"))
        authorizers = auth.get("Authorizers", {})
        if name != "NONE" and name not in authorizers:
            raise TemplateError(f"{logical_id} names the authorizer {name}, which its API does not have")
        facts = authorizers.get(name, {})
        route = Route(
            method=str(event.get("Method", "ANY")).upper().replace("X-AMAZON-APIGATEWAY-ANY-METHOD", "ANY"),
            path=str(event.get("Path", "$default")),
            function=logical_id,
            authorizer=None if name == "NONE" else self._authorizer(name, facts),
            scopes=tuple(
                self._intrinsics.resolve(own.get("AuthorizationScopes", facts.get("AuthorizationScopes", [])))
            ),
        )
        return replace(route, throttle=self._throttle(route.key, api_id, api))

    def _throttle(self, key: str, api_id: str, api: Mapping[str, Any]) -> Throttle | None:
        """A route's own limits, each that it does not set being the stage's; else those that it shares."""
        shared = self._intrinsics.resolve(api.get("DefaultRouteSettings", {}))
        own = self._intrinsics.resolve(api.get("RouteSettings", {}).get(key))
        limits = {**shared, **(own or {})}
        if _RATE_LIMIT not in limits or _BURST_LIMIT not in limits:
            return None
        rate = Rate(per_second=float(limits[_RATE_LIMIT]), burst=int(limits[_BURST_LIMIT]))
        return Throttle(name=f"{api_id}: {_SHARED if own is None else key}", rate=rate)

    def _api(self, api_id: Any) -> tuple[str, dict[str, Any]]:
        logical_id = api_id.get("Ref") if isinstance(api_id, dict) else api_id
        if logical_id == _IMPLICIT_API:
            return _IMPLICIT_API, dict(self._template.get("Globals", {}).get("HttpApi", {}))
        for found, properties in self._of_type(_HTTP_API, "HttpApi"):
            if found == logical_id:
                return found, properties
        raise TemplateError(f"there is no HTTP API {logical_id}")

    def _authorizer(self, name: str, facts: Mapping[str, Any]) -> JwtAuthorizer:
        if "JwtConfiguration" not in facts:
            raise TemplateError(f"authorizer {name} is not a JWT authorizer")
        settings = self._intrinsics.resolve(facts["JwtConfiguration"])
        return JwtAuthorizer(issuer=str(settings["issuer"]), audiences=tuple(settings["audience"]))

    def _reference(self, logical_id: str) -> str:
        resource = self._resource(logical_id)
        match resource["Type"]:
            case "AWS::SNS::Topic":
                own = resource.get("Properties", {}).get("TopicName")
                name = self._intrinsics.resolve(own) if own is not None else f"{self._stack_name}-{logical_id}"
                return f"arn:aws:sns:{REGION}:{ACCOUNT_ID}:{name}"
            case "AWS::Serverless::Function":
                own = resource.get("Properties", {}).get("FunctionName")
                return str(self._intrinsics.resolve(own)) if own is not None else kebab_name(logical_id)
            case _:
                return f"{self._stack_name}-{logical_id}"

    def _attribute(self, logical_id: str, attribute: str) -> str:
        kind = self._resource(logical_id)["Type"]
        match kind, attribute:
            case "AWS::SNS::Topic", "TopicArn":
                return self._reference(logical_id)
            case "AWS::SNS::Topic", "TopicName":
                return self._reference(logical_id).rpartition(":")[2]
            case "AWS::Serverless::Function", "Arn":
                return function_arn(self._reference(logical_id))
            case _:
                raise TemplateError(f"GetAtt {logical_id}.{attribute} of a {kind} is not known to this host")

    def _resource(self, logical_id: str) -> dict[str, Any]:
        if logical_id not in self._resources:
            raise TemplateError(f"the template has neither a parameter nor a resource {logical_id}")
        found: dict[str, Any] = self._resources[logical_id]
        return found
