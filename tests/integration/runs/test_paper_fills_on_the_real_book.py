"""Paper trading end to end over a real Postgres, a real chain and the real clients."""

from __future__ import annotations

from decimal import Decimal

import pytest

from live_trading.nouns.money import Price, Shares
from live_trading.nouns.trades import Side
from live_trading.services.following.explaining import explain
from live_trading.store.database import leases
from tests.integration.paper_bench_fixtures import Bench, on_market
from tests.integration.scripted_venue import book_row, gamma_row
from tests.integration.source_builders import (
    ALICE,
    BOB,
    CONDITION,
    NO,
    NOON,
    YES,
    a_record,
    a_trade,
    add_version,
    create_wallet,
    follow,
    minutes,
    seconds,
    stats_of,
    store_stats,
)

pytestmark = pytest.mark.integration


def test_an_accepted_trade_is_filled_on_the_book_with_its_evidence(bench: Bench) -> None:
    wallet = create_wallet(bench.database)
    bench.feed((a_trade(), NOON + seconds(30)))

    report = bench.run_paper(NOON + minutes(1))

    assert (report.decisions, report.orders, report.failures) == ({"accepted": 1}, {"FULL": 1}, [])
    (order,) = bench.rows("SELECT * FROM ft_orders")
    assert (order["ft_wallet_id"], order["outcome"], order["fill_method"]) == (wallet, "OPEN", "book")
    assert (order["shares"], order["cost_usd"], order["fee_usd"]) == (Decimal(20), Decimal(10), Decimal(0))
    assert (order["book_hash"], order["book_taken_at"]) == ("b" * 40, NOON)
    assert (order["fill_price"], order["signal_price"], order["decided_at"]) == (
        Decimal("0.5"),
        Decimal("0.5"),
        NOON + minutes(1),
    )
    assert bench.bankroll(wallet) == "990.000000"


def test_a_decision_keeps_every_check_and_the_inputs_that_its_hash_is_of(bench: Bench) -> None:
    create_wallet(bench.database)
    bench.feed((a_trade(), NOON + seconds(30)))

    bench.run_paper(NOON + minutes(1))

    (decision,) = bench.rows("SELECT * FROM decisions INNER JOIN decision_evidence USING (source_trade_id)")
    names = [name for name, _, _, _ in decision["checks"]]
    assert (names[0], names[-1]) == ("side", "cash_usd")
    assert decision["shared"]["trade"]["transaction_hash"] == a_trade().transaction_hash
    assert decision["shared"]["stats"]["as_of"] == NOON.isoformat()
    assert decision["probability"] == Decimal("0.8")
    with bench.database.transaction() as transaction:
        found = explain(transaction, decision["decision_id"])
    assert (found.hash_agrees, found.verdict_agrees) == (True, True)
    assert found.checks == found.decision.checks


def test_every_active_wallet_decides_every_trade_once_however_often_it_runs(bench: Bench) -> None:
    wallets = [create_wallet(bench.database, name=name) for name in ("one", "two")]
    create_wallet(bench.database, name="asleep", is_active=False)
    bench.feed((a_trade(1), NOON + seconds(10)), (a_trade(2), NOON + seconds(20)))

    for minute in (1, 2, 3):
        bench.run_paper(NOON + minutes(minute))

    assert bench.count("decisions") == 4
    assert [bench.reasons(wallet) for wallet in wallets] == [["accepted", "accepted"]] * 2


def test_a_run_that_executes_nothing_loses_no_trade(bench: Bench) -> None:
    wallet = create_wallet(bench.database)
    bench.venue.broken_paths.add("/books")
    bench.feed((a_trade(), NOON + seconds(30)))
    nothing = bench.run_paper(NOON + minutes(1))

    bench.venue.broken_paths.clear()
    report = bench.run_paper(NOON + minutes(2))

    assert (nothing.decisions, nothing.waiting) == ({}, 1)
    assert report.orders == {"FULL": 1}
    assert bench.reasons(wallet) == ["accepted"]


