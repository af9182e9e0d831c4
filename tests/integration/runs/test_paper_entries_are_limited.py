"""Paper enters a token no oftener than its wallet may, and not again where a stop or the rules forbid it."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import pytest

from live_trading.nouns.money import Price
from tests.integration.paper_bench_fixtures import Bench, at, on_market
from tests.integration.scripted_venue import book_row
from tests.integration.source_builders import ALICE, NOON, YES, a_trade, create_wallet, minutes, seconds

pytestmark = [pytest.mark.integration, pytest.mark.exits]

FIXED = {"allocation_method": "FIXED", "bet_size": "10", "max_bet": "10", "min_edge": "-1"}
STOP = {"trigger_observations": 1, "stop_loss_fraction": "0.2"}


def limited(bench: Bench, exits: dict[str, Any] | None = None, **rules: Any) -> UUID:
    return create_wallet(bench.database, config=FIXED | {"exits": exits, "positions": rules})


def buys(bench: Bench, number: int, moment: datetime, price: str = "0.5") -> None:
    """Alice buys YES, and the book offers at her price."""
    bench.feed((a_trade(number, price=Price(price)), moment))


def bids(bench: Bench, price: str, token_id: str = YES, **changes: Any) -> None:
    bench.venue.books[token_id] = book_row(token_id, **changes) | {"bids": [{"price": price, "size": "1000"}]}


def test_entries_of_one_batch_count_as_those_of_batches_before(bench: Bench) -> None:
    wallet = limited(bench, max_entries=3)
    for number in (1, 2):
        buys(bench, number, NOON + seconds(10 * number))
    bench.run_paper(NOON + minutes(1))
    for number in (3, 4):
        buys(bench, number, NOON + minutes(1) + seconds(10 * number))

    bench.run_paper(NOON + minutes(2))

    assert bench.reasons(wallet) == ["accepted", "accepted", "accepted", "too_many_entries"]
    assert bench.count("ft_orders") == 3


def test_a_further_entry_keeps_its_distance_from_the_last_one(bench: Bench) -> None:
    wallet = limited(bench, min_entry_distance_fraction="0.1")
    for number, price in enumerate(("0.50", "0.54", "0.55", "0.60"), start=1):
        buys(bench, number, NOON + seconds(number), price)
    bench.run_paper(NOON + minutes(1))
    buys(bench, 5, NOON + minutes(1) + seconds(5), "0.61")

    bench.run_paper(NOON + minutes(2))

    # 0.60 is less than a tenth above 0.55, which was entered after 0.50.
    assert bench.reasons(wallet) == [
        "accepted",
        "too_close_to_last_entry",
        "accepted",
        "too_close_to_last_entry",
        "accepted",
    ]


def test_after_a_stop_no_outcome_of_its_market_is_entered_until_it_has_cooled_down(bench: Bench) -> None:
    market, _ = bench.open_market()
    ours, other = market.token_ids
    wallet = limited(bench, STOP, cooldown_minutes_after_stop=10)
    bench.feed((on_market(market, 1), NOON + seconds(30)))
    bench.run_paper(NOON + minutes(1))
    bids(bench, "0.30", ours, market=market.condition_id)
    bench.feed((on_market(market, 2, index=1), NOON + minutes(2)), (a_trade(3), NOON + minutes(2)))

    report = bench.run_paper(NOON + minutes(3))
    bench.feed((on_market(market, 4, index=1), NOON + minutes(12)))
    bench.run_paper(NOON + minutes(13))

    assert report.exits == {"stop_loss": 1}
    reasons = {
        row["transaction_hash"][-1]: row["reason"]
        for row in bench.rows(
            "SELECT transaction_hash, reason FROM decisions INNER JOIN source_trades USING (source_trade_id)"
            " WHERE ft_wallet_id = :id",
            id=wallet,
        )
    }
    # The third is in another market; the fourth comes exactly as the cool-down ends.
    assert reasons == {"1": "accepted", "2": "cooling_down", "3": "accepted", "4": "accepted"}
    assert other in {row["token_id"] for row in bench.rows("SELECT token_id FROM ft_orders")}


@pytest.mark.parametrize(("reentry", "reason"), [(False, "position_was_left"), (True, "accepted")])
def test_what_was_left_is_entered_again_only_where_that_is_allowed(bench: Bench, reentry: bool, reason: str) -> None:
    wallet = limited(bench, {"trigger_observations": 1, "take_profit_fraction": "0.2"}, max_entries=1, reentry=reentry)
    buys(bench, 1, NOON + seconds(30))
    bench.run_paper(NOON + minutes(1))
    bids(bench, "0.70")
    report = bench.run_paper(NOON + minutes(2))
    buys(bench, 2, NOON + minutes(2) + seconds(30))

    bench.run_paper(NOON + minutes(3))

    assert report.exits == {"take_profit": 1}
    assert bench.reasons(wallet) == ["accepted", reason]


def test_a_position_that_is_still_held_in_part_makes_no_room(bench: Bench) -> None:
    wallet = limited(bench, {"follow_trader": True}, max_entries=1)
    buys(bench, 1, NOON + seconds(30))
    bench.run_paper(NOON + minutes(1))
    bids(bench, "0.50", asks=(("0.99", "1000"),))
    sale = at(a_trade(2), NOON + minutes(2)) | {"side": "SELL", "size": "10"}
    bench.venue.trades[ALICE].insert(0, sale)
    bench.run_paper(NOON + minutes(3))
    bench.run_paper(NOON + minutes(4))
    buys(bench, 3, NOON + minutes(4) + seconds(30))

    bench.run_paper(NOON + minutes(5))

    assert bench.count("ft_exits") == 1
    assert bench.reasons(wallet) == ["accepted", "trader_sold", "too_many_entries"]


def test_a_wallet_without_limits_enters_as_often_as_before(bench: Bench) -> None:
    wallet = create_wallet(bench.database, config=FIXED)
    for number in (1, 2, 3):
        buys(bench, number, NOON + seconds(number))

    bench.run_paper(NOON + minutes(1))

    assert bench.reasons(wallet) == ["accepted"] * 3
    assert all("position" not in row["own"] for row in bench.rows("SELECT own FROM decisions"))
