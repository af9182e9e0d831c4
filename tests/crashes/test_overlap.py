"""Several invocations at once over the same signals: one order a signal, and no budget is passed."""

from __future__ import annotations

from decimal import Decimal
from uuid import uuid4

import pytest

from live_trading.nouns.errors import LeaseLost
from live_trading.services.running.leasing import held_wallet
from live_trading.store.database import leases
from tests.crashes.zygote_fixtures import Zygote
from tests.e2e.live_fixtures import DeskMaker, LiveDesk

pytestmark = [pytest.mark.e2e, pytest.mark.overlap]


def spent(desk: LiveDesk) -> Decimal:
    """Dollars of all entries: what open ones have reserved and what ended ones have cost."""
    (row,) = desk.rows(
        """
        SELECT coalesce(sum(CASE WHEN finished_at IS NULL THEN reserved_usd ELSE bought.usd END), 0) AS usd
        FROM lt_orders CROSS JOIN LATERAL (
            SELECT coalesce(sum(cost_usd + fee_usd), 0) AS usd FROM fills
            WHERE fills.lt_order_id = lt_orders.lt_order_id AND status <> 'FAILED'
        ) AS bought
        """
    )
    return Decimal(row["usd"])


@pytest.mark.parametrize("copies", [2, 8])
def test_invocations_at_once_place_one_order_a_signal_and_keep_the_budget(
    copies: int, desks: DeskMaker, zygote: Zygote
) -> None:
    desk = desks.make()
    desk.change("UPDATE lt_strategies SET slippage_bound_fraction = 0.5")
    desk.change("UPDATE lt_risk_rules SET daily_budget_usd = 110")
    for number in range(8):
        desk.signal(outcome_index=number % 2)

    answers = zygote.run_at_once(desk, "execute", copies=copies)
    desk.advance(10)
    report = desk.execute()

    assert [answer["error"] for answer in answers] == [None] * copies
    assert len(desk.reasons()) == 8
    signals = [order["source_trade_id"] for order in desk.orders()]
    assert len(signals) == len(set(signals)) == desk.reasons().count("accepted")
    assert Decimal(0) < spent(desk) <= Decimal(110)
    assert {order["accepted"] for order in desk.venue_orders().values()} == {1}
    assert report.reconciled[0].breaks == 0


def test_a_sale_asked_for_by_many_at_once_is_one_sale(desks: DeskMaker, zygote: Zygote) -> None:
    desk = desks.make()
    desk.change("UPDATE lt_strategies SET slippage_bound_fraction = 0.5")
    desk.signal()
    desk.execute()
    desk.advance(10)
    desk.execute()

    answers = zygote.run_at_once(
        desk,
        "close",
        copies=6,
        key="the same request",
        lt_strategy_id=str(desk.lt_strategy_id),
        token_id=desk.market["token_ids"][0],
        shares="10",
    )
    desk.advance(10)
    report = desk.execute()

    sales = [order for order in desk.orders() if order["side"] == "SELL"]
    assert len(sales) == 1
    assert all(answer["error"] is None or answer["error"].startswith("WalletBusy") for answer in answers)
    assert report.reconciled[0].breaks == 0


def test_a_run_that_was_overtaken_while_it_stood_still_can_write_nothing_more(desk: LiveDesk) -> None:
    clock, database = desk.parts.clock, desk.database

    with held_wallet(database, clock, desk.trading_wallet_id, "slow") as stale:
        desk.advance(115)
        with held_wallet(database, clock, desk.trading_wallet_id, "fast") as fresh:
            assert fresh.fencing_token > stale.fencing_token

        with pytest.raises(LeaseLost), database.transaction() as transaction:
            leases.assert_held(transaction, stale)


def test_a_wallet_in_use_is_left_alone_and_said_to_be_busy(desk: LiveDesk) -> None:
    desk.signal()

    with held_wallet(desk.database, desk.parts.clock, desk.trading_wallet_id, str(uuid4())):
        report = desk.execute()

    assert [failure.error for failure in report.failures] == ["WalletBusy"]
    assert desk.orders() == []
    desk.execute()
    assert len(desk.orders()) == 1
