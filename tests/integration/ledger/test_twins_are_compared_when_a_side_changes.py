"""A live trade and its paper twin are looked at when one of them or their market changes, and then no more."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID, uuid4

import pytest

from live_trading.services.settling import gap_explaining
from live_trading.store.gap import twins
from tests.risk.risk_fixtures import RiskDesk, Seat

pytestmark = [pytest.mark.integration, pytest.mark.risk]


def explained(desk: RiskDesk) -> int:
    with desk.database.transaction() as transaction:
        return gap_explaining.explain(transaction, desk.now)


def a_paper_twin(desk: RiskDesk, seat: Seat, lt_order_id: UUID) -> UUID:
    twin = uuid4()
    desk.change(
        """
        INSERT INTO ft_orders (
            ft_order_id, ft_wallet_id, config_version, source_trade_id, token_id, condition_id, outcome_index,
            signal_price, stake_usd, fill_method, fill_result, fill_price, shares, cost_usd, fee_usd, trade_time,
            decided_at
        )
        SELECT
            :twin, :wallet, 1, source_trade_id, token_id, condition_id, outcome_index, 0.5, 20, 'book', 'FULL', 0.5, 40,
            20, 0, :now, :now
        FROM lt_orders WHERE lt_order_id = :id
        """,
        twin=twin,
        wallet=seat.strategy.ft_wallet_id,
        now=desk.now,
        id=lt_order_id,
    )
    return twin


def test_the_sides_are_linked_and_told_when_something_changes_and_then_no_more(risk_desk: RiskDesk) -> None:
    seat = risk_desk.add_strategy()
    live = risk_desk.bought(seat, "20")
    twin = a_paper_twin(risk_desk, seat, live)
    assert explained(risk_desk) == 2, "the trade, and that nothing is left over"
    (order,) = risk_desk.rows("SELECT ft_order_id, ft_pnl_usd FROM lt_orders")
    assert order == {"ft_order_id": twin, "ft_pnl_usd": None}
    assert explained(risk_desk) == 0

    risk_desk.resolve(seat, live, "40")
    risk_desk.change(
        "UPDATE ft_orders SET outcome = 'WON', pnl_usd = 21, resolved_at = :now WHERE ft_order_id = :twin",
        now=risk_desk.now,
        twin=twin,
    )
    assert explained(risk_desk) == 1
    assert final(risk_desk) == [False], "the market has not resolved"
    risk_desk.change(
        "UPDATE markets SET resolution_state = 'RESOLVED', payout_numerators = ARRAY[1, 0], payout_denominator = 1, "
        "resolved_at = :now, is_open = FALSE WHERE condition_id = :condition",
        now=risk_desk.now,
        condition=risk_desk.market().condition_id,
    )
    assert explained(risk_desk) == 1
    assert final(risk_desk) == [True]
    assert explained(risk_desk) == 0
    with risk_desk.database.transaction() as transaction:
        assert twins.changed(transaction) == []

    risk_desk.change("UPDATE ft_orders SET pnl_usd = 22 WHERE ft_order_id = :twin", twin=twin)
    assert explained(risk_desk) == 1
    (gap,) = risk_desk.rows("SELECT paper_usd, live_usd FROM gap_trades WHERE kind = 'PAIRED'")
    assert gap == {"paper_usd": Decimal(22), "live_usd": Decimal(20)}
    (order,) = risk_desk.rows("SELECT ft_pnl_usd FROM lt_orders")
    assert order["ft_pnl_usd"] == 22


def final(desk: RiskDesk) -> list[bool]:
    return [row["is_final"] for row in desk.rows("SELECT is_final FROM gap_trades WHERE kind <> 'REST'")]
