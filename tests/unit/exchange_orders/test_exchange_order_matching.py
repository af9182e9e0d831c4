"""What orders fill against, at once or later, and what the venue answers."""

from __future__ import annotations

from local.exchange.engine.trades import HOUSE_ACCOUNT
from local.exchange.faults.faults import FaultKind
from tests.unit.exchange.exchange_traders import UP
from tests.unit.exchange.exchange_venue import DOWN, END_MS, START_MS, Snapshot, Venue

BOOK = Snapshot(bids={"0.48": "100", "0.47": "50"}, asks={"0.52": "100", "0.53": "200"})


def test_a_market_buy_walks_the_book_and_answers_in_human_decimals() -> None:
    venue = Venue(BOOK)
    trader = venue.trader()

    answer = trader.place(price="0.53", usd="62.60", order_type="FAK")

    assert answer["status"] == "matched"
    assert (answer["makingAmount"], answer["takingAmount"]) == ("62.6", "120")
    assert answer["transactionsHashes"] == []
    (trade,) = trader.trades()
    assert (trade["price"], trade["size"], trade["bucket_index"]) == ("0.5216666667", "120", 0)
    levels = [(maker["price"], maker["matched_amount"]) for maker in trade["maker_orders"]]
    assert levels == [("0.52", "100"), ("0.53", "20")]
    assert answer["tradeIDs"] == [trade["id"]]


def test_a_match_with_many_makers_becomes_several_trades_in_numbered_buckets() -> None:
    venue = Venue(Snapshot(asks={f"0.{cents}": "10" for cents in range(41, 48)}))
    trader = venue.trader()

    answer = trader.place(price="0.47", usd="30.80", order_type="FAK")
    venue.advance(2)

    trades = {trade["id"]: trade for trade in trader.trades()}
    parts = [trades[trade_id] for trade_id in answer["tradeIDs"]]
    assert [(part["bucket_index"], part["size"], part["price"]) for part in parts] == [
        (0, "50", "0.43"),
        (1, "20", "0.465"),
    ]
    assert len({part["transaction_hash"] for part in parts}) == 2
    assert [fill.fee.base_units for fill in venue.chain.settled] == [857_850, 348_280]


def test_a_fee_is_that_of_the_market() -> None:
    venue = Venue(BOOK, fee_rate="0")
    trader = venue.trader(usd=52_000_000)

    trader.place(price="0.52", usd="52", order_type="FAK")
    venue.advance(2)

    assert venue.chain.usd[trader.address] == 0


def test_a_fee_is_never_more_than_five_percent_of_the_dollars() -> None:
    venue = Venue(Snapshot(asks={"0.10": "1000"}))
    trader = venue.trader()

    trader.place(price="0.10", usd="50", order_type="FAK")
    venue.advance(2)

    assert venue.chain.usd[trader.address] == 1_000_000_000 - 50_000_000 - 2_500_000


def test_a_sell_answers_with_shares_made_and_dollars_taken() -> None:
    venue = Venue(BOOK)

    answer = venue.trader().place(side="SELL", price="0.47", shares="120", order_type="FAK")

    assert (answer["makingAmount"], answer["takingAmount"]) == ("120", "57.4")


def test_a_fill_and_kill_keeps_what_it_got_and_rests_nowhere() -> None:
    venue = Venue(BOOK)
    trader = venue.trader()

    answer = trader.place(price="0.52", usd="60", order_type="FAK")

    assert (answer["makingAmount"], answer["takingAmount"]) == ("52", "100")
    found = trader.find(answer["orderID"])
    assert (found["status"], found["original_size"], found["size_matched"]) == ("ORDER_STATUS_MATCHED", "60", "52")
    assert trader.open_orders() == []


def test_a_fill_or_kill_that_fits_is_filled_whole() -> None:
    venue = Venue(BOOK)

    answer = venue.trader().place(price="0.53", usd="100", order_type="FOK")

    # what six decimals of shares cost, floored
    assert answer["makingAmount"] == "99.999999"


def test_the_fee_comes_on_top_of_a_buy_and_out_of_a_sell() -> None:
    venue = Venue(BOOK)
    trader = venue.trader()

    trader.place(price="0.52", usd="52", order_type="FAK")
    trader.place(side="SELL", price="0.48", shares="100", order_type="FAK")
    venue.advance(2)

    legs = [trade.taker for trade in venue.engine.records.trades()]
    assert [(leg.side, leg.usd_units, leg.shares_units, leg.fee_units) for leg in legs] == [
        ("BUY", 52_000_000, 100_000_000, 1_747_200),
        ("SELL", 48_000_000, 100_000_000, 1_747_200),
    ]
    assert venue.chain.usd[trader.address] == 1_000_000_000 - 52_000_000 + 48_000_000 - 2 * 1_747_200


