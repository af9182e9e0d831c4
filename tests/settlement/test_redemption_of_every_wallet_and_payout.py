"""Every kind of wallet, market and payout ends with ledger and chain equal to the base unit."""

from __future__ import annotations

import logging

import pytest

from live_trading.nouns.money import Shares, Usd
from live_trading.nouns.wallets import SignatureType
from tests.settlement.parts.bookkeeping_fixtures import CAPITAL
from tests.settlement.parts.settlement_fixtures import SettlementDesk

pytestmark = pytest.mark.settlement

WALLETS = pytest.mark.parametrize("kind", [SignatureType.EOA, SignatureType.SAFE], ids=["eoa", "safe"])
PAYOUTS = pytest.mark.parametrize(
    ("neg_risk", "numerators", "owed"),
    [
        (False, (1, 0), "10.000001"),
        (False, (0, 1), "0"),
        (False, (1, 1), "5.000000"),
        (False, (7, 3), "7.000000"),
        (True, (1, 0), "10.000001"),
        (True, (0, 1), "0"),
    ],
    ids=["won", "lost", "fifty-fifty", "seventy-thirty", "neg-risk-won", "neg-risk-lost"],
)


def test_a_resolution_and_its_redemption_have_one_line_each_in_the_log(
    settling: SettlementDesk, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    _, market = settling.due(kind=SignatureType.EOA)

    settling.redeem_to_the_end()

    lines = [vars(line) for line in caplog.records if hasattr(line, "step")]
    passed = [line["step"] for line in lines if line.get("condition_id") == market.condition_id]
    assert passed == ["RESOLVED", "REDEMPTION_SENT", "REDEMPTION_BOOKED"]
    (redemption,) = settling.redemptions()
    assert {line["lt_redemption_id"] for line in lines if "lt_redemption_id" in line} == {
        str(redemption["lt_redemption_id"])
    }


@WALLETS
@PAYOUTS
def test_what_is_owed_arrives_and_is_booked_once(
    settling: SettlementDesk, kind: SignatureType, neg_risk: bool, numerators: tuple[int, int], owed: str
) -> None:
    holder, market = settling.due(numerators, kind=kind, neg_risk=neg_risk, shares="10.000001", usd="4", fee="0.1")

    states = settling.redeem_to_the_end()

    assert states == ["BOOKED" if Usd(owed) else "NOTHING_TO_DO"], settling.reports
    assert settling.redemptions()[0]["redemption_amount_usd"] == Usd(owed).value
    assert settling.balances(holder).available == CAPITAL - Usd("4.1") + Usd(owed)
    assert settling.balances(holder).pending_redemption == Usd(0)
    settling.assert_ledger_is_chain(holder)
    left = Shares(0) if Usd(owed) else Shares("10.000001")
    assert settling.chain.token_balance(holder.address, market.token_ids[0]) == left
