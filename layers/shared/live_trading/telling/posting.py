"""One POST to an address that may hold a secret: no redirect, no retry, and no word of the address in any error or log.

That is why it goes through the standard library: a client that logs what it asks would log a bot's token.
"""

from __future__ import annotations

import http.client
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from live_trading.nouns.errors import GiveUp, RetryLater

TIMEOUT_SECONDS = 5.0
_LARGEST_ANSWER = 65_536
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_LATER = frozenset({408, 425, 429})


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What came back; `retry_after_seconds` as its header says."""

    status: int
    body: bytes
    retry_after_seconds: float | None

    @property
    def is_taken(self) -> bool:
        return 200 <= self.status < 300

    @property
    def may_work_later(self) -> bool:
        return self.status in _LATER or self.status >= 500


def is_allowed(url: str) -> bool:
    """Whether secrets may go there: over TLS, or on this machine."""
    try:
        parts = urlsplit(url)
        host = parts.hostname
        _ = parts.port
    except ValueError:
        return False
    return bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and host in _LOOPBACK))


def post(url: str, body: bytes, headers: dict[str, str], *, who: str, timeout_seconds: float) -> Answered:
    """The answer to one POST; `who` is asked is what errors say of the address.

    Raises RetryLater where nobody answers in time, and GiveUp where the address is none that secrets may go to.
    """
    if not is_allowed(url):
        raise GiveUp(f"{who}: the address is not one of https")
    parts = urlsplit(url)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        connection = _connection(parts, timeout_seconds)
        try:
            connection.request("POST", path, body=body, headers=headers)
            response = connection.getresponse()
            said = response.read(_LARGEST_ANSWER)
        finally:
            connection.close()
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise RetryLater(f"{who}: no answer ({type(error).__name__})") from None
    return Answered(status=response.status, body=said, retry_after_seconds=_seconds(response.getheader("retry-after")))


def _connection(parts: SplitResult, timeout_seconds: float) -> http.client.HTTPConnection:
    host = parts.hostname or ""
    if parts.scheme == "http":
        return http.client.HTTPConnection(host, parts.port, timeout=timeout_seconds)
    from live_trading.chain.tls import tls_context

    return http.client.HTTPSConnection(host, parts.port, timeout=timeout_seconds, context=tls_context())


def _seconds(stated: str | None) -> float | None:
    return float(stated) if stated is not None and stated.isascii() and stated.isdigit() and len(stated) < 7 else None
