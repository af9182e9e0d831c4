"""Questions over HTTP that change nothing: one answer or one of our errors, never a retry of its own."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Self

import httpx

from live_trading.chain.tls import tls_context
from live_trading.nouns.chance import Chance
from live_trading.nouns.errors import GiveUp, MalformedAnswer, RetryLater
from live_trading.polymarket.wire.call_meter import CallMeter
from live_trading.polymarket.wire.json_text import parse_json

USER_AGENT = "live-trading/0.1"
TIMEOUT = httpx.Timeout(connect=5, read=10, write=10, pool=5)
_MAY_WORK_LATER = frozenset({408, 425, 429})
_LONGEST_EXCERPT = 300
_SECONDS = re.compile(r"[0-9]{1,9}(\.[0-9]{0,9})?")

QueryItems = Sequence[tuple[str, str]]


class NotFound(GiveUp):
    """The venue says with 404 that it has no such thing."""


class HttpQuestions:
    """Asks one host. Connections are kept open; several threads may ask at once."""

    def __init__(self, base_url: str, chance: Chance, meter: CallMeter | None = None) -> None:
        """Paths are relative to `base_url`; where that is empty they are full URLs. `meter` counts the calls."""
        self._chance = chance
        # Nobody asks a meter of its own how long calls took, and telling the time may be a call itself.
        self._meter = meter or CallMeter(lambda: 0.0)
        self._is_refused = False
        self._client = httpx.Client(
            base_url=base_url, timeout=TIMEOUT, headers={"User-Agent": USER_AGENT}, verify=tls_context()
        )

    @property
    def is_refused(self) -> bool:
        """Whether a question was answered with 401: the credentials are not, or no longer, good."""
        return self._is_refused

    def get(self, path: str, query: QueryItems = (), headers: Mapping[str, str] | None = None) -> object:
        """The JSON answer to a GET. A key may be repeated in `query`.

        Raises RetryLater (unreachable, timed out, 408, 425, 429, 5xx), NotFound (404), GiveUp (any other refusal)
        and MalformedAnswer (no JSON).
        """
        return self._ask("GET", path, query=query, headers=headers)

    def post(self, path: str, body: object) -> object:
        """The JSON answer to a POST that only asks, such as a batch of books; raises as `get`."""
        return self._ask("POST", path, body=body)

    def touch(self, path: str, query: QueryItems, headers: Mapping[str, str]) -> None:
        """A GET whose answer says nothing; raises as `get`."""
        self._send("GET", path, query=query, headers=headers)

    def _ask(
        self,
        method: str,
        path: str,
        *,
        query: QueryItems = (),
        headers: Mapping[str, str] | None = None,
        body: object = None,
    ) -> object:
        response = self._send(method, path, query=query, headers=headers, body=body)
        try:
            return parse_json(response.content)
        except MalformedAnswer as error:
            raise MalformedAnswer(f"{method} {path}: {error}", raw=error.raw) from error

    def _send(
        self,
        method: str,
        path: str,
        *,
        query: QueryItems = (),
        headers: Mapping[str, str] | None = None,
        body: object = None,
    ) -> httpx.Response:
        with self._meter.call():
            try:
                response = self._client.request(
                    method,
                    path,
                    params=httpx.QueryParams(list(query)) if query else None,
                    headers=dict(headers or {}),
                    json=body,
                )
            except httpx.HTTPError as error:
                raise RetryLater(f"{method} {path}: {type(error).__name__} {error}".rstrip()) from error
            self._is_refused |= response.status_code == 401
            if not response.is_success:
                raise refusal(method, path, response, self._chance.wall_time())
        return response

    def close(self) -> None:
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


def refusal(method: str, path: str, response: httpx.Response, now: datetime) -> RetryLater | GiveUp:
    """What a status outside 2xx means for a question that changes nothing; `now` is for a Retry-After with a date."""
    said = f"{method} {path}: {response.status_code} {response.text[:_LONGEST_EXCERPT]}"
    if response.status_code == 404:
        return NotFound(said)
    if response.status_code in _MAY_WORK_LATER or response.is_server_error:
        return RetryLater(said, retry_after_seconds=retry_after(response.headers, now))
    return GiveUp(said)


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds to wait as the Retry-After header says, as a number or as a date; None without a usable one."""
    stated = headers.get("retry-after", "").strip()
    if _SECONDS.fullmatch(stated):
        return float(stated)
    try:
        moment = parsedate_to_datetime(stated)
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return max(0.0, (aware - now).total_seconds())
    except (ValueError, TypeError, ArithmeticError):
        return None
