"""The channels that are configured, and what tells through them."""

from __future__ import annotations

from datetime import UTC, time, timedelta
from functools import cached_property
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from live_trading.wiring.adapters import Adapters

if TYPE_CHECKING:
    from live_trading.services.alerting.channels import Channel
    from live_trading.services.alerting.quiet_hours import QuietHours
    from live_trading.services.alerting.telling import AlertTeller


class AlertParts(Adapters):
    """A channel that is not configured is none."""

    @cached_property
    def channels(self) -> list[Channel]:
        from live_trading.aws.notifications import SnsChannel
        from live_trading.aws.secrets import secret_text_soon

        given = self.settings
        found: list[Channel] = []
        if given.alert_topic_arn is not None:
            found.append(SnsChannel(given.alert_topic_arn))
        if given.alert_telegram_chat_id is not None:
            from live_trading.telling.telegram import TelegramChannel

            found.append(
                TelegramChannel(
                    api_url=given.alert_telegram_api_url,
                    chat_id=given.alert_telegram_chat_id,
                    token=lambda: secret_text_soon(f"{given.alert_secret_prefix}telegram"),
                )
            )
        if given.alert_webhook_url is not None:
            from live_trading.telling.webhook import WebhookChannel

            found.append(
                WebhookChannel(
                    url=given.alert_webhook_url,
                    secret=lambda: secret_text_soon(f"{given.alert_secret_prefix}webhook"),
                    wall_time=self.chance.wall_time,
                )
            )
        return found

    @cached_property
    def alert_teller(self) -> AlertTeller:
        from live_trading.services.alerting.booked_news import BookedNews, News
        from live_trading.services.alerting.telling import AlertTeller, TellingRules

        given = self.settings
        wanted = [News(each) for each in given.alert_news]
        return AlertTeller(
            database=self.database,
            clock=self.clock,
            chance=self.chance,
            channels=self.channels,
            rules=TellingRules(
                escalate_after=_hours(given.alert_escalate_hours),
                repeat_after=_hours(given.alert_repeat_hours),
                quiet=_quiet_hours(given.alert_quiet_hours, given.alert_quiet_zone),
            ),
            note_events=BookedNews(database=self.database, wanted=wanted).note if wanted else None,
        )


def _hours(hours: int) -> timedelta | None:
    """0 is never."""
    return timedelta(hours=hours) if hours else None


def _quiet_hours(span: str | None, zone: str) -> QuietHours | None:
    from live_trading.services.alerting.quiet_hours import QuietHours

    if span is None:
        return None
    begin, _, end = span.partition("-")
    return QuietHours(
        begin=time.fromisoformat(begin), end=time.fromisoformat(end), zone=UTC if zone == "UTC" else ZoneInfo(zone)
    )
