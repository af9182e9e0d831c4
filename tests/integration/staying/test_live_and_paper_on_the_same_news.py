"""One invocation on the whole stack: what followed traders do while it stays is copied at once, live and on paper."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from types import SimpleNamespace
from uuid import uuid4

import pytest

from functions.lt_execute import app as lt_execute
from live_trading.nouns.decisions import Reason
from live_trading.services.copying.copy_run import CopyReport
from live_trading.services.running.budget import Budget
from live_trading.services.running.staying import LEASE_SECONDS, Occasion
from live_trading.wiring.composition import Parts
from live_trading.wiring.parts.copy_parts import STAYS_AS
from local.machine.env import ROOT
from tests.e2e.live_fixtures import LiveDesk

pytestmark = [pytest.mark.e2e, pytest.mark.overlap]


@dataclass(slots=True)
class Staying:
    """One invocation on the replay's clock: where it waits, the clock moves, and what is due happens."""

    desk: LiveDesk
    waited: float = 0.0
    due: dict[int, Callable[[], object]] = field(default_factory=dict)
    on_pause: Callable[[], None] = lambda: None

    def run(self, seconds: float, holder: str = "staying") -> CopyReport:
        run = self.desk.parts.copy_run(holder, elapsed=self._elapsed, pause=self._pause)
        return run.run(seconds, Budget.unlimited())

    def _elapsed(self) -> float:
        return self.waited

    def _pause(self, seconds: float) -> None:
        self.on_pause()
        self.waited += seconds
        self.desk.advance(seconds)
        for at in [each for each in self.due if each <= self.waited]:
            self.due.pop(at)()


def decided(desk: LiveDesk, source_trade_id: int) -> set[tuple[str, str]]:
    rows = desk.rows(
        f"""
        SELECT CASE WHEN lt_strategy_id IS NULL THEN 'paper' ELSE 'live' END AS who, reason FROM decisions
        WHERE source_trade_id = {source_trade_id}
        """
    )
    return {(row["who"], row["reason"]) for row in rows}


def test_a_trade_made_while_it_stays_is_copied_live_and_on_paper_in_the_pass_after_the_next_look(
    desk: LiveDesk,
) -> None:
    numbers: list[int] = []
    found: list[tuple[float, set[tuple[str, str]]]] = []
    outcome = desk.dearer()
    staying = Staying(desk)

    def looks() -> None:
        found.append((staying.waited, decided(desk, numbers[0])))

    staying.due = {5: lambda: numbers.append(desk.signal(outcome_index=outcome)), 6: looks}

    report = staying.run(8)

    assert report.passes == {Occasion.BEAT: 1, Occasion.NEWS: 1}
    assert found == [(6, {("live", Reason.ACCEPTED), ("paper", Reason.ACCEPTED)})]
    (order,) = desk.orders()
    assert order["source_trade_id"] == numbers[0]
    assert sum(report.live.orders.values() if report.live else ()) == 1
    assert sum(report.paper.orders.values() if report.paper else ()) == 1
    assert report.failures == []


def test_it_shows_a_sign_of_life_with_each_pass_and_so_more_than_once_a_minute(
    desk: LiveDesk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "tests")
    outcome = desk.dearer()
    staying = Staying(desk, due={5: lambda: desk.signal(outcome_index=outcome)})
    at: dict[int, float] = {}
    kept: list[dict[str, object]] = []

    def hears() -> None:
        lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"_aws"' in line]
        kept.extend(lines)
        at.update({len(kept): staying.waited} if lines else {})

    staying.on_pause = hears
    staying.run(62)

    beats = [line for line in kept if line.get("Heartbeat") == [1]]
    assert {line["job"] for line in beats} == {"lt-execute"}
    # Live and paper each: the beat at once, the news, and a beat each twenty seconds.
    assert len(beats) == 2 * (1 + 1 + 2)
    assert max(later - sooner for sooner, later in pairwise(at.values())) < 60
    (with_orders,) = [line for line in kept if "OrdersSent" in line]
    assert (with_orders["SignalsAccepted"], len(with_orders["TradeToPostMilliseconds"])) == ([1], 1)  # type: ignore[arg-type]
    assert "EquityUsd" in with_orders


def test_two_that_stay_at_once_copy_a_trade_once_and_the_second_takes_over(desk: LiveDesk) -> None:
    outcome = desk.dearer()
    first, second = Staying(desk), Staying(desk)
    reports: list[CopyReport] = []

    def killed_without_a_word() -> None:
        desk.signal(outcome_index=outcome)
        reports.append(second.run(LEASE_SECONDS + 4, holder="second"))

    first.due = {3: killed_without_a_word}

    reports.append(first.run(60, holder="first"))

    assert len(desk.orders()) == len(desk.venue_orders()) == 1
    second_report, first_report = reports
    assert second_report.ran
    assert first_report.passes == {Occasion.BEAT: 1}
    (lease,) = desk.rows(f"SELECT holder FROM leases WHERE lease_name = '{STAYS_AS}'")
    assert lease["holder"] == "second"


def handled(desk: LiveDesk, monkeypatch: pytest.MonkeyPatch, event: dict[str, object]) -> dict[str, object]:
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "tests")
    monkeypatch.setattr(lt_execute, "parts", Parts({**desk.settings, "WATCH_SECONDS": "1"}))
    context = SimpleNamespace(
        aws_request_id=uuid4().hex, function_name="lt-execute", get_remaining_time_in_millis=lambda: 160_000
    )
    report: dict[str, object] = lt_execute.handler(event, context)
    return report


def test_the_function_stays_by_its_schedule(desk: LiveDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    report = handled(desk, monkeypatch, {"job": "lt-execute", "scheduled_time": "2026-11-23T09:00:00Z"})

    assert (report["ran"], report["passes"], report["failures"]) == (True, {"beat": 1}, [])
    assert report["live"] is not None
    assert report["paper"] is not None


def test_who_invokes_the_function_for_one_pass_gets_one(desk: LiveDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    event = json.loads((ROOT / "events" / "lt-execute.json").read_text())

    report = handled(desk, monkeypatch, event)

    assert report["ran"]
    assert "passes" not in report