def test_a_row_that_the_feed_shows_late_is_still_decided(bench: Bench) -> None:
    wallet = create_wallet(bench.database)
    bench.feed((a_trade(2), NOON + minutes(5)))
    bench.run_paper(NOON + minutes(6))

    bench.feed((a_trade(1), NOON + minutes(4)))
    bench.run_paper(NOON + minutes(7))

    assert bench.reasons(wallet) == ["accepted", "accepted"]


def test_trades_from_before_the_wallet_was_created_are_none_of_its_business(bench: Bench) -> None:
    wallet = create_wallet(bench.database, created_at=NOON + minutes(2))
    bench.feed((a_trade(1), NOON + minutes(1)), (a_trade(2), NOON + minutes(3)))

    bench.run_paper(NOON + minutes(4))

    assert bench.reasons(wallet) == ["accepted"]


def test_a_sell_is_counted_once_and_opens_nothing(bench: Bench) -> None:
    wallet = create_wallet(bench.database)
    bench.feed((a_trade(side=Side.SELL), NOON + seconds(30)))

    reports = [bench.run_paper(NOON + minutes(1)), bench.run_paper(NOON + minutes(2))]

    assert [report.decisions for report in reports] == [{"not_an_entry": 1}, {}]
    assert (bench.reasons(wallet), bench.count("ft_orders")) == ([], 0)


def test_a_market_with_its_result_on_the_chain_is_never_filled_whatever_the_catalogue_says(bench: Bench) -> None:
    wallet = create_wallet(bench.database)
    market, question_id = bench.open_market()
    bench.chain.report_payouts(question_id, [1, 0])
    bench.feed((on_market(market), NOON + seconds(30)))

    bench.run_paper(NOON + minutes(1))

    assert bench.reasons(wallet) == ["market_not_open"]
    assert bench.count("ft_orders") == 0


def test_a_book_thinner_than_the_stake_fills_in_part(bench: Bench) -> None:
    create_wallet(bench.database)
    bench.venue.books[YES] = book_row(asks=(("0.5", "8"), ("0.51", "2"), ("0.6", "1000")))
    bench.feed((a_trade(), NOON + seconds(30)))

    bench.run_paper(NOON + minutes(1))

    (order,) = bench.rows("SELECT fill_result, shares, cost_usd, fill_price FROM ft_orders")
    assert order == {
        "fill_result": "PARTIAL",
        "shares": Decimal(10),
        "cost_usd": Decimal("5.02"),
        "fill_price": Decimal("0.502"),
    }


def test_a_book_that_moved_away_fills_nothing_and_ties_up_no_money(bench: Bench) -> None:
    wallet = create_wallet(bench.database)
    bench.venue.books[YES] = book_row(asks=(("0.6", "1000"),))
    bench.feed((a_trade(), NOON + seconds(30)))

    report = bench.run_paper(NOON + minutes(1))

    (order,) = bench.rows("SELECT fill_result, outcome, pnl_usd, book_hash FROM ft_orders")
    assert report.orders == {"NONE": 1}
    assert order == {"fill_result": "NONE", "outcome": "NOT_FILLED", "pnl_usd": Decimal(0), "book_hash": "b" * 40}
    assert bench.bankroll(wallet) == "1000.000000"


def test_the_second_bet_of_a_run_finds_the_book_without_what_the_first_took(bench: Bench) -> None:
    create_wallet(bench.database)
    bench.venue.books[YES] = book_row(asks=(("0.5", "30"),))
    bench.feed((a_trade(1), NOON + seconds(10)), (a_trade(2), NOON + seconds(20)))

    bench.run_paper(NOON + minutes(1))

    rows = bench.rows("SELECT shares FROM ft_orders ORDER BY source_trade_id")
    assert [row["shares"] for row in rows] == [Decimal(20), Decimal(10)]


def test_two_wallets_do_not_take_each_others_book(bench: Bench) -> None:
    for name in ("one", "two"):
        create_wallet(bench.database, name=name)
    bench.venue.books[YES] = book_row(asks=(("0.5", "20"),))
    bench.feed((a_trade(), NOON + seconds(10)))

    report = bench.run_paper(NOON + minutes(1))

    assert report.orders == {"FULL": 2}
    assert bench.venue.questions["/books"] == 1


