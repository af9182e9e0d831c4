"""A wallet whose owner trades beside the system: strategies get their part, the wallet the rest, nothing breaks."""

from __future__ import annotations

import pytest

from live_trading.chain.contracts import SET_APPROVAL_FOR_ALL
from live_trading.nouns.money import Shares, Usd
from live_trading.nouns.wallets import SignatureType
from local.chain import ADDRESSES, PreparedMarket
from tests.settlement.parts.bookkeeping_fixtures import CAPITAL, Holder
from tests.settlement.parts.job_fixtures import CONFIRMATIONS
from tests.settlement.parts.settlement_fixtures import SettlementDesk

pytestmark = pytest.mark.settlement

WALLETS = pytest.mark.parametrize("kind", [SignatureType.EOA, SignatureType.SAFE], ids=["eoa", "safe"])
MARKETS = pytest.mark.parametrize("neg_risk", [False, True], ids=["standard", "neg-risk"])


@WALLETS
@pytest.mark.parametrize(
    ("neg_risk", "numerators", "first_part", "second_part", "outcome", "rest"),
    [
        (False, (1, 0), "10.000001", "5", 0, "3.000003"),
        (False, (1, 0), "10.000001", "5", 1, "0"),
        (False, (1, 1), "5", "2.5", 0, "1.500002"),
        (False, (1, 1), "5", "2.5", 1, "1.500001"),
        (False, (7, 3), "7", "3.5", 0, "2.100002"),
        (False, (7, 3), "7", "3.5", 1, "0.9"),
        (True, (1, 0), "10.000001", "5", 0, "3.000003"),
        (True, (1, 0), "10.000001", "5", 1, "0"),
    ],
)
def test_each_strategy_gets_its_part_and_the_wallet_what_is_paid_for_the_owner_s_shares(
    settling: SettlementDesk,
    kind: SignatureType,
    neg_risk: bool,
    numerators: tuple[int, int],
    first_part: str,
    second_part: str,
    outcome: int,
    rest: str,
) -> None:
    first, market = settling.holder(kind), settling.market(neg_risk=neg_risk)
    second = settling.partner(first)
    settling.buys(first, market, shares="10.000001", usd="4")
    settling.buys(second, market, shares="5", usd="2")
    settling.outsider_buys(first, market, outcome=outcome, shares="3.000003", usd="1")
    settling.resolves(market, numerators)

    assert settling.redeem_to_the_end() == ["BOOKED"], settling.reports

    assert settling.balances(first).available == CAPITAL - Usd(4) + Usd(first_part)
    assert settling.balances(second).available == CAPITAL - Usd(2) + Usd(second_part)
    assert settling.unallocated(first) == Usd(rest) - Usd(1)
    assert settling.chain.token_balance(first.address, market.token_ids[outcome]) == Shares(0)
    settling.assert_ledger_is_chain(first)


def test_the_owner_s_winners_beside_a_strategy_s_losers_are_left_to_the_owner(settling: SettlementDesk) -> None:
    holder, market = _losers_beside_the_owner_s_winners(settling)

    assert settling.redeem_to_the_end() == ["NOTHING_TO_DO"]

    assert settling.chain.token_balance(holder.address, market.token_ids[1]) == Shares(3)
    settling.assert_ledger_is_chain(holder)


@MARKETS
def test_the_owner_s_winners_that_were_redeemed_with_a_strategy_s_losers_are_the_wallet_s_money(
    settling: SettlementDesk, neg_risk: bool
) -> None:
    holder, market = _losers_beside_the_owner_s_winners(settling, neg_risk=neg_risk)
    settling.auto_redeem(holder, market)
    settling.redeem()
    assert settling.states() == ["DUE"], "a payment that may still be taken back"
    settling.chain.mine(CONFIRMATIONS)

    assert settling.redeem_to_the_end() == ["NOTHING_TO_DO"]

    assert settling.balances(holder).available == CAPITAL - Usd(4)
    assert settling.unallocated(holder) == Usd(3) - Usd(1)
    settling.assert_ledger_is_chain(holder)


@WALLETS
@MARKETS
def test_the_owner_s_shares_that_somebody_redeemed_first_leave_the_ledger_too(
    settling: SettlementDesk, kind: SignatureType, neg_risk: bool
) -> None:
    holder, market = settling.holder(kind), settling.market(neg_risk=neg_risk)
    settling.buys(holder, market)
    settling.outsider_buys(holder, market)
    settling.resolves(market, [1, 0] if neg_risk else [7, 3])
    settling.auto_redeem(holder, market)
    settling.chain.mine(CONFIRMATIONS)

    assert settling.redeem_to_the_end() == ["NOTHING_TO_DO"]

    assert settling.balances(holder).available == CAPITAL - Usd(4) + Usd(10 if neg_risk else 7)
    assert settling.unallocated(holder) == Usd("3" if neg_risk else "2.1") - Usd(1)
    settling.assert_ledger_is_chain(holder)


@MARKETS
def test_a_direct_redemption_takes_the_owner_s_shares_out_of_the_ledger_with_the_strategy_s(
    settling: SettlementDesk, neg_risk: bool
) -> None:
    holder, market = settling.holder(), settling.market(neg_risk=neg_risk)
    settling.buys(holder, market)
    settling.outsider_buys(holder, market)
    settling.resolves(market, [1, 0])
    settling.change("UPDATE lt_redemptions SET kind = :kind", kind="DIRECT_NEG_RISK" if neg_risk else "DIRECT")
    tokens, adapter = ADDRESSES.conditional_tokens, ADDRESSES.neg_risk_adapter
    settling.chain.send_as(holder.address, tokens, SET_APPROVAL_FOR_ALL, adapter, True)

    assert settling.redeem_to_the_end() == ["BOOKED"], settling.reports

    assert settling.reader.usdce_balance(holder.address) == Usd(13)
    assert settling.balances(holder).available == CAPITAL - Usd(4)
    assert settling.unallocated(holder) == -Usd(1)
    settling.assert_ledger_is_chain(holder)


def _losers_beside_the_owner_s_winners(
    settling: SettlementDesk, *, neg_risk: bool = False
) -> tuple[Holder, PreparedMarket]:
    holder, market = settling.holder(), settling.market(neg_risk=neg_risk)
    settling.buys(holder, market)
    settling.outsider_buys(holder, market, outcome=1)
    settling.resolves(market, [0, 1])
    return holder, market
