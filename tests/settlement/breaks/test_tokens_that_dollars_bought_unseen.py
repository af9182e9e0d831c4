"""Dollars are gone because an order was given up that the venue filled: a person is told, and books the position."""

from __future__ import annotations

import pytest

from live_trading.api.fields import parsed
from live_trading.api.problems import Problem
from live_trading.api.routes.money.break_routes import AcceptBreak
from live_trading.nouns.money import Shares, Usd
from tests.settlement.parts.bookkeeping_fixtures import CAPITAL
from tests.settlement.parts.break_fixtures import Apart
from tests.settlement.parts.settlement_fixtures import SettlementDesk

pytestmark = [pytest.mark.settlement, pytest.mark.money_faults]


@pytest.fixture
def apart(settling: SettlementDesk) -> Apart:
    found = Apart(settling=settling, holder=settling.holder())
    assert found.compare() == 0
    return found


def test_the_chain_is_asked_about_every_token_that_was_signed_for(apart: Apart) -> None:
    market = apart.settling.market()
    apart.buys_unseen(market, outcome=1, shares="22.73", usd="20.17")
    apart.forgets_arrivals()

    apart.compare()
    apart.compare()

    (found,) = apart.open()
    assert (found["kind"], found["expected"], found["observed"]) == ("COLLATERAL", "500.000000", "479.830000")
    (order,) = apart.settling.rows("SELECT order_hash FROM lt_orders")
    told = " | ".join(found["may_explain"])
    assert f"22.730000 shares of token {market.token_ids[1]} (No of {market.condition_id[:20]})" in told
    assert f"order {order['order_hash']}: BUY of 22.730000 shares for 20.170000 USD" in told
    assert "REJECTED" in told
    assert "sent 20.170000 pUSD to" in told
    assert apart.locks() == ["break_found"]


def test_both_outcomes_of_a_touched_market_are_asked_for(apart: Apart) -> None:
    market = apart.settling.market()
    apart.settling.buys(apart.holder, market, outcome=0)
    giver = apart.settling.holder()
    apart.settling.buys(giver, market, outcome=1, shares="3", usd="1")
    apart.settling.gives(giver, apart.holder, market.token_ids[1], Shares(3))
    apart.forgets_arrivals()

    assert [apart.compare() for _ in range(3)] == [0, 0, 0]

    (row,) = apart.settling.rows("SELECT token_id, shares FROM ledger_entries WHERE account = 'EXTERNAL'")
    assert (row["token_id"], row["shares"]) == (market.token_ids[1], 3)


def test_an_accepted_break_books_the_tokens_as_a_position_that_is_redeemed(apart: Apart) -> None:
    settling, holder, market = apart.settling, apart.holder, apart.settling.market()
    apart.buys_unseen(market, shares="20", usd="8")
    apart.compare()
    apart.compare()
    (found,) = apart.open()

    apart.accept(
        found["break_id"], adopt=[{"token_id": market.token_ids[0], "lt_strategy_id": str(holder.lt_strategy_id)}]
    )

    (position,) = apart.held()
    assert (position.shares, position.cost, position.sellable) == (Shares(20), Usd(8), Shares(20))
    assert (position.condition_id, position.outcome_index) == (market.condition_id, 0)
    assert settling.balances(holder).available == CAPITAL - Usd(8)
    assert (apart.compare(), apart.open(), apart.locks(), apart.alerts()) == (0, [], [], [])
    settling.assert_ledger_is_chain(holder)
    settling.resolves(market, [1, 0])
    assert settling.redeem_to_the_end() == ["BOOKED"], settling.reports
    assert settling.balances(holder).available == CAPITAL - Usd(8) + Usd(20)
    settling.assert_ledger_is_chain(holder)


def test_an_adopted_part_of_a_position_takes_its_own_part_of_the_outcome(apart: Apart) -> None:
    settling, holder, market = apart.settling, apart.holder, apart.settling.market()
    settling.buys(holder, market, shares="10", usd="4")
    apart.buys_unseen(market, shares="20", usd="8")
    apart.compare()
    apart.compare()
    adopt = [{"token_id": market.token_ids[0], "lt_strategy_id": str(holder.lt_strategy_id), "cost_usd": "7.5"}]
    apart.accept(apart.open()[0]["break_id"], adopt=adopt)

    settling.resolves(market, [1, 0])

    (ours,) = settling.rows("SELECT pnl_usd FROM lt_orders WHERE outcome = 'WON'")
    assert ours["pnl_usd"] == 6
    assert settling.unallocated(holder) == -Usd("0.5")
    assert settling.redeem_to_the_end() == ["BOOKED"]
    settling.assert_ledger_is_chain(holder)


