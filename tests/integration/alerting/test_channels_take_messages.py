"""Telegram and the webhook over real HTTP: what is sent, what a refusal means, and that no secret shows anywhere."""

from __future__ import annotations

import hashlib
import hmac
import io
import json
import logging
import textwrap
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from live_trading.aws.notifications import SnsChannel
from live_trading.nouns.alerts import Outgoing, Severity
from live_trading.nouns.errors import GiveUp, LiveTradingError, RetryLater
from live_trading.telling.telegram import LONGEST_UNITS, TelegramChannel
from live_trading.telling.webhook import WebhookChannel
from local.machine.env import ROOT
from local.machine.ports import HeldPorts
from tests.integration.alerting.alert_fixtures import (
    BOT_TOKEN,
    NOON,
    WEBHOOK_SECRET,
    AlertDesk,
    Inbox,
    sns_channel,
)

pytestmark = [pytest.mark.integration, pytest.mark.health]

MESSAGE = Outgoing(reference="r1", severity=Severity.CRITICAL, title="CRITICAL: Zürich", text="look", told=(), count=1)
TOO_MANY = (
    b'{"ok":false,"error_code":429,"description":"Too Many Requests: retry after 34","parameters":{"retry_after":34}}'
)
UNAUTHORIZED = b'{"ok":false,"error_code":401,"description":"Unauthorized"}'


