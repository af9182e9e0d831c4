"""Messages to the operator through one SNS topic, to which e-mail, SMS and chat subscribe."""

from __future__ import annotations

import unicodedata

from live_trading.nouns.alerts import ChannelName, Outgoing
from live_trading.nouns.errors import RetryLater

# SNS takes a subject of fewer than 100 ASCII characters without control characters, and a message of 256 KB.
LONGEST_SUBJECT = 99
LONGEST_MESSAGE_BYTES = 200_000
TIMEOUT_SECONDS = 5.0


class SnsChannel:
    """Publishes to one topic. Subscriptions may filter by the attribute `severity`, an SMS by CRITICAL for instance."""

    name = ChannelName.SNS
    longest = 20_000

    def __init__(self, topic_arn: str) -> None:
        self._topic_arn = topic_arn

    def send(self, message: Outgoing, *, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        """Sends one message; the whole title is its first line. Raises RetryLater where SNS does not take it."""
        import boto3
        from botocore.config import Config
        from botocore.exceptions import BotoCoreError, ClientError

        text = f"{message.title}\n\n{message.text}".encode()[:LONGEST_MESSAGE_BYTES].decode(errors="ignore")
        patience = Config(
            connect_timeout=timeout_seconds, read_timeout=timeout_seconds, retries={"total_max_attempts": 1}
        )
        try:
            boto3.session.Session().client("sns", config=patience).publish(
                TopicArn=self._topic_arn,
                Subject=subject_line(message.title),
                Message=text,
                MessageAttributes={"severity": {"DataType": "String", "StringValue": message.severity}},
            )
        except (BotoCoreError, ClientError) as error:
            code = getattr(error, "response", {}).get("Error", {}).get("Code", "")
            raise RetryLater(f"SNS: {type(error).__name__} {code}".rstrip()) from error


def subject_line(subject: str) -> str:
    """The subject as SNS takes it: ASCII, one line, fewer than 100 characters, beginning with a letter or a mark."""
    plain = unicodedata.normalize("NFKD", subject).encode("ascii", "replace").decode()
    line = " ".join("".join(each if each.isprintable() else " " for each in plain).split())
    return line[:LONGEST_SUBJECT].rstrip() or "alert"
