"""An alert is told when it begins, when it becomes worse, when nobody looks after it, and when it ends: once each."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from live_trading.nouns.alerts import Severity
from live_trading.services.alerting.quiet_hours import QuietHours
from live_trading.services.alerting.telling import TellingRules
from tests.integration.alerting.alert_fixtures import NEVER, NOON, AlertDesk

pytestmark = [pytest.mark.integration, pytest.mark.health]

HOUR = timedelta(hours=1)
GROWS_OLD = TellingRules(escalate_after=24 * HOUR, repeat_after=6 * HOUR, quiet=None)
NIGHT = QuietHours(begin=time(22), end=time(7), zone=ZoneInfo("Europe/Berlin"))


def test_it_is_told_once_when_it_begins_and_once_when_it_ends(alert_desk: AlertDesk) -> None:
    alert_desk.raises("one")
    alert_desk.tells()
    alert_desk.raises("one")
    alert_desk.tells()
    assert alert_desk.titles() == ["WARNING: break one"]

    alert_desk.ends("one")
    alert_desk.tells()
    alert_desk.tells()

    (text,) = alert_desk.telegram.texts
    assert text.startswith("ended: break one\n\nlook at it")
    assert "seen 2 times, ended 2026-11-26 12:02 UTC by itself" in text


def test_it_is_told_again_each_time_that_it_is_worse_than_it_ever_was(alert_desk: AlertDesk) -> None:
    for severity in (Severity.INFO, Severity.WARNING, Severity.CRITICAL, Severity.WARNING, Severity.CRITICAL):
        alert_desk.raises("one", severity)
        alert_desk.tells()

    assert alert_desk.titles() == ["INFO: break one", "WARNING: break one", "CRITICAL: break one"]


def test_what_was_acknowledged_is_active_again_once_it_is_worse(alert_desk: AlertDesk) -> None:
    alert_desk.raises("one")
    alert_desk.changes("UPDATE lt_alerts SET status = 'ACKNOWLEDGED'")
    alert_desk.raises("one")
    assert [row["status"] for row in alert_desk.rows("SELECT status FROM lt_alerts")] == ["ACKNOWLEDGED"]

    alert_desk.raises("one", Severity.CRITICAL)

    assert [row["status"] for row in alert_desk.rows("SELECT status FROM lt_alerts")] == ["ACTIVE"]


def test_it_counts_how_often_and_when_it_was_seen_and_says_the_last(alert_desk: AlertDesk) -> None:
    alert_desk.raises("one", message="three are missing")
    alert_desk.at += HOUR
    alert_desk.raises("one", message="four are missing")

    (row,) = alert_desk.rows("SELECT * FROM lt_alerts")

    assert (row["times_seen"], row["message"]) == (2, "four are missing")
    assert (row["created_at"], row["last_seen_at"]) == (NOON, NOON + HOUR)


def test_a_cause_that_comes_back_is_an_alert_of_its_own(alert_desk: AlertDesk) -> None:
    for _ in range(2):
        alert_desk.raises("one")
        alert_desk.tells()
        alert_desk.ends("one")
        alert_desk.tells()

    assert alert_desk.titles() == ["WARNING: break one", "ended: break one"] * 2


def test_a_warning_that_nobody_acknowledges_for_a_day_is_critical_and_told_again_every_six_hours(
    alert_desk: AlertDesk,
) -> None:
    alert_desk.rules = GROWS_OLD
    alert_desk.raises("one")
    alert_desk.tells()
    alert_desk.tells(after=23 * HOUR)
    assert alert_desk.titles() == ["WARNING: break one"]

    alert_desk.tells(after=HOUR)
    alert_desk.raises("one")
    alert_desk.tells()
    alert_desk.tells(after=6 * HOUR)
    alert_desk.tells()

    assert alert_desk.titles() == [
        "CRITICAL (nobody has acknowledged it): break one",
        "still CRITICAL: break one",
    ]
    assert [row["severity"] for row in alert_desk.rows("SELECT severity FROM lt_alerts")] == ["CRITICAL"]


def test_what_is_acknowledged_grows_no_older(alert_desk: AlertDesk) -> None:
    alert_desk.rules = GROWS_OLD
    alert_desk.raises("one")
    alert_desk.raises("two", Severity.CRITICAL)
    alert_desk.tells()
    alert_desk.titles()
    alert_desk.changes("UPDATE lt_alerts SET status = 'ACKNOWLEDGED'")

    alert_desk.tells(after=48 * HOUR)

    assert alert_desk.titles() == []


def test_a_day_and_no_longer_is_never_where_the_rules_are_off(alert_desk: AlertDesk) -> None:
    alert_desk.raises("one")
    alert_desk.raises("two", Severity.CRITICAL)
    alert_desk.tells()
    alert_desk.titles()

    alert_desk.tells(after=1000 * HOUR)

    assert alert_desk.titles() == []


def test_at_night_only_what_is_critical_is_told_and_the_rest_in_the_morning(alert_desk: AlertDesk) -> None:
    alert_desk.rules = replace(NEVER, quiet=NIGHT)
    alert_desk.at = datetime(2026, 11, 26, 21, 30, tzinfo=UTC)
    alert_desk.raises("goes on")
    alert_desk.raises("short")
    alert_desk.raises("dear", Severity.CRITICAL)
    alert_desk.tells()
    assert alert_desk.titles() == ["CRITICAL: break dear"]
    alert_desk.ends("short")
    alert_desk.ends("dear")
    alert_desk.tells()
    assert alert_desk.titles() == []

    alert_desk.at = datetime(2026, 11, 27, 5, 59, tzinfo=UTC)
    alert_desk.tells()

    texts = alert_desk.telegram.texts
    assert alert_desk.titles() == ["WARNING: break goes on", "ended: break dear", "1 began and ended"]
    assert "- ended: break short" in texts[2]


def test_nobody_is_woken_because_a_warning_has_become_a_day_older(alert_desk: AlertDesk) -> None:
    alert_desk.rules = replace(GROWS_OLD, quiet=NIGHT)
    alert_desk.at = datetime(2026, 11, 26, 2, tzinfo=UTC)
    alert_desk.raises("one")
    alert_desk.tells(after=6 * HOUR)
    alert_desk.titles()

    alert_desk.tells(after=19 * HOUR)
    assert alert_desk.titles() == []
    alert_desk.tells(after=3 * HOUR)

    assert alert_desk.titles() == ["CRITICAL (nobody has acknowledged it): break one"]


@pytest.mark.parametrize(
    ("local", "is_quiet"), [("21:59", False), ("22:00", True), ("00:30", True), ("06:59", True), ("07:00", False)]
)
def test_quiet_hours_go_by_the_clock_of_their_zone_over_midnight(local: str, is_quiet: bool) -> None:
    moment = datetime.combine(NOON.date(), time.fromisoformat(local), tzinfo=ZoneInfo("Europe/Berlin"))

    assert NIGHT.hold(moment.astimezone(UTC)) is is_quiet


def test_what_waits_for_a_channel_that_is_configured_no_more_is_given_up(alert_desk: AlertDesk) -> None:
    alert_desk.raises("one")
    alert_desk.hook.refuses(503)
    alert_desk.tells(alert_desk.telegram_channel(), alert_desk.webhook_channel())

    alert_desk.tells()

    found = alert_desk.rows("SELECT channel, state, last_error FROM alert_deliveries ORDER BY channel")
    assert [tuple(row.values()) for row in found] == [
        ("telegram", "SENT", None),
        ("webhook", "GIVEN_UP", "the channel is not configured"),
    ]


def test_without_a_channel_everything_waits_for_one(alert_desk: AlertDesk) -> None:
    alert_desk.raises("one")
    alert_desk.at += HOUR
    teller = alert_desk.teller()
    silent = type(teller)(
        database=alert_desk.database, clock=alert_desk, chance=teller._chance, channels=(), rules=alert_desk.rules
    )
    silent.run()

    alert_desk.tells()

    assert alert_desk.titles() == ["WARNING: break one"]
