"""A reorganisation deeper than the confirmations: what was booked is reversed, and the redemption is paid after all."""

from __future__ import annotations

import pytest

from live_trading.nouns.money import Usd, total_usd
from live_trading.nouns.wallets import SignatureType
from local.chain import PreparedMarket
from tests.settlement.parts.bookkeeping_fixtures import CAPITAL
from tests.settlement.parts.job_fixtures import CONFIRMATIONS
from tests.settlement.parts.settlement_fixtures import SettlementDesk

pytestmark = [pytest.mark.settlement, pytest.mark.money_faults]

DEEPER = CONFIRMATIONS + 2


def reversals(settling: SettlementDesk) -> list[str]:
    found = settling.rows(
        "SELECT source_reference FROM ledger_transactions WHERE kind = 'REDEMPTION_REVERSAL' ORDER BY source_reference"
    )
    return [row["source_reference"] for row in found]


def alert_states(settling: SettlementDesk, market: PreparedMarket) -> list[tuple[str, str]]:
    found = settling.rows(
        "SELECT severity, status FROM lt_alerts WHERE alert_type = 'redemption' AND title LIKE :title ORDER BY 1, 2",
        title=f"%{market.condition_id}%",
    )
    return [(row["severity"], row["status"]) for row in found]


def gas_booked(settling: SettlementDesk) -> Usd:
    rows = settling.rows("SELECT amount_usd FROM ledger_entries WHERE account = 'GAS'")
    return total_usd([Usd(row["amount_usd"]) for row in rows])


@pytest.mark.parametrize("kind", [SignatureType.EOA, SignatureType.SAFE], ids=["eoa", "safe"])
def test_a_booked_redemption_is_reversed_and_paid_again(settling: SettlementDesk, kind: SignatureType) -> None:
    holder, market = settling.due(kind=kind)
    settling.chain.mine(DEEPER)
    settling.redeem_twice()
    assert settling.states() == ["BOOKED"]
    gas, (paid,) = gas_booked(settling), settling.redemptions()
    settling.rpc.call("anvil_reorg", DEEPER, [])

    settling.wait(minutes=11)
    settling.redeem()

    assert set(settling.states()) < {"BROADCAST", "MINED"}, "it was sent again at once"
    assert settling.balances(holder).available == CAPITAL - Usd(4)
    assert settling.balances(holder).pending_redemption == Usd(10)
    assert len([each for each in reversals(settling) if each.startswith("reversal:redemption:")]) == 1
    assert alert_states(settling, market) == [("CRITICAL", "ACTIVE")]

    assert settling.redeem_to_the_end() == ["BOOKED"], settling.reports
    assert settling.balances(holder).available == CAPITAL + Usd(6)
    assert settling.redemptions()[0]["nonce"] == paid["nonce"], "at most one of its forms is ever mined"
    assert len(settling.rows("SELECT * FROM chain_sends")) == 1
    assert settling.redemptions()[0]["redemption_amount_usd"] == 10
    assert Usd(0) < gas_booked(settling) < gas + gas, "the gas that was never burnt is not booked twice"
    assert alert_states(settling, market) == [("CRITICAL", "RESOLVED")]
    settling.assert_ledger_is_chain(holder)


def test_a_payment_of_somebody_else_that_is_gone_is_due_again(settling: SettlementDesk) -> None:
    holder, market = settling.due()
    settling.chain.mine(DEEPER)
    settling.auto_redeem(holder, market)
    settling.chain.mine(CONFIRMATIONS)
    settling.redeem()
    assert settling.states() == ["NOTHING_TO_DO"]
    settling.rpc.call("anvil_reorg", DEEPER, [])

    settling.wait(minutes=11)
    assert settling.redeem_to_the_end() == ["BOOKED"], settling.reports

    assert settling.redemptions()[0]["settled_by"] == "OURSELVES"
    assert settling.balances(holder).available == CAPITAL + Usd(6)
    settling.assert_ledger_is_chain(holder)


def test_a_merge_that_is_gone_gives_its_pairs_back_and_is_done_again(settling: SettlementDesk) -> None:
    holder, market = settling.holder(), settling.market()
    settling.buys(holder, market, outcome=0)
    settling.buys(holder, market, outcome=1)
    settling.chain.mine(DEEPER)
    settling.redeem_twice()
    assert settling.states() == ["BOOKED"]
    settling.rpc.call("anvil_reorg", DEEPER, [])

    settling.wait(minutes=11)
    settling.redeem()
    assert settling.balances(holder).available == CAPITAL - Usd(8)

    assert settling.redeem_to_the_end() == ["BOOKED"], settling.reports
    assert settling.balances(holder).available == CAPITAL + Usd(2)
    settling.assert_ledger_is_chain(holder)


def test_a_payment_that_cannot_be_reversed_is_told_of_and_stops_no_other(settling: SettlementDesk) -> None:
    holder, market = settling.due()
    settling.chain.mine(DEEPER)
    settling.redeem_twice()
    settling.rpc.call("anvil_reorg", DEEPER, [])
    other, _ = settling.due()
    settling.change("ALTER TABLE ledger_transactions ADD CHECK (kind <> 'REDEMPTION_REVERSAL') NOT VALID")

    settling.wait(minutes=11)
    settling.redeem_twice()

    assert settling.states() == ["BOOKED", "BOOKED"]
    assert settling.balances(other).available == CAPITAL + Usd(6)
    assert settling.balances(holder).available == CAPITAL + Usd(6)
    assert alert_states(settling, market) == [("CRITICAL", "ACTIVE")]


def test_a_payment_that_stays_on_the_chain_is_left_alone(settling: SettlementDesk) -> None:
    holder, _ = settling.due()
    settling.redeem_twice()

    for _ in range(3):
        settling.wait(minutes=5)
        assert settling.redeem().failures == []

    assert (settling.states(), reversals(settling)) == (["BOOKED"], [])
    settling.assert_ledger_is_chain(holder)