def test_a_limit_order_takes_what_crosses_and_rests_with_the_remainder() -> None:
    venue = Venue(BOOK)
    trader = venue.trader()

    answer = trader.place(price="0.52", shares="150")

    assert (answer["status"], answer["takingAmount"]) == ("matched", "100")
    (resting,) = trader.open_orders()
    assert resting["id"] == answer["orderID"]
    assert (resting["status"], resting["original_size"], resting["size_matched"]) == ("ORDER_STATUS_LIVE", "150", "100")
    assert (resting["price"], resting["outcome"], resting["order_type"]) == ("0.52", "Up", "GTC")
    assert resting["associate_trades"] == answer["tradeIDs"]


def test_an_order_that_rests_answers_live_with_empty_amounts() -> None:
    venue = Venue(BOOK)

    answer = venue.trader().place(price="0.40", shares="10")

    assert (answer["status"], answer["makingAmount"], answer["takingAmount"]) == ("live", "", "")
    assert answer["tradeIDs"] == []


def test_depth_that_was_taken_is_gone_until_the_next_snapshot() -> None:
    venue = Venue(BOOK, Snapshot(at_s=1, bids=BOOK.bids, asks=BOOK.asks))
    first, second = venue.trader(), venue.trader()
    first.place(price="0.52", usd="52", order_type="FAK")

    now = second.refusal(price="0.52", usd="52", order_type="FAK")
    venue.advance(1)
    later = second.place(price="0.52", usd="52", order_type="FAK")

    assert now[0] == 400
    assert later["takingAmount"] == "100"


def test_taking_an_ask_of_one_outcome_takes_the_bid_of_the_other() -> None:
    venue = Venue(BOOK)
    venue.trader().place(price="0.52", usd="52", order_type="FAK")

    refusal = venue.trader().refusal(side="SELL", price="0.48", shares="10", order_type="FAK", token_id=DOWN)

    assert refusal[1].startswith("no orders found to match")


def test_a_resting_order_fills_at_its_own_price_when_the_recorded_book_comes_to_it() -> None:
    venue = Venue(BOOK, Snapshot(at_s=3, bids={"0.40": "10"}, asks={"0.44": "4", "0.45": "20", "0.46": "90"}))
    trader = venue.trader()
    answer = trader.place(price="0.45", shares="30")

    venue.advance(3)

    (trade,) = trader.trades()
    (own,) = trade["maker_orders"]
    assert (trade["trader_side"], trade["side"], trade["maker_address"]) == ("MAKER", "SELL", HOUSE_ACCOUNT)
    assert (own["order_id"], own["side"], own["price"], own["matched_amount"]) == (
        answer["orderID"],
        "BUY",
        "0.45",
        "24",
    )
    assert trader.find(answer["orderID"])["size_matched"] == "24"
    venue.advance(2)
    assert venue.chain.usd[trader.address] == 1_000_000_000 - 10_800_000


def test_two_accounts_meet_at_the_resting_price_and_only_the_taker_pays_a_fee() -> None:
    venue = Venue(Snapshot())
    maker, taker = venue.trader(), venue.trader()
    resting = maker.place(side="SELL", price="0.50", shares="40")

    taken = taker.place(price="0.55", shares="25")
    venue.advance(4)

    assert taken["makingAmount"] == "12.5"
    (maker_view,), (taker_view,) = maker.trades(), taker.trades()
    assert (maker_view["trader_side"], taker_view["trader_side"]) == ("MAKER", "TAKER")
    assert taker_view["maker_orders"] == maker_view["maker_orders"]
    assert maker_view["maker_orders"][0]["order_id"] == resting["orderID"]
    assert maker_view["taker_order_id"] == taken["orderID"]
    assert maker_view["status"] == "TRADE_STATUS_CONFIRMED"
    assert [fill.fee.base_units for fill in venue.chain.settled] == [437_500, 0]


def test_a_bid_for_the_other_outcome_is_an_offer_of_this_one() -> None:
    venue = Venue(Snapshot())
    maker, taker = venue.trader(), venue.trader()
    maker.place(price="0.40", shares="20", token_id=DOWN)

    taken = taker.place(price="0.60", usd="12", order_type="FAK")

    assert taken["takingAmount"] == "20"
    (own,) = maker.trades()[0]["maker_orders"]
    assert (own["asset_id"], own["side"], own["price"], own["outcome"]) == (DOWN, "BUY", "0.4", "Down")
    assert venue.get("/book", token_id=UP)["asks"] == []


