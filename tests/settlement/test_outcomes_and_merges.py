"""How positions end: sold, in part, merged, by any vector; and that nothing is booked twice."""

from __future__ import annotations

from decimal import Decimal
from random import Random
from threading import Thread
from uuid import uuid4

import pytest

from live_trading.chain.reading.reader import ChainReader
from live_trading.nouns.markets import ResolutionState
from live_trading.nouns.money import Shares, Usd
from live_trading.nouns.wallets import SignatureType
from live_trading.store.feed import markets
from live_trading.store.feed.markets import SeenMarket
from live_trading.wiring.database import database_of
from local.chain import ADDRESSES
from tests.integration.chain_fixtures import hop_before
from tests.settlement.parts.bookkeeping_fixtures import CAPITAL
from tests.settlement.parts.settlement_fixtures import SettlementDesk

pytestmark = pytest.mark.settlement


def orders(settling: SettlementDesk) -> list[tuple[str, str, Decimal | None]]:
    rows = settling.rows("SELECT purpose, outcome, pnl_usd FROM lt_orders ORDER BY intent_at, side, order_shares")
    return [(row["purpose"], row["outcome"], row["pnl_usd"]) for row in rows]


def total_pnl(settling: SettlementDesk) -> Usd:
    return Usd(settling.rows("SELECT coalesce(sum(pnl_usd), 0) AS pnl FROM lt_orders")[0]["pnl"])


def test_a_position_that_was_sold_whole_is_sold_before_anything_resolves(settling: SettlementDesk) -> None:
    holder, market = settling.holder(), settling.market()
    settling.buys(holder, market, shares="10", usd="4", fee="0.1")
    settling.sells(holder, market, shares="10", usd="7", fee="0.2", cost="4")

    settling.resolve()

    assert orders(settling) == [("ENTRY", "SOLD", Decimal("2.7")), ("EXIT", "SOLD", None)]
    assert settling.balances(holder).net_pnl == Usd("2.7")


def test_a_position_that_was_sold_in_part_ends_by_the_vector_with_both_incomes(settling: SettlementDesk) -> None:
    holder, market = settling.holder(), settling.market()
    settling.buys(holder, market, shares="10", usd="4")
    settling.sells(holder, market, shares="4", usd="2", cost="1.6")

    settling.resolves(market, [1, 0])
    settling.redeem_to_the_end()

    assert orders(settling) == [("ENTRY", "WON", Decimal(4)), ("EXIT", "SOLD", None)]
    assert settling.balances(holder).net_pnl == Usd(4)
    settling.assert_ledger_is_chain(holder)


def test_what_is_bought_again_after_a_sale_does_not_count_the_sale_again(settling: SettlementDesk) -> None:
    holder, market = settling.holder(), settling.market()
    settling.buys(holder, market, shares="10", usd="4")
    settling.sells(holder, market, shares="10", usd="7", cost="4")
    settling.resolve()
    settling.wait(minutes=1)
    settling.buys(holder, market, shares="5", usd="3")

    settling.resolves(market, [0, 1])

    assert sorted(orders(settling)) == sorted(
        [("ENTRY", "SOLD", Decimal(3)), ("EXIT", "SOLD", None), ("ENTRY", "LOST", Decimal(-3))]
    )
    assert settling.balances(holder).net_pnl == Usd(0)


@pytest.mark.parametrize("kind", [SignatureType.EOA, SignatureType.SAFE], ids=["eoa", "safe"])
@pytest.mark.parametrize("neg_risk", [False, True], ids=["standard", "neg-risk"])
def test_both_outcomes_in_one_hand_are_merged_and_the_rest_resolves(
    settling: SettlementDesk, kind: SignatureType, neg_risk: bool
) -> None:
    holder, market = settling.holder(kind), settling.market(neg_risk=neg_risk)
    settling.buys(holder, market, outcome=0, shares="10", usd="4")
    settling.buys(holder, market, outcome=1, shares="7.000001", usd="3")

    assert settling.redeem_to_the_end() == ["BOOKED"], settling.reports

    assert settling.chain.token_balance(holder.address, market.token_ids[1]) == Shares(0)
    assert settling.balances(holder).available == CAPITAL - Usd(7) + Usd("7.000001")
    settling.assert_ledger_is_chain(holder)
    settling.resolves(market, [1, 0])
    assert settling.redeem_to_the_end() == ["BOOKED", "BOOKED"]
    assert settling.balances(holder).available == CAPITAL - Usd(7) + Usd(10)
    assert total_pnl(settling) == settling.balances(holder).net_pnl == Usd(3)
    settling.assert_ledger_is_chain(holder)


