"""Adapters pay out whatever lies on them: a payment that is too large is a success, and the surplus nobody's profit."""

from __future__ import annotations

import pytest

from live_trading.nouns.money import Usd
from live_trading.nouns.wallets import SignatureType
from local.chain import ADDRESSES
from tests.settlement.parts.bookkeeping_fixtures import CAPITAL
from tests.settlement.parts.settlement_fixtures import SettlementDesk

pytestmark = pytest.mark.settlement

DUST = Usd("0.000001")


def income(settling: SettlementDesk) -> list[tuple[str, Usd]]:
    """What is booked as the wallet's income: the type that its reference names, and the dollars."""
    rows = settling.rows(
        """
        SELECT split_part(source_reference, ':', 2) AS kind, -amount_usd AS usd
        FROM ledger_transactions INNER JOIN ledger_entries USING (ledger_transaction_id)
        WHERE kind = 'INCOME' AND account <> 'UNALLOCATED' ORDER BY ledger_entry_id
        """
    )
    return [(row["kind"], Usd(row["usd"])) for row in rows]


@pytest.mark.parametrize("neg_risk", [False, True], ids=["standard", "neg-risk"])
def test_dust_on_the_adapter_is_the_wallet_s_income(settling: SettlementDesk, neg_risk: bool) -> None:
    holder, _ = settling.due(neg_risk=neg_risk)
    adapter = ADDRESSES.neg_risk_ctf_collateral_adapter if neg_risk else ADDRESSES.ctf_collateral_adapter
    settling.chain.mint_usdce(adapter, DUST)

    assert settling.redeem_to_the_end() == ["BOOKED"], settling.reports

    (row,) = settling.redemptions()
    assert row["redemption_amount_usd"] == 10
    assert settling.balances(holder).available == CAPITAL - Usd(4) + Usd(10)
    assert (settling.unallocated(holder), income(settling)) == (DUST, [("REDEMPTION_SURPLUS", DUST)])
    settling.assert_ledger_is_chain(holder)


def test_redemptions_of_one_transaction_get_what_each_is_owed_and_its_surplus_is_booked_once(
    settling: SettlementDesk,
) -> None:
    holder, first = settling.holder(SignatureType.SAFE), settling.market()
    second = settling.market()
    settling.buys(holder, first)
    settling.buys(holder, second, shares="5", usd="2")
    settling.resolves(first, [1, 0])
    settling.resolves(second, [1, 0])
    settling.chain.mint_usdce(ADDRESSES.ctf_collateral_adapter, Usd("0.25"))

    assert settling.redeem_to_the_end() == ["BOOKED", "BOOKED"], settling.reports

    assert len({row["transaction_hash"] for row in settling.redemptions()}) == 1
    assert settling.balances(holder).available == CAPITAL - Usd(6) + Usd(15)
    assert income(settling) == [("REDEMPTION_SURPLUS", Usd("0.25"))]
    settling.assert_ledger_is_chain(holder)


def test_a_merge_that_pays_more_than_its_pairs_is_paid(settling: SettlementDesk) -> None:
    holder, market = settling.holder(), settling.market()
    settling.buys(holder, market, outcome=0, shares="6", usd="3")
    settling.buys(holder, market, outcome=1, shares="6", usd="2")
    settling.chain.mint_usdce(ADDRESSES.ctf_collateral_adapter, DUST)

    assert settling.redeem_to_the_end() == ["BOOKED"], settling.reports

    assert settling.balances(holder).available == CAPITAL - Usd(5) + Usd(6)
    assert income(settling) == [("REDEMPTION_SURPLUS", DUST)]
    settling.assert_ledger_is_chain(holder)
