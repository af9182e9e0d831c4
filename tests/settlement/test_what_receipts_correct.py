"""A trade is booked as expected, and becomes money with what the receipt of its transaction tells."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest

from live_trading.chain.reading.fill_receipts import FillReceipts, ReadReceipts
from live_trading.nouns.money import Price, Shares, Usd
from live_trading.nouns.orders import Fill, FillStatus, LiquidityRole, Moved
from live_trading.nouns.trades import Side
from live_trading.services.orders.order_booking import apply_updates
from live_trading.services.orders.order_updates import VenueTruth, plan_update
from live_trading.services.reconciling.outside_adoption import adopt
from live_trading.services.reconciling.outside_plan import OutsideFill, OutsidePlan
from live_trading.store.books import ledger
from live_trading.store.orders import fills, lt_orders, order_history
from live_trading.store.positions import held_positions
from live_trading.store.watch.health import own_state
from local.chain import ADDRESSES, STANDARD_EXCHANGE, PreparedMarket
from tests.integration.chain_fixtures import fresh_id, trade
from tests.settlement.parts.bookkeeping_fixtures import Holder
from tests.settlement.parts.settlement_fixtures import SettlementDesk

pytestmark = pytest.mark.settlement

MOVED = Moved(usd=Usd("4.999998"), shares=Shares("7.042251"), fee=Usd("0.07249"))
# What a venue may print, and a formula make of it: a step off in everything.
EXPECTED = Moved(usd=Usd("5"), shares=Shares("7.04225"), fee=Usd("0.0725"))


def traded(
    desk: SettlementDesk,
    holder: Holder,
    market: PreparedMarket,
    *,
    side: Side = Side.BUY,
    moved: Moved = MOVED,
    expected: Moved = EXPECTED,
) -> Fill:
    """A trade that moved `moved` on the chain, as the venue tells of it: confirmed, and expected otherwise."""
    shares, usd, fee = str(moved.shares), str(moved.usd), str(moved.fee)
    settled = trade(desk.chain, holder.account, market, side, shares=shares, usd=usd, fee=fee)
    return Fill(
        venue_trade_id=fresh_id(),
        order_hash=settled.order_hash,
        token_id=market.token_ids[0],
        side=side,
        shares=expected.shares,
        price=Price("0.71"),
        usd=expected.usd,
        fee=expected.fee,
        role=LiquidityRole.TAKER,
        status=FillStatus.CONFIRMED,
        transaction_hash=settled.transaction_hash,
        match_time=desk.clock.now(),
    )


def read(desk: SettlementDesk, holder: Holder, *heard: Fill) -> ReadReceipts:
    receipts = FillReceipts(desk.rpc_url, ADDRESSES, exchanges=(STANDARD_EXCHANGE,), confirmations=1)
    return receipts.read(holder.address, [str(fill.transaction_hash) for fill in heard])


def hear(desk: SettlementDesk, lt_order_id: UUID, *heard: Fill, receipts: ReadReceipts | None = None) -> None:
    """Books what the venue tells of an order, with what receipts tell of it, if any could be read."""
    with desk.database.transaction() as transaction:
        (order,) = lt_orders.locked(transaction, [lt_order_id])
        moved = {} if receipts is None else receipts.of_order(order.signed.order_hash)
        stored = fills.of_orders(transaction, [lt_order_id])[lt_order_id]
        truth = VenueTruth(order=None, fills=heard, moved=moved)
        update = plan_update(order, stored, truth, desk.clock.now())
        apply_updates(transaction, [(order, update)], actor="test", now=desk.clock.now())


def corrections(desk: SettlementDesk) -> int:
    with desk.database.transaction() as transaction:
        row = transaction.only("SELECT count(*) AS n FROM ledger_transactions WHERE kind = 'FILL_CORRECTION'")
    return int(row["n"])


def test_an_unread_trade_is_not_money_and_stops_nothing(settling: SettlementDesk) -> None:
    holder, market = settling.holder(), settling.market()
    fill = traded(settling, holder, market)
    lt_order_id = settling.write_order(holder, market, 0, fill)

    hear(settling, lt_order_id, fill)

    with settling.database.transaction() as transaction:
        (position,) = held_positions.of_strategy(transaction, holder.lt_strategy_id)
        (stored,) = fills.of_orders(transaction, [lt_order_id])[lt_order_id]
        unread = own_state.ask_oldest_unread_receipt(transaction)
        locked = transaction.rows("SELECT 1 FROM locks")
    assert (position.shares, position.sellable) == (EXPECTED.shares, Shares.zero())
    assert stored.fill.status is FillStatus.MINED
    assert unread.told == settling.clock.now()
    assert settling.breaks(holder) is None
    assert locked == []


def test_a_purchase_is_corrected_once_to_what_its_receipt_tells(settling: SettlementDesk) -> None:
    holder, market = settling.holder(), settling.market()
    fill = traded(settling, holder, market)
    lt_order_id = settling.write_order(holder, market, 0, fill)
    hear(settling, lt_order_id, fill)

    for _ in range(2):
        hear(settling, lt_order_id, fill, receipts=read(settling, holder, fill))

    settling.assert_ledger_is_chain(holder)
    assert corrections(settling) == 1
    with settling.database.transaction() as transaction:
        (position,) = held_positions.of_strategy(transaction, holder.lt_strategy_id)
        history = order_history.find(transaction, lt_order_id, "operator")
        unread = own_state.ask_oldest_unread_receipt(transaction)
    assert (position.shares, position.cost, position.sellable) == (MOVED.shares, MOVED.usd, MOVED.shares)
    assert history is not None
    assert (history.filled_usd, history.filled, history.fee) == (MOVED.usd, MOVED.shares, MOVED.fee)
    assert unread.told is None


def test_a_sale_is_corrected_before_its_proceeds_may_be_spent(settling: SettlementDesk) -> None:
    holder, market = settling.holder(), settling.market()
    settling.buys(holder, market, shares="10", usd="4")
    fill = traded(settling, holder, market, side=Side.SELL)
    lt_order_id = settling.write_order(holder, market, 0, fill)
    hear(settling, lt_order_id, fill)
    with settling.database.transaction() as transaction:
        waiting = ledger.balances_of_strategy(transaction, holder.lt_strategy_id)

    hear(settling, lt_order_id, fill, receipts=read(settling, holder, fill))

    settling.assert_ledger_is_chain(holder)
    with settling.database.transaction() as transaction:
        settled = ledger.balances_of_strategy(transaction, holder.lt_strategy_id)
    assert waiting.unsettled == EXPECTED.usd - EXPECTED.fee
    assert settled.unsettled == Usd.zero()
    assert settled.available == waiting.available + MOVED.usd - MOVED.fee
    assert settled.realised_pnl == MOVED.usd - (Usd(4) - settled.position_cost)


def test_a_trade_that_is_listed_late_shares_the_sum_of_its_transaction(settling: SettlementDesk) -> None:
    holder, market = settling.holder(), settling.market()
    fill = traded(settling, holder, market)
    first = replace(fill, usd=Usd(2), shares=Shares(3), fee=Usd("0.03"))
    second = replace(fill, venue_trade_id=fresh_id(), usd=Usd(3), shares=Shares("4.04"), fee=Usd("0.04"))
    lt_order_id = settling.write_order(holder, market, 0, fill)

    for heard in ((first,), (first, second)):
        hear(settling, lt_order_id, *heard, receipts=read(settling, holder, *heard))
        settling.assert_ledger_is_chain(holder)

    with settling.database.transaction() as transaction:
        stored = fills.of_orders(transaction, [lt_order_id])[lt_order_id]
    assert [each.expected for each in stored] == [first.moved, second.moved]
    assert sum(each.fill.shares.base_units for each in stored) == MOVED.shares.base_units
    assert stored[0].fill.shares < stored[1].fill.shares


@pytest.mark.parametrize("side", list(Side))
def test_a_trade_beside_the_system_is_corrected_too(settling: SettlementDesk, side: Side) -> None:
    holder, market = settling.holder(), settling.market()
    settling.outsider_buys(holder, market, shares="10", usd="4")
    fill = traded(settling, holder, market, side=side)
    found = OutsideFill(condition_id=market.condition_id, fill=fill)
    unread = OutsidePlan(orders=(), fills=(found,), unreadable=())
    moved = {fill.order_hash: read(settling, holder, fill).of_order(fill.order_hash)}
    wallet_id = holder.wallet.trading_wallet_id

    adopted: list[int] = []
    compared: list[int | None] = []
    for plan in (unread, replace(unread, moved=moved), replace(unread, moved=moved), unread):
        with settling.database.transaction() as transaction:
            adopted.append(adopt(transaction, wallet_id, plan, settling.clock.now()))
        compared.append(settling.breaks(holder))

    assert adopted == [1, 0, 0, 0]
    assert compared == [None, 0, 0, 0]
    assert corrections(settling) == 1
    settling.assert_ledger_is_chain(holder)