@pytest.mark.money_faults
def test_a_trade_whose_book_is_missing_or_unreadable_waits_and_is_filled_when_it_is_there(bench: Bench) -> None:
    wallet = create_wallet(bench.database)
    bench.feed((a_trade(), NOON + seconds(30)))
    for minute, book in ((1, None), (2, book_row(asks=(("1.5", "10"),)))):
        bench.venue.books = {} if book is None else {YES: book}
        early = bench.run_paper(NOON + minutes(minute))
        assert (early.decisions, early.waiting) == ({}, 1)

    bench.venue.books = {YES: book_row()}
    report = bench.run_paper(NOON + minutes(3))

    assert report.orders == {"FULL": 1}
    assert bench.reasons(wallet) == ["accepted"]


@pytest.mark.money_faults
def test_a_trade_that_waits_for_its_book_waits_no_longer_than_it_is_worth_anything(bench: Bench) -> None:
    wallet = create_wallet(bench.database)
    bench.venue.books.clear()
    bench.feed((a_trade(), NOON + seconds(30)))
    bench.run_paper(NOON + minutes(1))

    bench.run_paper(NOON + minutes(11))

    assert bench.reasons(wallet) == ["signal_too_old"]
    (decision,) = bench.rows("SELECT verdict, stake_usd FROM decisions")
    assert decision == {"verdict": "REJECTED", "stake_usd": Decimal(0)}


@pytest.mark.money_faults
def test_a_book_on_a_grid_that_cannot_be_used_is_refused_by_name_and_the_next_trade_is_filled(bench: Bench) -> None:
    wallet = create_wallet(bench.database)
    bench.venue.books = {NO: book_row(NO), YES: book_row(tick_size="0.03")}
    bench.feed((a_trade(1), NOON + seconds(10)), (a_trade(2, token_id=NO, outcome_index=1), NOON + seconds(20)))

    report = bench.run_paper(NOON + minutes(1))

    assert report.failures == []
    assert bench.reasons(wallet) == ["tick_unusable", "accepted"]


def test_the_older_fixed_slippage_needs_no_book(bench: Bench) -> None:
    create_wallet(bench.database, config={"paper_fill": "fixed_slippage"})
    bench.venue.broken_paths.add("/books")
    bench.feed((a_trade(), NOON + seconds(30)))

    bench.run_paper(NOON + minutes(1))

    (order,) = bench.rows("SELECT fill_method, fill_result, fill_price, book_hash FROM ft_orders")
    assert order == {
        "fill_method": "fixed_slippage",
        "fill_result": "FULL",
        "fill_price": Decimal("0.5015"),
        "book_hash": None,
    }


def test_bets_are_judged_in_trade_time_and_each_lowers_the_bankroll_of_the_next(bench: Bench) -> None:
    wallet = create_wallet(bench.database, balance="15")
    bench.feed((a_trade(2), NOON + seconds(20)), (a_trade(1), NOON + seconds(10)), (a_trade(3), NOON + seconds(30)))

    bench.run_paper(NOON + minutes(1))

    assert bench.reasons(wallet) == ["accepted", "insufficient_cash", "insufficient_cash"]
    rows = bench.rows("SELECT own ->> 'bankroll' AS usd FROM decisions ORDER BY source_trade_id")
    assert [row["usd"] for row in rows] == ["15", "5", "5"]


def test_fees_of_the_market_come_on_top_and_out_of_the_bankroll(bench: Bench) -> None:
    wallet = create_wallet(bench.database)
    bench.venue.markets[CONDITION] = gamma_row(
        feesEnabled=True, feeSchedule={"rate": "0.07", "exponent": 1, "takerOnly": True}
    )
    bench.feed((a_trade(), NOON + seconds(30)))

    bench.run_paper(NOON + minutes(1))

    (order,) = bench.rows("SELECT cost_usd, fee_usd FROM ft_orders")
    assert order == {"cost_usd": Decimal(10), "fee_usd": Decimal("0.35")}
    assert bench.bankroll(wallet) == "989.650000"


