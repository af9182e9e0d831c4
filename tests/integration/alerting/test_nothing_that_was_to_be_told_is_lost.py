"""What is told is committed with its cause, and told at least once, whoever dies and whatever channel fails."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from live_trading.nouns.alerts import AlertType, ChannelName, Outgoing, Severity
from live_trading.nouns.errors import RetryLater
from live_trading.services.watching.checkup import HealthService
from live_trading.services.watching.findings import HealthStatus
from live_trading.store.watch import alert_due, alerts
from tests.integration.alerting.alert_fixtures import NOON, AlertDesk

pytestmark = [pytest.mark.integration, pytest.mark.health]


class Killed(BaseException):
    """The process ends here."""


@dataclass
class Scripted:
    """A channel that does what a test says when it has sent."""

    then: Callable[[], None]
    name: ChannelName = ChannelName.SNS
    longest: int = 20_000
    sent: list[Outgoing] = field(default_factory=list)

    def send(self, message: Outgoing, *, timeout_seconds: float) -> None:
        self.sent.append(message)
        self.then()


def nothing() -> None:
    return None


def killed() -> None:
    raise Killed


def test_a_cause_that_is_not_committed_is_not_told(alert_desk: AlertDesk) -> None:
    def dies() -> None:
        with alert_desk.database.transaction() as transaction:
            alerts.raise_alert(
                transaction,
                alert_type=AlertType.BREAK,
                severity=Severity.CRITICAL,
                subject="one",
                title="break one",
                message="look",
                at=NOON,
            )
            raise Killed

    with pytest.raises(Killed):
        dies()

    alert_desk.tells()

    assert alert_desk.titles() == []


def test_who_dies_between_sending_and_noting_has_it_sent_once_more_and_known_as_the_same(
    alert_desk: AlertDesk,
) -> None:
    alert_desk.raises("one")
    dying, living = Scripted(killed), Scripted(nothing)
    with pytest.raises(Killed):
        alert_desk.tells(dying)
    alert_desk.tells(living, after=timedelta(seconds=30))
    assert living.sent == []

    alert_desk.tells(living, after=timedelta(seconds=31))
    alert_desk.tells(living)

    assert [each.reference for each in living.sent] == [each.reference for each in dying.sent]
    (row,) = alert_desk.rows("SELECT attempts, state FROM alert_deliveries")
    assert tuple(row.values()) == (2, "SENT")


def test_two_senders_at_once_tell_nothing_twice(alert_desk: AlertDesk) -> None:
    other = Scripted(nothing)
    one = Scripted(lambda: alert_desk.teller(other).run() and None)
    for number in range(3):
        alert_desk.raises(str(number))

    alert_desk.tells(one)

    assert (len(one.sent), other.sent) == (3, [])


def test_who_takes_what_another_has_begun_to_take_waits_for_nobody_and_takes_the_rest(alert_desk: AlertDesk) -> None:
    for number in range(3):
        alert_desk.raises(str(number))
    other = Scripted(nothing)
    with alert_desk.database.transaction() as transaction:
        alert_due.spread(transaction, [ChannelName.SNS], alert_desk.at)
    with alert_desk.database.transaction() as transaction:
        transaction.execute(
            "SELECT * FROM alert_deliveries WHERE alert_message_id = (SELECT min(alert_message_id) FROM alert_messages)"
            " FOR UPDATE"
        )
        alert_desk.tells(other)

    assert [each.title for each in other.sent] == ["WARNING: break 1", "WARNING: break 2"]


def test_a_channel_that_fails_keeps_no_other_back_and_is_tried_again_later_each_time(alert_desk: AlertDesk) -> None:
    alert_desk.raises("one")
    channels = (alert_desk.telegram_channel(), alert_desk.webhook_channel())
    tried: list[int] = []
    for _ in range(5):
        alert_desk.hook.refuses(503)
    for minute in range(1, 40):
        alert_desk.tells(*channels)
        tried += [minute] * (len(alert_desk.hook.received) - len(tried))

    assert tried == [1, 2, 4, 8, 16, 32]
    assert alert_desk.titles() == ["WARNING: break one"]
    found = alert_desk.rows("SELECT channel, state, attempts FROM alert_deliveries ORDER BY channel")
    assert [tuple(row.values()) for row in found] == [("telegram", "SENT", 1), ("webhook", "SENT", 6)]


def test_a_channel_that_is_away_is_asked_once_a_run(alert_desk: AlertDesk) -> None:
    def away() -> None:
        raise RetryLater("away")

    channel = Scripted(away)
    for number in range(4):
        alert_desk.raises(str(number))

    report = alert_desk.tells(channel)

    assert len(channel.sent) == 1
    assert report.refused == {"sns": "RetryLater: away"}


def test_what_comes_while_a_channel_is_away_is_told_in_its_newest_word(alert_desk: AlertDesk) -> None:
    alert_desk.raises("one")
    alert_desk.telegram.refuses(503)
    alert_desk.tells()
    alert_desk.raises("one", Severity.CRITICAL)
    alert_desk.raises("two")
    alert_desk.ends("two")
    alert_desk.telegram.received.clear()
    alert_desk.tells(after=timedelta(seconds=30))
    alert_desk.tells(after=timedelta(hours=1))

    assert alert_desk.titles() == ["CRITICAL: break one", "1 began and ended"]
    waiting = alert_desk.rows("SELECT state, count(*) FROM alert_deliveries GROUP BY state")
    assert [tuple(row.values()) for row in waiting] == [("SENT", 4)]


def test_what_a_channel_refuses_is_in_the_report_of_health_until_it_is_taken(alert_desk: AlertDesk) -> None:
    alert_desk.raises("one")
    for _ in range(5):
        alert_desk.telegram.refuses(401, b'{"ok":false,"description":"Unauthorized"}')
    for _ in range(20):
        alert_desk.tells()

    def found() -> tuple[HealthStatus, str]:
        health = HealthService(database=alert_desk.database, clock=alert_desk, probes={}, notify=None)
        (finding,) = [each for each in health.look().findings if each.check == "alerts_not_told"]
        return finding.status, finding.detail

    assert found() == (
        HealthStatus.WARNING,
        "oldest is 1200 s old, telegram does not take it: GiveUp: Telegram: 401 Unauthorized",
    )
    alert_desk.telegram.answers.clear()
    alert_desk.tells(after=timedelta(hours=1))
    assert found()[0] is HealthStatus.HEALTHY


def test_what_nobody_sends_is_in_the_report_of_health(alert_desk: AlertDesk) -> None:
    alert_desk.raises("one")
    alert_desk.at += timedelta(minutes=16)
    health = HealthService(database=alert_desk.database, clock=alert_desk, probes={}, notify=None)

    (finding,) = [each for each in health.look().findings if each.check == "alerts_not_told"]

    assert (finding.status, finding.detail) == (HealthStatus.WARNING, "oldest is 960 s old, nobody sends it")


def test_after_three_days_a_message_is_given_up_and_that_is_seen(alert_desk: AlertDesk) -> None:
    alert_desk.raises("one")
    for _ in range(80):
        alert_desk.telegram.refuses(401)
        alert_desk.tells(after=timedelta(hours=1))

    (row,) = alert_desk.rows("SELECT state, last_error FROM alert_deliveries")
    assert tuple(row.values()) == ("GIVEN_UP", "GiveUp: Telegram: 401 no description")
