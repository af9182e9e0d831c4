"""What SNS takes as a subject: ASCII, one line, fewer than 100 characters. Source: its API reference, Publish."""

from __future__ import annotations

import boto3
import pytest
from hypothesis import given
from hypothesis import strategies as st
from moto import mock_aws

from live_trading.aws.notifications import SnsChannel, subject_line
from live_trading.nouns.alerts import Outgoing, Severity

pytestmark = pytest.mark.money_faults


@given(st.text())
def test_any_title_becomes_a_subject_that_sns_takes(title: str) -> None:
    line = subject_line(title)

    assert 1 <= len(line) < 100
    assert line.isascii()
    assert line.isprintable()
    assert not line[0].isspace()


def test_a_long_title_with_line_breaks_is_sent_and_stands_whole_in_the_message(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "none")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    with mock_aws():
        topic = boto3.client("sns").create_topic(Name="alerts")["TopicArn"]
        queue = boto3.client("sqs").create_queue(QueueName="inbox")["QueueUrl"]
        arn = boto3.client("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]
        boto3.client("sns").subscribe(
            TopicArn=topic, Protocol="sqs", Endpoint=arn["QueueArn"], Attributes={"RawMessageDelivery": "true"}
        )
        title = "CRITICAL: wallet Zürich\nbreak " + "x" * 150

        SnsChannel(topic).send(
            Outgoing(reference="1", severity=Severity.CRITICAL, title=title, text="look at it", told=(), count=1)
        )

        (message,) = boto3.client("sqs").receive_message(QueueUrl=queue)["Messages"]
    assert message["Body"] == f"{title}\n\nlook at it"
