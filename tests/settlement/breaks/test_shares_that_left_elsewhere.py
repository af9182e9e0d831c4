"""Shares of strategies were sold or sent away beside the system: booked as what it is, the rest closed and redeemed."""

from __future__ import annotations

import pytest

from live_trading.nouns.money import Shares, Usd
from local.chain import PreparedMarket
from tests.settlement.parts.bookkeeping_fixtures import CAPITAL
from tests.settlement.parts.break_fixtures import Apart
from tests.settlement.parts.settlement_fixtures import SettlementDesk

pytestmark = [pytest.mark.settlement, pytest.mark.money_faults]


@pytest.fixture
def apart(settling: SettlementDesk) -> Apart:
    found = Apart(settling=settling, holder=settling.holder())
    assert found.compare() == 0
    return found


def bought(apart: Apart, *, shares: str = "30", usd: str = "12") -> PreparedMarket:
    market = apart.settling.market()
    apart.settling.buys(apart.holder, market, shares=shares, usd=usd)
    return market


def test_no_more_may_be_sold_than_is_left(apart: Apart) -> None:
    market = bought(apart)
    partner = apart.settling.partner(apart.holder)
    apart.settling.buys(partner, market, shares="10", usd="5")
    apart.sells_beside(market, shares="10", usd="6")

    apart.compare()

    assert [each.sellable for each in apart.held()] == [Shares("22.5")]
    assert [each.sellable for each in apart.held(partner)] == [Shares("7.5")]


def test_an_outside_sale_is_shared_among_all_that_hold_the_token(apart: Apart) -> None:
    settling, holder, market = apart.settling, apart.holder, bought(apart)
    partner = settling.partner(holder)
    settling.buys(partner, market, shares="10", usd="5")
    apart.sells_beside(market, shares="10", usd="6")
    apart.compare()
    apart.compare()
    (found,) = apart.open()
    assert (found["kind"], found["expected"], found["observed"]) == ("UNKNOWN_TRADE", "40.000000", "30.000000")

    apart.accept(found["break_id"])

    mine, theirs = apart.held()[0], apart.held(partner)[0]
    assert (mine.shares, mine.cost, mine.sellable) == (Shares("22.5"), Usd(9), Shares("22.5"))
    assert (theirs.shares, theirs.cost) == (Shares("7.5"), Usd("3.75"))
    assert settling.balances(holder).available == CAPITAL - Usd(12) + Usd("4.5")
    assert settling.balances(holder).realised_pnl == Usd("1.5")
    assert settling.balances(partner).available == CAPITAL - Usd(5) + Usd("1.5")
    assert settling.unallocated(holder) == Usd.zero()
    assert (apart.compare(), apart.open(), apart.locks(), apart.alerts()) == (0, [], [], [])
    settling.assert_ledger_is_chain(holder)
    settling.resolves(market, [1, 0])
    assert [
        row["pnl_usd"] for row in settling.rows("SELECT pnl_usd FROM lt_orders ORDER BY intent_at, made_number")
    ] == [
        Usd("15").value,
        Usd("4").value,
    ]
    assert settling.redeem_to_the_end() == ["BOOKED"], settling.reports
    settling.assert_ledger_is_chain(holder)


def test_a_sale_is_explained_once_it_has_settled(apart: Apart) -> None:
    market = bought(apart)
    apart.sells_beside(market, shares="10", usd="6")
    apart.settling.change("UPDATE external_fills SET status = 'MATCHED'")
    apart.compare()
    (found,) = apart.open()

    assert "is on its way and touches token" in apart.refusal(found["break_id"])

    apart.settling.change("UPDATE external_fills SET status = 'CONFIRMED'")
    apart.accept(found["break_id"])
    assert apart.compare() == 0


def test_shares_that_were_sent_away_are_those_of_the_strategy_that_is_named(apart: Apart) -> None:
    settling, holder, market = apart.settling, apart.holder, bought(apart)
    partner = settling.partner(holder)
    settling.buys(partner, market, shares="10", usd="5")
    apart.sends_away(market, "12")
    apart.compare()
    apart.compare()
    (found,) = apart.open()
    assert (found["kind"], found["expected"], found["observed"]) == ("TOKEN_BALANCE", "40.000000", "28.000000")
    assert "took 12.000000 shares of it away" in " ".join(found["may_explain"])

    too_few = apart.refusal(found["break_id"], lt_strategy_id=str(partner.lt_strategy_id))
    apart.accept(found["break_id"], lt_strategy_id=str(holder.lt_strategy_id))

    assert "has 10.000000 of the 12.000000 shares" in too_few
    assert [each.shares for each in (*apart.held(), *apart.held(partner))] == [Shares(18), Shares(10)]
    assert settling.balances(holder).realised_pnl == -Usd("4.8")
    assert apart.compare() == 0
    settling.assert_ledger_is_chain(holder)


