"""Each check of orders, trades, decisions and guards is turned bad by causing what it watches for, and well again."""

from __future__ import annotations

import json
from typing import Any

import pytest

from functions.health import app
from functions.strategy_api import app as strategy_api
from live_trading.services.watching.checkup import HealthReport
from live_trading.services.watching.findings import HealthStatus
from live_trading.wiring.composition import Parts
from tests.e2e.health.health_looks import CRITICAL, HEALTHY, WARNING, a_look, found, turns
from tests.e2e.live_fixtures import LiveDesk, beside
from tests.integration.api_fixtures import http_event

pytestmark = [pytest.mark.e2e, pytest.mark.health]


def status_of(desk: LiveDesk, name: str, **limits: Any) -> HealthStatus:
    """The worst of what a check says."""
    statuses = [each.status for each in a_look(desk, limits).findings if each.name.value == name]
    return max(statuses, key=[HEALTHY, WARNING, CRITICAL].index)


def test_an_order_whose_answer_never_came_is_critical_until_it_is_known(desk: LiveDesk) -> None:
    desk.change("UPDATE lt_strategies SET slippage_bound_fraction = 0.5")

    def is_lost() -> None:
        desk.arm("accept_then_timeout", endpoint="/order", count=1, seconds=0.05)
        desk.arm("order_lookup_missing", seconds=300)
        desk.signal()
        desk.execute()
        desk.advance(250)

    assert found(desk)["orders"].status is HEALTHY
    is_lost()
    (order,) = desk.orders()
    findings = found(desk)
    assert findings[f"order {order['lt_order_id']}"].status is CRITICAL
    assert findings["orders"].status is WARNING
    desk.clear_faults()
    desk.settle()
    desk.settle()
    assert status_of(desk, "orders") is HEALTHY
    assert f"order {order['lt_order_id']}" not in found(desk)


def test_a_trade_that_does_not_settle_is_told_until_it_does(desk: LiveDesk) -> None:
    desk.change("UPDATE lt_strategies SET slippage_bound_fraction = 0.5")
    limits = {"unsettled_fill_seconds": 20, "critical_unsettled_fill_seconds": 60}

    def waits() -> None:
        desk.arm("settlement_retrying", count=1, seconds=60)
        desk.signal()
        desk.execute()
        desk.advance(30)
        desk.execute()

    def settles() -> None:
        desk.advance(60)
        desk.settle()
        desk.settle()

    assert turns(lambda: status_of(desk, "unsettled_fills", **limits), waits, settles) == [HEALTHY, WARNING, HEALTHY]


def test_signals_that_nobody_decides_are_critical_until_somebody_does(desk: LiveDesk) -> None:
    desk.signal()
    desk.execute()

    def nobody_decides() -> None:
        desk.signal()
        desk.advance(90)

    stood = turns(lambda: status_of(desk, "undecided_signals", undecided_seconds=60), nobody_decides, desk.execute)

    assert stood == [HEALTHY, CRITICAL, HEALTHY]


def test_a_reservation_that_no_order_stands_for_is_critical(desk: LiveDesk) -> None:
    """A hand in the database; the kept sums are made anew by the ledger."""
    desk.change("UPDATE lt_strategies SET slippage_bound_fraction = 0.5, order_type = 'GTD'")
    desk.signal()
    desk.execute()

    stood = turns(
        lambda: status_of(desk, "reserved"),
        lambda: desk.change("UPDATE ledger_balances SET amount_usd = amount_usd + 1 WHERE account = 'RESERVED'"),
        lambda: desk.rows("SELECT ledger_rebuild_kept()"),
    )

    assert stood == [HEALTHY, CRITICAL, HEALTHY]


def test_a_risk_rule_that_never_had_any_data_is_an_alert_until_it_has(desk: LiveDesk) -> None:
    """A peer's slippage guard was inert on all of 1,208 decisions: it was on, and had nothing to look at."""
    limits = {"guard_least_decisions": 3}
    desk.change("UPDATE lt_strategies SET slippage_bound_fraction = 0.5")
    desk.change(
        "UPDATE lt_risk_rules SET breaker_scope = 'STRATEGY', breaker_window_seconds = 3600, "
        "breaker_cooldown_seconds = 60, breaker_slippage_fraction = 0.9, breaker_slippage_fills = 500"
    )
    check = f"guard {desk.lt_strategy_id} breaker_slippage"

    def decided(times: int) -> None:
        for _ in range(times):
            desk.signal()
            desk.settle()

    decided(3)
    inert = {each.check: each for each in a_look(desk, limits, run=True).findings}
    alerted = [row["subject"] for row in desk.rows("SELECT subject FROM lt_alerts WHERE status = 'ACTIVE'")]
    desk.change("UPDATE lt_risk_rules SET breaker_slippage_fills = 1")
    decided(1)
    sighted = {each.check: each for each in a_look(desk, limits, run=True).findings}

    assert inert[check].status is WARNING
    assert check in alerted
    assert check not in sighted
    assert desk.rows("SELECT subject FROM lt_alerts WHERE status = 'ACTIVE' AND subject LIKE 'guard%'") == []
    (figures,) = desk.rows("SELECT decisions, with_data, bit FROM guard_figures WHERE guard = 'breaker_slippage'")
    assert figures == {"decisions": 4, "with_data": 1, "bit": 0}