def test_an_old_signal_is_refused(bench: Bench) -> None:
    wallet = create_wallet(bench.database)
    bench.feed((a_trade(), NOON + seconds(30)))

    bench.run_paper(NOON + minutes(11))

    assert bench.reasons(wallet) == ["signal_too_old"]


def test_one_wallets_error_does_not_stop_the_others(bench: Bench) -> None:
    broken = create_wallet(bench.database, name="broken", config={"no_such_key": 1})
    sound = create_wallet(bench.database, name="sound")
    bench.feed((a_trade(), NOON + seconds(30)))

    report = bench.run_paper(NOON + minutes(1))

    assert bench.reasons(sound) == ["accepted"]
    assert [(each.part, each.error) for each in report.failures] == [(f"ft_wallet {broken}", "InvalidConfig")]


def test_while_the_catalogue_is_away_trades_wait_and_are_decided_when_it_is_back(bench: Bench) -> None:
    wallet = create_wallet(bench.database)
    bench.venue.broken_paths.add("/markets/keyset")
    bench.feed((a_trade(), NOON + seconds(30)))
    away = bench.run_paper(NOON + minutes(1))

    bench.venue.broken_paths.clear()
    bench.run_paper(NOON + minutes(2))

    assert (away.decisions, away.waiting) == ({}, 1)
    assert bench.reasons(wallet) == ["accepted"]


def test_a_market_that_the_catalogue_does_not_have_is_unknown_at_once(bench: Bench) -> None:
    wallet = create_wallet(bench.database)
    bench.venue.markets.clear()
    bench.feed((a_trade(), NOON + seconds(30)))

    bench.run_paper(NOON + minutes(1))

    assert bench.reasons(wallet) == ["market_unknown"]


def test_a_market_of_an_unknown_protocol_version_is_refused(bench: Bench) -> None:
    wallet = create_wallet(bench.database)
    bench.venue.markets[CONDITION] = gamma_row(version="v9")
    bench.feed((a_trade(), NOON + seconds(30)))

    bench.run_paper(NOON + minutes(1))

    assert bench.reasons(wallet) == ["market_version_unsupported"]


def test_a_record_that_can_not_be_had_makes_its_trades_wait_only_so_long(bench: Bench) -> None:
    follow(bench.database, [BOB])
    wallet = create_wallet(bench.database)
    bench.venue.broken_paths.add("/v2/positions")
    bench.feed((a_trade(trader=BOB), NOON + seconds(30)))
    waiting = bench.run_paper(NOON + minutes(1))

    bench.run_paper(NOON + minutes(12))

    assert waiting.waiting == 1
    assert bench.reasons(wallet) == ["signal_too_old"]


def test_a_record_that_can_not_be_read_is_missing_and_not_assumed(bench: Bench) -> None:
    follow(bench.database, [BOB])
    wallet = create_wallet(bench.database)
    bench.venue.positions[BOB] = [{"status": "CLOSED", "proxy_wallet": BOB}]
    bench.feed((a_trade(trader=BOB), NOON + seconds(30)))

    bench.run_paper(NOON + minutes(1))

    assert bench.reasons(wallet) == ["trader_stats_missing"]


def test_the_win_rate_leans_on_the_population_of_followed_traders(bench: Bench) -> None:
    follow(bench.database, [BOB])
    store_stats(bench.database, [stats_of(BOB, NOON, a_record(resolved=100, won=20))])
    create_wallet(bench.database)
    bench.feed((a_trade(), NOON + seconds(30)))

    bench.run_paper(NOON + minutes(1))

    (decision,) = bench.rows(
        "SELECT probability, shared ->> 'prior_mean' AS prior FROM decisions "
        "INNER JOIN decision_evidence USING (source_trade_id, evidence_key)"
    )
    assert decision == {"probability": Decimal("0.73076923"), "prior": "0.5"}


