"""A run of health on the real stack publishes the figures that the page says it does."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest

from functions.health import app as health
from live_trading.nouns.measures.metrics import MetricName
from live_trading.services.watching.health_figures import PUBLISHED
from live_trading.wiring.composition import Parts
from tests.e2e.live_fixtures import LiveDesk

pytestmark = [pytest.mark.e2e, pytest.mark.health]

# Nobody has watched this chain, and one trade says nothing of how late trades come.
NOT_KNOWN = {MetricName.CHAIN_WATCH_AGE, MetricName.FOLLOWED_TRADES_LAG}


def test_each_figure_that_is_known_is_published_once(
    desk: LiveDesk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "tests")
    monkeypatch.setattr(health, "parts", Parts(desk.settings))
    desk.signal(outcome_index=desk.dearer())
    desk.execute()

    context = SimpleNamespace(
        aws_request_id="health", function_name="health", get_remaining_time_in_millis=lambda: 60_000
    )
    health.handler({}, context)

    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"_aws"' in line]
    told = [each["Name"] for line in lines for each in line["_aws"]["CloudWatchMetrics"][0]["Metrics"]]
    own = {MetricName.HEALTH_CRITICAL, MetricName.HEALTH_WARNING, MetricName.INERT_GUARDS}
    run = {MetricName.HEARTBEAT, MetricName.RUN_SECONDS}
    assert sorted(told) == sorted({*PUBLISHED.values()} - NOT_KNOWN | own | run)