@pytest.fixture
def everything_logged() -> Iterator[io.StringIO]:
    """All that any logger says, as it would be written, at the lowest level."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield written
    root.removeHandler(handler)
    root.setLevel(before)


def test_telegram_gets_plain_text_for_its_chat(alert_desk: AlertDesk) -> None:
    alert_desk.telegram_channel().send(MESSAGE)

    (asked,) = alert_desk.telegram.received
    assert asked.path == f"/bot{BOT_TOKEN}/sendMessage"
    assert asked.body == {
        "chat_id": "-100",
        "text": "CRITICAL: Zürich\n\nlook",
        "disable_notification": False,
        "link_preview_options": {"is_disabled": True},
    }


@pytest.mark.parametrize("character", ["x", "é", "😀"])
def test_a_text_that_telegram_would_refuse_is_cut_by_its_own_count(alert_desk: AlertDesk, character: str) -> None:
    alert_desk.telegram_channel().send(replace(MESSAGE, text=character * 5000))

    (text,) = alert_desk.telegram.texts
    assert len(text.encode("utf-16-le")) // 2 in (LONGEST_UNITS, LONGEST_UNITS - 1)
    assert text.endswith("… (cut)")


@pytest.mark.parametrize(
    ("status", "body", "error", "said", "wait"),
    [
        (429, TOO_MANY, RetryLater, "429 Too Many Requests: retry after 34", 34),
        (502, b"<html>bad gateway</html>", RetryLater, "502 no description", None),
        (401, UNAUTHORIZED, GiveUp, "401 Unauthorized", None),
        (400, b'{"ok":false,"description":"Bad Request: chat not found"}', GiveUp, "chat not found", None),
        (200, b'{"ok":false,"description":"odd"}', GiveUp, "200 odd", None),
        (200, b"[]", GiveUp, "200 no description", None),
        (302, b"", GiveUp, "302 no description", None),
    ],
)
def test_a_refusal_of_telegram_is_one_of_our_errors(
    alert_desk: AlertDesk, status: int, body: bytes, error: type[LiveTradingError], said: str, wait: int | None
) -> None:
    alert_desk.telegram.refuses(status, body, Location="http://127.0.0.1:1/elsewhere")

    with pytest.raises(error, match=r"^Telegram: ") as refused:
        alert_desk.telegram_channel().send(MESSAGE)

    assert said in str(refused.value)
    assert getattr(refused.value, "retry_after_seconds", None) == wait
    assert len(alert_desk.telegram.received) == 1


def test_the_wait_that_telegram_asks_for_is_kept(alert_desk: AlertDesk) -> None:
    alert_desk.raises("one")
    alert_desk.telegram.refuses(429, TOO_MANY.replace(b"34", b"3600"))
    alert_desk.tells()
    alert_desk.tells(after=timedelta(minutes=59))
    assert len(alert_desk.telegram.received) == 1

    alert_desk.tells(after=timedelta(minutes=1))

    assert len(alert_desk.telegram.received) == 2


def test_no_error_log_or_row_holds_a_secret_or_its_address(
    alert_desk: AlertDesk, everything_logged: io.StringIO, inbox: Inbox
) -> None:
    with HeldPorts() as ports:
        closed = f"http://127.0.0.1:{ports.any()}"
    secret_path = "T0/B1/an-address-that-is-a-secret"
    away = TelegramChannel(api_url=closed, chat_id="-100", token=lambda: BOT_TOKEN)
    strange = TelegramChannel(api_url=closed, chat_id="-100", token=lambda: f"{BOT_TOKEN} \r\n é")
    hook = WebhookChannel(url=f"{closed}/{secret_path}", secret=lambda: WEBHOOK_SECRET, wall_time=alert_desk.now)
    alert_desk.telegram.refuses(400, json.dumps({"ok": False, "description": f"no bot{BOT_TOKEN} here"}).encode())
    for channels in ((alert_desk.telegram_channel(), hook), (away, hook), (strange, hook)):
        alert_desk.raises("one")
        alert_desk.tells(*channels, after=timedelta(hours=2))

    errors = [row["last_error"] for row in alert_desk.rows("SELECT last_error FROM alert_deliveries")]
    shown = everything_logged.getvalue() + str(errors)
    assert "Telegram: the secret is not a bot's token" in shown
    assert "no answer (ConnectionRefusedError)" in shown
    for secret in (BOT_TOKEN, BOT_TOKEN.split(":")[1], WEBHOOK_SECRET, secret_path):
        assert secret not in shown


def test_the_receiver_s_check_that_the_manual_shows_knows_a_message_from_a_changed_one(alert_desk: AlertDesk) -> None:
    manual = (ROOT / "docs" / "operating.md").read_text()
    shown = manual[
        manual.index("    import hashlib, hmac, time") : manual.index("A channel that refuses keeps no other")
    ]
    names: dict[str, Any] = {}
    exec(textwrap.dedent(shown), names)
    alert_desk.at = datetime.now(UTC)
    alert_desk.webhook_channel().send(MESSAGE)
    (got,) = alert_desk.hook.received

    assert names["is_genuine"](got.headers, got.raw, WEBHOOK_SECRET)
    assert not names["is_genuine"](got.headers, got.raw + b" ", WEBHOOK_SECRET)
    assert not names["is_genuine"](got.headers, got.raw, "another secret of both")
    old = {**got.headers, "X-Live-Trading-Timestamp": "1700000000"}
    assert not names["is_genuine"](old, got.raw, WEBHOOK_SECRET)


def test_a_webhook_can_tell_who_sent_a_message_and_when(alert_desk: AlertDesk) -> None:
    alert_desk.raises("one")
    alert_desk.tells(alert_desk.webhook_channel())

    (got,) = alert_desk.hook.received
    timestamp = got.headers["X-Live-Trading-Timestamp"]
    expected = hmac.new(WEBHOOK_SECRET.encode(), f"{timestamp}.".encode() + got.raw, hashlib.sha256).hexdigest()
    assert hmac.compare_digest(got.headers["X-Live-Trading-Signature"], f"v1={expected}")
    assert int(timestamp) == int((NOON + timedelta(minutes=1)).timestamp())
    (alert,) = alert_desk.rows("SELECT lt_alert_id FROM lt_alerts")
    assert got.body["alerts"] == [
        {
            "lt_alert_id": alert["lt_alert_id"],
            "kind": "BEGAN",
            "severity": "WARNING",
            "alert_type": "break",
            "subject": "one",
            "title": "break one",
            "at": NOON.isoformat(),
        }
    ]
    assert (got.body["title"], got.body["count"], got.body["is_digest"]) == ("WARNING: break one", 1, False)


@pytest.mark.parametrize("url", ["http://example.com/in", "ftp://example.com", "https://", "http://[::1", "nothing"])
def test_a_secret_goes_only_over_tls_or_to_this_machine(alert_desk: AlertDesk, url: str) -> None:
    channel = WebhookChannel(url=url, secret=lambda: WEBHOOK_SECRET, wall_time=alert_desk.now)

    with pytest.raises(GiveUp, match=r"^webhook: the address is not one of https$"):
        channel.send(MESSAGE)


def test_a_secret_that_anybody_may_guess_signs_nothing(alert_desk: AlertDesk) -> None:
    channel = WebhookChannel(url=alert_desk.hook.url, secret=lambda: "short", wall_time=alert_desk.now)

    with pytest.raises(GiveUp, match="shorter than 16"):
        channel.send(MESSAGE)
    assert alert_desk.hook.received == []


@pytest.mark.parametrize(("status", "error"), [(503, RetryLater), (429, RetryLater), (404, GiveUp), (301, GiveUp)])
def test_a_webhook_that_refuses_is_one_of_our_errors(
    alert_desk: AlertDesk, status: int, error: type[LiveTradingError]
) -> None:
    alert_desk.hook.refuses(status, Retry_After="7")

    with pytest.raises(error, match=f"^webhook: {status}$"):
        alert_desk.webhook_channel().send(MESSAGE)


def test_sns_gets_the_severity_by_which_a_subscription_may_filter(inbox: Inbox) -> None:
    sns_channel(inbox).send(MESSAGE)
    assert inbox.messages() == ["CRITICAL: Zürich\n\nlook"]


def test_a_topic_that_is_gone_is_tried_again(inbox: Inbox) -> None:
    with pytest.raises(RetryLater, match=r"^SNS: NotFoundException NotFound$"):
        SnsChannel(inbox.topic_arn + "-gone").send(MESSAGE)
