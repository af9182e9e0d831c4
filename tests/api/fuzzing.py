"""Requests that the document allows and requests that it does not, made by schemathesis, with real ids among them.

Whatever is generated keeps some of its ids, and gets others of things that are the caller's, or somebody else's.
"""

from __future__ import annotations

import contextlib
import functools
import os
import re
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from enum import StrEnum
from http import HTTPStatus
from typing import Any

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode
from schemathesis.checks import CHECKS
from schemathesis.schemas import APIOperation

from local.machine.patience import HANG_SECONDS
from tests.api.contract import document, hold
from tests.api.people import EVERYBODY_S, World

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "3"))
"""Of every operation with every token, valid and invalid ones each."""
SEED = int(os.environ["FUZZ_SEED"]) if "FUZZ_SEED" in os.environ else None
"""Without one the same requests are made every time."""
_NO_SERVER_ERROR = "not_a_server_error"
_CHECKS = (
    _NO_SERVER_ERROR,
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
)
_OF_WHAT_WAS_MADE = "negative_data_rejection"
# Everybody's, or long: a few of them are as good as many.
_FEW = 2
_JOBS = {"/api/lt/execute", "/api/lt/resolve", "/api/lt/redemptions/process"}
# What a break makes of it, and each of the people has one.
_HEALTH = {"/health", "/api/health", "/api/lt/health"}
_KILL_SWITCH = "/api/lt/kill-switch"
# What ends things is tried when everything else has been.
_LAST = ("/end", _KILL_SWITCH)
_MOST_TOLD = 3


class Whose(StrEnum):
    """What takes the place of a generated id."""

    AS_IT_IS = "AS_IT_IS"
    MINE = "MINE"
    THEIRS = "THEIRS"


_WHOSE = st.sampled_from([Whose.MINE, Whose.MINE, Whose.THEIRS, Whose.AS_IT_IS])


@dataclass(slots=True, kw_only=True)
class Fuzz:
    """One token's way through the document, and what was found on it."""

    world: World
    scopes: tuple[str, ...]
    token: str
    session: requests.Session = field(default_factory=requests.Session)
    statuses: dict[int, int] = field(default_factory=dict)
    lies: list[str] = field(default_factory=list)

    def run(self) -> None:
        """Every operation; what is wrong is told and the rest goes on."""
        for operation in _operations():
            few = operation.path in _JOBS or operation.path == _KILL_SWITCH
            for mode in GenerationMode:
                self._operation(operation, mode, min(EXAMPLES, _FEW) if few else EXAMPLES)

    def _operation(self, operation: APIOperation[Any, Any, Any, Any], mode: GenerationMode, examples: int) -> None:
        told = 0

        @_repeatably
        @settings(
            max_examples=examples,
            phases=[Phase.generate],
            database=None,
            deadline=None,
            derandomize=SEED is None,
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(mode), whose=st.lists(_WHOSE, min_size=8, max_size=8))
        def attempt(case: Case, whose: list[Whose]) -> None:
            nonlocal told
            is_as_made = not self._put_ids(case, iter(whose))
            if operation.path == _KILL_SWITCH and isinstance(case.body, dict) and "admin" in self.scopes:
                case.body["only_mine"] = True
            wrong = self._wrong_with(case, [*_CHECKS, *([_OF_WHAT_WAS_MADE] if is_as_made else [])])
            if wrong and told < _MOST_TOLD:
                told += 1
                self.lies.append(wrong)

        # Where nothing is to be got wrong there is nothing to try.
        with contextlib.suppress(Unsatisfiable):
            attempt()

    def _wrong_with(self, case: Case, checks: list[str]) -> str | None:
        try:
            response = case.call(
                base_url=self.world.stack.front_door_url,
                session=self.session,
                headers={"authorization": f"Bearer {self.token}"},
                timeout=HANG_SECONDS,
            )
        except (requests.exceptions.InvalidHeader, UnicodeError, ValueError):
            # What no client can send is no request.
            return None
        self.statuses[response.status_code] = self.statuses.get(response.status_code, 0) + 1
        text = response.content.decode("utf-8", "replace")
        try:
            says_it_is_ill = case.operation.path in _HEALTH and response.status_code == HTTPStatus.SERVICE_UNAVAILABLE
            case.validate_response(
                response,
                checks=[CHECKS.get_one(name) for name in checks if not (says_it_is_ill and name == _NO_SERVER_ERROR)],
            )
            hold(
                case.method,
                case.operation.path,
                status=response.status_code,
                headers={name: values[0] for name, values in response.headers.items()},
                text=text,
            )
            if not ("admin" in self.scopes and case.operation.path in EVERYBODY_S):
                leaked = sorted(mark for mark in self.world.marks if mark in text and mark not in _sent(case))
                assert not leaked, f"somebody else's {leaked} is told"
        except (AssertionError, BaseExceptionGroup) as wrong:
            told = [f"{case.method} {case.operation.path}: {_said(wrong)}", case.as_curl_command()[:1500], text[:1000]]
            return "\n  ".join(told)
        return None

    def _put_ids(self, case: Case, whose: Iterator[Whose]) -> bool:
        """Whether anything was put in place of what had been made."""
        holders = [each for each in (case.path_parameters, case.query, case.body) if isinstance(each, dict)]
        put = [self._put_id(holder, name, next(whose, Whose.AS_IT_IS)) for holder in holders for name in holder]
        return any(put)

    def _put_id(self, holder: dict[str, Any], name: str, whose: Whose) -> bool:
        person = self.world.second if whose is Whose.THEIRS else self.world.first
        own = person.own.get("lt_strategy_id" if name == "scope_id" else name)
        if own is None or whose is Whose.AS_IT_IS:
            return False
        holder[name] = own
        return True


def _sent(case: Case) -> str:
    """What the caller said himself may be said to him."""
    return f"{case.path_parameters} {case.query} {case.body}"


def _said(wrong: BaseException) -> str:
    if isinstance(wrong, BaseExceptionGroup):
        return "; ".join(_said(each) for each in wrong.exceptions)
    return re.sub(r"\s+", " ", f"{type(wrong).__name__}: {wrong}")[:700]


def _repeatably(attempt: Any) -> Any:
    return attempt if SEED is None else seed(SEED)(attempt)


@functools.cache
def _operations() -> tuple[APIOperation[Any, Any, Any, Any], ...]:
    # What it is given it writes examples of its own into.
    schema = schemathesis.openapi.from_dict(deepcopy(document()))
    schema.config.generation.with_security_parameters = False
    found = [result.ok() for result in schema.get_all_operations()]
    return tuple(sorted(found, key=lambda each: (each.method != "get", each.path.endswith(_LAST))))
