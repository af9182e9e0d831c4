"""Orders and fills over all that an owner trades: filters, pages, trades beside us, and the way of one order."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from live_trading.nouns.money import Shares, Usd
from live_trading.nouns.orders import Fill, FillStatus, OrderState, RejectionCode
from live_trading.orders.machine import Cause
from live_trading.services.orders.order_booking import Refusal, transition
from live_trading.store.orders import lt_orders, outside_activity
from tests.builders import NOON, a_fill
from tests.integration.api_fixtures import STRANGER
from tests.integration.reads.reading_fixtures import Reads
from tests.risk.risk_fixtures import RiskDesk, Seat

pytestmark = pytest.mark.integration


def trading(desk: RiskDesk) -> tuple[Seat, Seat]:
    """Two strategies of one owner from different wallets: four orders each, one of the first not filled."""
    seats = (desk.add_strategy(), desk.add_strategy())
    for number in range(4):
        for seat in seats:
            desk.now += timedelta(minutes=1)
            entered = desk.enter(seat, "20", market=number)
            assert entered.lt_order_id is not None
            if seat is seats[0] or number:
                desk.fill(entered.lt_order_id)
    return seats


def outside(desk: RiskDesk, seat: Seat, *, status: FillStatus = FillStatus.CONFIRMED, minute: int = 2) -> Fill:
    """A trade of the wallet that no order of ours made."""
    fill = a_fill(
        venue_trade_id=f"outside-{uuid4()}",
        order_hash="0x" + uuid4().hex * 2,
        token_id=desk.market(3).token_ids[0],
        status=status,
        match_time=NOON + timedelta(minutes=minute, seconds=30),
    )
    with desk.database.transaction() as transaction:
        outside_activity.insert_fill(
            transaction,
            trading_wallet_id=seat.strategy.trading_wallet_id,
            condition_id=desk.market(3).condition_id,
            fill=fill,
            now=desk.now,
        )
    return fill


def ids(orders: list[dict[str, Any]]) -> list[str]:
    return [each["lt_order_id"] for each in orders]


def test_orders_of_all_strategies_come_newest_first_and_in_pages(risk_desk: RiskDesk, reads: Reads) -> None:
    trading(risk_desk)
    made = [
        str(row["lt_order_id"]) for row in risk_desk.rows("SELECT lt_order_id FROM lt_orders ORDER BY made_number DESC")
    ]

    found: list[str] = []
    for page in reads.pages("/api/lt/orders", "orders", limit=3):
        found += ids(page)
        risk_desk.enter(risk_desk.add_strategy(), "20", market=5)

    assert found == made
    assert reads.get("/api/lt/orders", owner=STRANGER)["orders"] == []


@pytest.mark.parametrize(
    ("query", "condition"),
    [
        ("lt_strategy_id={strategy}", "lt_strategy_id = '{strategy}'"),
        ("trading_wallet_id={wallet}", "trading_wallet_id = '{wallet}'"),
        ("state=FILLED", "state = 'FILLED'"),
        ("state=INTENT&lt_strategy_id={strategy}", "FALSE"),
        ("purpose=ENTRY&state=INTENT", "state = 'INTENT'"),
        ("side=SELL", "FALSE"),
        ("side=BUY&purpose=EXIT", "FALSE"),
        ("side=BUY&purpose=ENTRY", "TRUE"),
        ("condition_id={market}", "condition_id = '{market}'"),
        ("condition_id={market}&state=FILLED&side=BUY", "condition_id = '{market}' AND state = 'FILLED'"),
        ("source_trade_id={trade}", "source_trade_id = {trade}"),
        ("since=2026-09-28T12:03:00Z", "intent_at >= '2026-09-28T12:03:00Z'"),
        ("until=2026-09-28T12:03:00Z&since=2026-09-28T12:02:00Z", "intent_at = '2026-09-28T12:02:00Z'"),
    ],
)
def test_orders_are_narrowed_by_each_filter(risk_desk: RiskDesk, reads: Reads, query: str, condition: str) -> None:
    seat, _ = trading(risk_desk)
    (order,) = risk_desk.rows("SELECT * FROM lt_orders ORDER BY made_number LIMIT 1")
    said = {
        "strategy": seat.strategy.lt_strategy_id,
        "wallet": seat.strategy.trading_wallet_id,
        "market": order["condition_id"],
        "trade": order["source_trade_id"],
    }

    found = ids(reads.get(f"/api/lt/orders?{query.format(**said)}")["orders"])

    wanted = risk_desk.rows(
        f"SELECT lt_order_id FROM lt_orders WHERE {condition.format(**said)} ORDER BY made_number DESC"
    )
    assert found == [str(row["lt_order_id"]) for row in wanted]


@pytest.mark.parametrize("path", ["/api/lt/orders", "/api/lt/fills"])
def test_what_is_somebody_elses_is_no_filter(risk_desk: RiskDesk, reads: Reads, path: str) -> None:
    seat, _ = trading(risk_desk)
    own = {"lt_strategy_id": seat.strategy.lt_strategy_id, "trading_wallet_id": seat.strategy.trading_wallet_id}
    for name, value in own.items():
        assert reads.status(f"{path}?{name}={value}") == 200
        assert reads.status(f"{path}?{name}={value}", owner=STRANGER) == 404
        assert reads.status(f"{path}?{name}={uuid4()}") == 404


def test_fills_of_orders_and_of_others_come_together_newest_first(risk_desk: RiskDesk, reads: Reads) -> None:
    seats = trading(risk_desk)
    fills = {outside(risk_desk, seats[0], minute=minute).venue_trade_id for minute in (1, 4, 9)}

    found = [each for page in reads.pages("/api/lt/fills", "fills", limit=2) for each in page]

    assert len(found) == 7 + 3
    assert {each["venue_trade_id"] for each in found if each["origin"] == "EXTERNAL"} == fills
    assert [each["match_time"] for each in found] == sorted((each["match_time"] for each in found), reverse=True)
    assert all((each["lt_order_id"] is None) == (each["origin"] == "EXTERNAL") for each in found)
    assert {each["outcome_label"] for each in found} == {"Yes"}
    assert reads.get("/api/lt/fills", owner=STRANGER)["fills"] == []


def test_fills_are_narrowed_by_each_filter(risk_desk: RiskDesk, reads: Reads) -> None:
    seats = trading(risk_desk)
    failed = outside(risk_desk, seats[0], status=FillStatus.FAILED)
    every = reads.get("/api/lt/fills")["fills"]
    first = every[-1]

    def asked(query: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = reads.get(f"/api/lt/fills?{query}")["fills"]
        return found

    assert asked("origin=EXTERNAL") == asked("status=FAILED") == asked("origin=EXTERNAL&status=FAILED")
    assert [each["venue_trade_id"] for each in asked("status=FAILED")] == [failed.venue_trade_id]
    assert asked(f"lt_strategy_id={first['lt_strategy_id']}&origin=EXTERNAL") == []
    for name in ("lt_strategy_id", "trading_wallet_id", "lt_order_id", "condition_id", "token_id", "status", "origin"):
        assert asked(f"{name}={first[name]}") == [each for each in every if each[name] == first[name]], name
    middle = every[3]["match_time"].replace("+00:00", "Z")
    assert asked(f"since={middle}") + asked(f"until={middle}") == every
    assert asked(f"token_id={first['token_id']}&status=CONFIRMED&since={middle}") == [
        each for each in every[:4] if each["token_id"] == first["token_id"] and each["status"] == "CONFIRMED"
    ]


def test_fills_as_a_table_are_the_same_rows(risk_desk: RiskDesk, reads: Reads) -> None:
    seats = trading(risk_desk)
    outside(risk_desk, seats[0])
    every = reads.get("/api/lt/fills")["fills"]

    rows = [row for page in reads.tables("/api/lt/fills", limit=3) for row in page]

    assert [(row["venue_trade_id"], row["usd"], row["lt_order_id"]) for row in rows] == [
        (each["venue_trade_id"], each["usd"], each["lt_order_id"] or "") for each in every
    ]


def stages(reads: Reads, lt_order_id: object) -> dict[str, Any]:
    found: dict[str, Any] = reads.get(f"/api/lt/orders/{lt_order_id}/stages")
    return found


def test_the_way_of_an_order_has_every_step_and_the_milliseconds_between(risk_desk: RiskDesk, reads: Reads) -> None:
    seat = risk_desk.add_strategy()
    entered = risk_desk.enter(seat, "20")
    assert entered.lt_order_id is not None
    risk_desk.now += timedelta(milliseconds=250)
    risk_desk.fill(entered.lt_order_id)

    shown = stages(reads, entered.lt_order_id)

    steps = [each["step"] for each in shown["stages"]]
    assert [each for each in steps if not each.startswith("CHECKED")] == [
        "TRADED", "SEEN", "DECIDED", "COMMITTED", "SENT", "FILL_MATCHED", "FILL_SETTLED", "FINISHED",
    ]  # fmt: skip
    sent = shown["stages"][steps.index("SENT")]
    assert (sent["state_before"], sent["state_after"], sent["meaning"]) == ("INTENT", "SENT", "its bytes went out")
    assert sum(each["milliseconds"] or 0 for each in shown["stages"]) == shown["stages"][-1]["milliseconds_since_first"]
    filled = shown["stages"][steps.index("FILL_SETTLED")]["fill"]
    assert (Usd(filled["usd"]), Shares(filled["shares"])) == (Usd(20), Shares(40))
    assert shown["refusal"] is None
    assert shown["sends"] == 1


def test_a_refusal_is_told_in_words_and_every_sending_is_a_step(risk_desk: RiskDesk, reads: Reads) -> None:
    seat = risk_desk.add_strategy()
    entered = risk_desk.enter(seat, "20")
    assert entered.lt_order_id is not None
    for cause, refusal in (
        (Cause.SENT_TO_VENUE, None),
        (Cause.REFUSED_FOR_NOW, None),
        (Cause.SENT_TO_VENUE, None),
        (Cause.REFUSED, Refusal(code=RejectionCode.NOT_ENOUGH_BALANCE, text="not enough balance / allowance")),
    ):
        risk_desk.now += timedelta(seconds=1)
        with risk_desk.database.transaction() as transaction:
            (order,) = lt_orders.locked(transaction, [entered.lt_order_id])
            transition(transaction, order, cause, actor="lt-execute", now=risk_desk.now, refusal=refusal)

    shown = stages(reads, entered.lt_order_id)

    changes = [(each["step"], each["state_after"]) for each in shown["stages"] if each["cause"]]
    assert changes == [("SENT", "SENT"), ("REFUSED", "INTENT"), ("SENT", "SENT"), ("REFUSED", "REJECTED")]
    assert shown["sends"] == 2
    assert shown["refusal"] == {
        "code": "not_enough_balance",
        "meaning": "the venue sees too little balance or allowance in the wallet",
        "said": "not enough balance / allowance",
    }
    assert shown["state"] == OrderState.REJECTED


def test_the_way_of_somebody_elses_order_does_not_exist(risk_desk: RiskDesk, reads: Reads) -> None:
    order = risk_desk.bought(risk_desk.add_strategy())

    assert reads.status(f"/api/lt/orders/{order}/stages", owner=STRANGER) == 404
    assert reads.status(f"/api/lt/orders/{uuid4()}/stages") == 404
    assert reads.status(f"/api/lt/fills?lt_order_id={order}", owner=STRANGER) == 404