def test_a_run_that_is_held_elsewhere_does_nothing(bench: Bench) -> None:
    wallet = create_wallet(bench.database)
    bench.feed((a_trade(), NOON + seconds(30)))
    with bench.database.transaction() as transaction:
        leases.acquire(transaction, "ft-sync", "other", NOON, 600)

    report = bench.run_paper(NOON + minutes(1))

    assert (report.ran, bench.reasons(wallet)) == (False, [])


def test_while_another_invocation_ingests_what_is_stored_is_decided(bench: Bench) -> None:
    wallet = create_wallet(bench.database)
    bench.feed((a_trade(), NOON + seconds(30)))
    bench.run_ingest(NOON + minutes(1))
    with bench.database.transaction() as transaction:
        leases.acquire(transaction, "ingest", "other", NOON + minutes(1), 600)

    report = bench.run_paper(NOON + minutes(1))

    assert report.ingest is not None
    assert not report.ingest.ran
    assert bench.reasons(wallet) == ["accepted"]


def test_more_than_a_thousand_trades_are_all_decided_in_one_run(bench: Bench) -> None:
    wallet = create_wallet(bench.database, name="Alice's", config={"price_min": "0.99"})
    other = create_wallet(bench.database, name="Bob's", config={"target_traders": [BOB]})
    bench.feed(*((a_trade(number), NOON + seconds(number / 10)) for number in range(1, 2302)))

    report = bench.run_paper(NOON + minutes(5))

    assert report.decisions == {"price_out_of_range": 2301, "not_target_trader": 2301}
    assert (len(bench.reasons(wallet)), bench.reasons(other)) == (2301, [])


def test_a_new_version_of_the_configuration_decides_only_what_is_undecided(bench: Bench) -> None:
    wallet = create_wallet(bench.database)
    bench.feed((a_trade(1), NOON + seconds(30)))
    bench.run_paper(NOON + minutes(1))

    with bench.database.transaction() as transaction:
        add_version(transaction, wallet, 2, {"price_max": "0.4"}, NOON)
        transaction.execute("UPDATE ft_wallets SET current_version = 2")
    bench.feed((a_trade(2), NOON + seconds(90)))
    bench.run_paper(NOON + minutes(2))

    rows = bench.rows("SELECT reason, config_version FROM decisions WHERE ft_wallet_id = :id ORDER BY 2", id=wallet)
    assert rows == [
        {"reason": "accepted", "config_version": 1},
        {"reason": "price_out_of_range", "config_version": 2},
    ]


def test_several_fills_of_one_transaction_are_decided_one_by_one(bench: Bench) -> None:
    wallet = create_wallet(bench.database)
    same = a_trade(1)
    bench.feed(
        (same, NOON + seconds(5)), (same, NOON + seconds(5)), (a_trade(1, price=Price("0.51")), NOON + seconds(5))
    )

    bench.run_paper(NOON + minutes(1))

    assert bench.reasons(wallet) == ["accepted"] * 3
    assert bench.count("ft_orders") == 3


def test_a_trader_nobody_follows_any_more_is_not_read(bench: Bench) -> None:
    wallet = create_wallet(bench.database)
    bench.feed((a_trade(shares=Shares("40")), NOON + seconds(5)))
    with bench.database.transaction() as transaction:
        transaction.execute("UPDATE traders SET is_followed = FALSE WHERE trader_address = :trader", trader=ALICE)

    report = bench.run_paper(NOON + minutes(1))

    assert report.ingest is not None
    assert report.ingest.traders == 0
    assert bench.reasons(wallet) == []


def test_a_wallet_that_ends_decides_that_it_is_not_running(bench: Bench) -> None:
    ended = (NOON + seconds(40)).isoformat()
    wallet = create_wallet(bench.database, config={"end_date": ended})
    bench.feed((a_trade(), NOON + seconds(30)))

    bench.run_paper(NOON + minutes(1))

    assert bench.reasons(wallet) == ["wallet_not_running"]
