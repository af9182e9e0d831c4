"""Many paper wallets in one run: as many statements as one, each trade decided once, and a burst in steps."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest

from live_trading.nouns.errors import LeaseLost
from live_trading.services.paper import paper_deciding
from live_trading.services.running.budget import Budget
from tests.integration.paper_bench_fixtures import Bench
from tests.integration.source_builders import (
    ALICE,
    BOB,
    CONDITION,
    NOON,
    a_trade,
    create_wallet,
    follow,
    minutes,
    seconds,
    stats_of,
    store_stats,
    store_trades,
)
from tests.statement_counting import counted_round_trips

pytestmark = pytest.mark.integration


def traded(bench: Bench, *numbers: int, trader: str = ALICE) -> None:
    store_trades(
        bench.database,
        [a_trade(number, trader=trader, trade_time=NOON + seconds(number)) for number in numbers],
        NOON + seconds(min(numbers)),
    )


def run(bench: Bench, at: float, budget: Budget | None = None) -> Counter[str]:
    bench.clock.at = NOON + minutes(at)
    report = bench.paper.run(budget, reads_feed=False)
    assert report.failures == []
    return report.decisions


def decided(bench: Bench) -> int:
    return bench.count("decisions")


@pytest.mark.parametrize("kind", ["idle", "excluded", "refused", "bets"])
def test_a_run_of_a_hundred_wallets_asks_as_much_as_that_of_one(bench: Bench, kind: str) -> None:
    config = {
        "idle": {},
        "excluded": {"target_traders": [BOB]},
        "refused": {"price_min": "0.9"},
        "bets": {"paper_fill": "fixed_slippage"},
    }[kind]
    asked: list[Counter[str]] = []
    made = 0
    for round_, wallets in enumerate((1, 1, 10, 100)):
        while made < wallets:
            made += 1
            create_wallet(bench.database, name=f"wallet {made}", config=config)
        run(bench, 3 * round_)
        if kind != "idle":
            traded(bench, *range(180 * round_ + 1, 180 * round_ + 2 + round_))
        with counted_round_trips() as trips:
            decisions = run(bench, 3 * round_ + 1.5)
        assert (sum(decisions.values()) >= wallets) is (kind != "idle")
        asked.append(trips.by_statement)

    # The first asks what a market has that nobody knew.
    _, one, ten, hundred = asked
    assert one == ten == hundred


def test_the_chain_is_asked_of_a_market_once_for_all_wallets(bench: Bench) -> None:
    for number in range(5):
        create_wallet(bench.database, name=f"wallet {number}")
    traded(bench, 1, 2, 3)

    with counted_round_trips() as trips:
        run(bench, 1)

    assert decided(bench) == 15
    assert len(trips.of("INSERT INTO decisions")) == 1
    assert len(trips.of("INSERT INTO ft_orders")) == 1


def test_a_burst_is_committed_in_steps_and_whoever_comes_after_a_killed_run_goes_on(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paper_deciding, "STEP", 4)
    wallets = [create_wallet(bench.database, name=f"wallet {number}") for number in range(2)]
    traded(bench, *range(1, 7))
    steps: list[int] = []
    insert = paper_deciding.ft_orders.insert

    def killed(*arguments: object) -> None:
        steps.append(decided(bench))
        if len(steps) == 3:
            raise KeyboardInterrupt
        insert(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(paper_deciding.ft_orders, "insert", killed)
    with pytest.raises(KeyboardInterrupt):
        run(bench, 1)
    before = decided(bench)
    monkeypatch.setattr(paper_deciding.ft_orders, "insert", insert)

    decisions = run(bench, 3)

    assert (steps, before, decisions) == ([0, 4, 8], 8, {"accepted": 4})
    assert [bench.reasons(wallet) for wallet in wallets] == [["accepted"] * 6] * 2
    assert bench.count("ft_orders") == 12
    assert [bench.bankroll(wallet) for wallet in wallets] == ["940.000000"] * 2


def test_where_time_runs_out_no_wallet_is_ahead_of_another_and_all_are_named(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paper_deciding, "STEP", 6)
    wallets = [create_wallet(bench.database, name=f"wallet {number}") for number in range(3)]
    traded(bench, *range(1, 7))
    bench.clock.at = NOON + minutes(1)
    asked: list[int] = []

    def two_steps() -> float:
        asked.append(1)
        return 100.0 if len(asked) <= 3 else 0.0

    report = bench.paper.run(Budget(two_steps), reads_feed=False)

    assert [len(bench.reasons(wallet)) for wallet in wallets] == [4, 4, 4]
    assert report.left == sorted(f"ft_wallet {wallet}" for wallet in wallets)
    assert run(bench, 2) == {"accepted": 6}


def test_two_runs_that_overlap_decide_and_bet_once(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    wallets = [create_wallet(bench.database, name=f"wallet {number}") for number in range(3)]
    traded(bench, 1, 2)
    judge = paper_deciding.first_judged
    second: list[Counter[str]] = []

    def overtaken(*arguments: object) -> object:
        made = judge(*arguments)  # type: ignore[arg-type]
        if not second:
            second.append(Counter())
            bench.clock.at += timedelta(minutes=2)
            second[0] = bench.paper.run(reads_feed=False).decisions
        return made

    monkeypatch.setattr(paper_deciding, "first_judged", overtaken)
    bench.clock.at = NOON + minutes(1)
    with pytest.raises(LeaseLost):
        bench.paper.run(reads_feed=False)

    assert second == [{"accepted": 6}]
    assert [bench.reasons(wallet) for wallet in wallets] == [["accepted", "accepted"]] * 3
    assert bench.count("ft_orders") == 6


def test_a_refused_decision_of_one_wallet_leaves_those_of_the_others(bench: Bench) -> None:
    wallets = [create_wallet(bench.database, name=f"wallet {number}") for number in range(3)]
    traded(bench, 1, 2)
    (second,) = bench.rows("SELECT max(source_trade_id) AS number FROM source_trades")
    with bench.database.transaction() as transaction:
        transaction.execute(
            f"ALTER TABLE decisions ADD CONSTRAINT refused CHECK "
            f"(ft_wallet_id <> '{wallets[1]}' OR source_trade_id <> {second['number']})"
        )
    bench.clock.at = NOON + minutes(1)

    report = bench.paper.run(reads_feed=False)

    assert [len(bench.reasons(wallet)) for wallet in wallets] == [2, 1, 2]
    assert [each.part for each in report.failures] == [f"trade {second['number']}"]


def test_the_books_that_one_wallets_bets_leave_are_found_by_its_own_alone_step_after_step(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paper_deciding, "STEP", 2)
    one, other = (
        create_wallet(bench.database, name=name, balance="5000", config={"bet_size": "400", "max_bet": "400"})
        for name in ("one", "other")
    )
    follow(bench.database, [BOB])
    store_stats(bench.database, [stats_of(BOB, NOON)])
    traded(bench, 1, 2)

    run(bench, 1)

    rows = bench.rows("SELECT ft_wallet_id, shares FROM ft_orders ORDER BY decided_at, source_trade_id")
    by_wallet = {wallet: [row["shares"] for row in rows if row["ft_wallet_id"] == wallet] for wallet in (one, other)}
    assert by_wallet[one] == by_wallet[other] == [800, 200]
    assert bench.rows("SELECT DISTINCT condition_id FROM ft_orders") == [{"condition_id": CONDITION}]
