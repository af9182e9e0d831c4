"""Locks, breakers and the kill switch against the exchange: what stops, what goes on, and what waits for parts."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest

from functions.lt_execute import app as lt_execute
from live_trading.api.once import Caller
from live_trading.api.routes.live.kill_switch_routes import PullKillSwitch
from live_trading.api.routes.live.risk_check_routes import CheckRisk
from live_trading.nouns.errors import RetryLater
from live_trading.nouns.locks import LockMode, LockReason, LockScope
from live_trading.nouns.money import Usd
from live_trading.services.entering.execute import ExecuteReport
from live_trading.services.running.leasing import held_wallet
from live_trading.store.database.connection import StoreUnavailable
from live_trading.store.risk import locks
from live_trading.telling.telegram import TelegramChannel
from live_trading.telling.webhook import WebhookChannel
from tests.e2e.live_fixtures import CAPITAL, LiveDesk
from tests.integration.alerting.alert_fixtures import BOT_TOKEN, WEBHOOK_SECRET, receiver
from tests.integration.api_fixtures import http_event, reply_of

pytestmark = [pytest.mark.e2e, pytest.mark.risk]

OPERATOR = Caller(owner_id="operator", idempotency_key=None, request_hash="0" * 64, is_admin=True)


def lock(desk: LiveDesk, mode: LockMode, *, scope: LockScope = LockScope.STRATEGY) -> None:
    ids = {LockScope.STRATEGY: desk.lt_strategy_id, LockScope.TRADING_WALLET: desk.trading_wallet_id}
    with desk.database.transaction() as transaction:
        locks.put(
            transaction,
            scope=scope,
            scope_id=str(ids[scope]) if scope in ids else None,
            reason=LockReason.LOCKED_BY_USER,
            detail="a test",
            created_by="operator",
            now=desk.now(),
            mode=mode,
        )


def bought(desk: LiveDesk) -> None:
    desk.change("UPDATE lt_strategies SET slippage_bound_fraction = 0.5")
    desk.signal()
    desk.execute()
    desk.advance(10)
    desk.execute()


def resting(desk: LiveDesk) -> dict[str, Any]:
    desk.change("UPDATE lt_strategies SET order_type = 'GTD', slippage_bound_fraction = 0")
    desk.signal(price=Decimal("0.02"), shares="1000")
    desk.execute()
    (order,) = [order for order in desk.orders() if order["state"] == "LIVE"]
    return order


def is_cancelled_at_venue(desk: LiveDesk, order: dict[str, Any]) -> bool:
    return "CANCEL" in str(desk.venue_orders()[order["order_hash"]]["status"]).upper()


def pull(desk: LiveDesk, *, flatten: bool = False) -> Any:
    switch = desk.parts.kill_switch(f"kill-{uuid4().hex[:8]}")
    return switch.pull(OPERATOR, PullKillSwitch(reason="something is wrong", flatten=flatten))


@pytest.mark.parametrize("scope", [LockScope.STRATEGY, LockScope.TRADING_WALLET, LockScope.GLOBAL])
def test_a_lock_that_cancels_has_resting_entries_cancelled_within_one_run(desk: LiveDesk, scope: LockScope) -> None:
    order = resting(desk)
    lock(desk, LockMode.CANCEL_ORDERS, scope=scope)

    report = desk.execute()

    assert report.failures == []
    assert is_cancelled_at_venue(desk, order)
    desk.settle()
    assert [row["state"] for row in desk.orders()] == ["CANCELLED"]
    assert is_cancelled_at_venue(desk, order)
    assert desk.balances().available == CAPITAL


def test_a_lock_that_only_stops_leaves_resting_orders_alone(desk: LiveDesk) -> None:
    resting(desk)
    lock(desk, LockMode.STOP_ENTRIES)
    desk.signal(price=Decimal("0.03"), shares="1000")

    desk.execute()

    assert [row["state"] for row in desk.orders()] == ["LIVE"]
    assert desk.reasons() == ["accepted", "entries_locked"]


def test_a_lock_that_flattens_has_everything_sold_within_one_run(desk: LiveDesk) -> None:
    bought(desk)
    lock(desk, LockMode.FLATTEN)

    desk.execute()
    desk.advance(10)
    report = desk.execute()

    sale = desk.orders()[-1]
    assert (sale["purpose"], sale["side"], sale["state"]) == ("FLATTEN", "SELL", "FILLED")
    assert report.reconciled[0].breaks == 0
    assert sum(row["shares"] for row in desk.rows("SELECT shares FROM positions")) < Decimal("0.01")


def test_what_has_not_settled_is_sold_by_a_later_run_and_never_twice(desk: LiveDesk) -> None:
    desk.change("UPDATE lt_strategies SET slippage_bound_fraction = 0.5")
    desk.signal()
    desk.execute()
    lock(desk, LockMode.FLATTEN)
    desk.execute()
    unsettled = [order["side"] for order in desk.orders()]

    for _ in range(3):
        desk.advance(10)
        desk.execute()

    assert unsettled == ["BUY"]
    assert [order["side"] for order in desk.orders()] == ["BUY", "SELL"]


def test_an_entry_that_waits_to_be_sent_is_withdrawn_when_a_lock_comes_before_it_goes(desk: LiveDesk) -> None:
    desk.change("UPDATE lt_strategies SET slippage_bound_fraction = 0.5")
    desk.arm("rate_limited", endpoint="/order", count=1)
    desk.signal()
    desk.execute()
    assert [order["state"] for order in desk.orders()] == ["INTENT"]
    lock(desk, LockMode.STOP_ENTRIES)
    desk.advance(20)

    desk.execute()

    (order,) = desk.orders()
    assert (order["state"], order["rejection_code"], order["sends"]) == ("REJECTED", "entries_locked", 1)
    assert desk.balances().available == CAPITAL


def test_a_lost_entry_is_not_sent_again_under_a_lock_and_its_fate_is_still_found_out(desk: LiveDesk) -> None:
    desk.change("UPDATE lt_strategies SET slippage_bound_fraction = 0.5")
    desk.signal()
    desk.arm("drop_before_accept", endpoint="/order", count=1)
    desk.execute()
    lock(desk, LockMode.STOP_ENTRIES)

    for _ in range(4):
        desk.advance(40)
        desk.execute()

    (order,) = desk.orders()
    assert (order["state"], order["rejection_code"], order["sends"]) == ("REJECTED", "never_arrived", 1)


def test_the_kill_switch_stops_cancels_and_lasts_until_it_is_released(desk: LiveDesk) -> None:
    order = resting(desk)

    answer = pull(desk)

    assert (answer.status, answer.body["entries_stopped"], answer.body["wallets"]) == (200, True, 1)
    assert (answer.body["cancelled"], answer.body["refused"]) == ([order["order_hash"]], {})
    desk.settle()
    assert [row["state"] for row in desk.orders()] == ["CANCELLED"]
    desk.signal(price=Decimal("0.03"), shares="1000")
    desk.execute()
    assert desk.reasons()[-1] == "entries_locked"
    (held,) = desk.rows("SELECT scope, mode, reason FROM locks WHERE released_at IS NULL")
    assert held == {"scope": "GLOBAL", "mode": "CANCEL_ORDERS", "reason": "kill_switch"}


def test_pulling_twice_puts_one_lock_and_the_second_may_go_further(desk: LiveDesk) -> None:
    bought(desk)
    first = pull(desk)

    second = pull(desk, flatten=True)
    desk.advance(10)
    desk.execute()

    assert first.body["lock_ids"] == second.body["lock_ids"]
    assert (first.body["sales"], len(second.body["sales"])) == ([], 1)
    assert [order["purpose"] for order in desk.orders()] == ["ENTRY", "FLATTEN"]
    assert desk.rows("SELECT mode FROM locks") == [{"mode": "FLATTEN"}]


def test_a_user_s_own_switch_stops_and_cancels_what_is_his_and_nothing_else(desk: LiveDesk) -> None:
    order = resting(desk)
    switch = desk.parts.kill_switch("kill-own")
    stranger = replace(OPERATOR, owner_id="stranger", is_admin=False)

    nothing = switch.pull(stranger, PullKillSwitch(reason="none of this is mine", flatten=True))
    assert (nothing.body["wallets"], nothing.body["cancelled"], nothing.body["lock_ids"]) == (0, [], [])
    assert not is_cancelled_at_venue(desk, order)

    own = switch.pull(replace(OPERATOR, is_admin=False), PullKillSwitch(reason="out of here"))
    assert (own.body["stopped_for"], own.body["cancelled"]) == ("the caller", [order["order_hash"]])
    (held,) = desk.rows("SELECT scope, scope_id, reason FROM locks WHERE released_at IS NULL")
    assert held == {"scope": "TRADING_WALLET", "scope_id": str(desk.trading_wallet_id), "reason": "kill_switch"}


def test_without_the_venue_entries_stop_all_the_same_and_the_answer_says_what_is_left(desk: LiveDesk) -> None:
    order = resting(desk)
    desk.arm("server_error", count=None)
    answer = pull(desk)
    desk.clear_faults()
    assert (answer.status, answer.body["entries_stopped"], answer.body["cancelled"]) == (207, True, [])
    assert any("cancelling at the venue" in each for each in answer.body["not_done"])

    desk.execute()
    desk.settle()

    assert [row["state"] for row in desk.orders()] == ["CANCELLED"]
    assert is_cancelled_at_venue(desk, order)


def test_without_the_database_the_venue_is_asked_to_cancel_for_every_wallet_met_before(
    desk: LiveDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = resting(desk)
    switch = desk.parts.kill_switch("kill-without-database")

    def away(*_: Any) -> Any:
        raise StoreUnavailable("the server is away")

    with monkeypatch.context() as patched:
        patched.setattr(desk.database, "_begin", away)
        answer = switch.pull(OPERATOR, PullKillSwitch(reason="something is wrong"))

    assert (answer.status, answer.body["entries_stopped"], answer.body["wallets"]) == (207, False, 1)
    assert answer.body["cancelled"] == [order["order_hash"]]
    assert any("stopping entries" in each for each in answer.body["not_done"])
    desk.settle()
    assert [row["state"] for row in desk.orders()] == ["CANCELLED"]


def test_while_a_run_holds_the_wallet_its_sale_is_left_to_that_run(desk: LiveDesk) -> None:
    bought(desk)
    with held_wallet(desk.database, desk.parts.clock, desk.trading_wallet_id, "another run"):
        answer = pull(desk, flatten=True)
    assert (answer.status, answer.body["not_done"], answer.body["sales"]) == (202, [], [])
    (wish,) = answer.body["exit_wish_ids"]

    desk.execute()

    assert [order["purpose"] for order in desk.orders()] == ["ENTRY", "FLATTEN"]
    (done,) = desk.rows("SELECT exit_wish_id, kind, state FROM exit_wishes")
    assert (str(done["exit_wish_id"]), done["kind"], done["state"]) == (wish, "FLATTEN", "DONE")


def test_errors_that_may_pass_are_told_and_never_raised_by_the_switch(
    desk: LiveDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    switch = desk.parts.kill_switch("kill")

    def broken(*_: Any, **__: Any) -> Any:
        raise RetryLater("not now")

    monkeypatch.setattr(switch._switch._enforcer, "run", broken)
    answer = switch.pull(OPERATOR, PullKillSwitch(reason="something is wrong", flatten=True))

    assert (answer.status, answer.body["entries_stopped"]) == (207, True)


def bought_and_fallen(desk: LiveDesk) -> ExecuteReport:
    """A position that bids do not pay for: held until the recorded price is under what it cost."""
    bought(desk)
    for _ in range(300):
        report = desk.execute()
        (state,) = desk.rows("SELECT marked_equity_usd < equity_usd AS is_under FROM lt_risk_state")
        if state["is_under"]:
            return report
        desk.advance(1)
    raise AssertionError("the price never fell")


def test_a_position_that_bids_do_not_pay_for_trips_the_drawdown(desk: LiveDesk) -> None:
    desk.change("UPDATE lt_risk_rules SET max_drawdown_fraction = 0.0001")
    report = bought_and_fallen(desk)
    (state,) = desk.rows("SELECT equity_usd, marked_equity_usd FROM lt_risk_state")

    assert report.failures == []
    assert state["marked_equity_usd"] < state["equity_usd"]
    (held,) = desk.rows("SELECT scope, reason, ends_at FROM locks")
    assert held == {"scope": "STRATEGY", "reason": "drawdown", "ends_at": None}
    desk.signal()
    desk.execute()
    assert desk.reasons()[-1] == "entries_locked"


def test_a_drawdown_that_is_back_under_its_threshold_releases_itself(desk: LiveDesk) -> None:
    desk.change("UPDATE lt_risk_rules SET max_drawdown_fraction = 0.0001, drawdown_resume_threshold_fraction = 0.00009")
    bought_and_fallen(desk)
    assert desk.rows("SELECT release_kind FROM locks") == [{"release_kind": None}]
    # The book of a recorded market cannot be made to rise; a wider limit makes the same drawdown a small one.
    desk.change("UPDATE lt_risk_rules SET max_drawdown_fraction = 0.9, drawdown_resume_threshold_fraction = 0.8")

    desk.execute()

    assert desk.rows("SELECT release_kind FROM locks") == [{"release_kind": "RECOVERED"}]
    desk.signal()
    desk.execute()
    assert desk.reasons()[-1] == "accepted"


def test_a_venue_that_keeps_failing_trips_the_breaker(desk: LiveDesk) -> None:
    desk.change(
        "UPDATE lt_risk_rules SET breaker_error_rate_fraction = 0.5, breaker_scope = 'TRADING_WALLET', "
        "breaker_window_seconds = 3600, breaker_cooldown_seconds = 600"
    )
    desk.execute()
    (calm,) = desk.rows("SELECT failed_calls, calls FROM venue_calls")
    assert calm["failed_calls"] == 0
    assert calm["calls"] > 0

    desk.arm("server_error", count=None)
    for _ in range(12):
        desk.advance(10)
        desk.execute()
    desk.clear_faults()
    desk.advance(10)
    desk.signal()
    desk.execute()

    assert desk.reasons()[-1] in ("risk_tripped", "entries_locked")
    (held,) = desk.rows("SELECT scope, reason FROM locks")
    assert held == {"scope": "TRADING_WALLET", "reason": "circuit_breaker"}


def test_a_feed_that_lags_trips_and_the_lag_is_what_the_feed_itself_says(desk: LiveDesk) -> None:
    desk.change(
        "UPDATE lt_risk_rules SET breaker_feed_lag_seconds = 120, breaker_scope = 'STRATEGY', "
        "breaker_window_seconds = 600, breaker_cooldown_seconds = 600"
    )
    desk.execute()
    assert desk.rows("SELECT 1 FROM locks") == []
    desk.arm("feed_delay", seconds=300, count=None)

    desk.execute()

    assert desk.rows("SELECT reason FROM locks") == [{"reason": "circuit_breaker"}]


def test_the_check_says_of_a_hypothetical_order_what_the_executor_then_does(desk: LiveDesk) -> None:
    desk.change(
        "UPDATE lt_risk_rules SET max_order_usd = 12, shrink_to_fit = TRUE, max_spread_fraction = 0.9, "
        "min_liquidity_usd = 1"
    )
    desk.change("UPDATE lt_strategies SET slippage_bound_fraction = 0.5")
    best = desk.book().best_ask
    assert best is not None
    asked = CheckRisk(token_id=desk.market["token_ids"][0], signal_price=best.value, stake_usd=Decimal(20))

    answer = desk.parts.risk_check.check("operator", desk.lt_strategy_id, asked)
    before = desk.balances()
    desk.signal()
    desk.execute()

    assert (answer.status, answer.body["verdict"], answer.body["would_enter"]) == (200, "SHRINK", True)
    assert before.reserved == Usd(0)
    (order,) = desk.orders()
    assert Decimal(answer.body["allowed_order"]["stake_usd"]) == order["order_usd"]
    shown = {rule["rule"]: rule for rule in answer.body["rules"]}
    assert (shown["order_size"]["limit"], shown["order_size"]["verdict"]) == ("12.000000", "SHRINK")
    assert "drawdown" in answer.body["rules_off"]
    assert set(shown) | set(answer.body["rules_off"]) > {"cash", "spread", "liquidity", "volatility"}


def test_the_check_names_the_locks_in_the_way_and_what_is_too_small(desk: LiveDesk) -> None:
    lock(desk, LockMode.STOP_ENTRIES)
    desk.signal()
    desk.execute()
    token = desk.market["token_ids"][0]

    def checked(stake: str) -> dict[str, Any]:
        body = CheckRisk(token_id=token, signal_price=Decimal("0.5"), stake_usd=Decimal(stake))
        return desk.parts.risk_check.check("operator", desk.lt_strategy_id, body).body

    stopped, small = checked("20"), checked("0.5")

    assert ([each["reason"] for each in stopped["locks"]], stopped["would_enter"]) == (["locked_by_user"], False)
    assert (small["would_enter"], small["too_small"]["unit"]) == (False, "USD")


def test_volatility_is_read_from_the_venue_s_price_history(desk: LiveDesk) -> None:
    desk.change(
        "UPDATE lt_risk_rules SET use_volatility_adjustment = TRUE, volatility_lookback_days = 1, "
        "low_volatility_per_day = 0.000001, high_volatility_per_day = 0.000002, low_volatility_multiplier = 1, "
        "high_volatility_multiplier = 0.5"
    )
    desk.change("UPDATE lt_strategies SET slippage_bound_fraction = 0.5")
    desk.signal()
    desk.execute()
    early = desk.reasons()

    assert early == ["risk_no_data"]
    (decision,) = desk.rows("SELECT risk_checks FROM decisions")
    (seen,) = [each for each in decision["risk_checks"] if each["rule"] == "volatility"]
    assert (seen["observed"], seen["verdict"]) == (None, "NO_DATA")
    token, now = desk.market["token_ids"][0], desk.now()
    history = desk.parts.market_data.price_history(token, now.replace(hour=0, minute=0), now)
    assert all(0 < point.price.value < 1 and point.at <= now for point in history)
    assert history != []


def test_the_route_needs_a_reason_and_a_token(desk: LiveDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lt_execute, "parts", desk.parts)
    context = SimpleNamespace(aws_request_id="kill", function_name="lt-execute")

    def asked(body: str, **who: Any) -> int:
        event = http_event("POST", "/api/lt/kill-switch", body, key=uuid4().hex, **who)
        return reply_of(event, lt_execute.handler(event, context)).status

    assert asked("{}") == 422
    assert asked('{"reason": "a drill"}', owner=None) == 401
    assert desk.rows("SELECT 1 FROM locks") == []
    assert asked('{"reason": "a drill"}') == 200
    assert desk.rows("SELECT reason, detail FROM locks") == [{"reason": "kill_switch", "detail": "a drill"}]


def test_the_operator_is_told_in_the_request_itself_and_no_channel_can_fail_it(
    desk: LiveDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    with receiver() as chat, receiver() as broken:
        broken.refuses(500)
        channels = [
            TelegramChannel(api_url=chat.url, chat_id="1", token=lambda: BOT_TOKEN),
            WebhookChannel(url=broken.url, secret=lambda: WEBHOOK_SECRET, wall_time=desk.now),
        ]
        monkeypatch.setitem(desk.parts.__dict__, "channels", channels)
        monkeypatch.delitem(desk.parts.__dict__, "alert_teller", raising=False)

        answer = pull(desk)

    assert (answer.status, answer.body["not_done"]) == (200, [])
    assert [text.splitlines()[0] for text in chat.texts] == ["CRITICAL: Kill switch: entries are stopped everywhere"]
    states = desk.rows("SELECT channel, state, attempts FROM alert_deliveries ORDER BY channel")
    assert [tuple(row.values()) for row in states] == [("telegram", "SENT", 1), ("webhook", "WAITING", 1)]
