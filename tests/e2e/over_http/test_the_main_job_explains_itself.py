"""The decisions of the main job, asked for through the front door with a signed token: each explains itself."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from live_trading.store.database.connection import Database, Row
from local.demo import job
from local.machine.patience import HANG_SECONDS
from local.stack.assembly import Stack, StackFacts

pytestmark = pytest.mark.e2e

MINUTES_MS = 45 * 60_000
MOST_EXPLAINED = 40


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StackFacts]:
    """A stack on which strategies and their FT wallets have copied for a while."""
    with Stack(directory=tmp_path_factory.mktemp("explained"), markets=1, front_door_port=None) as stack:
        replay = job.create(stack)
        failed: list[int] = []
        job.walk(
            stack,
            replay.start_ms,
            min(replay.end_ms, replay.start_ms + MINUTES_MS),
            lambda _at_ms, count: failed.append(count),
        )
        assert sum(failed) == 0
        yield stack


def told(stack: StackFacts, path: str) -> Any:
    answer = httpx.get(
        f"{stack.front_door_url}{path}",
        headers={"authorization": f"Bearer {stack.operator_token}"},
        timeout=HANG_SECONDS,
    )
    assert answer.status_code == 200, answer.text
    return answer.json()


def listed(stack: StackFacts, path: str, things: str) -> list[dict[str, Any]]:
    """All pages."""
    found: list[dict[str, Any]] = []
    page = told(stack, path)
    found += page[things]
    while page["next_cursor"] is not None:
        page = told(stack, f"{path}&cursor={page['next_cursor']}")
        found += page[things]
    return found


def kept(stack: StackFacts, sql: str) -> list[Row]:
    database = Database(stack.connect)
    try:
        with database.transaction() as transaction:
            return transaction.rows(sql)
    finally:
        database.close()


def subjects(stack: StackFacts) -> list[str]:
    """Everybody who decided, by the parameter that asks for it."""
    rows = kept(stack, "SELECT DISTINCT ft_wallet_id, lt_strategy_id FROM decisions")
    return [
        f"ft_wallet_id={row['ft_wallet_id']}"
        if row["lt_strategy_id"] is None
        else f"lt_strategy_id={row['lt_strategy_id']}"
        for row in rows
    ]


def test_every_decision_is_listed_once_and_counted(walked: StackFacts) -> None:
    found: list[int] = []
    counted = 0
    for subject in subjects(walked):
        decisions = listed(walked, f"/api/decisions?{subject}&limit=25", "decisions")
        assert all(each["failed"] is not None for each in decisions if each["verdict"] == "REJECTED")
        found += [each["decision_id"] for each in decisions]
        days = f"since={decisions[-1]['decided_at'][:19]}Z&until={decisions[0]['decided_at'][:19]}Z"
        summary = told(walked, f"/api/decisions/summary?{subject}&{days}")
        counted += summary["accepted"] + summary["rejected"] + summary["followed_out"]

    rows = kept(walked, "SELECT decision_id FROM decisions")
    assert sorted(found) == sorted(row["decision_id"] for row in rows)
    assert counted == len(rows) > 0


def test_a_decision_is_computed_again_to_the_same_and_names_its_order(walked: StackFacts) -> None:
    verdicts = set()
    for subject in subjects(walked):
        for each in told(walked, f"/api/decisions?{subject}&limit={MOST_EXPLAINED}")["decisions"]:
            found = told(walked, f"/api/decisions/{each['decision_id']}")

            assert (found["hash_agrees"], found["verdict_agrees"]) == (True, True), found
            assert found["decision"] == each
            is_taken = each["verdict"] == "ACCEPTED"
            if each["lt_strategy_id"] is not None:
                assert bool(found["live_orders"]) is is_taken
                assert bool(found["rules"]) or not is_taken
            else:
                assert (found["paper_order"] is not None) is is_taken
            verdicts.add(each["verdict"])
    assert verdicts >= {"ACCEPTED", "REJECTED"}


def test_a_decision_leads_to_its_trade_its_trader_and_its_paper_order(walked: StackFacts) -> None:
    (row,) = kept(walked, "SELECT ft_order_id, ft_wallet_id FROM ft_orders ORDER BY decided_at LIMIT 1")

    order = told(walked, f"/api/ft/orders/{row['ft_order_id']}")
    decision = told(walked, f"/api/decisions/{order['decision_id']}")["decision"]
    trade = told(walked, f"/api/source-trades/{decision['trade']['source_trade_id']}")
    trader = told(walked, f"/api/traders/{trade['source_trade']['trader_address']}")
    results = told(walked, f"/api/ft/wallets/{row['ft_wallet_id']}/results")

    assert trade["source_trade"] == decision["trade"]
    assert decision["decision_id"] in [each["decision_id"] for each in trade["decisions"]]
    assert str(row["ft_wallet_id"]) in [each["ft_wallet_id"] for each in trader["followers"]]
    assert results["in_all"]["orders"] + results["open_orders"] == len(
        listed(walked, f"/api/ft/wallets/{row['ft_wallet_id']}/orders?limit=10", "ft_orders")
    )


def test_the_front_door_gives_a_table_where_one_is_accepted(walked: StackFacts) -> None:
    subject = subjects(walked)[0]
    answer = httpx.get(
        f"{walked.front_door_url}/api/decisions?{subject}&limit=3",
        headers={"authorization": f"Bearer {walked.operator_token}", "accept": "text/csv"},
        timeout=HANG_SECONDS,
    )

    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/csv")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [int(row["decision_id"]) for row in rows] == [
        each["decision_id"] for each in told(walked, f"/api/decisions?{subject}&limit=3")["decisions"]
    ]
