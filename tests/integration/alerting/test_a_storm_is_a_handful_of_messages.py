"""Ten thousand failing checks in a minute: a handful of messages through each channel, and none of them is lost."""

from __future__ import annotations

from datetime import timedelta

import pytest

from live_trading.nouns.alerts import AlertType, Severity
from live_trading.store.watch import alerts
from tests.integration.alerting.alert_fixtures import AlertDesk, Inbox, sns_channel

pytestmark = [pytest.mark.integration, pytest.mark.health]

CHECKS = 10_000
HANDFUL = 5


def fail(desk: AlertDesk, numbers: range) -> None:
    """Checks that fail, each in a statement of its own, as health raises them."""
    with desk.database.transaction() as transaction:
        for number in numbers:
            alerts.raise_alert(
                transaction,
                alert_type=AlertType.HEALTH,
                severity=Severity.CRITICAL,
                subject=f"check {number}",
                title=f"check {number}: CRITICAL",
                message=f"part {number} does not answer",
                at=desk.at,
            )


def test_ten_thousand_failing_checks_are_told_in_a_handful_of_messages(alert_desk: AlertDesk, inbox: Inbox) -> None:
    channels = (sns_channel(inbox), alert_desk.telegram_channel(), alert_desk.webhook_channel())

    for second in range(0, 60, 6):
        fail(alert_desk, range(second * CHECKS // 60, (second + 6) * CHECKS // 60))
        alert_desk.at += timedelta(seconds=6)
    alert_desk.tells(*channels, after=timedelta())
    alert_desk.tells(*channels)

    for texts in (inbox.messages(), alert_desk.telegram.texts, alert_desk.hook.texts):
        assert 1 <= len(texts) <= HANDFUL
        assert any("10000 × health CRITICAL" in text for text in texts)
        assert any("check 0: CRITICAL" in text and "and 9980 more" in text for text in texts)
    sent = alert_desk.rows(
        "SELECT channel, state, sent_together, count(*) FROM alert_deliveries GROUP BY 1, 2, 3 ORDER BY channel"
    )
    assert [tuple(row.values()) for row in sent] == [
        (channel, "SENT", CHECKS, CHECKS) for channel in ("sns", "telegram", "webhook")
    ]
    (listed,) = alert_desk.rows("SELECT count(*) FROM lt_alerts WHERE status = 'ACTIVE' AND alert_type = 'health'")
    assert listed["count"] == CHECKS


def test_who_sends_in_the_middle_of_a_storm_sends_the_rest_in_one_message_more(alert_desk: AlertDesk) -> None:
    for beginning in range(0, 1_000, 250):
        fail(alert_desk, range(beginning, beginning + 250))
        alert_desk.tells(after=timedelta(seconds=15))

    assert alert_desk.titles() == ["250 alerts (250 CRITICAL)"] * 4
    waiting = alert_desk.rows("SELECT state, count(*) FROM alert_deliveries GROUP BY state")
    assert [tuple(row.values()) for row in waiting] == [("SENT", 1_000)]


def test_the_end_of_a_storm_is_one_message_too(alert_desk: AlertDesk) -> None:
    for number in range(50):
        alert_desk.raises(str(number))
    alert_desk.tells()
    for number in range(50):
        alert_desk.ends(str(number))
    alert_desk.tells()

    assert alert_desk.titles() == ["50 alerts (50 WARNING)", "50 ended"]


def test_a_storm_counts_by_type_and_names_the_worst_first(alert_desk: AlertDesk) -> None:
    for number in range(30):
        alert_desk.raises(str(number))
    alert_desk.raises("dear", Severity.CRITICAL)
    alert_desk.raises("short")
    alert_desk.ends("short")

    alert_desk.tells()

    (text,) = alert_desk.telegram.texts
    assert text.splitlines()[0] == "31 alerts (1 CRITICAL, 30 WARNING) and 1 began and ended"
    lines = text.splitlines()
    assert lines[2:4] == ["30 × break WARNING", "1 × break CRITICAL"]
    assert lines[5] == "- CRITICAL: break dear"
    assert "- and 11 more" in lines
    assert lines[-1] == "Each alert is in GET /api/lt/alerts."


def test_what_is_urgent_stands_by_itself_in_a_storm(alert_desk: AlertDesk) -> None:
    for number in range(30):
        alert_desk.raises(str(number), Severity.CRITICAL)
    alert_desk.raises("pulled", Severity.CRITICAL, is_urgent=True)

    alert_desk.tells()

    assert alert_desk.titles() == ["CRITICAL: break pulled", "30 alerts (30 CRITICAL)"]


def test_few_alerts_are_told_one_by_one(alert_desk: AlertDesk) -> None:
    for number in range(5):
        alert_desk.raises(str(number))

    alert_desk.tells()

    assert alert_desk.titles() == [f"WARNING: break {number}" for number in range(5)]
