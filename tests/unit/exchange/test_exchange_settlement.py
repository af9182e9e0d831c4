"""What becomes of a trade after its match, on the venue's clock."""

from __future__ import annotations

from local.exchange.faults.faults import FaultKind
from local.exchange.tape.tape import TapeTrade
from local.exchange.units import BASE_UNITS, Price, Shares, Usd
from tests.unit.exchange.exchange_traders import UP, Trader
from tests.unit.exchange.exchange_venue import START_MS, Snapshot, Venue

BOOK = Snapshot(bids={"0.48": "100"}, asks={"0.52": "100"})


def filled(venue: Venue) -> Trader:
    trader = venue.trader()
    trader.place(price="0.52", usd="5.20", order_type="FAK")
    return trader


def status_and_hash(trader: Trader) -> tuple[str, str]:
    (trade,) = trader.trades()
    return trade["status"].removeprefix("TRADE_STATUS_"), trade["transaction_hash"]


def test_a_trade_is_mined_after_two_seconds_and_confirmed_after_four() -> None:
    venue = Venue(BOOK)
    trader = filled(venue)

    seen = [status_and_hash(trader)]
    for seconds in (1.999, 0.001, 1.999, 0.001):
        venue.advance(seconds)
        seen.append(status_and_hash(trader))

    mined = f"0x{1:064x}"
    assert seen == [("MATCHED", ""), ("MATCHED", ""), ("MINED", mined), ("MINED", mined), ("CONFIRMED", mined)]


def test_a_settled_fill_goes_on_the_tape_with_its_transaction() -> None:
    venue = Venue(BOOK)
    trader = filled(venue)
    before = len(venue.tape)

    venue.advance(2)

    (entry,) = venue.tape.entries(trader.address)
    event = entry.event
    assert before == 0
    assert isinstance(event, TapeTrade)
    assert (event.price, event.shares, event.usd, event.fee) == (Price("0.52"), Shares(10), Usd("5.2"), Usd("0.17472"))
    assert (event.matched_ms, event.settled_ms, event.visible_ms) == (START_MS, START_MS + 2_000, START_MS + 3_000)
    assert (event.token_id, event.outcome, event.outcome_index, event.is_maker) == (UP, "Up", 0, False)


def test_a_failed_settlement_moves_nothing_and_frees_the_funds() -> None:
    venue = Venue(BOOK)
    venue.faults.arm(FaultKind.SETTLEMENT_FAILURE, count=1)
    trader = filled(venue)

    venue.advance(10)

    (trade,) = trader.trades()
    assert (trade["status"], trade["err_msg"]) == ("TRADE_STATUS_FAILED", "SettlementBroken")
    assert venue.chain.usd[trader.address] == 1_000 * BASE_UNITS
    assert list(venue.tape.entries(trader.address)) == []
    assert trader.place(price="0.40", shares="2500")["status"] == "live"


def test_a_settlement_that_is_retried_is_confirmed_in_the_end_under_another_transaction() -> None:
    venue = Venue(BOOK)
    venue.faults.arm(FaultKind.SETTLEMENT_RETRYING, count=1, seconds=10)
    trader = filled(venue)

    venue.advance(2)
    retrying = status_and_hash(trader)
    venue.advance(10)
    mined = status_and_hash(trader)
    venue.advance(2)

    assert (retrying[0], mined[0], status_and_hash(trader)[0]) == ("RETRYING", "MINED", "CONFIRMED")
    assert retrying[1] != mined[1]


def test_a_retried_settlement_can_still_fail() -> None:
    venue = Venue(BOOK)
    venue.faults.arm(FaultKind.SETTLEMENT_RETRYING, count=1)
    venue.faults.arm(FaultKind.SETTLEMENT_FAILURE, count=1)
    trader = filled(venue)

    venue.advance(20)

    assert status_and_hash(trader)[0] == "FAILED"
    assert venue.chain.usd[trader.address] == 1_000 * BASE_UNITS


def test_a_trade_fails_as_a_whole_when_one_side_has_spent_what_it_owes() -> None:
    venue = Venue(Snapshot())
    maker, taker = venue.trader(), venue.trader()
    maker.place(side="SELL", price="0.50", shares="10")
    taker.place(price="0.50", usd="5", order_type="FAK")
    venue.chain.tokens[maker.address, UP] = 0

    venue.advance(4)

    assert (status_and_hash(maker)[0], status_and_hash(taker)[0]) == ("FAILED", "FAILED")
    assert venue.chain.usd[taker.address] == 1_000 * BASE_UNITS


def test_the_venues_own_view_of_an_account_agrees_with_the_chain() -> None:
    venue = Venue(BOOK)
    trader = filled(venue)
    venue.advance(4)

    truth = venue.engine.account_truth(trader.address)

    assert truth["collateral_usd"] == "994.625280"
    assert truth["positions"] == {UP: "1010.000000"}
    assert [order["status"] for order in truth["orders"]] == ["MATCHED"]
    (trade,) = truth["trades"]
    assert (trade["status"], trade["role"], trade["usd"], trade["fee"]) == (
        "CONFIRMED",
        "TAKER",
        "5.200000",
        "0.174720",
    )


def test_what_settles_is_the_order_as_its_maker_signed_it() -> None:
    venue = Venue(BOOK)
    trader = venue.trader()
    body = trader.order(price="0.52", usd="5.20", order_type="FAK")
    trader.post(body)

    venue.advance(20)

    (fill,) = venue.chain.settled
    assert fill.order is not None
    assert (fill.order.maker, fill.order.maker_amount, fill.order.taker_amount) == (
        trader.address,
        int(body["order"]["makerAmount"]),
        int(body["order"]["takerAmount"]),
    )
    assert fill.order.signature.hex() == body["order"]["signature"][2:]
    assert not fill.is_maker


def test_an_order_that_rested_settles_as_the_maker() -> None:
    venue = Venue(BOOK, Snapshot(at_s=5, bids={"0.40": "100"}, asks={"0.45": "100"}))
    trader = venue.trader()
    trader.place(price="0.45", shares="10")

    venue.advance(30)

    (fill,) = venue.chain.settled
    assert fill.is_maker
