"""The product's API as an operator's program uses it: bearer token, JSON, and errors that say what was wrong."""

from __future__ import annotations

from typing import Any

import httpx

from local.machine.patience import HANG_SECONDS


class ApiRefused(Exception):
    """The API answered with an error; the message is its own."""


class ApiClient:
    """Calls the front door with an operator's token."""

    def __init__(self, base_url: str, token: str) -> None:
        self._http = httpx.Client(base_url=base_url, headers={"authorization": f"Bearer {token}"}, timeout=HANG_SECONDS)

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """The answer's body. Raises ApiRefused."""
        return self._checked(self._http.post(path, json=body))

    def get(self, path: str) -> dict[str, Any]:
        """The answer's body. Raises ApiRefused."""
        return self._checked(self._http.get(path))

    def _checked(self, answer: httpx.Response) -> dict[str, Any]:
        if answer.is_error:
            raise ApiRefused(f"{answer.request.method} {answer.request.url.path}: {answer.status_code} {answer.text}")
        body: dict[str, Any] = answer.json()
        return body
