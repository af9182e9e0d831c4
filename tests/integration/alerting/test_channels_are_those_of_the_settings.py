"""The channels that the template's parameters name, with secrets of Secrets Manager by their names."""

from __future__ import annotations

from typing import Any

import boto3
import pytest

from live_trading.aws import secrets
from live_trading.wiring.alert_parts import AlertParts
from local.lambdas.template.reading import load_application
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
    yield AlertParts(environment)
    secrets._hasty.cache_clear()


def test_an_alert_goes_through_all_that_are_configured(alert_desk: AlertDesk, inbox: Inbox, parts: AlertParts) -> None:
    for name, text in (("telegram", f"{BOT_TOKEN}\n"), ("webhook", WEBHOOK_SECRET)):
        boto3.client("secretsmanager").create_secret(Name=f"stage/alerts/{name}", SecretString=text)
    alert_desk.raises("one")

    report = parts.alert_teller.run()

    assert report.sent == {"sns": 1, "telegram": 1, "webhook": 1}
    assert [text.splitlines()[0] for text in inbox.messages()] == ["WARNING: break one"]
    assert [each.body["chat_id"] for each in alert_desk.telegram.received] == ["@operators"]
    assert [each.path for each in alert_desk.hook.received] == ["/in?from=live"]


def test_a_secret_that_is_missing_fails_its_channel_alone_and_is_named(
    alert_desk: AlertDesk, inbox: Inbox, parts: AlertParts
) -> None:
    boto3.client("secretsmanager").create_secret(Name="stage/alerts/webhook", SecretString=WEBHOOK_SECRET)
    alert_desk.raises("one")

    report = parts.alert_teller.run()

    assert report.sent == {"sns": 1, "webhook": 1}
    assert report.refused == {"telegram": "SecretMissing: secret stage/alerts/telegram: ResourceNotFoundException"}
