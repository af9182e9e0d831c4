"""Incidents that were recorded elsewhere, each as what must not happen here."""

from __future__ import annotations

from decimal import Decimal
from uuid import uuid4

import pytest

from live_trading.chain.abi import Function
from live_trading.chain.contracts import SET_APPROVAL_FOR_ALL
from live_trading.ledger.accounts import Account, TransactionKind
from live_trading.ledger.transactions import LedgerEntry, LedgerTransaction
from live_trading.nouns.markets import FeeSchedule, Market, ProtocolVersion, ResolutionState
from live_trading.nouns.money import Price, Shares, Usd
from live_trading.nouns.wallets import SignatureType
from live_trading.store.books import ledger
from live_trading.store.database.connection import Transaction
from live_trading.store.feed import markets
from live_trading.store.feed.markets import SeenMarket
from local.chain import ADDRESSES, ORACLE, PreparedMarket
from tests.integration.chain_fixtures import fresh_id
from tests.settlement.parts.bookkeeping_fixtures import CAPITAL, Holder
from tests.settlement.parts.settlement_fixtures import START, SettlementDesk, stored

pytestmark = pytest.mark.settlement


def hint(settling: SettlementDesk, market: PreparedMarket, state: ResolutionState) -> None:
    with settling.database.transaction() as transaction:
        seen = SeenMarket(market=stored(market, neg_risk=market.neg_risk), resolution_hint=state)
        markets.save(transaction, [seen], settling.clock.now())


def pnl(settling: SettlementDesk) -> list[tuple[str, Decimal | None]]:
    return [(row["outcome"], row["pnl_usd"]) for row in settling.rows("SELECT outcome, pnl_usd FROM lt_orders")]


def test_a_voided_market_resolves_and_pays_by_its_vector(settling: SettlementDesk) -> None:
    holder, _ = settling.due((1, 1), shares="10", usd="4")

    assert settling.redeem_to_the_end() == ["BOOKED"]

    assert pnl(settling) == [("SPLIT", Decimal(1))]
    settling.assert_ledger_is_chain(holder)


def test_a_catalogue_that_calls_a_live_market_resolved_resolves_nothing(settling: SettlementDesk) -> None:
    holder, market = settling.holder(), settling.market()
    settling.buys(holder, market)
    hint(settling, market, ResolutionState.RESOLVED)

    settling.resolve()

    assert pnl(settling) == [("OPEN", None)]
    assert settling.states() == []
    (row,) = settling.rows("SELECT resolution_state FROM markets")
    assert row["resolution_state"] == "PROPOSED"


def test_a_market_of_another_s_is_not_resolved_with_ours(settling: SettlementDesk) -> None:
    holder, ours, other = settling.holder(), settling.market(), settling.market()
    settling.buys(holder, ours)
    settling.buys(holder, other)

    settling.resolves(other, [1, 0])

    assert sorted(outcome for outcome, _ in pnl(settling)) == ["OPEN", "WON"]


def test_profit_is_in_dollars_and_never_in_shares(settling: SettlementDesk) -> None:
    settling.due((0, 1), shares="100", usd="1")

    assert pnl(settling) == [("LOST", Decimal(-1))]


def test_a_resolved_price_of_zero_is_zero(settling: SettlementDesk) -> None:
    holder, _ = settling.due((0, 1), shares="10", usd="4")
    settling.redeem_to_the_end()

    assert settling.redemptions()[0]["redemption_amount_usd"] == 0
    assert settling.balances(holder).available == CAPITAL - Usd(4)


def test_winnings_are_not_spendable_before_the_chain_has_paid_them(settling: SettlementDesk) -> None:
    holder, _ = settling.due(shares="10", usd="4")

    settling.redeem()

    assert settling.balances(holder).available == CAPITAL - Usd(4)
    assert settling.balances(holder).pending_redemption == Usd(10)
    settling.redeem_to_the_end()
    assert settling.balances(holder).available == CAPITAL + Usd(6)


def test_several_orders_of_one_position_share_its_profit_once(settling: SettlementDesk) -> None:
    holder, market = settling.holder(), settling.market()
    settling.buys(holder, market, shares="10", usd="4")
    settling.wait(minutes=1)
    settling.buys(holder, market, shares="5", usd="3")

    settling.resolves(market, [1, 0])

    assert sum(each for _, each in pnl(settling) if each is not None) == Decimal(8)
    assert settling.balances(holder).net_pnl == Usd(8)


@pytest.mark.parametrize("kind", [SignatureType.EOA, SignatureType.SAFE], ids=["eoa", "safe"])
def test_a_market_of_protocol_v2_is_redeemed_through_the_router(settling: SettlementDesk, kind: SignatureType) -> None:
    holder = settling.holder(kind)
    # The id of a position has 64 zero bits in this place.
    condition = "0x" + fresh_id()[2:40] + "0" * 16 + fresh_id()[2:10]
    tokens = tuple(str(int(condition, 16) << 8 | index) for index in (0, 1))
    _v2_position(settling, holder, condition, tokens)
    manager = str(ADDRESSES.position_manager)
    settling.chain.send_as(holder.address, manager, SET_APPROVAL_FOR_ALL, str(ADDRESSES.router), True)
    settling.chain.send_as(ORACLE, manager, Function("report(bytes31,uint256,uint256)"), condition, 7, 3)
    settling.assert_ledger_is_chain(holder)
    settling.resolve()

    assert settling.redeem_to_the_end() == ["BOOKED"], settling.reports

    settling.assert_ledger_is_chain(holder)
    (row,) = settling.redemptions()
    assert (row["kind"], row["redemption_amount_usd"]) == ("ROUTER_V2", Decimal(7))
    assert settling.balances(holder).available == CAPITAL - Usd(4) + Usd(7)
    assert settling.chain.collateral_balance(holder.address) == CAPITAL - Usd(4) + Usd(7)