def test_a_pair_across_two_strategies_is_left_alone(settling: SettlementDesk) -> None:
    first, second = settling.holder(), settling.holder()
    market = settling.market()
    settling.buys(first, market, outcome=0)
    settling.buys(second, market, outcome=1)

    settling.redeem()

    assert settling.states() == []


def test_overlapping_resolutions_book_once(settling: SettlementDesk) -> None:
    holder, market = settling.holder(), settling.market()
    settling.buys(holder, market)
    settling.chain.report_payouts(market.question_id, [1, 0])
    connections = [database_of(settling.database_url, application_name=f"overlap-{each}") for each in range(4)]
    desks = [
        SettlementDesk(
            chain=settling.chain,
            database=each,
            database_url=settling.database_url,
            clock=settling.clock,
            rpc_url=settling.rpc_url,
        )
        for each in connections
    ]

    runs = [Thread(target=desk.resolve) for desk in desks]
    for run in runs:
        run.start()
    for run in runs:
        run.join()
    for each in connections:
        each.close()

    assert settling.states() == ["DUE"]
    assert orders(settling) == [("ENTRY", "WON", Decimal(6))]
    booked = settling.rows("SELECT count(*) AS n FROM ledger_transactions WHERE kind = 'RESOLUTION'")
    assert booked == [{"n": 1}]


def test_a_market_that_stays_disputed_raises_an_alert_that_ends_with_the_resolution(settling: SettlementDesk) -> None:
    holder, market = settling.holder(), settling.market()
    settling.buys(holder, market)
    _hint(settling, market.condition_id, ResolutionState.DISPUTED)
    settling.wait(hours=47)
    settling.resolve()
    assert settling.rows("SELECT * FROM lt_alerts WHERE alert_type = 'resolution'") == []

    settling.wait(hours=2)
    settling.resolve()
    settling.wait(days=6)
    report = settling.resolve()

    (alert,) = settling.rows("SELECT severity, status FROM lt_alerts WHERE alert_type = 'resolution'")
    assert alert == {"severity": "CRITICAL", "status": "ACTIVE"}
    assert (report.waiting, dict(report.states)) == (1, {"DISPUTED": 1})
    settling.resolves(market, [1, 1])
    (alert,) = settling.rows("SELECT severity, status FROM lt_alerts WHERE alert_type = 'resolution'")
    assert alert["status"] == "RESOLVED"
    assert orders(settling) == [("ENTRY", "SPLIT", Decimal(1))]


def test_a_thousand_conditions_are_looked_up_in_ten_requests_at_most(settling: SettlementDesk) -> None:
    resolved = [settling.chain.prepare_market("0x" + f"{uuid4().int:064x}") for _ in range(20)]
    for market in resolved:
        settling.chain.report_payouts(market.question_id, [1, 1])
    unknown = ["0x" + f"{uuid4().int:064x}" for _ in range(980)]
    with hop_before(settling.chain.rpc_url) as hop:
        found = ChainReader(hop.url, ADDRESSES).payout_vectors([*(each.condition_id for each in resolved), *unknown])

    assert sum(vector is not None for vector in found.values()) == 20
    assert len(hop.methods) <= 10


@pytest.mark.parametrize("seed", range(10))
def test_profit_is_the_movement_of_cash_for_any_fills_and_any_vector(settling: SettlementDesk, seed: int) -> None:
    chance = Random(seed)
    neg_risk = chance.random() < 0.5
    holder, market = settling.holder(), settling.market(neg_risk=neg_risk)
    for _ in range(chance.randint(1, 4)):
        shares = chance.randint(10, 20_000_000)
        paid = chance.randint(shares // 10, shares)
        settling.buys(
            holder,
            market,
            outcome=chance.randint(0, 1),
            shares=str(Shares.of_base_units(shares)),
            usd=str(Usd.of_base_units(paid)),
            fee=str(Usd.of_base_units(chance.randint(0, paid // 20))),
        )
        settling.wait(seconds=1)
    whole, parted = [(1, 0), (0, 1)], [(1, 1), (7, 3), (1, 2), (999_983, 17)]
    vector = chance.choice(whole if neg_risk else [*whole, *parted])
    settling.resolves(market, vector)

    states = settling.redeem_to_the_end()

    assert set(states) <= {"BOOKED", "NOTHING_TO_DO"}, settling.reports[-1]
    moved = settling.balances(holder).available - CAPITAL
    assert total_pnl(settling) == moved == settling.balances(holder).net_pnl
    settling.assert_ledger_is_chain(holder)


def _hint(settling: SettlementDesk, condition_id: str, state: ResolutionState) -> None:
    with settling.database.transaction() as transaction:
        (market,) = markets.by_condition(transaction, [condition_id]).values()
        markets.save(transaction, [SeenMarket(market=market, resolution_hint=state)], settling.clock.now())
