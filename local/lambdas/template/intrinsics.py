"""A CloudFormation template's text, and what its intrinsic functions come to for given parameters."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import yaml

REGION = "us-east-1"
ACCOUNT_ID = "123456789012"
_VARIABLE = re.compile(r"\$\{(!?)([^}]+)\}")
_NO_VALUE = object()


class TemplateError(ValueError):
    """The template cannot be read, or uses something that this host does not do."""


class _Loader(yaml.SafeLoader):  # type: ignore[misc]
    """YAML with CloudFormation's short tags, read as their long forms."""


def _long_form(loader: _Loader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    value: Any
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        assert isinstance(node, yaml.MappingNode)
        value = loader.construct_mapping(node, deep=True)
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}": value}


_Loader.add_multi_constructor("!", _long_form)


def read_template(file: Path) -> dict[str, Any]:
    """The template as plain data, its functions unresolved; TemplateError if it is not a mapping."""
    try:
        # _Loader derives from SafeLoader: it builds no objects but plain data.
        read = yaml.load(file.read_text(), Loader=_Loader)  # noqa: S506
    except yaml.YAMLError as error:
        raise TemplateError(f"{file} is not YAML: {error}") from error
    if not isinstance(read, dict) or not isinstance(read.get("Resources"), dict):
        raise TemplateError(f"{file} is not a CloudFormation template: it has no Resources")
    return read


def is_intrinsic(value: Any) -> bool:
    """Whether a value is a call of an intrinsic function."""
    return isinstance(value, dict) and len(value) == 1 and next(iter(value)).startswith(("Fn::", "Ref", "Condition"))


class Intrinsics:
    """Resolves values of one template. `reference` and `attribute` say what Ref and GetAtt of a resource give."""

    def __init__(
        self,
        template: Mapping[str, Any],
        *,
        parameters: Mapping[str, str],
        stack_name: str,
        reference: Callable[[str], str],
        attribute: Callable[[str, str], str],
    ) -> None:
        self._conditions = template.get("Conditions", {})
        self._mappings = template.get("Mappings", {})
        self._reference = reference
        self._attribute = attribute
        self._values: dict[str, Any] = {
            "AWS::Region": REGION,
            "AWS::AccountId": ACCOUNT_ID,
            "AWS::Partition": "aws",
            "AWS::URLSuffix": "amazonaws.com",
            "AWS::StackName": stack_name,
            "AWS::StackId": f"arn:aws:cloudformation:{REGION}:{ACCOUNT_ID}:stack/{stack_name}/local",
            "AWS::NoValue": _NO_VALUE,
            **_parameter_values(template.get("Parameters", {}), parameters),
        }

    def resolve(self, value: Any) -> Any:
        """`value` with every intrinsic function in it replaced; TemplateError for one that is not known."""
        if isinstance(value, list):
            return [item for item in map(self.resolve, value) if item is not _NO_VALUE]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            (name, argument), *_ = value.items()
            if name == "Ref":
                return self._ref(argument)
            if name.startswith("Fn::"):
                return self._call(name.removeprefix("Fn::"), argument)
        resolved = {key: self.resolve(item) for key, item in value.items()}
        return {key: item for key, item in resolved.items() if item is not _NO_VALUE}

    def is_true(self, condition: str) -> bool:
        """Whether a named condition holds."""
        if condition not in self._conditions:
            raise TemplateError(f"condition {condition} is not defined")
        return self._holds(self._conditions[condition])

    def _holds(self, expression: Any) -> bool:
        (name, argument), *_ = expression.items()
        match name:
            case "Condition":
                return self.is_true(argument)
            case "Fn::Equals":
                left, right = (self.resolve(side) for side in argument)
                return bool(left == right)
            case "Fn::Not":
                return not self._holds(argument[0])
            case "Fn::And":
                return all(self._holds(part) for part in argument)
            case "Fn::Or":
                return any(self._holds(part) for part in argument)
            case _:
                raise TemplateError(f"{name} is not a condition function that this host knows")

    def _ref(self, name: str) -> Any:
        return self._values[name] if name in self._values else self._reference(name)

    def _call(self, function: str, argument: Any) -> Any:
        match function:
            case "Sub":
                return self._sub(argument)
            case "GetAtt":
                return self._attribute(str(argument[0]), str(self.resolve(argument[1])))
            case "If":
                condition, then, otherwise = argument
                return self.resolve(then if self.is_true(condition) else otherwise)
            case "Join":
                separator, parts = argument
                return str(separator).join(str(part) for part in self.resolve(parts))
            case "Split":
                separator, text = argument
                return str(self.resolve(text)).split(separator)
            case "Select":
                index, items = argument
                return self.resolve(items)[int(index)]
            case "FindInMap":
                table, row, column = (self.resolve(part) for part in argument)
                return self._mappings[table][row][column]
            case _:
                raise TemplateError(f"Fn::{function} is not an intrinsic function that this host knows")

    def _sub(self, argument: Any) -> str:
        text, own = argument if isinstance(argument, list) else (argument, {})

        def replacement(found: re.Match[str]) -> str:
            is_literal, name = found.groups()
            if is_literal:
                return f"${{{name}}}"
            if name in own:
                return str(self.resolve(own[name]))
            if "." in name and name not in self._values:
                resource, _, attribute = name.partition(".")
                return self._attribute(resource, attribute)
            return str(self._ref(name))

        return _VARIABLE.sub(replacement, text)


def _parameter_values(declared: Mapping[str, Any], given: Mapping[str, str]) -> dict[str, Any]:
    unknown = sorted(set(given) - set(declared))
    if unknown:
        raise TemplateError(f"the template has no parameter {', '.join(unknown)}")
    values: dict[str, Any] = {}
    for name, facts in declared.items():
        value = given.get(name, facts.get("Default"))
        if value is None:
            raise TemplateError(f"parameter {name} has no default and was not given")
        allowed = facts.get("AllowedValues")
        if allowed is not None and str(value) not in {str(choice) for choice in allowed}:
            raise TemplateError(f"parameter {name} is {value!r}, not one of {allowed}")
        is_list = facts.get("Type") == "CommaDelimitedList" or str(facts.get("Type", "")).startswith("List<")
        values[name] = [part.strip() for part in str(value).split(",")] if is_list else str(value)
    return values