def _v2_position(settling: SettlementDesk, holder: Holder, condition: str, tokens: tuple[str, ...]) -> None:
    """Ten shares of the first outcome for four dollars, as a market of protocol v2 keeps them."""
    bought = settling.market()
    settling.buys(holder, bought)
    market = Market(
        condition_id=condition,
        version=ProtocolVersion.V2,
        question="Will it snow?",
        slug=f"v2-{uuid4()}",
        category=None,
        tags=(),
        event_id=None,
        outcomes=("Yes", "No"),
        token_ids=tokens,
        is_open=True,
        accepting_orders=True,
        end_time=None,
        game_start_time=None,
        tick_size=Price("0.01"),
        minimum_order_shares=Shares(5),
        fees=FeeSchedule(rate=Decimal(0), exponent=Decimal(1)),
        neg_risk=False,
    )
    with settling.database.transaction() as transaction:
        markets.save(
            transaction, [SeenMarket(market=market, resolution_hint=ResolutionState.OPEN)], settling.clock.now()
        )
        for table in ("lt_orders", "fills"):
            transaction.execute(
                f"UPDATE {table} SET condition_id = :condition, token_id = :token", condition=condition, token=tokens[0]
            )
        _rebook(transaction, holder, bought, tokens[0])
    settling.take_away(holder, bought)
    mint = Function("mint(address,uint256,uint256)")
    settling.chain.send_as(ORACLE, str(ADDRESSES.position_manager), mint, holder.address, int(tokens[0]), 10_000_000)


def _rebook(transaction: Transaction, holder: Holder, bought: PreparedMarket, token_id: str) -> None:
    """Moves the position's shares to the token of the other protocol, by two entries."""
    lines = [
        LedgerEntry(
            account=Account.POSITION_COST,
            trading_wallet_id=holder.wallet.trading_wallet_id,
            lt_strategy_id=holder.lt_strategy_id,
            token_id=token,
            amount=Usd(sign * 4),
            shares=Shares(sign * 10),
        )
        for token, sign in ((bought.token_ids[0], -1), (token_id, 1))
    ]
    moved = LedgerTransaction(
        source_reference=f"correction:{uuid4()}",
        kind=TransactionKind.CORRECTION,
        occurred_at=START,
        entries=tuple(lines),
    )
    ledger.post(transaction, moved, START)


def test_the_gap_between_paper_and_live_is_stored_trade_by_trade_and_adds_up(settling: SettlementDesk) -> None:
    holder, market = settling.holder(), settling.market()
    order_id = settling.buys(holder, market, shares="10", usd="4", fee="0.1")
    _paper_twin(settling, holder, market, order_id)

    settling.resolves(market, [1, 0])
    report = settling.resolve()

    gaps = settling.rows("SELECT * FROM gap_trades WHERE kind <> 'REST' ORDER BY paper_usd")
    for gap in gaps:
        assert sum(Decimal(usd) for usd in gap["terms"].values()) == gap["paper_usd"] - gap["live_usd"]
    assert [(gap["paper_usd"], gap["live_usd"]) for gap in gaps] == [(10, 0), (12, Decimal("5.9"))]
    assert gaps[0]["terms"] == {"missed": "10.000000"}
    assert settling.rows("SELECT live_usd FROM gap_trades WHERE kind = 'REST'") == [{"live_usd": 0}]
    assert report.gaps == 0, "explained once"


def _paper_twin(settling: SettlementDesk, holder: Holder, market: PreparedMarket, order_id: object) -> None:
    """Two paper trades that won: one that live made too, and one that it missed."""
    now = settling.clock.now()
    settling.change("INSERT INTO traders VALUES (:trader, TRUE, :now)", trader="0x" + "a1" * 20, now=now)
    for number, profit in enumerate(("12", "10")):
        settling.change(
            """
            INSERT INTO source_trades (
                transaction_hash, token_id, trader_address, side, price, shares, occurrence, condition_id, outcome,
                outcome_index, title, slug, trade_time, seen_at
            ) VALUES (:hash, :token, :trader, 'BUY', 0.4, 20, 0, :condition, 'Yes', 0, 't', 's', :now, :now)
            """,
            hash=fresh_id(),
            token=market.token_ids[0],
            trader="0x" + "a1" * 20,
            condition=market.condition_id,
            now=now,
        )
        source = settling.rows("SELECT max(source_trade_id) AS id FROM source_trades")[0]["id"]
        settling.change(
            """
            INSERT INTO ft_orders (
                ft_order_id, ft_wallet_id, config_version, source_trade_id, token_id, condition_id, outcome_index,
                signal_price, stake_usd, fill_method, fill_result, fill_price, shares, cost_usd, fee_usd, trade_time,
                decided_at, outcome, pnl_usd, resolved_at
            ) SELECT
                :id, ft_wallet_id, 1, :source, :token, :condition, 0, 0.4, 8, 'book', 'FULL', 0.4, 20, 8, 0, :now,
                :now, 'WON', :profit::numeric, :now
            FROM lt_strategies WHERE lt_strategy_id = :strategy
            """,
            id=uuid4(),
            source=source,
            token=market.token_ids[0],
            condition=market.condition_id,
            now=now,
            profit=profit,
            strategy=holder.lt_strategy_id,
        )
        if number == 0:
            settling.change(
                "UPDATE lt_orders SET source_trade_id = :source WHERE lt_order_id = :id", source=source, id=order_id
            )
