"""Limits as they are used: what the rules would find, what gives room again, and everything that keeps from opening."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from live_trading.nouns.locks import LockReason, LockScope
from live_trading.nouns.money import Usd
from live_trading.risk.presets import RISK_PRESETS
from live_trading.risk.results import RuleName
from live_trading.store.risk import locks
from tests.builders import ALICE, BOB
from tests.integration.api_fixtures import STRANGER
from tests.integration.reads.reading_fixtures import Reads
from tests.risk.risk_fixtures import RiskDesk, Seat

pytestmark = [pytest.mark.integration, pytest.mark.risk]


@pytest.fixture(autouse=True)
def same_clock(reads: Reads, risk_desk: RiskDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The API reads the desk's clock: what was spent today is of the same day."""
    from functions.strategy_api import app

    class DeskClock:
        def now(self) -> Any:
            return risk_desk.now

    monkeypatch.setattr(app.parts, "clock", DeskClock())


def risk(reads: Reads, seat: Seat) -> dict[str, Any]:
    found: dict[str, Any] = reads.get(f"/api/lt/strategies/{seat.strategy.lt_strategy_id}/risk")
    return found


def limits(shown: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {each["rule"]: each for each in shown["limits"]}


def test_what_is_used_of_each_limit_is_what_the_rules_count(risk_desk: RiskDesk, reads: Reads) -> None:
    seat = risk_desk.add_strategy(
        daily_budget_usd=100,
        max_total_exposure_fraction=Decimal("0.5"),
        max_market_exposure_usd=50,
        max_event_exposure_usd=50,
        max_trader_exposure_usd=60,
        max_concurrent_positions=4,
        max_orders_per_minute=5,
        max_drawdown_fraction=Decimal("0.2"),
        max_spread_fraction=Decimal("0.1"),
    )
    risk_desk.bought(seat, "20", market=0, trader=ALICE)
    risk_desk.bought(seat, "15", market=1, trader=ALICE)
    risk_desk.enter(seat, "10", market=2, trader=BOB)

    shown = risk(reads, seat)

    found = limits(shown)
    for rule, most, observed, used in (
        ("daily_budget", "100", "45", "0.45"),
        ("total_exposure", "500", "45", "0.09"),
        ("market_exposure", "50", "20", "0.4"),
        ("event_exposure", "50", "35", "0.7"),
        ("trader_exposure", "60", "35", "0.583334"),
        ("concurrent_positions", "4", "3", "0.75"),
        ("order_rate", "5", "3", "0.6"),
    ):
        said = found[rule]
        assert [Decimal(said[name]) for name in ("at_most", "observed", "used_fraction")] == [
            Decimal(each) for each in (most, observed, used)
        ], rule
        assert said["has_room"], rule
    assert found["spread"]["observed"] is None
    assert found["spread"]["has_room"] is None
    assert (found["daily_budget"]["gives_back"], found["daily_budget"]["gives_back_at"]) == (
        "DAY", "2026-09-29T00:00:00+00:00",
    )  # fmt: skip
    assert shown["keeps_from_trading"] == []
    assert {*found, *shown["limits_off"], "cash"} == {rule.value for rule in RuleName}
    assert Usd(shown["figures"]["spent_today_usd"]) == Usd(45)


@pytest.mark.parametrize(
    ("limit", "rule"),
    [
        ({"daily_budget_usd": 20}, RuleName.DAILY_BUDGET),
        ({"max_total_exposure_usd": 20}, RuleName.TOTAL_EXPOSURE),
        ({"max_concurrent_positions": 1}, RuleName.CONCURRENT_POSITIONS),
        ({"max_orders_per_minute": 1}, RuleName.ORDER_RATE),
    ],
)
def test_a_limit_without_room_is_one_that_lets_no_entry_in(
    risk_desk: RiskDesk, reads: Reads, limit: dict[str, Any], rule: RuleName
) -> None:
    seat = risk_desk.add_strategy(**limit)
    assert limits(risk(reads, seat))[rule]["has_room"] is True
    risk_desk.bought(seat, "20")

    shown = risk(reads, seat)

    assert limits(shown)[rule]["has_room"] is False
    assert [each["what"] for each in shown["keeps_from_trading"]] == ["LIMIT"]
    assert risk_desk.enter(seat, "5", market=4).lt_order_id is None


def test_everything_that_keeps_a_strategy_from_opening_is_told(risk_desk: RiskDesk, reads: Reads) -> None:
    seat, other = risk_desk.add_strategy(), risk_desk.add_strategy()
    with risk_desk.database.transaction() as transaction:
        for scope, scope_id in (
            (LockScope.STRATEGY, str(seat.strategy.lt_strategy_id)),
            (LockScope.GLOBAL, None),
            (LockScope.STRATEGY, str(other.strategy.lt_strategy_id)),
        ):
            locks.put(
                transaction,
                scope=scope,
                scope_id=scope_id,
                reason=LockReason.LOCKED_BY_USER,
                detail="a holiday",
                created_by="owner",
                now=risk_desk.now,
            )
    risk_desk.change(
        "UPDATE trading_wallets SET verification = 'PENDING', verification_error = :why WHERE trading_wallet_id = :id",
        why="no such secret",
        id=seat.strategy.trading_wallet_id,
    )
    risk_desk.change(
        "UPDATE lt_strategies SET is_active = FALSE WHERE lt_strategy_id = :id", id=seat.strategy.lt_strategy_id
    )

    shown = risk(reads, seat)

    assert [each["what"] for each in shown["keeps_from_trading"]] == [
        "SWITCHED_OFF", "LOCK", "LOCK", "WALLET_NOT_PROVED",
    ]  # fmt: skip
    assert {each["scope"] for each in shown["locks"]} == {"STRATEGY", "GLOBAL"}
    assert "no such secret" in shown["keeps_from_trading"][-1]["detail"]
    assert shown["status"] == "STOPPED"


def test_limits_of_somebody_else_do_not_exist(risk_desk: RiskDesk, reads: Reads) -> None:
    seat = risk_desk.add_strategy()

    assert reads.status(f"/api/lt/strategies/{seat.strategy.lt_strategy_id}/risk", owner=STRANGER) == 404


def test_presets_are_told_with_every_limit(reads: Reads) -> None:
    shown = {each["risk_preset"]: each["risk_rules"] for each in reads.get("/api/lt/risk/presets")["presets"]}

    assert list(shown) == [preset.value for preset in RISK_PRESETS]
    for preset, rules in RISK_PRESETS.items():
        assert shown[preset]["daily_budget_fraction"] == str(rules.daily_budget_fraction)
