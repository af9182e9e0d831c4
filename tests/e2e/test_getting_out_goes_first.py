"""A person who wants out: answered with what was done, and served by a run that holds the wallet at its next step."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import pytest

from functions.lt_execute import app as lt_execute
from live_trading.api.once import Answer, Caller
from live_trading.api.problems import ProblemCode, problem_of
from live_trading.api.routes.live.kill_switch_routes import PullKillSwitch
from live_trading.api.routes.live.trading_routes import ClosePosition
from live_trading.nouns.errors import LiveTradingError, RetryLater
from live_trading.services.running.leasing import held_wallet
from tests.e2e.live_fixtures import LiveDesk
from tests.integration.api_fixtures import http_event, reply_of

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


class Http:
    """The function behind the API, asked as the gateway asks it."""

    def __init__(self, desk: LiveDesk, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(lt_execute, "parts", desk.parts)

    def post(self, path: str, body: dict[str, Any] | None = None, *, key: str | None = None) -> tuple[int, Any]:
        event = http_event("POST", path, None if body is None else json.dumps(body), owner=OWNER, key=key)
        context = SimpleNamespace(aws_request_id=f"http-{uuid4().hex[:8]}", function_name="lt-execute")
        reply = reply_of(event, lt_execute.handler(event, context))
        return reply.status, reply.body


@pytest.fixture
def http(desk: LiveDesk, monkeypatch: pytest.MonkeyPatch) -> Http:
    return Http(desk, monkeypatch)


def close_path(desk: LiveDesk) -> str:
    return f"/api/lt/strategies/{desk.lt_strategy_id}/positions/{desk.market['token_ids'][0]}/close"


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
    actions = desk.parts.trading_actions("hand")
    follow_fails = Meanwhile(
        actions._closer._poster, "send", lambda: desk.arm("server_error", endpoint="GET /data/trades")
    )
    actions._closer._poster = follow_fails
    body = ClosePosition(slippage_bound_fraction=Decimal("0.5"))

    answer = actions.close_position(by_hand("once"), desk.lt_strategy_id, desk.market["token_ids"][0], body)
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
    executor._pass._monitor = Meanwhile(executor._pass._monitor, "run", lambda: asked.append(close(desk)))

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
    entries = executor._pass._entries
    entries._tools = replace(entries._tools, poster=Meanwhile(entries._tools.poster, "depart", ask_once))
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
    executor._pass._wishes._closer._poster = Meanwhile(executor._pass._wishes._closer._poster, "send", die)
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
    executor._pass._entries = Meanwhile(executor._pass._entries, "run", pull)

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


def test_a_sale_by_hand_needs_a_key_and_is_made_once_under_it(desk: LiveDesk, http: Http) -> None:
    bought(desk)
    body = {"shares": "5", "slippage_bound_fraction": "0.5"}

    status, refused = http.post(close_path(desk), body)
    unsold = sides(desk)
    first, again = http.post(close_path(desk), body, key="k"), http.post(close_path(desk), body, key="k")
    other = http.post(close_path(desk), body | {"shares": "6"}, key="k")

    assert (status, refused["error"]["fields"][0]["field"], unsold) == (400, "Idempotency-Key", ["BUY"])
    assert (first[0], again[0], first[1]["lt_order_id"]) == (202, 202, again[1]["lt_order_id"])
    assert (other[0], other[1]["error"]["code"]) == (409, "idempotency_key_reused")
    assert sides(desk) == ["BUY", "SELL"]


def test_a_wish_for_a_sale_is_one_under_its_key(desk: LiveDesk, http: Http) -> None:
    bought(desk)
    with held_wallet(desk.database, desk.parts.clock, desk.trading_wallet_id, "a run"):
        first, again = (http.post(close_path(desk), {"shares": "5"}, key="k") for _ in range(2))

    assert (first[0], first[1]) == (202, again[1])
    assert desk.rows("SELECT count(*) AS wishes FROM exit_wishes") == [{"wishes": 1}]


def test_the_kill_switch_needs_a_key_and_is_pulled_once_under_it(desk: LiveDesk, http: Http) -> None:
    bought(desk)
    path, body = "/api/lt/kill-switch", {"reason": "a drill", "flatten": False}

    status, refused = http.post(path, body)
    unlocked = desk.rows("SELECT 1 FROM locks")
    first = http.post(path, body, key="k")
    desk.change("UPDATE locks SET released_at = now(), released_by = 'operator', release_kind = 'BY_HAND'")
    again = http.post(path, body, key="k")
    other = http.post(path, body | {"flatten": True}, key="k")

    assert (status, refused["error"]["fields"][0]["field"], unlocked) == (400, "Idempotency-Key", [])
    assert (first[0], first) == (200, again)
    assert (other[0], other[1]["error"]["code"]) == (409, "idempotency_key_reused")
    assert desk.rows("SELECT 1 FROM locks WHERE released_at IS NULL") == []


def test_a_cancel_with_a_field_that_it_does_not_know_is_refused_and_cancels_nothing(desk: LiveDesk, http: Http) -> None:
    order = resting(desk)
    paths = [
        f"/api/lt/orders/{order['lt_order_id']}/cancel",
        f"/api/lt/strategies/{desk.lt_strategy_id}/cancel-orders",
        f"/api/trading-wallets/{desk.trading_wallet_id}/cancel-orders",
    ]

    refused = [http.post(path, {"dry_run": True}) for path in paths]
    desk.execute()

    assert [(status, body["error"]["fields"][0]["field"]) for status, body in refused] == [(422, "dry_run")] * 3
    assert [row["state"] for row in desk.orders()] == ["LIVE"]
    assert http.post(paths[0], {})[1]["cancelled"] == [order["order_hash"]]
