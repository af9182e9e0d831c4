"""Paper leaves positions on the real book: by stop, take-profit and time, and after the trader; the money adds up."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import pytest

from live_trading.nouns.trades import Side
from tests.integration.paper_bench_fixtures import Bench, at
from tests.integration.scripted_venue import book_row
from tests.integration.source_builders import ALICE, NOON, YES, a_trade, create_wallet, minutes, seconds

pytestmark = [pytest.mark.integration, pytest.mark.exits]

# Ten dollars at 0.50 without fees are twenty shares.
FIXED = {"allocation_method": "FIXED", "bet_size": "10", "max_bet": "10", "min_edge": "-1"}


def leaving(bench: Bench, **rules: Any) -> UUID:
    return create_wallet(bench.database, config=FIXED | {"exits": {"trigger_observations": 1, **rules}})


def entered(bench: Bench, *, shares: str = "100") -> None:
    """Alice buys, and paper after her."""
    trade = at(a_trade(1), NOON + seconds(30)) | {"size": shares}
    bench.venue.trades[ALICE] = [trade]
    bench.run_paper(NOON + minutes(1))
    assert bench.rows("SELECT shares, cost_usd, fee_usd FROM ft_orders") == [
        {"shares": 20, "cost_usd": 10, "fee_usd": 0}
    ]


def sells(bench: Bench, shares: str, moment: datetime, number: int = 2) -> None:
    bench.venue.trades[ALICE].insert(0, at(a_trade(number, side=Side.SELL), moment) | {"size": shares})


def bids(bench: Bench, *levels: tuple[str, str]) -> None:
    bench.venue.books[YES] = book_row(YES, asks=(("0.99", "1000"),)) | {
        "bids": [{"price": price, "size": size} for price, size in levels]
    }


def exits(bench: Bench) -> list[tuple[str, str, str]]:
    rows = bench.rows("SELECT exit_reason, shares, proceeds_usd FROM ft_exits ORDER BY ft_exit_id")
    return [(row["exit_reason"], f"{row['shares']:.2f}", f"{row['proceeds_usd']:.2f}") for row in rows]


def held(bench: Bench) -> dict[str, Any]:
    return bench.rows("SELECT hold_reason, executable_price, attempts FROM exit_watches")[0]


def test_a_stop_sells_into_the_bids_and_the_bankroll_has_what_came_in(bench: Bench) -> None:
    wallet = leaving(bench, stop_loss_fraction="0.2")
    entered(bench)
    bids(bench, ("0.40", "5"), ("0.30", "100"))

    report = bench.run_paper(NOON + minutes(3))

    # 5 at 0.40 and 15 at 0.30 are 6.50: the limit lies under the bid that the last share needs, not under the best.
    assert report.exits == {"stop_loss": 1}
    assert exits(bench) == [("stop_loss", "20.00", "6.50")]
    assert bench.bankroll(wallet) == "996.500000"


def test_take_profit_needs_what_the_whole_size_would_fetch(bench: Bench) -> None:
    wallet = leaving(bench, take_profit_fraction="0.5")
    entered(bench)
    bids(bench, ("0.80", "5"), ("0.60", "100"))
    bench.run_paper(NOON + minutes(3))
    assert (exits(bench), held(bench)["hold_reason"]) == ([], "not_triggered")

    bids(bench, ("0.80", "100"))
    bench.run_paper(NOON + minutes(5))

    assert exits(bench) == [("take_profit", "20.00", "16.00")]
    (order,) = bench.rows("SELECT outcome, pnl_usd FROM ft_orders")
    assert (order["outcome"], order["pnl_usd"]) == ("SOLD", 6)
    assert bench.bankroll(wallet) == "1006.000000"


def test_the_traders_sales_are_followed_in_proportion_and_each_has_its_decision(bench: Bench) -> None:
    wallet = leaving(bench, follow_trader=True)
    entered(bench)
    bids(bench, ("0.50", "1000"))
    sells(bench, "25", NOON + minutes(2))
    bench.run_paper(NOON + minutes(3))
    bench.run_paper(NOON + minutes(4))
    sells(bench, "75", NOON + minutes(5), number=3)
    bench.run_paper(NOON + minutes(6))
    bench.run_paper(NOON + minutes(7))

    assert exits(bench) == [("trader_sold", "5.00", "2.50"), ("trader_sold", "15.00", "7.50")]
    assert bench.reasons(wallet) == ["accepted", "trader_sold", "trader_sold"]
    assert [row["verdict"] for row in bench.rows("SELECT verdict FROM decisions ORDER BY source_trade_id")] == [
        "ACCEPTED",
        "EXIT",
        "EXIT",
    ]


def test_who_is_not_followed_out_leaves_nothing_after_a_sale(bench: Bench) -> None:
    wallet = create_wallet(bench.database, config=FIXED)
    entered(bench)
    sells(bench, "100", NOON + minutes(2))

    report = bench.run_paper(NOON + minutes(3))

    assert report.decisions == {"not_an_entry": 1}
    assert (bench.reasons(wallet), exits(bench)) == (["accepted"], [])


def test_a_trader_who_came_and_went_is_not_copied(bench: Bench) -> None:
    wallet = leaving(bench, follow_trader=True)
    bench.venue.trades[ALICE] = [at(a_trade(1), NOON + seconds(30)) | {"size": "100"}]
    sells(bench, "100", NOON + seconds(40))

    bench.run_paper(NOON + minutes(1))

    assert bench.reasons(wallet) == ["trader_left", "nothing_held"]


def test_an_exit_that_waits_for_bids_says_since_when(bench: Bench) -> None:
    leaving(bench, max_hold_minutes=1)
    entered(bench)
    bids(bench)

    for minute in (3, 5):
        bench.run_paper(NOON + minutes(minute))

    assert (exits(bench), held(bench)["hold_reason"]) == ([], "book_empty")
    (row,) = bench.rows("SELECT waiting_since, looked_at FROM exit_watches")
    assert (row["waiting_since"], row["looked_at"]) == (NOON + minutes(3), NOON + minutes(5))


def test_dust_under_the_venues_dollar_is_held_and_shown_as_such(bench: Bench) -> None:
    leaving(bench, stop_loss_fraction="0.2", floor_fraction="1")
    entered(bench)
    bids(bench, ("0.04", "1000"))

    bench.run_paper(NOON + minutes(3))

    assert (exits(bench), held(bench)["hold_reason"]) == ([], "dust")


def test_a_sale_of_the_other_outcome_leaves_ours_alone(bench: Bench) -> None:
    market, _ = bench.open_market()
    wallet = leaving(bench, follow_trader=True)
    bought, other = (
        a_trade(
            number, condition_id=market.condition_id, token_id=market.token_ids[index], outcome_index=index, side=side
        )
        for number, index, side in ((1, 0, Side.BUY), (2, 1, Side.SELL))
    )
    bench.venue.trades[ALICE] = [at(bought, NOON + seconds(30)) | {"size": "100"}]
    bench.run_paper(NOON + minutes(1))
    bench.venue.trades[ALICE].insert(0, at(other, NOON + minutes(2)) | {"size": "100"})

    bench.run_paper(NOON + minutes(3))

    assert (bench.reasons(wallet), exits(bench)) == (["accepted", "nothing_held"], [])


def test_a_sale_from_before_our_entry_leaves_it_alone(bench: Bench) -> None:
    wallet = leaving(bench, follow_trader=True)
    bids(bench, ("0.50", "1000"))
    bench.venue.books[YES]["asks"] = [{"price": "0.5", "size": "1000"}]
    bench.venue.trades[ALICE] = [at(a_trade(1), NOON + seconds(30)) | {"size": "100"}]
    sells(bench, "60", NOON + seconds(10))

    for minute in (1, 3):
        bench.run_paper(NOON + minutes(minute))

    assert (sorted(bench.reasons(wallet)), exits(bench)) == (["accepted", "nothing_held"], [])


def test_a_book_that_lists_its_best_bid_last_is_sold_into_from_the_best(bench: Bench) -> None:
    leaving(bench, take_profit_fraction="0.1")
    entered(bench)
    bids(bench, ("0.01", "1000"), ("0.55", "10"), ("0.60", "10"))

    bench.run_paper(NOON + minutes(3))

    # Ten at 0.60 and ten at 0.55; the worst bid, which stands first, is not touched.
    assert exits(bench) == [("take_profit", "20.00", "11.50")]


def test_a_part_that_was_sold_counts_when_the_rest_resolves(bench: Bench) -> None:
    market, question_id = bench.open_market()
    wallet = leaving(bench, follow_trader=True)
    token = market.token_ids[0]
    buy = at(a_trade(1, condition_id=market.condition_id, token_id=token, outcome_index=0), NOON + seconds(30))
    bench.venue.trades[ALICE] = [buy | {"size": "100"}]
    bench.run_paper(NOON + minutes(1))
    sale = a_trade(2, condition_id=market.condition_id, token_id=token, outcome_index=0, side=Side.SELL)
    bench.venue.trades[ALICE].insert(0, at(sale, NOON + minutes(2)) | {"size": "50"})
    bench.venue.books[token] = book_row(token, asks=(("0.99", "9"),), market=market.condition_id) | {
        "bids": [{"price": "0.60", "size": "1000"}]
    }
    bench.run_paper(NOON + minutes(3))
    bench.run_paper(NOON + minutes(4))

    bench.chain.report_payouts(question_id, [1, 0])
    bench.run_resolve(NOON + minutes(5))

    # Ten shares for 6.00 by the sale, ten for 10.00 by the resolution, for 10.00 paid.
    (order,) = bench.rows("SELECT outcome, pnl_usd FROM ft_orders")
    assert (order["outcome"], order["pnl_usd"]) == ("WON", 6)
    assert bench.bankroll(wallet) == "1006.000000"
