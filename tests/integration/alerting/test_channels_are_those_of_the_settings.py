"""The channels that the template's parameters name, with secrets of Secrets Manager by their names."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import boto3
import pytest

from functions.health import app
from live_trading.aws import secrets
from live_trading.wiring.composition import Parts
from local.lambdas.template.reading import load_application
from local.lambdas.template.schedules import payload
from local.machine.env import TEMPLATE
from tests.integration.alerting.alert_fixtures import BOT_TOKEN, WEBHOOK_SECRET, AlertDesk, Inbox

pytestmark = [pytest.mark.integration, pytest.mark.health]


@pytest.fixture
def parts(alert_desk: AlertDesk, inbox: Inbox, database_url: str) -> Any:
    secrets._hasty.cache_clear()
    application = load_application(
        TEMPLATE,
        parameters={
            "DatabaseUrl": database_url,
            "JwtIssuer": "https://issuer",
            "JwtAudience": "audience",
            "AlertSecretPrefix": "stage/alerts/",
            "AlertTelegramChatId": "@operators",
            "AlertTelegramApiUrl": alert_desk.telegram.url,
            "AlertWebhookUrl": f"{alert_desk.hook.url}/in?from=live",
        },
        stack_name="live-trading",
    )
    environment = {**application.function("health").environment, "ALERT_TOPIC_ARN": inbox.topic_arn}
    yield Parts(environment)
    secrets._hasty.cache_clear()


def test_an_alert_goes_through_all_that_are_configured(alert_desk: AlertDesk, inbox: Inbox, parts: Parts) -> None:
    for name, text in (("telegram", f"{BOT_TOKEN}\n"), ("webhook", WEBHOOK_SECRET)):
        boto3.client("secretsmanager").create_secret(Name=f"stage/alerts/{name}", SecretString=text)
    alert_desk.raises("one")

    report = parts.alert_teller.run()

    assert report.sent == {"sns": 1, "telegram": 1, "webhook": 1}
    assert [text.splitlines()[0] for text in inbox.messages()] == ["WARNING: break one"]
    assert [each.body["chat_id"] for each in alert_desk.telegram.received] == ["@operators"]
    assert [each.path for each in alert_desk.hook.received] == ["/in?from=live"]


def test_a_secret_that_is_missing_fails_its_channel_alone_and_is_named(
    alert_desk: AlertDesk, inbox: Inbox, parts: Parts
) -> None:
    boto3.client("secretsmanager").create_secret(Name="stage/alerts/webhook", SecretString=WEBHOOK_SECRET)
    alert_desk.raises("one")

    report = parts.alert_teller.run()

    assert report.sent == {"sns": 1, "webhook": 1}
    assert report.refused == {"telegram": "SecretMissing: secret stage/alerts/telegram: ResourceNotFoundException"}


def test_the_schedule_of_each_minute_has_the_function_tell_and_look_at_nothing(
    alert_desk: AlertDesk, inbox: Inbox, parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    (each_minute,) = [
        each
        for each in load_application(
            TEMPLATE,
            parameters={
                "DatabaseUrl": "postgresql://u@h/d",
                "JwtIssuer": "https://issuer",
                "JwtAudience": "audience",
                "SchedulesEnabled": "true",
            },
            stack_name="live-trading",
        ).schedules
        if each.name.endswith("-alerts")
    ]
    monkeypatch.setattr(app, "parts", parts)
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "LiveTrading/tests")
    alert_desk.raises("one")
    event = json.loads(payload(each_minute.input, at_ms=0, execution_id="1"))

    context = SimpleNamespace(aws_request_id="a run", function_name="health")
    report = app.handler(event, context)

    assert (report["sent"], sorted(report["refused"])) == ({"sns": 1}, ["telegram", "webhook"])
    assert [text.splitlines()[0] for text in inbox.messages()] == ["WARNING: break one"]
    assert alert_desk.rows("SELECT count(*) FROM lt_health_checks") == [{"count": 0}]
