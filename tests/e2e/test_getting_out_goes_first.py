"""A person who wants out: answered with what was done, and served by a run that holds the wallet at its next step."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest

from live_trading.api.once import Answer, Caller
from live_trading.api.problems import ProblemCode, problem_of
from live_trading.api.routes.kill_switch_routes import PullKillSwitch
from live_trading.api.routes.trading_routes import ClosePosition
from live_trading.nouns.errors import LiveTradingError, RetryLater
from live_trading.services.running.leasing import held_wallet
from tests.e2e.live_fixtures import LiveDesk

pytestmark = [pytest.mark.e2e, pytest.mark.money_faults]

OWNER = "operator"


def by_hand(key: str | None = None) -> Caller:
    return Caller(owner_id=OWNER, idempotency_key=key or uuid4().hex, request_hash="0" * 64, is_admin=True)


def close(desk: LiveDesk, *, shares: str | None = None, key: str | None = None) -> Answer:
    actions = desk.parts.trading_actions(f"hand-{uuid4().hex[:8]}")
    body = ClosePosition(shares=shares, slippage_bound_fraction=Decimal("0.5"))
    return actions.close_position(by_hand(key), desk.lt_strategy_id, desk.market["token_ids"][0], body)


def close_while_held(desk: LiveDesk, **how: Any) -> Answer:
    with held_wallet(desk.database, desk.parts.clock, desk.trading_wallet_id, "a run"):
        return close(desk, **how)


def wish(desk: LiveDesk, answer: Answer) -> dict[str, Any]:
    return desk.parts.orders_read.exit_wish(OWNER, UUID(answer.body["exit_wish_id"])).body


def bought(desk: LiveDesk) -> None:
    desk.change("UPDATE lt_strategies SET slippage_bound_fraction = 0.5")
    desk.signal()
    desk.execute()
    desk.settle()


def resting(desk: LiveDesk) -> dict[str, Any]:
    desk.change("UPDATE lt_strategies SET order_type = 'GTD', slippage_bound_fraction = 0")
    desk.signal(price=Decimal("0.02"), shares="1000")
    desk.execute()
    (order,) = desk.orders()
    assert order["state"] == "LIVE"
    return order


def sides(desk: LiveDesk) -> list[str]:
    return [order["side"] for order in desk.orders()]


class Meanwhile:
    """Stands before a part of the running pass and has somebody do something when that part is asked for."""

    def __init__(self, part: Any, name: str, act: Callable[[], None]) -> None:
        self._part = part
        self._name = name
        self._act = act

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._part, name)
        if name != self._name:
            return found

        def after_acting(*args: Any, **kwargs: Any) -> Any:
            self._act()
            return found(*args, **kwargs)

        return after_acting


def test_a_sale_that_is_committed_is_answered_with_its_order_whatever_fails_after_it(desk: LiveDesk) -> None:
    bought(desk)
    desk.arm("server_error", endpoint="GET /data/trades")

    answer = close(desk, key="once")
    again = close(desk, key="once")
    desk.clear_faults()
    desk.settle()

    assert (answer.status, again.status, answer.body["lt_order_id"]) == (202, 202, again.body["lt_order_id"])
    assert [(order["side"], order["state"]) for order in desk.orders()] == [("BUY", "FILLED"), ("SELL", "FILLED")]


def test_a_sale_while_a_run_holds_the_wallet_is_done_by_the_next_step_and_once(desk: LiveDesk) -> None:
    bought(desk)

    answer = close_while_held(desk, key="once")
    before = wish(desk, answer)
    desk.execute()
    after = wish(desk, answer)
    again = close(desk, key="once")
    desk.settle()

    assert (answer.status, before["state"], before["kind"]) == (202, "WAITING", "CLOSE")
    assert (after["state"], again.body["lt_order_id"]) == ("DONE", after["lt_order_id"])
    assert [(order["side"], order["purpose"], order["state"]) for order in desk.orders()] == [
        ("BUY", "ENTRY", "FILLED"),
        ("SELL", "EXIT", "FILLED"),
    ]


def test_the_running_pass_takes_a_sale_up_before_it_ends(desk: LiveDesk) -> None:
    bought(desk)
    asked: list[Answer] = []
    executor = desk.parts.executor("a-run")
    executor._monitor = Meanwhile(executor._monitor, "run", lambda: asked.append(close(desk)))

    executor.run()

    assert [answer.body["state"] for answer in asked] == ["WAITING"]
    assert wish(desk, asked[0])["state"] == "DONE"
    assert sides(desk) == ["BUY", "SELL"]


def test_a_sale_goes_before_the_entries_of_the_next_batch(desk: LiveDesk) -> None:
    bought(desk)
    departures: list[list[str]] = []

    def ask_once() -> None:
        departures.append(sides(desk))
        if len(departures) == 1:
            close(desk)

    executor = desk.parts.executor("a-run")
    executor._entries._poster = Meanwhile(executor._entries._poster, "depart", ask_once)
    desk.signal(outcome_index=1)
    desk.signal(outcome_index=1)

    executor.run()

    assert [departure.count("SELL") for departure in departures] == [0, 1]


def test_a_wish_outlives_a_run_that_cannot_do_it_and_one_that_dies_after_its_commit(desk: LiveDesk) -> None:
    bought(desk)
    answer = close_while_held(desk)
    desk.arm("server_error", endpoint="/books")
    desk.execute()
    waiting = wish(desk, answer)["state"]
    desk.clear_faults()

    def die() -> None:
        raise RetryLater("the run ends here")

    executor = desk.parts.executor("a-run")
    executor._wishes._closer._poster = Meanwhile(executor._wishes._closer._poster, "send", die)
    executor.run()
    committed, states = wish(desk, answer), [order["state"] for order in desk.orders()]
    desk.execute()
    desk.settle()

    assert (waiting, committed["state"], states) == ("WAITING", "DONE", ["FILLED", "INTENT"])
    assert [(order["side"], order["state"]) for order in desk.orders()] == [("BUY", "FILLED"), ("SELL", "FILLED")]


def test_a_sale_that_nobody_took_up_in_time_ends_with_an_alert(desk: LiveDesk) -> None:
    bought(desk)
    answer = close_while_held(desk)
    desk.advance(301)

    desk.execute()

    assert (wish(desk, answer)["state"], sides(desk)) == ("EXPIRED", ["BUY"])
    (alert,) = desk.rows("SELECT alert_type, severity, message, status FROM lt_alerts")
    assert (alert["alert_type"], alert["severity"], alert["status"]) == ("exit_not_done", "CRITICAL", "ACTIVE")
    assert all(str(each) in alert["message"] for each in (desk.trading_wallet_id, desk.market["token_ids"][0]))
    close(desk)
    assert desk.rows("SELECT status FROM lt_alerts") == [{"status": "RESOLVED"}]


def test_a_sale_of_more_than_may_be_sold_ends_with_the_reason(desk: LiveDesk) -> None:
    bought(desk)
    answer = close_while_held(desk, shares="100000")

    desk.execute()

    refused = wish(desk, answer)
    assert (refused["state"], sides(desk)) == ("REFUSED", ["BUY"])
    assert "more than may be sold" in refused["result"]["not_done"][0]


def test_a_cancel_that_a_held_wallet_left_undone_is_done_by_the_run(desk: LiveDesk) -> None:
    order = resting(desk)
    desk.arm("server_error", endpoint="DELETE /orders", count=1)
    with held_wallet(desk.database, desk.parts.clock, desk.trading_wallet_id, "a run"):
        answer = desk.parts.trading_actions("hand").cancel_order(by_hand(), order["lt_order_id"])
    desk.clear_faults()

    desk.execute()
    desk.settle()

    assert (answer.status, wish(desk, answer)["state"]) == (202, "DONE")
    assert [row["state"] for row in desk.orders()] == ["CANCELLED"]


def test_a_cancel_of_an_order_whose_answer_was_lost_holds_until_its_fate_is_known(desk: LiveDesk) -> None:
    desk.change("UPDATE lt_strategies SET order_type = 'GTD', slippage_bound_fraction = 0")
    desk.arm("accept_then_timeout", endpoint="/order", count=1, seconds=0.05)
    desk.arm("order_lookup_missing", seconds=20)
    desk.arm("server_error", endpoint="DELETE /orders", count=1)
    desk.signal(price=Decimal("0.02"), shares="1000")
    desk.execute()
    (order,) = desk.orders()

    answer = desk.parts.trading_actions("hand").cancel_order(by_hand(), order["lt_order_id"])
    desk.advance(21)
    desk.execute()
    desk.settle()

    assert (order["state"], answer.status, wish(desk, answer)["state"]) == ("UNKNOWN", 202, "DONE")
    assert [row["state"] for row in desk.orders()] == ["CANCELLED"]


def test_the_kill_switch_of_a_held_wallet_is_finished_by_the_run_that_holds_it(desk: LiveDesk) -> None:
    bought(desk)
    asked: list[Answer] = []

    def pull() -> None:
        switch = desk.parts.kill_switch("kill")
        asked.append(switch.pull(by_hand(), PullKillSwitch(reason="out of here", flatten=True)))

    executor = desk.parts.executor("a-run")
    executor._entries = Meanwhile(executor._entries, "run", pull)

    executor.run()

    assert [(answer.status, answer.body["sales"]) for answer in asked] == [(202, [])]
    assert desk.rows("SELECT state FROM exit_wishes") == [{"state": "DONE"}]
    assert [order["purpose"] for order in desk.orders()] == ["ENTRY", "FLATTEN"]


def test_nobody_reads_the_wish_of_somebody_else_or_sells_what_there_is_not(desk: LiveDesk) -> None:
    bought(desk)
    answer = close_while_held(desk)
    with pytest.raises(LiveTradingError) as hidden:
        desk.parts.orders_read.exit_wish("a stranger", UUID(answer.body["exit_wish_id"]))
    desk.execute()
    desk.settle()
    desk.change("UPDATE lt_strategies SET owner_id = 'another'")
    with pytest.raises(LiveTradingError) as missing:
        close_while_held(desk)

    assert [problem_of(each.value).code for each in (hidden, missing)] == [ProblemCode.NOT_FOUND] * 2
