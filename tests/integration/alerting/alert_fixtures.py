"""A desk for alerts: a real database, a clock in the hand, and the real channels onto servers on this machine."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import boto3
import pytest
from moto import mock_aws

from live_trading.aws.notifications import SnsChannel
from live_trading.nouns.alerts import OPERATOR, AlertType, Concern, Severity
from live_trading.services.alerting.channels import Channel
from live_trading.services.alerting.telling import AlertTeller, TellingRules, TellReport
from live_trading.store.database.connection import Database
from live_trading.store.watch import alerts
from live_trading.telling.telegram import TelegramChannel
from live_trading.telling.webhook import WebhookChannel
from live_trading.wiring.chance import SYSTEM

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
BOT_TOKEN = "123456789:AAtesttesttesttesttesttesttest_tests"
WEBHOOK_SECRET = "a secret of both sides"
NEVER = TellingRules(escalate_after=None, repeat_after=None, quiet=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """One request as the server read it."""

    path: str
    headers: dict[str, str]
    raw: bytes

    @property
    def body(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.raw)
        return found


@dataclass(slots=True)
class Receiver:
    """A server that keeps what it is sent, and answers with what comes next in `answers`, else as Telegram does."""

    url: str
    received: list[Received] = field(default_factory=list)
    answers: list[tuple[int, dict[str, str], bytes]] = field(default_factory=list)

    def refuses(self, status: int, body: bytes = b"{}", **headers: str) -> None:
        self.answers.append((status, headers, body))

    @property
    def texts(self) -> list[str]:
        return [each.body["text"] for each in self.received]


@contextmanager
def receiver() -> Iterator[Receiver]:
    """Up while the block lasts."""
    kept = Receiver("")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers["content-length"]))
            kept.received.append(Received(path=self.path, headers=dict(self.headers), raw=raw))
            status, headers, body = kept.answers.pop(0) if kept.answers else (200, {}, b'{"ok": true, "result": {}}')
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name.replace("_", "-"), value)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            """Keeps the tests' output clean."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    kept.url = f"http://127.0.0.1:{server.server_port}"
    serving = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    serving.start()
    try:
        yield kept
    finally:
        server.shutdown()
        server.server_close()
        serving.join()


@dataclass(slots=True)
class Inbox:
    """What a queue that subscribes to the topic has got."""

    topic_arn: str
    queue_url: str

    def messages(self) -> list[str]:
        sqs, found = boto3.client("sqs"), []
        while batch := sqs.receive_message(QueueUrl=self.queue_url, MaxNumberOfMessages=10).get("Messages"):
            for each in batch:
                found.append(each["Body"])
                sqs.delete_message(QueueUrl=self.queue_url, ReceiptHandle=each["ReceiptHandle"])
        return found


@contextmanager
def sns_topic(monkeypatch: pytest.MonkeyPatch) -> Iterator[Inbox]:
    """A topic with a subscribed queue, emulated by moto."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "none")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        topic = boto3.client("sns").create_topic(Name="alerts")["TopicArn"]
        queue = boto3.client("sqs").create_queue(QueueName="inbox")["QueueUrl"]
        arn = boto3.client("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]
        boto3.client("sns").subscribe(
            TopicArn=topic, Protocol="sqs", Endpoint=arn["QueueArn"], Attributes={"RawMessageDelivery": "true"}
        )
        yield Inbox(topic, queue)


@dataclass(slots=True)
class AlertDesk:
    """Raises, ends and tells. Its channels are a Telegram bot and a webhook, and SNS where a test asks for it."""

    database: Database
    telegram: Receiver
    hook: Receiver
    at: datetime = NOON
    rules: TellingRules = NEVER
    note_events: Callable[[datetime], None] | None = None

    def now(self) -> datetime:
        return self.at

    def telegram_channel(self) -> TelegramChannel:
        return TelegramChannel(api_url=self.telegram.url, chat_id="-100", token=lambda: BOT_TOKEN)

    def webhook_channel(self) -> WebhookChannel:
        return WebhookChannel(url=f"{self.hook.url}/in", secret=lambda: WEBHOOK_SECRET, wall_time=lambda: self.at)

    def raises(
        self,
        subject: str,
        severity: Severity = Severity.WARNING,
        *,
        concern: Concern = OPERATOR,
        is_urgent: bool = False,
        message: str = "look at it",
    ) -> None:
        with self.database.transaction() as transaction:
            alerts.raise_alert(
                transaction,
                alert_type=AlertType.BREAK,
                severity=severity,
                subject=subject,
                title=f"break {subject}",
                message=message,
                at=self.at,
                concern=concern,
                is_urgent=is_urgent,
            )

    def ends(self, subject: str) -> None:
        with self.database.transaction() as transaction:
            alerts.resolve_alert(transaction, alert_type=AlertType.BREAK, subject=subject, at=self.at)

    def teller(self, *channels: Channel) -> AlertTeller:
        return AlertTeller(
            database=self.database,
            clock=self,
            chance=SYSTEM,
            channels=channels or (self.telegram_channel(),),
            rules=self.rules,
            note_events=self.note_events,
        )

    def tells(self, *channels: Channel, after: timedelta = timedelta(minutes=1)) -> TellReport:
        self.at += after
        return self.teller(*channels).run()

    def titles(self) -> list[str]:
        """The first lines of what the chat has got since the last time, in order."""
        found = [text.splitlines()[0] for text in self.telegram.texts]
        self.telegram.received.clear()
        return found

    def rows(self, sql: str, **parameters: object) -> Sequence[dict[str, Any]]:
        with self.database.transaction() as transaction:
            return transaction.rows(sql, **parameters)

    def changes(self, sql: str, **parameters: object) -> None:
        with self.database.transaction() as transaction:
            transaction.execute(sql, **parameters)


@pytest.fixture
def alert_desk(database: Database) -> Iterator[AlertDesk]:
    """With two servers of its own."""
    with ExitStack() as servers:
        yield AlertDesk(database, servers.enter_context(receiver()), servers.enter_context(receiver()))


@pytest.fixture
def inbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Inbox]:
    """A topic and what comes out of it."""
    with sns_topic(monkeypatch) as found:
        yield found


def sns_channel(inbox: Inbox) -> SnsChannel:
    return SnsChannel(inbox.topic_arn)
