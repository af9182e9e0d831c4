"""Source trades and traders over the API: common to all owners, with what the caller's own decided on them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from live_trading.nouns.money import Price
from live_trading.nouns.trades import Side
from live_trading.signals.history_sums import HistoryPart, Progress
from live_trading.store.database.connection import Database
from live_trading.store.feed import trader_histories
from live_trading.store.shown.bounded_looks import MOST_LOOKED
from tests.integration.api_fixtures import STRANGER, Api
from tests.integration.explaining.decided_world import all_pages, decide, known_world, own_wallet
from tests.integration.source_builders import (
    ALICE,
    BOB,
    CONDITION,
    NO,
    NOON,
    YES,
    a_record,
    a_trade,
    follow,
    minutes,
    seconds,
    stats_of,
    store_stats,
    store_trades,
)

pytestmark = pytest.mark.integration

TRADES = "/api/source-trades"
CAROL = "0x" + "ca" * 20


@pytest.fixture(autouse=True)
def _known(database: Database) -> None:
    known_world(database)


def hashes(reply: Any) -> list[int]:
    return [int(each["transaction_hash"], 16) for each in reply.body["source_trades"]]


def test_trades_are_found_by_trader_market_token_side_and_time(api: Api, database: Database) -> None:
    other = "0x" + "0d" * 32
    store_trades(
        database,
        [
            a_trade(1),
            a_trade(2, trader=BOB, trade_time=NOON + seconds(1)),
            a_trade(3, token_id=NO, trade_time=NOON + seconds(2)),
            a_trade(4, side=Side.SELL, trade_time=NOON + seconds(3)),
            a_trade(5, condition_id=other, token_id="7", trade_time=NOON + seconds(4)),
        ],
    )

    def found(query: str) -> list[int]:
        return hashes(api.call("GET", f"{TRADES}?{query}"))

    assert found("limit=100") == [5, 4, 3, 2, 1]
    assert found(f"trader_address={ALICE}") == [5, 4, 3, 1]
    assert found(f"trader_address={ALICE.upper().replace('X', 'x')}") == [5, 4, 3, 1]
    assert found(f"condition_id={CONDITION}") == [4, 3, 2, 1]
    assert found(f"token_id={YES}") == [4, 2, 1]
    assert found("side=SELL") == [4]
    assert found(f"token_id={YES}&trader_address={BOB}") == [2]
    assert found("since=2026-09-28T12:00:01Z&until=2026-09-28T12:00:03Z") == [3, 2]
    assert found(f"trader_address={CAROL}") == []


def test_pages_of_trades_show_each_once_while_older_and_newer_ones_come(api: Api, database: Database) -> None:
    store_trades(database, [a_trade(number, trade_time=NOON + seconds(number // 3)) for number in range(1, 11)])
    first = api.call("GET", f"{TRADES}?limit=4")
    store_trades(database, [a_trade(99, trade_time=NOON + minutes(1))])

    rest = all_pages(api, f"{TRADES}?limit=4", "source_trades")
    second = api.call("GET", f"{TRADES}?limit=4&cursor={first.body['next_cursor']}")
    third = api.call("GET", f"{TRADES}?limit=4&cursor={second.body['next_cursor']}")

    assert [*hashes(first), *hashes(second), *hashes(third)] == list(range(10, 0, -1))
    assert sum(len(page) for page in rest) == 11


def test_a_side_among_many_of_the_other_is_found_over_pages_that_each_look_at_a_bounded_part(
    api: Api, database: Database
) -> None:
    bought = [a_trade(number, trade_time=NOON + seconds(number)) for number in range(1, MOST_LOOKED + 100)]
    store_trades(database, [a_trade(0, side=Side.SELL), *bought])

    pages = all_pages(api, f"{TRADES}?trader_address={ALICE}&side=SELL", "source_trades")

    assert [len(page) for page in pages] == [0, 1]


def test_one_trade_says_who_told_of_it_and_what_the_callers_own_decided(api: Api, database: Database) -> None:
    mine = own_wallet(database, price_max="0.4")
    own_wallet(database, "theirs", owner=STRANGER)
    decide(database, [a_trade()])
    with database.transaction() as transaction:
        transaction.execute(
            "UPDATE source_trades SET source = 'CHAIN', block_number = 7, listed_at = :at", at=NOON + seconds(20)
        )
    (row,) = api.rows("SELECT source_trade_id FROM source_trades")

    found = api.call("GET", f"{TRADES}/{row['source_trade_id']}").body

    trade = found["source_trade"]
    assert (trade["source"], trade["block_number"], trade["dropped_at"]) == ("CHAIN", 7, None)
    assert (trade["seen_at"], trade["listed_at"]) == ("2026-09-28T12:00:00+00:00", "2026-09-28T12:00:20+00:00")
    assert [each["ft_wallet_id"] for each in found["decisions"]] == [str(mine)]
    assert found["has_more"] is False
    assert api.call("GET", f"{TRADES}/{row['source_trade_id'] + 1}").status == 404
    assert api.call("GET", f"{TRADES}/{'9' * 30}").status == 404


def test_a_trader_has_a_record_with_its_certainty(api: Api, database: Database) -> None:
    store_stats(
        database,
        [replace(stats_of(ALICE, NOON + timedelta(hours=1), a_record(100, 70)), lifetime=a_record(400, 260, None))],
    )
    store_trades(database, [a_trade(1), a_trade(2, trade_time=NOON + minutes(9))])

    found = api.call("GET", f"/api/traders/{ALICE}").body

    assert (found["is_followed"], found["followed_since"]) == (True, NOON.isoformat())
    assert found["last_trade_at"] == (NOON + minutes(9)).isoformat()
    assert found["record"]["as_of"] == (NOON + timedelta(hours=1)).isoformat()
    # Bob's 80 of 100, and Alice's 260 of 400.
    assert found["record"]["population_win_rate"] == "0.68000000"
    recent, lifetime = found["record"]["last_30_days"], found["record"]["lifetime"]
    assert (recent["resolved_count"], recent["won_count"], recent["win_rate"]) == (100, 70, "0.70000000")
    assert recent["win_rate_interval"] == {"low": "0.60414962", "high": "0.78105246"}
    assert recent["shrunken_win_rate"] == "0.69538462"
    low, high = (Decimal(recent["shrunken_win_rate_interval"][end]) for end in ("low", "high"))
    assert Decimal("0.61") < low < Decimal("0.6954") < high < Decimal("0.78")
    assert (recent["average_trade_usd"], lifetime["average_trade_usd"]) == ("10.000000", None)
    assert found["categories"] == [{"category": "Weather", "trades": 2, "usd": "20.000000"}]


def test_a_trader_whose_history_is_still_read_says_how_far_and_why_there_is_no_record(
    api: Api, database: Database
) -> None:
    follow(database, [CAROL])
    with database.transaction() as transaction:
        trader_histories.save_progress(
            transaction,
            Progress(
                trader=CAROL, pass_number=2, part=HistoryPart.CLOSED, resume="50", page_digest=None, began_at=NOON,
                reads_after=None, complete_to=None, whole_at=None, has_undated_trades=False,
                refused_as_of=NOON, refused_because="the venue gives no date",
            ),
        )  # fmt: skip

    found = api.call("GET", f"/api/traders/{CAROL}").body

    assert (found["record"], found["last_trade_at"], found["categories"]) == (None, None, [])
    assert (found["reading"]["pass_number"], found["reading"]["reading_part"]) == (2, "CLOSED")
    assert (found["reading"]["refused_as_of"], found["reading"]["refused_because"]) == (
        NOON.isoformat(), "the venue gives no date",
    )  # fmt: skip


def test_a_trader_shows_who_of_the_caller_follows_and_what_they_decided_and_nobody_elses(
    api: Api, database: Database
) -> None:
    everybody = own_wallet(database, "everybody", price_max="0.6")
    named = own_wallet(database, "named", target_traders=[ALICE], price_max="0.4")
    own_wallet(database, "another", target_traders=[BOB])
    own_wallet(database, "all but", excluded_traders=[ALICE])
    own_wallet(database, "theirs", owner=STRANGER)
    strategy = api.strategy(ft_wallet_id=str(named), name="live")["lt_strategy_id"]
    decide(database, [a_trade(1), a_trade(2, price=Price("0.7"), trade_time=NOON + seconds(1))])

    with database.transaction() as transaction:
        transaction.execute(
            """
            INSERT INTO ft_orders (
                ft_order_id, ft_wallet_id, config_version, source_trade_id, token_id, condition_id, outcome_index,
                signal_price, stake_usd, fill_method, fill_result, shares, cost_usd, fee_usd, trade_time, decided_at,
                outcome, pnl_usd, resolved_at
            ) SELECT gen_random_uuid(), :wallet, 1, source_trade_id, token_id, condition_id, 0, 0.5, 10, 'book', 'FULL',
                20, 10, 0, trade_time, trade_time, 'WON', 10, trade_time FROM source_trades LIMIT 1
            """,
            wallet=everybody,
        )

    found = api.call("GET", f"/api/traders/{ALICE}").body["followers"]

    shown = {each["name"]: (each["accepted"], each["rejected"], each["followed_out"]) for each in found}
    assert shown == {"everybody": (1, 1, 0), "named": (0, 2, 0), "live": (0, 0, 0)}
    assert {each["name"]: (each["orders"], each["pnl_usd"]) for each in found} == {
        "everybody": (1, "10.000000"), "named": (0, "0.000000"), "live": (0, "0.000000"),
    }  # fmt: skip
    ids = {each["name"]: (each["ft_wallet_id"], each["lt_strategy_id"]) for each in found}
    assert ids == {
        "everybody": (str(everybody), None), "named": (str(named), None), "live": (str(named), strategy),
    }  # fmt: skip


def test_a_trader_whom_nobody_ever_followed_is_not_found(api: Api) -> None:
    assert api.call("GET", f"/api/traders/{CAROL}").status == 404
    assert api.call("GET", f"/api/traders/{uuid4()}").status == 422
