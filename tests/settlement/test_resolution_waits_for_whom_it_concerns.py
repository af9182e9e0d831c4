"""A market is booked wallet by wallet: one whose order still moves waits, others are paid; what comes late is too."""

from __future__ import annotations

import pytest

from live_trading.nouns.money import Usd
from tests.settlement.parts.bookkeeping_fixtures import CAPITAL
from tests.settlement.parts.settlement_fixtures import SettlementDesk

pytestmark = [pytest.mark.settlement, pytest.mark.money_faults]


def test_an_order_that_never_ends_keeps_no_other_wallet_from_its_winnings(settling: SettlementDesk) -> None:
    paid, waiting, market = settling.holder(), settling.holder(), settling.market()
    settling.buys(paid, market, shares="10", usd="4")
    settling.buys(waiting, market, shares="10", usd="4")
    settling.change(
        "UPDATE lt_orders SET state = 'LIVE', finished_at = NULL WHERE lt_strategy_id = :id", id=waiting.lt_strategy_id
    )

    settling.resolves(market, [1, 0])
    settling.redeem_to_the_end()

    assert settling.balances(paid).available == CAPITAL + Usd(6)
    assert settling.states() == ["BOOKED"]
    assert settling.rows("SELECT outcome FROM lt_orders WHERE lt_strategy_id = :id", id=waiting.lt_strategy_id) == [
        {"outcome": "OPEN"}
    ]

    settling.change("UPDATE lt_orders SET state = 'FILLED', finished_at = decided_at WHERE state = 'LIVE'")
    settling.resolve()
    settling.redeem_to_the_end()

    assert settling.balances(waiting).available == CAPITAL + Usd(6)
    assert settling.states() == ["BOOKED", "BOOKED"]
    settling.assert_ledger_is_chain(waiting)


def test_a_trade_that_is_listed_before_the_redemption_is_sent_is_paid_with_it(settling: SettlementDesk) -> None:
    holder, market = settling.holder(), settling.market()
    settling.buys(holder, market, shares="10", usd="4")
    settling.resolves(market, [1, 0])
    settling.buys(holder, market, shares="5", usd="2")
    settling.resolve()

    settling.redeem_to_the_end()

    assert settling.states() == ["BOOKED"]
    assert settling.balances(holder).available == CAPITAL + Usd(9)
    settling.assert_ledger_is_chain(holder)


def test_a_trade_that_is_listed_after_the_redemption_is_redeemed_by_itself(settling: SettlementDesk) -> None:
    holder, market = settling.holder(), settling.market()
    settling.buys(holder, market, shares="10", usd="4")
    settling.resolves(market, [1, 0])
    settling.redeem_to_the_end()
    settling.buys(holder, market, shares="5", usd="2")

    settling.resolve()
    settling.redeem_to_the_end()

    assert settling.states() == ["BOOKED", "BOOKED"]
    assert settling.balances(holder).available == CAPITAL + Usd(9)
    settling.assert_ledger_is_chain(holder)
