"""Messages to an address of the operator's own, signed so that it knows who sent them and when.

The signature is HMAC-SHA256 over `<timestamp>.<body>`; the receiver compares it and refuses an old timestamp. A message
may come twice: `reference` is then the same.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import datetime

from live_trading.nouns.alerts import ChannelName, Outgoing, ToldOf
from live_trading.nouns.errors import GiveUp, RetryLater
from live_trading.telling.posting import TIMEOUT_SECONDS, post

TIMESTAMP_HEADER = "X-Live-Trading-Timestamp"
SIGNATURE_HEADER = "X-Live-Trading-Signature"
_SHORTEST_SECRET = 16


class WebhookChannel:
    """One address, and the secret that both sides know."""

    name = ChannelName.WEBHOOK
    longest = 20_000

    def __init__(self, *, url: str, secret: Callable[[], str], wall_time: Callable[[], datetime]) -> None:
        """`secret` raises what reading a secret raises; `wall_time` is the machine's, which the receiver compares."""
        self._url = url
        self._secret = secret
        self._wall_time = wall_time

    def send(self, message: Outgoing, *, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        """Posts one message; any 2xx takes it. Raises RetryLater and GiveUp."""
        secret = self._secret().strip()
        if len(secret) < _SHORTEST_SECRET:
            raise GiveUp(f"webhook: the secret is shorter than {_SHORTEST_SECRET} characters")
        body = body_of(message)
        timestamp = str(int(self._wall_time().timestamp()))
        headers = {
            "Content-Type": "application/json",
            TIMESTAMP_HEADER: timestamp,
            SIGNATURE_HEADER: signature(secret, timestamp, body),
        }
        answered = post(self._url, body, headers, who="webhook", timeout_seconds=timeout_seconds)
        if answered.is_taken:
            return
        if answered.may_work_later:
            raise RetryLater(f"webhook: {answered.status}", retry_after_seconds=answered.retry_after_seconds)
        raise GiveUp(f"webhook: {answered.status}")


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """What the signature's header says of a body sent at a time."""
    digest = hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()
    return f"v1={digest}"


def body_of(message: Outgoing) -> bytes:
    """The body: JSON."""
    document = {
        "reference": message.reference,
        "severity": message.severity,
        "title": message.title,
        "text": message.text,
        "is_digest": message.is_digest,
        "count": message.count,
        "alerts": [_told(each) for each in message.told],
    }
    return json.dumps(document).encode()


def _told(each: ToldOf) -> dict[str, object]:
    return {
        "lt_alert_id": each.lt_alert_id,
        "kind": each.kind,
        "severity": each.severity,
        "alert_type": each.alert_type,
        "subject": each.subject,
        "title": each.title,
        "at": each.at.isoformat(),
    }
