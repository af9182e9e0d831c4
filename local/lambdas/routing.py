"""Which route of the HTTP API a request takes: the most specific one, as API Gateway chooses."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from local.lambdas.template.application import Route

_PARAMETER = re.compile(r"\{([^}+]+)(\+?)\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A route and the values of its path parameters."""

    route: Route
    parameters: Mapping[str, str]


class Router:
    """Matches requests against the routes of one API."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._routes = [(route, _pattern(route.path)) for route in sorted(routes, key=_generality)]

    def match(self, method: str, path: str) -> Match | None:
        """The route for a method and an undecoded path, or None."""
        for route, pattern in self._routes:
            found = pattern.fullmatch(path)
            if found is not None and route.method in (method, "ANY"):
                return Match(route=route, parameters={name: unquote(text) for name, text in found.groupdict().items()})
        return None


def _pattern(path: str) -> re.Pattern[str]:
    if path == "$default":
        return re.compile(r".*", re.DOTALL)
    text, end = "", 0
    for found in _PARAMETER.finditer(path):
        text += re.escape(path[end : found.start()]) + f"(?P<{found[1]}>{'.+' if found[2] else '[^/]+'})"
        end = found.end()
    return re.compile(text + re.escape(path[end:]))


def _generality(route: Route) -> tuple[bool, bool, list[bool], bool]:
    """Sorts fixed segments before parameters, those before greedy ones, `$default` and `ANY` last."""
    segments = route.path.split("/")
    return (
        route.path == "$default",
        route.path.endswith("+}"),
        [segment.startswith("{") for segment in segments],
        route.method == "ANY",
    )
