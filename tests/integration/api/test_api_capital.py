"""Capital of a strategy over the API: in and out within what is free, all of it back at the end, a wallet in debt."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from live_trading.nouns.decisions import Reason
from live_trading.nouns.money import Usd
from live_trading.store.accounts import live_strategies
from live_trading.store.books import ledger
from tests.integration.api_fixtures import NO_LIMITS, STRANGER, Api, Reply
from tests.risk.risk_fixtures import RiskDesk, Seat, from_outside

pytestmark = [pytest.mark.integration, pytest.mark.money_faults]
STRATEGIES = "/api/lt/strategies"
_KEYS = (f"capital-{number}" for number in itertools.count())


def move(api: Api, strategy: str, way: str, amount: str, *, key: str | None = None, owner: str = "operator") -> Reply:
    path = f"{STRATEGIES}/{strategy}/{way}"
    return api.call("POST", path, {"amount_usd": amount, "reason": "a drill"}, key=key or next(_KEYS), owner=owner)


def unallocated(api: Api) -> Usd:
    (row,) = api.rows("SELECT coalesce(sum(amount_usd), 0) AS free FROM ledger_entries WHERE account = 'UNALLOCATED'")
    return Usd(row["free"])


def available(reply: Reply) -> str:
    assert reply.status == 200, reply.body
    amount: str = reply.body["balances"]["available_usd"]
    return amount


def end(api: Api, seat: Seat) -> Reply:
    path = f"{STRATEGIES}/{seat.strategy.lt_strategy_id}/end"
    return api.call("POST", path, {"reason": "it is over"}, owner="owner")


def withdraw(desk: RiskDesk, seat: Seat, amount: str) -> None:
    """Dollars that left the wallet, as an accepted break books them."""
    booked = from_outside(seat.strategy.trading_wallet_id, -Usd(amount), "a withdrawal", desk.now)
    with desk.database.transaction() as transaction:
        ledger.post(transaction, booked, desk.now)


def test_capital_goes_in_and_comes_back_and_each_move_is_in_ledger_and_audit(api: Api) -> None:
    strategy = api.strategy()["lt_strategy_id"]

    assert available(move(api, strategy, "allocate", "300")) == "800.000000"
    assert unallocated(api) == Usd(200)
    assert available(move(api, strategy, "deallocate", "800")) == "0.000000"
    assert unallocated(api) == Usd(1000)

    audit = api.rows(
        "SELECT action, before_state->'balances'->>'available_usd' AS was, "
        "after_state->'balances'->>'available_usd' AS now, cause FROM audit_log "
        "WHERE action LIKE 'capital%' ORDER BY audit_log_id"
    )
    assert [tuple(row.values()) for row in audit] == [
        ("capital_allocated", "500.000000", "800.000000", "a drill"),
        ("capital_deallocated", "800.000000", "0.000000", "a drill"),
    ]


def test_more_than_is_free_is_refused_with_what_is_free_and_nothing_moves(api: Api) -> None:
    strategy = api.strategy()["lt_strategy_id"]

    in_vain = move(api, strategy, "allocate", "500.000001")
    back = move(api, strategy, "deallocate", "500.000001")

    assert (in_vain.status, in_vain.error["code"], in_vain.error["unallocated_usd"]) == (
        409,
        "insufficient_funds",
        "500.000000",
    )
    assert (back.status, back.error["code"], back.error["available_usd"]) == (409, "insufficient_funds", "500.000000")
    assert back.fields["amount_usd"]["allowed"] == "up to 500.000000"
    assert unallocated(api) == Usd(500)


def test_one_key_moves_money_once_and_no_key_not_at_all(api: Api) -> None:
    strategy = api.strategy()["lt_strategy_id"]

    first = move(api, strategy, "allocate", "100", key="once")
    again = move(api, strategy, "allocate", "100", key="once")
    other = move(api, strategy, "allocate", "101", key="once")
    without = api.call("POST", f"{STRATEGIES}/{strategy}/allocate", {"amount_usd": "100"})

    assert (again.status, again.body) == (first.status, first.body)
    assert (other.status, other.error["code"]) == (409, "idempotency_key_reused")
    assert (without.status, list(without.fields)) == (400, ["Idempotency-Key"])
    assert unallocated(api) == Usd(400)


@pytest.mark.parametrize("amount", ["0", "-1", "1e3", "+1", " 1 ", "0.0000001", "NaN"])
def test_an_amount_is_dollars_above_nothing(api: Api, amount: str) -> None:
    strategy = api.strategy()["lt_strategy_id"]

    refused = move(api, strategy, "allocate", amount)

    assert (refused.status, list(refused.fields)) == (422, ["amount_usd"])


def test_another_owner_s_capital_is_out_of_reach(api: Api) -> None:
    strategy = api.strategy()["lt_strategy_id"]

    for way in ("allocate", "deallocate"):
        assert move(api, strategy, way, "1", owner=STRANGER).status == 404
    path = f"{STRATEGIES}/{strategy}/end"
    assert api.call("POST", path, {"reason": "not mine"}, owner=STRANGER).status == 404


def test_what_an_order_has_reserved_is_not_free(api: Api, risk_desk: RiskDesk) -> None:
    seat = risk_desk.add_strategy(capital=Usd(100))
    risk_desk.enter(seat, "60")

    refused = move(api, str(seat.strategy.lt_strategy_id), "deallocate", "40.01", owner="owner")

    assert (refused.status, refused.error["available_usd"]) == (409, "40.000000")
    assert available(move(api, str(seat.strategy.lt_strategy_id), "deallocate", "40", owner="owner")) == "0.000000"


def test_capital_that_is_moved_is_no_profit_and_counts_for_the_period_that_runs(risk_desk: RiskDesk, api: Api) -> None:
    seat = risk_desk.add_strategy(capital=Usd(100), daily_budget_fraction="0.5")
    before = risk_desk.standing(seat)

    move(api, str(seat.strategy.lt_strategy_id), "deallocate", "60", owner="owner")

    after, state = risk_desk.standing(seat), risk_desk.snapshot(seat)
    assert (before.drawdown, after.drawdown, after.capital) == (0, 0, Usd(40))
    assert (state.day_start_equity, state.equity, state.profit_today) == (Usd(40), Usd(40), Usd(0))
    assert risk_desk.enter(seat, "21").reason is Reason.RISK_REJECTED


def test_entries_stop_while_a_wallet_is_in_debt_and_go_on_when_money_is_taken_back(
    api: Api, risk_desk: RiskDesk
) -> None:
    seat = risk_desk.add_strategy(capital=Usd(1000))
    withdraw(risk_desk, seat, "700")

    stopped = risk_desk.enter(seat, "20")
    seen = {each["rule"]: each for each in risk_desk.verdicts()}["wallet_unallocated"]
    taken = move(api, str(seat.strategy.lt_strategy_id), "deallocate", "700", owner="owner")
    again = risk_desk.enter(seat, "20", market=1)

    assert (stopped.reason, stopped.lt_order_id) == (Reason.WALLET_OVERDRAWN, None)
    assert (seen["observed"], seen["limit"], seen["verdict"]) == ("-700.000000", "0", "REJECT")
    assert [row["reason"] for row in risk_desk.rows("SELECT reason FROM decisions ORDER BY decision_id")] == [
        "wallet_overdrawn",
        "accepted",
    ]
    assert available(taken) == "300.000000"
    assert again.reason is Reason.ACCEPTED


def test_a_strategy_ends_when_nothing_of_it_is_left_and_its_money_and_paper_wallet_are_free(api: Api) -> None:
    strategy = api.strategy()
    path = f"{STRATEGIES}/{strategy['lt_strategy_id']}"
    before = api.strategy_body(ft_wallet_id=strategy["ft_wallet_id"], trading_wallet_id=strategy["trading_wallet_id"])
    assert api.call("POST", STRATEGIES, before).status == 409

    ended = api.call("POST", f"{path}/end", {"reason": "it is over"}, key="end")
    again = api.call("POST", f"{path}/end", {"reason": "it is over"}, key="end")
    next_one = api.call("POST", STRATEGIES, before)

    assert (ended.status, ended.body["status"], ended.body["balances"]["available_usd"]) == (200, "ENDED", "0.000000")
    assert again.body == ended.body
    assert ended.body["ended_at"]
    assert next_one.status == 201
    assert unallocated(api) == Usd(500)
    second = api.call("POST", STRATEGIES, before)
    assert (second.status, second.error["existing_id"]) == (409, next_one.body["lt_strategy_id"])


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PATCH", "", {"is_active": True}),
        ("POST", "/pause", {}),
        ("POST", "/resume", {}),
        ("POST", "/allocate", {"amount_usd": "1"}),
        ("POST", "/deallocate", {"amount_usd": "1"}),
        ("POST", "/end", {"reason": "once more"}),
    ],
)
def test_a_strategy_that_has_ended_stays_so(api: Api, method: str, path: str, body: dict[str, Any]) -> None:
    strategy = f"{STRATEGIES}/{api.strategy()['lt_strategy_id']}"
    assert api.call("POST", f"{strategy}/end", {"reason": "it is over"}).status == 200

    refused = api.call(method, f"{strategy}{path}", body, key="another")

    assert (refused.status, refused.error["code"], refused.error["current_state"]) == (409, "wrong_state", "ENDED")


def test_an_order_a_position_or_a_debt_to_it_keeps_a_strategy_from_its_end(api: Api, risk_desk: RiskDesk) -> None:
    seat = risk_desk.add_strategy(capital=Usd(100))
    entered = risk_desk.enter(seat, "20")
    assert entered.lt_order_id is not None

    waiting = end(api, seat)
    risk_desk.fill(entered.lt_order_id)
    holding = end(api, seat)
    risk_desk.resolve(seat, entered.lt_order_id, "40")
    owed = end(api, seat)

    assert (waiting.status, waiting.error["open_orders"], waiting.error["owed_usd"]) == (409, 1, "20.000000")
    assert (holding.status, holding.error["open_orders"], holding.error["positions"]) == (409, 0, 1)
    assert (owed.status, owed.error["positions"], owed.error["owed_usd"]) == (409, 0, "40.000000")
    assert risk_desk.rows("SELECT ended_at FROM lt_strategies") == [{"ended_at": None}]


def test_a_strategy_whose_order_ended_a_moment_ago_does_not_end_yet(api: Api, risk_desk: RiskDesk) -> None:
    risk_desk.now = datetime.now(UTC)
    seat = risk_desk.add_strategy(capital=Usd(100))
    entered = risk_desk.enter(seat, "20")
    assert entered.lt_order_id is not None
    risk_desk.fill(entered.lt_order_id, "0")

    too_soon = end(api, seat)
    risk_desk.change("UPDATE lt_orders SET finished_at = :at, sent_at = :at", at=risk_desk.now - timedelta(minutes=16))
    later = end(api, seat)

    assert (too_soon.status, too_soon.error["orders_ended_a_moment_ago"]) == (409, 1)
    assert (later.status, later.body["status"]) == (200, "ENDED")


def test_a_loss_stays_in_the_books_of_a_strategy_that_ends(api: Api, risk_desk: RiskDesk) -> None:
    seat = risk_desk.add_strategy(capital=Usd(100))
    risk_desk.resolve(seat, risk_desk.bought(seat, "20"), "0")

    ended = end(api, seat)

    assert (ended.status, ended.body["balances"]["realised_pnl_usd"]) == (200, "-20.000000")
    assert unallocated(api) == Usd(80)


def test_a_change_of_the_time_zone_moves_day_and_week_at_once_and_is_audited(api: Api) -> None:
    strategy = api.strategy(risk_rules={**NO_LIMITS, "daily_budget_usd": "100"})
    path = f"{STRATEGIES}/{strategy['lt_strategy_id']}"

    changed = api.call("PATCH", path, {"time_zone": "Pacific/Auckland"})

    assert (changed.status, changed.body["time_zone"]) == (200, "Pacific/Auckland")
    (audit,) = api.rows(
        "SELECT before_state->>'time_zone' AS was, after_state->>'time_zone' AS now FROM audit_log "
        "WHERE action = 'strategy_updated'"
    )
    assert audit == {"was": "UTC", "now": "Pacific/Auckland"}
    assert list(api.call("PATCH", path, {"time_zone": "Mars/Olympus"}).fields) == ["time_zone"]


def test_spending_of_the_day_follows_the_time_zone(api: Api, risk_desk: RiskDesk) -> None:
    """At noon in UTC the day of Kiritimati has begun two hours ago."""
    seat = risk_desk.add_strategy(capital=Usd(100))
    risk_desk.now -= timedelta(hours=4)
    risk_desk.bought(seat, "20")
    risk_desk.now += timedelta(hours=4)
    spent = risk_desk.snapshot(seat).spent_today
    path = f"{STRATEGIES}/{seat.strategy.lt_strategy_id}"

    assert api.call("PATCH", path, {"time_zone": "Pacific/Kiritimati"}, owner="owner").status == 200

    with risk_desk.database.transaction() as transaction:
        strategy = live_strategies.of_owner(transaction, seat.strategy.lt_strategy_id, "owner")
    assert strategy is not None
    moved = Seat(strategy=strategy, subject=seat.subject, account=seat.account, lease=seat.lease)
    assert (spent, risk_desk.snapshot(moved).spent_today) == (Usd(20), Usd(0))
