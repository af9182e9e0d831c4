"""Messages through a Telegram bot (Bot API, sendMessage): plain text of at most 4,096 UTF-16 units.

An error is `{"ok": false, "error_code", "description", "parameters": {"retry_after"}}`. The bot's token is a part of
the address, so no error says more than Telegram's own description.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from live_trading.nouns.alerts import ChannelName, Outgoing, Severity
from live_trading.nouns.errors import GiveUp, RetryLater
from live_trading.telling.posting import TIMEOUT_SECONDS, Answered, post

LONGEST_UNITS = 4096
_CUT = "\n… (cut)"
_TOKEN = re.compile(r"[0-9]{1,20}:[A-Za-z0-9_-]{20,100}")
_LONGEST_DESCRIPTION = 200


class TelegramChannel:
    """One chat, in which a bot writes."""

    name = ChannelName.TELEGRAM
    longest = 3_500

    def __init__(self, *, api_url: str, chat_id: str, token: Callable[[], str]) -> None:
        """`token` reads the bot's token, and raises what reading a secret raises."""
        self._api_url = api_url
        self._chat_id = chat_id
        self._token = token

    def send(self, message: Outgoing, *, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        """Sends one message. Raises RetryLater, with the wait that Telegram asks for, and GiveUp."""
        token = self._token().strip()
        if _TOKEN.fullmatch(token) is None:
            raise GiveUp("Telegram: the secret is not a bot's token")
        body = {
            "chat_id": self._chat_id,
            "text": fitting(f"{message.title}\n\n{message.text}"),
            "disable_notification": message.severity is Severity.INFO,
            "link_preview_options": {"is_disabled": True},
        }
        answered = post(
            f"{self._api_url}/bot{token}/sendMessage",
            json.dumps(body).encode(),
            {"Content-Type": "application/json"},
            who="Telegram",
            timeout_seconds=timeout_seconds,
        )
        said = _document(answered)
        if answered.is_taken and said.get("ok") is True:
            return
        description = str(said.get("description", "no description")).replace(token, "***")[:_LONGEST_DESCRIPTION]
        text = f"Telegram: {answered.status} {description}"
        if answered.may_work_later:
            raise RetryLater(text, retry_after_seconds=_retry_after(said) or answered.retry_after_seconds)
        raise GiveUp(text)


def fitting(text: str) -> str:
    """The text in at most as many UTF-16 units as Telegram takes; one that is cut says so."""
    if _units(text) <= LONGEST_UNITS:
        return text
    room = LONGEST_UNITS - _units(_CUT)
    return text.encode("utf-16-le")[: 2 * room].decode("utf-16-le", errors="ignore") + _CUT


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def _document(answered: Answered) -> dict[str, Any]:
    try:
        said = json.loads(answered.body)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _retry_after(said: dict[str, Any]) -> float | None:
    parameters = said.get("parameters")
    seconds = parameters.get("retry_after") if isinstance(parameters, dict) else None
    return (
        float(seconds) if isinstance(seconds, int) and not isinstance(seconds, bool) and 0 < seconds < 10**6 else None
    )
