"""Why was this skipped: decisions over the API, by whom, by reason and by time, without reading what was."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from live_trading.api.views.feed.decision_words import WORDS
from live_trading.nouns.decisions import Reason
from live_trading.nouns.money import Price, Shares
from live_trading.nouns.trades import Side
from live_trading.services.following import evaluation
from live_trading.store.database.connection import Database
from live_trading.store.shown.bounded_looks import MOST_LOOKED
from tests.integration.api_fixtures import STRANGER, Api, http_event
from tests.integration.explaining.decided_world import (
    NOW,
    all_pages,
    decide,
    decide_too_old,
    known_world,
    own_wallet,
    settle,
)
from tests.integration.source_builders import ALICE, BOB, CONDITION, NOON, YES, a_trade, minutes, seconds, store_trades

pytestmark = pytest.mark.integration

DECISIONS = "/api/decisions"


@pytest.fixture(autouse=True)
def _known(database: Database) -> None:
    known_world(database)


def ids(reply: Any) -> list[int]:
    return [each["decision_id"] for each in reply.body["decisions"]]


def test_every_reason_has_its_sentence() -> None:
    assert set(WORDS) == set(Reason)
    assert all(words.endswith(".") for words in WORDS.values())


def test_a_skipped_trade_says_by_which_check_in_words_and_numbers(api: Api, database: Database) -> None:
    wallet = own_wallet(database, price_max="0.4")
    (decision_id,) = decide(database, [a_trade()])

    (found,) = api.call("GET", f"{DECISIONS}?ft_wallet_id={wallet}").body["decisions"]

    assert (found["decision_id"], found["verdict"], found["reason"]) == (decision_id, "REJECTED", "price_out_of_range")
    assert found["reason_words"] == "The price lies outside of the configured range."
    assert found["failed"] == {"kind": "CHECK", "name": "price", "observed": "0.500000", "limit": "0..0.4"}
    assert (found["ft_wallet_id"], found["lt_strategy_id"]) == (str(wallet), None)
    trade = found["trade"]
    assert (trade["title"], trade["slug"], trade["outcome_label"]) == ("Will it rain?", "will-it-rain", "Yes")
    assert (trade["side"], trade["price"], trade["shares"], trade["usd"]) == (
        "BUY", "0.500000", "20.000000", "10.000000",
    )  # fmt: skip
    assert (trade["trader_address"], trade["condition_id"], trade["token_id"]) == (ALICE, CONDITION, YES)
    assert found["trade_to_decided_milliseconds"] == found["seen_to_decided_milliseconds"] == 300_000


def test_what_was_taken_has_nothing_that_failed(api: Api, database: Database) -> None:
    wallet = own_wallet(database)
    decide(database, [a_trade()])

    (found,) = api.call("GET", f"{DECISIONS}?ft_wallet_id={wallet}").body["decisions"]

    assert (found["verdict"], found["failed"], found["stake_usd"]) == ("ACCEPTED", None, "10.000000")


def test_decisions_are_found_by_verdict_reason_trader_market_trade_and_time(api: Api, database: Database) -> None:
    wallet = own_wallet(database, price_max="0.6", max_source_trade_usd="50")
    taken, dear, large = decide(
        database,
        [
            a_trade(1),
            a_trade(2, price=Price("0.7"), trade_time=NOON + seconds(1)),
            a_trade(3, shares=Shares(900), trader=BOB, trade_time=NOON + seconds(2)),
        ],
    )
    (later,) = decide(database, [a_trade(4, trade_time=NOON + minutes(6))], NOW + minutes(2))

    def found(**filters: str) -> list[int]:
        query = "&".join(f"{name}={value}" for name, value in filters.items())
        return ids(api.call("GET", f"{DECISIONS}?ft_wallet_id={wallet}&{query}"))

    assert found(limit="100") == [later, large, dear, taken]
    assert found(verdict="REJECTED") == [large, dear]
    assert found(verdict="ACCEPTED") == [later, taken]
    assert found(reason="price_out_of_range") == [dear]
    assert found(reason="price_out_of_range", verdict="ACCEPTED") == []
    assert found(trader_address=BOB) == [large]
    assert found(condition_id=CONDITION) == [later, large, dear, taken]
    assert found(condition_id="0x" + "ee" * 32) == []
    assert found(since="2026-09-28T12:06:00Z") == [later]
    assert found(until="2026-09-28T12:06:00Z") == [large, dear, taken]
    (trade,) = api.rows("SELECT source_trade_id FROM decisions WHERE decision_id = :id", id=dear)
    assert found(source_trade_id=str(trade["source_trade_id"])) == [dear]
    by_trade = api.call("GET", f"{DECISIONS}?source_trade_id={trade['source_trade_id']}")
    assert ids(by_trade) == [dear]


def test_pages_show_each_decision_once_while_others_are_made(api: Api, database: Database) -> None:
    wallet = own_wallet(database)
    made = decide(database, [a_trade(number, trade_time=NOON + seconds(number)) for number in range(10)])
    first = api.call("GET", f"{DECISIONS}?ft_wallet_id={wallet}&limit=4")
    decide(database, [a_trade(100, trade_time=NOON + minutes(6))], NOW + minutes(2))

    second = api.call("GET", f"{DECISIONS}?ft_wallet_id={wallet}&limit=4&cursor={first.body['next_cursor']}")
    third = api.call("GET", f"{DECISIONS}?ft_wallet_id={wallet}&limit=4&cursor={second.body['next_cursor']}")

    assert [*ids(first), *ids(second), *ids(third)] == made[::-1]
    assert third.body["next_cursor"] is None


def test_a_cursor_of_other_filters_is_refused(api: Api, database: Database) -> None:
    wallet = own_wallet(database)
    decide(database, [a_trade(number, trade_time=NOON + seconds(number)) for number in range(3)])
    cursor = api.call("GET", f"{DECISIONS}?ft_wallet_id={wallet}&limit=1").body["next_cursor"]

    refused = api.call("GET", f"{DECISIONS}?ft_wallet_id={wallet}&limit=1&verdict=ACCEPTED&cursor={cursor}")

    assert (refused.status, list(refused.fields)) == (422, ["cursor"])


def test_a_trader_among_many_others_is_found_over_pages_that_each_look_at_a_bounded_part(
    api: Api, database: Database
) -> None:
    wallet = own_wallet(database)
    of_bob = [
        a_trade(number, trader=BOB, trade_time=NOON + timedelta(milliseconds=number))
        for number in range(1, MOST_LOOKED + 200)
    ]
    store_trades(database, [a_trade(0), *of_bob])
    decide_too_old(database, timedelta(seconds=60))

    pages = all_pages(api, f"{DECISIONS}?ft_wallet_id={wallet}&trader_address={ALICE}", "decisions")

    assert [len(page) for page in pages] == [0, 1]
    assert pages[1][0]["trade"]["trader_address"] == ALICE
    assert pages[1][0]["reason"] == "signal_too_old"


def test_somebody_elses_decisions_do_not_exist(api: Api, database: Database) -> None:
    wallet = own_wallet(database)
    theirs = own_wallet(database, "theirs", owner=STRANGER)
    decide(database, [a_trade()])
    (mine,) = api.call("GET", f"{DECISIONS}?ft_wallet_id={wallet}").body["decisions"]
    trade = mine["trade"]["source_trade_id"]

    assert api.call("GET", f"{DECISIONS}/{mine['decision_id']}", owner=STRANGER).status == 404
    for subject in (f"ft_wallet_id={wallet}", f"lt_strategy_id={uuid4()}"):
        for route in (DECISIONS, f"{DECISIONS}/summary"):
            refused = api.call("GET", f"{route}?{subject}", owner=STRANGER)
            assert (refused.status, refused.error["code"]) == (404, "not_found")
    (seen,) = api.call("GET", f"{DECISIONS}?source_trade_id={trade}", owner=STRANGER).body["decisions"]
    assert seen["ft_wallet_id"] == str(theirs)


@pytest.mark.parametrize("route", [DECISIONS, f"{DECISIONS}/summary"])
def test_who_has_to_be_named_and_only_once(api: Api, database: Database, route: str) -> None:
    wallet = own_wallet(database)

    nobody = api.call("GET", route)
    both = api.call("GET", f"{route}?ft_wallet_id={wallet}&lt_strategy_id={uuid4()}")

    assert (nobody.status, list(nobody.fields)) == (422, ["lt_strategy_id"])
    assert (both.status, list(both.fields)) == (422, ["ft_wallet_id"])


@pytest.mark.parametrize(
    "query", ["verdict=MAYBE", "reason=bad_luck", "since=yesterday", "trader_address=0x12", "limit=0", "misspelt=1"]
)
def test_a_filter_that_does_not_fit_is_refused_by_its_name(api: Api, database: Database, query: str) -> None:
    wallet = own_wallet(database)

    refused = api.call("GET", f"{DECISIONS}?ft_wallet_id={wallet}&{query}")

    assert (refused.status, list(refused.fields)) == (422, [query.partition("=")[0]])


def test_decisions_come_as_a_table_too(api: Api, database: Database) -> None:
    wallet = own_wallet(database, price_max="0.4")
    decide(
        database,
        [a_trade(number, title='=SUM(A1), "rain"', trade_time=NOON + seconds(number)) for number in range(3)],
    )

    first = as_csv(api, f"{DECISIONS}?ft_wallet_id={wallet}&limit=2")
    rest = as_csv(api, f"{DECISIONS}?ft_wallet_id={wallet}&limit=2&cursor={first[1]}")

    assert [row["failed_name"] for row in first[0] + rest[0]] == ["price"] * 3
    assert first[0][0]["title"] == '\'=SUM(A1), "rain"'
    assert (first[0][0]["reason"], first[0][0]["price"]) == ("price_out_of_range", "0.500000")
    assert rest[1] is None


def as_csv(api: Api, path: str) -> tuple[list[dict[str, str]], str | None]:
    """The rows of a table and the cursor of the next page."""
    event = http_event("GET", path)
    event["headers"]["accept"] = "text/csv"
    reply = api.answer(event)
    headers = {name.lower(): value for name, value in reply["headers"].items()}
    assert (reply["statusCode"], headers["content-type"]) == (200, "text/csv")
    return list(csv.DictReader(io.StringIO(reply["body"]))), headers.get("x-next-cursor")


def test_the_summary_counts_by_reason_and_day_and_tells_what_was_passed_over(api: Api, database: Database) -> None:
    wallet = own_wallet(database, price_max="0.6", target_traders=[ALICE])
    trades = [
        a_trade(1),
        a_trade(2, price=Price("0.7"), trade_time=NOON + seconds(1)),
        a_trade(3, trader=BOB, trade_time=NOON + seconds(2)),
        a_trade(4, trader=BOB, side=Side.SELL, trade_time=NOON + seconds(3)),
        a_trade(5, side=Side.SELL, trade_time=NOON + seconds(4)),
    ]
    decide(database, trades)
    settle(database)
    settle(database)
    next_day = NOW + timedelta(days=1)
    decide(database, [a_trade(6, trade_time=next_day - minutes(1))], next_day)
    path = f"{DECISIONS}/summary?ft_wallet_id={wallet}&since=2026-09-01T00:00:00Z&until=2026-09-30T00:00:00Z"

    found = api.call("GET", path).body

    assert (found["since_day"], found["until_day"]) == ("2026-09-01", "2026-09-30")
    assert (found["accepted"], found["rejected"], found["passed_over"]) == (1, 2, 3)
    counts = {each["reason"]: (each["decided"], each["passed_over"]) for each in found["reasons"]}
    assert counts == {
        "accepted": (1, 0),
        "price_out_of_range": (1, 0),
        "trader_stats_missing": (1, 0),
        "not_target_trader": (0, 1),
        "not_an_entry": (0, 2),
    }
    assert [(each["day"], each["rejected"], each["passed_over"]) for each in found["days"]] == [
        ("2026-09-29", 1, 0), ("2026-09-28", 1, 3),
    ]  # fmt: skip


def test_counts_stay_when_old_decisions_go(api: Api, database: Database) -> None:
    wallet = own_wallet(database, price_max="0.4")
    decide(database, [a_trade()])
    with database.transaction() as transaction:
        transaction.execute("DELETE FROM decisions")

    path = f"{DECISIONS}/summary?ft_wallet_id={wallet}&until=2026-09-30T00:00:00Z"

    assert api.call("GET", path).body["rejected"] == 1


@pytest.mark.parametrize(
    "span",
    ["since=2026-09-30T00:00:00Z&until=2026-09-01T00:00:00Z", "since=2024-09-01T00:00:00Z&until=2026-09-01T00:00:00Z"],
)
def test_days_that_are_too_many_or_the_wrong_way_round_are_refused(api: Api, database: Database, span: str) -> None:
    wallet = own_wallet(database)

    refused = api.call("GET", f"{DECISIONS}/summary?ft_wallet_id={wallet}&{span}")

    assert (refused.status, list(refused.fields)) == (422, ["since"])


def test_a_wallets_own_decisions_are_not_those_of_the_strategy_behind_it(api: Api, database: Database) -> None:
    wallet = own_wallet(database)
    strategy: UUID = UUID(api.strategy(ft_wallet_id=str(wallet))["lt_strategy_id"])
    decide(database, [a_trade()])

    assert len(ids(api.call("GET", f"{DECISIONS}?ft_wallet_id={wallet}"))) == 1
    assert ids(api.call("GET", f"{DECISIONS}?lt_strategy_id={strategy}")) == []


def test_what_a_strategy_passes_over_is_counted_as_its_own(api: Api, database: Database) -> None:
    wallet = own_wallet(database, target_traders=[ALICE])
    strategy = UUID(api.strategy(ft_wallet_id=str(wallet))["lt_strategy_id"])
    store_trades(database, [a_trade(1, trader=BOB), a_trade(2, trader=BOB, trade_time=NOON + seconds(1))])
    with database.transaction() as transaction:
        transaction.execute("UPDATE lt_strategies SET launched_at = :noon", noon=NOON)
        evaluation.settle(transaction, [evaluation.strategy_subject(transaction, strategy)], NOW)

    until = "until=2026-09-30T00:00:00Z"
    of_strategy = api.call("GET", f"{DECISIONS}/summary?lt_strategy_id={strategy}&{until}").body
    of_wallet = api.call("GET", f"{DECISIONS}/summary?ft_wallet_id={wallet}&{until}").body

    assert (of_strategy["passed_over"], of_strategy["rejected"]) == (2, 0)
    assert (of_wallet["passed_over"], of_wallet["rejected"]) == (0, 0)
