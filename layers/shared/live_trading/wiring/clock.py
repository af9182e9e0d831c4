"""The clocks that a Clock can be: the system's, or the one that a URL tells."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from live_trading.nouns.clock import Clock
from live_trading.nouns.errors import RetryLater

if TYPE_CHECKING:
    import httpx

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class SystemClock:
    """The machine's own time."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class RemoteClock:
    """The time that a URL tells: a GET answers {"now_ms": milliseconds since 1970}."""

    def __init__(self, url: str) -> None:
        self._url = url

    def now(self) -> datetime:
        """The URL's time. Raises RetryLater where it does not tell one."""
        import httpx

        try:
            answer = self._http.get(self._url)
            answer.raise_for_status()
            return _EPOCH + timedelta(milliseconds=int(answer.json()["now_ms"]))
        except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
            raise RetryLater(f"the clock does not tell the time: {error}") from error

    @cached_property
    def _http(self) -> httpx.Client:
        import httpx

        return httpx.Client(timeout=5)


def clock_of(url: str | None) -> Clock:
    """The system's clock unless a URL is set."""
    return SystemClock() if url is None else RemoteClock(url)
