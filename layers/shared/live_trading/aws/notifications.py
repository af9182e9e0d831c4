"""Alerts to the operator through one SNS topic."""

from __future__ import annotations

from live_trading.nouns.errors import RetryLater

SUBJECT_LIMIT = 100


class SnsNotifier:
    """Publishes to one topic."""

    def __init__(self, topic_arn: str) -> None:
        self._topic_arn = topic_arn

    def notify(self, subject: str, message: str) -> None:
        """Sends one message. Raises RetryLater where SNS does not take it."""
        import boto3
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            boto3.client("sns").publish(TopicArn=self._topic_arn, Subject=subject[:SUBJECT_LIMIT], Message=message)
        except (BotoCoreError, ClientError) as error:
            raise RetryLater(f"the alert was not sent: {type(error).__name__}") from error
