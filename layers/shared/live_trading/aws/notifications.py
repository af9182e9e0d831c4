"""Alerts to the operator through one SNS topic."""

from __future__ import annotations

import unicodedata

from live_trading.nouns.errors import RetryLater

# SNS takes a subject of fewer than 100 ASCII characters without control characters, and a message of 256 KB.
LONGEST_SUBJECT = 99
LONGEST_MESSAGE_BYTES = 200_000


class SnsNotifier:
    """Publishes to one topic."""

    def __init__(self, topic_arn: str) -> None:
        self._topic_arn = topic_arn

    def notify(self, subject: str, message: str) -> None:
        """Sends one message; the whole subject is its first line. Raises RetryLater where SNS does not take it."""
        import boto3
        from botocore.exceptions import BotoCoreError, ClientError

        text = f"{subject}\n\n{message}".encode()[:LONGEST_MESSAGE_BYTES].decode(errors="ignore")
        try:
            boto3.client("sns").publish(TopicArn=self._topic_arn, Subject=subject_line(subject), Message=text)
        except (BotoCoreError, ClientError) as error:
            raise RetryLater(f"the alert was not sent: {type(error).__name__}") from error


def subject_line(subject: str) -> str:
    """The subject as SNS takes it: ASCII, one line, fewer than 100 characters, beginning with a letter or a mark."""
    plain = unicodedata.normalize("NFKD", subject).encode("ascii", "replace").decode()
    line = " ".join("".join(each if each.isprintable() else " " for each in plain).split())
    return line[:LONGEST_SUBJECT].rstrip() or "alert"
