"""The kill switch as it stands: who is stopped by whom, what is left to do, and what pulling it would do."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from live_trading.nouns.locks import LockMode, LockReason, LockScope
from live_trading.nouns.money import Price, Usd
from live_trading.store.risk import locks, observations
from tests.integration.api_fixtures import STRANGER
from tests.integration.reads.reading_fixtures import Reads
from tests.risk.risk_fixtures import RiskDesk, Seat

pytestmark = [pytest.mark.integration, pytest.mark.risk]

PATH = "/api/lt/kill-switch"


def trading(desk: RiskDesk) -> Seat:
    """One open order, and two positions of which one is marked."""
    seat = desk.add_strategy()
    desk.enter(seat, "20", market=0)
    desk.bought(seat, "20", market=1)
    desk.bought(seat, "30", market=2)
    mark(desk, seat, 1, "0.40")
    return seat


def mark(desk: RiskDesk, seat: Seat, market: int, price: str) -> None:
    with desk.database.transaction() as transaction:
        observations.save_marks(
            transaction,
            seat.strategy.trading_wallet_id,
            {desk.market(market).token_ids[0]: Price(price)},
            desk.now,
        )


def pull(desk: RiskDesk, scope: LockScope, scope_id: str | None, mode: LockMode) -> None:
    with desk.database.transaction() as transaction:
        locks.put(
            transaction,
            scope=scope,
            scope_id=scope_id,
            reason=LockReason.KILL_SWITCH,
            detail="a drill",
            created_by="boss",
            now=desk.now,
            mode=mode,
        )


def test_before_it_is_pulled_it_tells_what_pulling_would_do(risk_desk: RiskDesk, reads: Reads) -> None:
    trading(risk_desk)

    shown = reads.get(PATH)

    assert (shown["is_pulled"], shown["locks"], shown["everybody"]) == (False, [], None)
    assert shown["would_cancel"]["count"] == len(shown["would_cancel"]["orders"]) == 1
    assert shown["would_cancel"]["orders"][0]["state"] == "INTENT"
    assert shown["would_sell"]["count"] == 2
    assert shown["would_sell"]["value_usd"] is None
    assert [each["value_usd"] for each in shown["would_sell"]["positions"]] == ["16.000000", None]
    assert shown["wallets"][0]["left_to_do"] == []


def test_with_every_mark_known_what_would_be_sold_has_a_value(risk_desk: RiskDesk, reads: Reads) -> None:
    seat = trading(risk_desk)
    mark(risk_desk, seat, 2, "0.50")

    shown = reads.get(PATH)

    assert Usd(shown["would_sell"]["value_usd"]) == Usd(16) + Usd(30)
    assert Decimal(shown["wallets"][0]["value_usd"]) == 46


@pytest.mark.parametrize("scope", [LockScope.GLOBAL, LockScope.TRADING_WALLET])
def test_once_pulled_it_tells_by_whom_since_when_and_what_is_left(
    risk_desk: RiskDesk, reads: Reads, scope: LockScope
) -> None:
    seat, other = trading(risk_desk), risk_desk.add_strategy()
    wallet = str(seat.strategy.trading_wallet_id)
    pull(risk_desk, scope, None if scope is LockScope.GLOBAL else wallet, LockMode.FLATTEN)

    shown = reads.get(PATH)

    wallets: dict[str, Any] = {each["trading_wallet_id"]: each for each in shown["wallets"]}
    assert (shown["is_pulled"], shown["stops_everybody"]) == (True, scope is LockScope.GLOBAL)
    assert [(each["created_by"], each["detail"], each["mode"]) for each in shown["locks"]] == [
        ("boss", "a drill", "FLATTEN")
    ]
    assert wallets[wallet]["left_to_do"] == ["cancel 1 open orders", "sell 2 positions"]
    others = wallets[str(other.strategy.trading_wallet_id)]
    assert (others["mode"], others["left_to_do"]) == ("FLATTEN" if scope is LockScope.GLOBAL else None, [])


def test_others_are_stopped_by_what_stops_everybody_and_told_of_nothing_else(risk_desk: RiskDesk, reads: Reads) -> None:
    seat = trading(risk_desk)
    pull(risk_desk, LockScope.TRADING_WALLET, str(seat.strategy.trading_wallet_id), LockMode.CANCEL_ORDERS)

    nothing = {"is_pulled": False, "stops_everybody": False, "locks": [], "wallets": [], "everybody": None}
    shown = reads.get(PATH, owner=STRANGER)

    assert {name: shown[name] for name in nothing} == nothing
    assert (shown["would_cancel"]["count"], shown["would_sell"]["count"]) == (0, 0)
    admin = reads.get(PATH, owner=STRANGER, scopes="read admin")
    assert admin["everybody"] == {"owners": 1, "trading_wallets": 1, "open_orders": 1, "positions": 2}
    assert admin["would_cancel"]["orders"] == []
