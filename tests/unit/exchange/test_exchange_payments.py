"""Money that comes unasked: who gets which rebate, and how the activity tells it."""

from __future__ import annotations

import httpx

from local.exchange.feeds.data_api import data_app
from local.exchange.settlement.payments import PaymentKind, rebates
from local.exchange.tape.tape import TapePayment
from local.exchange.units import Usd
from tests.unit.exchange.exchange_venue import START_MS, InProcess, Snapshot, Venue

BOOK = Snapshot(bids={"0.48": "100"}, asks={"0.52": "100"})


def test_takers_and_makers_get_their_part_of_the_fees_of_confirmed_trades() -> None:
    venue = Venue(Snapshot())
    maker, taker = venue.trader(), venue.trader()
    maker.place(side="SELL", price="0.50", shares="40")
    taker.place(price="0.50", shares="25")
    unsettled = rebates(list(venue.engine.records.trades()))
    venue.advance(4)

    assert unsettled == {}
    assert rebates(list(venue.engine.records.trades())) == {
        (taker.address, PaymentKind.TAKER_REBATE): 437_500 * 3 // 100,
        (maker.address, PaymentKind.MAKER_REBATE): 437_500 * 20 // 100,
    }


def test_a_payment_shows_in_the_activity_under_its_type_and_in_no_position() -> None:
    venue = Venue(BOOK)
    trader = venue.trader()
    trader.place(price="0.52", usd="5.20", order_type="FAK")
    venue.advance(4)
    venue.tape.append_payment(
        TapePayment(
            transaction_hash="0x" + "ee" * 32,
            account=trader.address,
            kind=PaymentKind.TAKER_REBATE,
            usd=Usd("0.0052"),
            paid_ms=START_MS + 4_000,
            visible_ms=START_MS + 10_000,
        )
    )
    data = httpx.Client(transport=InProcess(data_app(venue.world)), base_url="http://data")

    def activity(**query: str) -> list[dict[str, object]]:
        answer = data.get("/v2/activity", params={"user": trader.address, **query})
        return list(answer.json()["data"])

    before = activity(type="TAKER_REBATE")
    venue.advance(6)
    (row,) = activity(type="TAKER_REBATE")
    (trade,) = activity(type="TRADE")

    assert before == []
    assert (row["type"], row["usdc_size"], row["token_id"], row["outcome_index"]) == ("TAKER_REBATE", 0.0052, "", 999)
    assert len(activity()) == 2
    # with the fee
    assert trade["usdc_size"] == 5.37472
    fills = data.get("/v2/trades", params={"user": trader.address}).json()["data"]
    assert [fill["size"] for fill in fills] == [10]
