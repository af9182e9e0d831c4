"""Thresholds are typed, closed and documented; every rule and check that can be on is known to be."""

from __future__ import annotations

import dataclasses
import json
import re
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from live_trading.nouns.decisions import Verdict
from live_trading.nouns.locks import LockScope
from live_trading.nouns.money import Price, Usd
from live_trading.nouns.risk_rules import RULE_FIELDS, SWITCHES
from live_trading.risk.gate import check_entry
from live_trading.risk.results import RuleName, switched_on
from live_trading.services.watching.checks.job_checks import PERIODS
from live_trading.services.watching.findings import CheckName, Finding, HealthStatus
from live_trading.services.watching.health_figures import PUBLISHED
from live_trading.services.watching.thresholds import HealthThresholds
from live_trading.signals.checks.switched_on import SELDOM_ASKED
from live_trading.signals.checks.switched_on import switched_on as checks_on
from live_trading.signals.evaluate import evaluate
from live_trading.wiring.settings import SettingsInvalid, read_settings
from local.lambdas.template.intrinsics import read_template
from local.machine.env import ROOT, TEMPLATE
from tests.builders import a_proposal, a_risk_snapshot, risk_rules
from tests.unit.house.test_settings import COMPLETE
from tests.unit.signals.random_inputs import random_inputs, stream

OPERATING = (ROOT / "docs" / "operating.md").read_text()


def test_a_threshold_changes_alone_and_the_others_keep_their_defaults() -> None:
    settings = read_settings({**COMPLETE, "HEALTH_THRESHOLDS": '{"feed_lag_seconds": 45, "slow_job_fraction": 0.25}'})

    limits = settings.health_thresholds
    assert limits.span("feed_lag") == timedelta(seconds=45)
    assert limits.slow_job_fraction == Decimal("0.25")
    assert limits.head_age_seconds == HealthThresholds().head_age_seconds


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ('{"feed_lag": 45}', "HEALTH_THRESHOLDS.feed_lag"),
        ('{"feed_lag_seconds": 0}', "HEALTH_THRESHOLDS.feed_lag_seconds"),
        ('{"connections_left_fraction": 10}', "HEALTH_THRESHOLDS.connections_left_fraction"),
        ("45", "HEALTH_THRESHOLDS"),
        ("{", "HEALTH_THRESHOLDS"),
    ],
)
def test_a_threshold_that_is_unknown_or_out_of_range_stops_the_function_by_its_name(text: str, named: str) -> None:
    with pytest.raises(SettingsInvalid, match=re.escape(named)):
        read_settings({**COMPLETE, "HEALTH_THRESHOLDS": text})


def test_thresholds_say_themselves_as_the_setting_does() -> None:
    limits = HealthThresholds(feed_lag_seconds=45, slow_job_fraction=Decimal("0.25"))

    assert HealthThresholds(**json.loads(str(limits))) == limits


@pytest.mark.parametrize("name", sorted(HealthThresholds.model_fields))
def test_every_threshold_is_documented_with_its_default(name: str) -> None:
    default = HealthThresholds.model_fields[name].default

    assert re.search(rf"`{name}` \({re.escape(f'{default:,}')}\)", OPERATING), f"{name} ({default:,})"


@pytest.mark.parametrize("name", sorted(CheckName))
def test_every_check_is_documented(name: CheckName) -> None:
    assert re.search(rf"^\| [^|]*\b{re.escape(name.value)}\b", OPERATING, re.MULTILINE)


def test_every_job_of_a_schedule_is_watched_by_its_period() -> None:
    resources = read_template(TEMPLATE)["Resources"]
    rates: dict[str, set[str]] = {}
    for resource in resources.values():
        events = resource.get("Properties", {}).get("Events", {})
        for event in events.values():
            if event["Type"] == "ScheduleV2":
                job = json.loads(event["Properties"]["Input"])["job"]
                rates.setdefault(job, set()).add(event["Properties"]["ScheduleExpression"])

    assert set(rates) == set(PERIODS)
    for job, period in PERIODS.items():
        minutes = period // timedelta(minutes=1)
        words = {f"rate({minutes} minutes)", f"rate({minutes} minute)"} | ({"rate(1 hour)"} if minutes == 60 else set())
        assert rates[job] & words, job


def test_metrics_are_of_checks_and_no_two_are_of_one_name() -> None:
    names = list(PUBLISHED.values())

    assert len(names) == len(set(names))


def a_limit(name: str) -> Any:
    """Some value of a limit that is set."""
    if name in SWITCHES:
        return True
    if name == "breaker_scope":
        return LockScope.STRATEGY
    if name.endswith("_usd"):
        return Usd(1000)
    if name.endswith("_price"):
        return Price("0.01") if name.startswith("min") else Price("0.99")
    return Decimal("0.5") if name.endswith(("_fraction", "_multiple", "_multiplier", "_per_day")) else 5


@pytest.mark.parametrize(
    "names", [*((name,) for name in RULE_FIELDS), (), RULE_FIELDS], ids=lambda names: ",".join(names)[:40]
)
def test_the_rules_that_limits_switch_on_are_those_that_have_their_say(names: tuple[str, ...]) -> None:
    rules = risk_rules(**{name: a_limit(name) for name in names})

    asked = {result.rule for result in check_entry(rules, a_proposal(), a_risk_snapshot()).results}

    assert switched_on(rules) == asked
    assert names != RULE_FIELDS or asked == set(RuleName)


def test_the_checks_that_a_configuration_switches_on_have_their_say_on_what_is_accepted() -> None:
    """Over many configurations; those of what happened to a position before may have nothing to look at."""
    accepted = 0
    seen: set[str] = set()
    for number in range(3_000):
        given = random_inputs(stream(number))
        made = evaluate(given)
        if made.verdict is not Verdict.ACCEPTED:
            continue
        accepted += 1
        told = {check.name for check in made.checks if check.passed is not None}
        asked = checks_on(given.config)
        # Without a record of positions or of the trader nobody was asked for it.
        absent = {"trader_left", "trader_hedged"} if given.standing is None else set()
        absent |= {"was_left", "entries"} if given.position is None else set()
        absent |= {"signal_age_seconds"} if given.max_signal_age_seconds is None else set()
        assert asked - told <= SELDOM_ASKED | absent
        seen |= asked
    assert accepted > 100
    assert {"category", "max_edge", "min_conviction", "model_threshold", "minutes_to_end"} <= seen


def test_a_finding_of_another_owner_is_not_there_and_a_shared_one_is_opened() -> None:
    own = Finding(name=CheckName.ORDER, status=HealthStatus.CRITICAL, detail="an order of a", owner_id="a")
    shared = Finding(
        name=CheckName.OVERDRAFTS, status=HealthStatus.CRITICAL, detail="strategy of b", open_detail="an account"
    )

    assert own.seen_by("b", is_admin=False) is None
    assert own.seen_by("a", is_admin=False) is own
    assert own.seen_by("b", is_admin=True) is own
    opened = shared.seen_by("a", is_admin=False)
    assert opened is not None
    assert opened.detail == "an account"
    assert shared.seen_by("a", is_admin=True) is shared
    assert dataclasses.replace(shared, open_detail=None).seen_by("a", is_admin=False) is not None