def test_a_guard_that_is_switched_on_now_is_not_blamed_for_decisions_before_it(desk: LiveDesk) -> None:
    for _ in range(3):
        desk.signal()
        desk.settle()
    now = desk.now().isoformat()
    desk.change(f"UPDATE lt_risk_rules SET max_spread_fraction = 0.9, updated_at = '{now}'")
    desk.change(
        "INSERT INTO ft_wallet_versions SELECT ft_wallet_id, 2, config || '{\"max_edge\": \"0.9\"}', repeat('1', 64), "
        f"created_by, '{now}' FROM ft_wallet_versions"
    )
    desk.change("UPDATE ft_wallets SET current_version = 2")

    found_now = a_look(desk, {"guard_least_decisions": 1}, run=True).findings

    assert [each.subject for each in found_now if each.name.value == "guard"] == []
    fresh = desk.rows("SELECT guard, decisions FROM guard_figures WHERE guard IN ('spread', 'max_edge') ORDER BY guard")
    assert fresh == [{"guard": "max_edge", "decisions": 0}, {"guard": "spread", "decisions": 0}]


def test_every_guard_that_is_on_is_counted_and_others_are_not(desk: LiveDesk) -> None:
    desk.change("UPDATE lt_risk_rules SET max_slippage_fraction = 0.9, max_orders_per_minute = 100")
    desk.signal()
    desk.execute()
    a_look(desk, run=True)

    rows = desk.rows("SELECT kind, guard, decisions, with_data FROM guard_figures ORDER BY kind, guard")
    by_kind = {kind: {row["guard"] for row in rows if row["kind"] == kind} for kind in ("CHECK", "RISK_RULE")}
    assert by_kind["RISK_RULE"] == {"cash", "wallet_unallocated", "signal_age", "slippage", "order_rate"}
    assert {"price", "trader_stats", "min_edge", "cash_usd"} <= by_kind["CHECK"]
    assert {"model_probability", "category", "max_win_rate"}.isdisjoint(by_kind["CHECK"])
    assert {(row["decisions"], row["with_data"]) for row in rows} == {(1, 1)}


def test_health_of_the_api_shows_an_owner_what_is_theirs_and_an_admin_everything(
    desk: LiveDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = beside(desk)
    desk.change(
        f"UPDATE trading_wallets SET owner_id = 'stranger' WHERE trading_wallet_id = '{other.trading_wallet_id}'"
    )
    desk.change(f"UPDATE lt_strategies SET owner_id = 'stranger' WHERE lt_strategy_id = '{other.lt_strategy_id}'")
    desk.change("UPDATE ledger_balances SET amount_usd = -1 WHERE account = 'RESERVED' OR account = 'UNALLOCATED'")
    desk.change(
        "INSERT INTO ledger_balances SELECT trading_wallet_id, lt_strategy_id, 'RESERVED', -1 FROM lt_strategies"
    )
    monkeypatch.setattr(app, "parts", Parts(desk.settings))

    def asked(path: str, owner: str, scope: str) -> dict[str, Any]:
        event = http_event("GET", path, owner=owner, scopes=scope)
        said = app.handler(event, None)
        assert said["statusCode"] in (200, 503)
        answer: dict[str, Any] = json.loads(said["body"])
        return answer

    mine = asked("/api/lt/health", "operator", "read")
    everything = asked("/api/health", "boss", "admin")
    app.parts.database.close()

    theirs = {str(other.trading_wallet_id), str(other.lt_strategy_id)}
    assert [each for each in theirs if each in json.dumps(mine)] == []
    assert {each["subject"] for each in mine["findings"] if each["check"] == "reserved"} == {str(desk.lt_strategy_id)}
    assert [each for each in theirs if each not in json.dumps(everything)] == []
    assert {job["job"] for job in mine["jobs"]} >= {"lt-execute", "health", "retention"}
    assert mine["as_of"] is not None


def test_since_when_a_check_stands_as_it_does_is_kept_and_its_course_is_short(desk: LiveDesk) -> None:
    def looked() -> HealthReport:
        a_look(desk, run=True)
        return a_look(desk)

    first = looked()
    desk.advance(60)
    second = looked()
    desk.arm("geoblocked", seconds=600)
    desk.advance(60)
    blocked = looked()
    desk.clear_faults()

    assert first.since is not None
    assert second.since is not None
    assert blocked.since is not None
    assert second.since["geoblock"] == first.since["geoblock"]
    assert blocked.since["geoblock"] > first.since["geoblock"]
    course = desk.rows(
        "SELECT check_status FROM lt_health_checks WHERE check_type = 'geoblock' ORDER BY lt_health_check_id"
    )
    assert [row["check_status"] for row in course] == ["HEALTHY", "CRITICAL"]


def test_guards_are_listed_to_their_owner_page_by_page(desk: LiveDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.signal()
    desk.execute()
    a_look(desk, run=True)
    monkeypatch.setattr(strategy_api, "parts", desk.parts)

    def asked(query: str, owner: str = "operator") -> tuple[int, dict[str, Any]]:
        said = strategy_api.handler(http_event("GET", f"/api/lt/health/guards{query}", owner=owner), None)
        answer: dict[str, Any] = json.loads(said["body"])
        return said["statusCode"], answer

    _, whole = asked("?limit=500")
    pages, cursor = [], ""
    while True:
        _, page = asked(f"?limit=5{cursor}")
        pages += page["guards"]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"

    assert pages == whole["guards"]
    assert len(pages) > 10
    (cash,) = [each for each in pages if each["guard"] == "cash"]
    assert (cash["kind"], cash["with_data_fraction"], cash["bit_fraction"]) == ("RISK_RULE", "1.0000", "0.0000")
    assert asked("", owner="stranger") == (200, {"guards": [], "next_cursor": None})
    assert asked(f"?lt_strategy_id={desk.lt_strategy_id}", owner="stranger")[0] == 404
