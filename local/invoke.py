"""`make invoke`: one function with one event through the runtime client, against a stack that is up."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import httpx

from local.machine.env import ROOT
from local.machine.patience import HANG_SECONDS
from local.stack.facts import DEFAULT_DIRECTORY, NoStack, read_facts


class BadRequest(ValueError):
    """What was asked for cannot be sent."""


def main() -> int:
    """0 if the function answered, 1 if it failed, 2 if it could not be asked."""
    parser = argparse.ArgumentParser(prog="make invoke", description=__doc__)
    parser.add_argument("function", help="such as lt-execute")
    parser.add_argument("--event", type=Path, default=None, help="a JSON file; events/<function>.json if left out")
    parser.add_argument("--stack", type=Path, default=DEFAULT_DIRECTORY, help="the stack's directory")
    options = parser.parse_args()
    try:
        answer = _invoke(options.function, options.event, options.stack)
    except (BadRequest, NoStack) as error:
        print(error, file=sys.stderr)
        return 2
    return _tell(answer)


def _invoke(function: str, event: Path | None, directory: Path) -> dict[str, Any]:
    if not function:
        raise BadRequest("name a function: make invoke FUNCTION=lt-execute")
    body = _event(event if event is not None else ROOT / "events" / f"{function}.json", is_named=event is not None)
    host_url = read_facts(directory).host_url
    try:
        response = httpx.post(f"{host_url}/invoke/{function}", content=body, timeout=HANG_SECONDS)
    except httpx.TransportError as error:
        raise NoStack(f"the stack of {directory} does not answer at {host_url}: {error}") from error
    answer: dict[str, Any] = response.json()
    if answer["status"] == "refused":
        raise BadRequest(answer["error"]["errorMessage"])
    return answer


def _event(file: Path, *, is_named: bool) -> bytes:
    if not is_named and not file.exists():
        return b"{}"
    try:
        body = file.read_bytes()
        json.loads(body)
    except OSError as error:
        raise BadRequest(f"{file} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise BadRequest(f"{file} is not JSON: {error}") from error
    return body


def _tell(answer: dict[str, Any]) -> int:
    print(answer["log"], end="", file=sys.stderr)
    print(json.dumps(answer.get("payload", answer.get("error")), indent=2, ensure_ascii=False))
    return 0 if answer["status"] == "ok" else 1


if __name__ == "__main__":
    sys.exit(main())