def test_the_oldest_order_at_the_best_price_is_first() -> None:
    venue = Venue(Snapshot())
    late_but_best, first, second, taker = (venue.trader() for _ in range(4))
    orders = [
        first.place(side="SELL", price="0.50", shares="10"),
        second.place(side="SELL", price="0.50", shares="10"),
        late_but_best.place(side="SELL", price="0.49", shares="10"),
    ]

    taker.place(price="0.50", shares="15")

    matched = [
        (leg["order_id"], leg["matched_amount"]) for trade in reversed(taker.trades()) for leg in trade["maker_orders"]
    ]
    assert matched == [(orders[2]["orderID"], "10"), (orders[0]["orderID"], "5")]


def test_an_account_does_not_trade_with_itself() -> None:
    venue = Venue(Snapshot())
    trader = venue.trader()
    trader.place(side="SELL", price="0.50", shares="10")

    assert trader.place(price="0.50", shares="10")["status"] == "live"


def test_a_maker_who_has_spent_its_funds_is_taken_off_the_book_when_it_is_met() -> None:
    venue = Venue(Snapshot())
    maker, taker = venue.trader(), venue.trader()
    order = maker.place(side="SELL", price="0.50", shares="10")
    venue.chain.tokens[maker.address, UP] = 0

    refusal = taker.refusal(price="0.50", usd="5", order_type="FAK")

    assert refusal[1].startswith("no orders found to match")
    assert maker.find(order["orderID"])["status"] == "ORDER_STATUS_CANCELED_NOT_ENOUGH_BALANCE"


def test_a_dated_order_leaves_the_book_a_minute_before_its_date() -> None:
    venue = Venue(BOOK, lasts_s=600)
    trader = venue.trader()
    expiration = START_MS // 1000 + 180
    order = trader.place(price="0.40", shares="10", order_type="GTD", expiration=expiration)

    venue.advance(119)
    before = trader.find(order["orderID"])["status"]
    venue.advance(1)

    assert before == "ORDER_STATUS_LIVE"
    assert trader.find(order["orderID"])["status"] == "ORDER_STATUS_CANCELED_EXPIRED_ORDER"


def test_resting_orders_are_canceled_when_the_market_closes() -> None:
    venue = Venue(BOOK)
    trader = venue.trader()
    order = trader.place(price="0.40", shares="10")

    venue.timeline.advance_to(END_MS + 1)

    assert trader.open_orders() == []
    assert trader.find(order["orderID"])["status"] == "ORDER_STATUS_CANCELED_MARKET_RESOLVED"


def test_a_delayed_order_is_matched_later_and_cannot_be_canceled_meanwhile() -> None:
    venue = Venue(BOOK)
    venue.faults.arm(FaultKind.DELAYED, count=1, seconds=3)
    trader = venue.trader()

    answer = trader.place(price="0.52", usd="52", order_type="FAK")
    canceled = trader.call("DELETE", "/order", {"orderID": answer["orderID"]}).json()
    during = trader.find(answer["orderID"])["status"]
    venue.advance(3)

    assert (answer["status"], during) == ("delayed", "ORDER_STATUS_DELAYED")
    assert canceled["not_canceled"] == {answer["orderID"]: "order match delayed due to market conditions"}
    assert trader.find(answer["orderID"])["status"] == "ORDER_STATUS_MATCHED"
    assert len(trader.trades()) == 1


def test_a_delayed_order_whose_market_moved_away_is_unmatched() -> None:
    venue = Venue(BOOK, Snapshot(at_s=2, bids={"0.60": "5"}, asks={"0.70": "5"}))
    venue.faults.arm(FaultKind.DELAYED, count=1, seconds=3)
    trader = venue.trader()

    answer = trader.place(price="0.52", usd="52", order_type="FAK")
    venue.advance(3)

    assert trader.find(answer["orderID"])["status"] == "ORDER_STATUS_UNMATCHED"
    assert trader.trades() == []


def test_an_unmatched_answer_leaves_nothing_behind() -> None:
    venue = Venue(BOOK)
    venue.faults.arm(FaultKind.UNMATCHED, count=1)
    trader = venue.trader()

    answer = trader.place(price="0.52", usd="52", order_type="FAK")

    assert (answer["status"], answer["tradeIDs"]) == ("unmatched", [])
    assert trader.find(answer["orderID"])["status"] == "ORDER_STATUS_UNMATCHED"
