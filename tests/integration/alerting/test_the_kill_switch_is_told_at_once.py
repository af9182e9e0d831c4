"""What is urgent is told in the request that raises it: past quiet hours and storms, and without the database."""

from __future__ import annotations

import socket
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from threading import Event
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from live_trading.nouns.alerts import Outgoing, Severity
from live_trading.nouns.errors import RetryLater
from live_trading.services.alerting import telling
from live_trading.services.alerting.quiet_hours import QuietHours
from live_trading.store.database.connection import StoreUnavailable
from live_trading.telling.telegram import TelegramChannel
from live_trading.telling.webhook import WebhookChannel
from local.machine.ports import HeldPorts
from tests.integration.alerting.alert_fixtures import BOT_TOKEN, NEVER, WEBHOOK_SECRET, AlertDesk

pytestmark = [pytest.mark.integration, pytest.mark.health]

ALWAYS_QUIET = QuietHours(begin=time(0), end=time(23, 59), zone=ZoneInfo("UTC"))


def pulled(desk: AlertDesk) -> None:
    desk.raises("kill_switch:all", Severity.CRITICAL, is_urgent=True, message="something is wrong (operator)")


def test_it_is_told_at_once_in_quiet_hours_and_alone(alert_desk: AlertDesk) -> None:
    alert_desk.rules = replace(NEVER, quiet=ALWAYS_QUIET)
    for number in range(50):
        alert_desk.raises(str(number), Severity.CRITICAL)
    pulled(alert_desk)

    alert_desk.teller().tell_urgent("never said", "never said")

    (text,) = alert_desk.telegram.texts
    assert text.startswith("CRITICAL: break kill_switch:all\n\nsomething is wrong (operator)")
    alert_desk.titles()
    alert_desk.tells()
    assert alert_desk.titles() == ["50 alerts (50 CRITICAL)"]


def test_each_pull_is_told(alert_desk: AlertDesk) -> None:
    for _ in range(3):
        pulled(alert_desk)
        alert_desk.teller().tell_urgent("never said", "never said")

    assert alert_desk.titles() == [
        "CRITICAL: break kill_switch:all",
        "still CRITICAL: break kill_switch:all",
        "still CRITICAL: break kill_switch:all",
    ]


def test_without_the_database_the_channels_are_told_all_the_same(
    alert_desk: AlertDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: Any) -> Any:
        raise StoreUnavailable("the server is away")

    monkeypatch.setattr(alert_desk.database, "_begin", away)

    report = alert_desk.teller(alert_desk.telegram_channel(), alert_desk.webhook_channel()).tell_urgent(
        "Kill switch: entries are stopped everywhere", "It was pulled by operator."
    )

    assert report.sent == {"telegram": 1, "webhook": 1}
    for texts in (alert_desk.telegram.texts, [each.body["title"] for each in alert_desk.hook.received]):
        assert texts[0].startswith("CRITICAL: Kill switch: entries are stopped everywhere")


def test_channels_that_fail_raise_nothing_and_are_told_by_the_next_minute(alert_desk: AlertDesk) -> None:
    with HeldPorts() as ports:
        closed = f"http://127.0.0.1:{ports.any()}"
    channels = (
        TelegramChannel(api_url=closed, chat_id="-100", token=lambda: BOT_TOKEN),
        WebhookChannel(url=closed, secret=lambda: WEBHOOK_SECRET, wall_time=lambda: datetime.now(UTC)),
    )
    pulled(alert_desk)

    report = alert_desk.teller(*channels).tell_urgent("never said", "never said")

    assert sorted(report.refused) == ["telegram", "webhook"]
    alert_desk.tells(after=timedelta(minutes=2))
    assert alert_desk.titles() == ["CRITICAL: break kill_switch:all"]


def test_a_channel_that_never_answers_is_waited_for_no_longer_than_seconds(
    alert_desk: AlertDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telling, "URGENT_SECONDS", 0.2)
    over = Event()

    class Dripping(TelegramChannel):
        """Each byte comes before its time is up, and the last one never does."""

        def send(self, message: Outgoing, *, timeout_seconds: float) -> None:
            over.wait(timeout=60)

    drips = Dripping(api_url="", chat_id="", token=lambda: "")
    pulled(alert_desk)

    report = alert_desk.teller(drips, alert_desk.webhook_channel()).tell_urgent("never said", "never said")

    over.set()
    assert report.sent == {"webhook": 1}
    assert report.refused == {"telegram": "it was not done in 0 seconds"}


def test_a_server_that_takes_a_connection_and_says_nothing_is_left_in_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        channel = TelegramChannel(
            api_url=f"http://127.0.0.1:{silent.getsockname()[1]}", chat_id="-100", token=lambda: BOT_TOKEN
        )
        with pytest.raises(RetryLater, match=r"^Telegram: no answer \(TimeoutError\)$"):
            channel.send(
                Outgoing(reference="1", severity=Severity.CRITICAL, title="t", text="m", told=(), count=1),
                timeout_seconds=0.2,
            )