def test_proceeds_that_came_with_it_are_the_strategy_s_and_no_gift(apart: Apart) -> None:
    settling, holder, market = apart.settling, apart.holder, bought(apart)
    apart.sends_away(market, "10")
    settling.chain.mint_collateral(holder.address, Usd("7"))
    apart.compare()
    apart.compare()
    (found,) = apart.open()

    assert "more than came unexplained" in apart.refusal(found["break_id"], proceeds_usd="7.000001")
    apart.accept(found["break_id"], proceeds_usd="7")

    for _ in range(3):
        assert apart.compare() == 0
    assert settling.balances(holder).available == CAPITAL - Usd(12) + Usd(7)
    assert settling.balances(holder).realised_pnl == Usd(3)
    assert settling.unallocated(holder) == Usd.zero()
    assert apart.alerts("unexplained_income") == []
    settling.assert_ledger_is_chain(holder)


@pytest.mark.parametrize("way", ["sold", "sent"])
def test_a_break_outlives_its_market_and_what_is_left_is_redeemed_once_it_is_explained(apart: Apart, way: str) -> None:
    settling, holder, market = apart.settling, apart.holder, bought(apart)
    if way == "sold":
        apart.sells_beside(market, shares="10", usd="6")
    else:
        apart.sends_away(market, "10")
    apart.compare()
    apart.compare()
    settling.resolves(market, [1, 0])

    apart.compare()
    settling.redeem_to_the_end()
    apart.compare()

    (found,) = apart.open()
    assert settling.states() != ["BOOKED"]
    apart.accept(found["break_id"])
    assert settling.redeem_to_the_end() == ["BOOKED"], settling.reports
    brought = Usd(6) if way == "sold" else Usd.zero()
    assert settling.balances(holder).available == CAPITAL - Usd(12) + brought + Usd(20)
    assert settling.balances(holder).realised_pnl == Usd(8) + brought
    assert (apart.compare(), apart.open(), apart.alerts()) == (0, [], [])
    settling.assert_ledger_is_chain(holder)


def test_a_shortage_of_losers_does_not_end_with_their_market(apart: Apart) -> None:
    settling, market = apart.settling, bought(apart)
    apart.sends_away(market, "30")
    apart.compare()
    apart.compare()
    settling.resolves(market, [0, 1])
    apart.compare()
    settling.redeem_to_the_end()

    apart.compare()

    (found,) = apart.open()
    apart.accept(found["break_id"])
    assert (apart.compare(), apart.open(), apart.locks(), apart.alerts()) == (0, [], [], [])
    settling.assert_ledger_is_chain(apart.holder)


def test_a_shortage_ends_where_the_shares_come_back(apart: Apart) -> None:
    settling, market = apart.settling, bought(apart)
    friend = settling.holder()
    settling.gives(apart.holder, friend, market.token_ids[0], Shares(30))
    apart.compare()
    apart.compare()
    assert apart.locks() == ["break_found"]

    settling.gives(friend, apart.holder, market.token_ids[0], Shares(30))

    assert (apart.compare(), apart.open(), apart.locks(), apart.alerts()) == (0, [], [], [])


@pytest.mark.parametrize("payouts", [[1, 0], [0, 1]], ids=["winners", "losers"])
def test_tokens_that_somebody_redeemed_before_the_resolution_is_booked_are_no_break(
    apart: Apart, payouts: list[int]
) -> None:
    settling, holder, market = apart.settling, apart.holder, bought(apart)
    settling.chain.report_payouts(market.question_id, payouts, neg_risk=market.neg_risk)
    settling.auto_redeem(holder, market)

    for _ in range(3):
        apart.compare()
    assert (apart.all_breaks(), apart.locks()) == ([], [])
    settling.resolve()
    for _ in range(3):
        apart.compare()

    assert (apart.all_breaks(), apart.locks()) == ([], [])
    settling.chain.mine(10)
    assert settling.redeem_to_the_end() == ["NOTHING_TO_DO"]
    assert apart.compare() == 0
    settling.assert_ledger_is_chain(holder)