def test_money_alone_is_accepted_only_by_saying_so_and_the_tokens_can_follow(apart: Apart) -> None:
    settling, holder, market = apart.settling, apart.holder, apart.settling.market()
    apart.buys_unseen(market, shares="20", usd="8")
    apart.compare()
    apart.compare()
    (found,) = apart.open()

    assert market.token_ids[0] in apart.refusal(found["break_id"])

    apart.accept(found["break_id"], adopt=[])
    for _ in range(3):
        assert apart.compare() == 0
    gift = next(each for each in apart.all_breaks() if each["kind"] == "TOKEN_BALANCE")
    adopt = [{"token_id": market.token_ids[0], "lt_strategy_id": str(holder.lt_strategy_id), "cost_usd": "8"}]
    apart.accept(gift["break_id"], adopt=adopt)
    assert "closed" in apart.refusal(gift["break_id"], adopt=adopt)
    assert [each.shares for each in apart.held()] == [Shares(20)]
    assert settling.balances(holder).available == CAPITAL - Usd(8)
    assert settling.unallocated(holder) == Usd.zero()
    assert apart.compare() == 0
    settling.assert_ledger_is_chain(holder)


@pytest.mark.parametrize("is_redeeming", [False, True], ids=["nothing else held", "a redemption is open"])
def test_tokens_that_are_found_after_the_market_resolved_are_redeemed_too(apart: Apart, is_redeeming: bool) -> None:
    settling, holder, market = apart.settling, apart.holder, apart.settling.market()
    if is_redeeming:
        settling.buys(holder, market, shares="10", usd="4")
    apart.buys_unseen(market, shares="20", usd="8")
    apart.compare()
    apart.compare()
    settling.resolves(market, [1, 0])
    adopt = [{"token_id": market.token_ids[0], "lt_strategy_id": str(holder.lt_strategy_id)}]

    apart.accept(apart.open()[0]["break_id"], adopt=adopt)

    settling.resolve()
    assert settling.redeem_to_the_end() == ["BOOKED"], settling.reports
    profit = Usd(6 + 12) if is_redeeming else Usd(12)
    assert settling.balances(holder).available == CAPITAL + profit
    settling.assert_ledger_is_chain(holder)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"cost_usd": "8.000001"}, "more than is missing"),
        ({"shares": "20.000001"}, "not what is nobody's"),
        ({"token_id": "12345"}, "not what is nobody's"),
        ({"lt_strategy_id": "00000000-0000-4000-8000-000000000000"}, "no such strategy"),
    ],
)
def test_nothing_is_adopted_that_the_chain_does_not_show(apart: Apart, change: dict[str, str], why: str) -> None:
    market = apart.settling.market()
    apart.buys_unseen(market, shares="20", usd="8")
    apart.compare()
    apart.compare()
    adopt = {"token_id": market.token_ids[0], "lt_strategy_id": str(apart.holder.lt_strategy_id), **change}

    assert why in apart.refusal(apart.open()[0]["break_id"], adopt=[adopt])

    assert apart.held() == []
    assert len(apart.open()) == 1


_GIVEN = {"token_id": "1", "lt_strategy_id": "00000000-0000-4000-8000-000000000000"}


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"adopt": [{**_GIVEN, "cost_usd": "-1"}]}, "adopt.0.cost_usd"),
        ({"adopt": [_GIVEN, {**_GIVEN, "shares": "0"}]}, "adopt.1.shares"),
        ({"adopt": [{"token_id": "1"}]}, "adopt.0.lt_strategy_id"),
        ({"adopt": [{**_GIVEN, "cost": "1"}]}, "adopt.0.cost"),
        ({"adopt": [_GIVEN] * 21}, "adopt"),
        ({"proceeds_usd": "0.0000001"}, "proceeds_usd"),
        ({"reason": ""}, "reason"),
    ],
)
def test_what_is_said_of_a_break_is_refused_with_the_field_s_name(said: dict[str, object], field: str) -> None:
    with pytest.raises(Problem) as refused:
        parsed(AcceptBreak, {"reason": "looked at the venue", **said})

    assert [each.field for each in refused.value.fields] == [field]
