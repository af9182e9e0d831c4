"""Resolution of paper orders by what the real ConditionalTokens contract says."""

from __future__ import annotations

from decimal import Decimal

import pytest

from live_trading.chain.abi import Function
from live_trading.nouns.markets import PayoutVector
from live_trading.store.database import leases
from live_trading.store.feed import markets
from live_trading.store.feed.markets import ContradictingResolution
from local.chain import ADDRESSES, ORACLE
from tests.integration.chain_fixtures import fresh_id
from tests.integration.paper_bench_fixtures import Bench, on_market
from tests.integration.scripted_venue import book_row, gamma_row
from tests.integration.source_builders import CONDITION, NOON, a_trade, create_wallet, minutes, seconds, store_market

pytestmark = pytest.mark.integration


def outcomes(bench: Bench) -> list[tuple[str, Decimal]]:
    rows = bench.rows("SELECT outcome, pnl_usd FROM ft_orders ORDER BY source_trade_id")
    return [(row["outcome"], row["pnl_usd"]) for row in rows]


@pytest.mark.parametrize(
    ("payouts", "expected"),
    [
        pytest.param([1, 0], [("WON", Decimal(10)), ("LOST", Decimal(-10))], id="first outcome wins"),
        pytest.param([0, 1], [("LOST", Decimal(-10)), ("WON", Decimal(10))], id="second outcome wins"),
        pytest.param([1, 1], [("SPLIT", Decimal(0)), ("SPLIT", Decimal(0))], id="50/50"),
        pytest.param([3, 1], [("SPLIT", Decimal(5)), ("SPLIT", Decimal(-5))], id="three to one"),
    ],
)
def test_each_order_is_paid_what_the_vector_says_for_its_outcome(
    bench: Bench, payouts: list[int], expected: list[tuple[str, Decimal]]
) -> None:
    wallet = create_wallet(bench.database)
    market, question_id = bench.open_market()
    bench.feed((on_market(market, 1, 0), NOON + seconds(10)), (on_market(market, 2, 1), NOON + seconds(20)))
    bench.run_paper(NOON + minutes(1))
    bench.chain.report_payouts(question_id, payouts)

    report = bench.run_resolve(NOON + minutes(2))

    assert outcomes(bench) == expected
    assert (report.resolved, report.waiting, report.outcomes.total()) == (1, 0, 2)
    total = Decimal(1000) + sum(pnl for _, pnl in expected)
    assert Decimal(bench.bankroll(wallet)) == total


@pytest.mark.parametrize(
    ("payouts", "expected"),
    [
        pytest.param((1, 0), [("WON", Decimal(10)), ("LOST", Decimal(-10))], id="first outcome wins"),
        pytest.param((3, 1), [("SPLIT", Decimal(5)), ("SPLIT", Decimal(-5))], id="three to one"),
    ],
)
@pytest.mark.parametrize("pad", ["", "00"], ids=["feed of 31 bytes", "feed of 32 bytes"])
def test_a_market_of_the_second_protocol_is_entered_and_paid_as_one_of_the_first(
    bench: Bench, pad: str, payouts: tuple[int, int], expected: list[tuple[str, Decimal]]
) -> None:
    create_wallet(bench.database)
    # The id of a position is its condition and a byte for the outcome, and has 64 zero bits in this place.
    condition = "0x01" + fresh_id()[2:38] + "0" * 16 + fresh_id()[2:10]
    positions = [str(int(condition, 16) << 8 | index) for index in (0, 1)]
    bench.venue.markets[condition] = gamma_row(
        condition, version="v2", positionIds=positions, resolutionStatus="active"
    )
    for index, position in enumerate(positions):
        bench.venue.books[position] = book_row(position, market=condition + "00")
        trade = a_trade(index + 1, condition_id=condition + pad, token_id=position, outcome_index=index)
        bench.feed((trade, NOON + seconds(10 * (index + 1))))
    bench.run_paper(NOON + minutes(1))
    before = bench.run_resolve(NOON + minutes(2))
    report = Function("report(bytes31,uint256,uint256)")
    bench.chain.send_as(ORACLE, str(ADDRESSES.position_manager), report, condition, *payouts)

    after = bench.run_resolve(NOON + minutes(3))

    assert (before.resolved, before.waiting) == (0, 1)
    assert (after.resolved, after.failures, outcomes(bench)) == (1, [], expected)


def test_the_outcome_goes_by_the_tokens_place_in_the_market_and_never_by_its_label(bench: Bench) -> None:
    create_wallet(bench.database)
    market, question_id = bench.open_market(outcomes='["No", "Yes"]')
    mislabelled = on_market(market, 1, 1, outcome="No")
    bench.feed((mislabelled, NOON + seconds(10)))
    bench.run_paper(NOON + minutes(1))
    bench.chain.report_payouts(question_id, [0, 1])

    bench.run_resolve(NOON + minutes(2))

    assert outcomes(bench) == [("WON", Decimal(10))]


def test_a_wrong_outcome_index_in_the_feed_does_not_change_what_is_paid(bench: Bench) -> None:
    create_wallet(bench.database)
    market, question_id = bench.open_market()
    row_with_wrong_index = on_market(market, 1, 1)
    bench.feed((row_with_wrong_index, NOON + seconds(10)))
    bench.venue.trades[row_with_wrong_index.trader][0]["outcome_index"] = 0
    bench.run_paper(NOON + minutes(1))
    bench.chain.report_payouts(question_id, [0, 1])

    bench.run_resolve(NOON + minutes(2))

    assert outcomes(bench) == [("WON", Decimal(10))]


def test_fees_count_against_the_profit(bench: Bench) -> None:
    create_wallet(bench.database)
    market, question_id = bench.open_market(
        feesEnabled=True, feeSchedule={"rate": "0.07", "exponent": 1, "takerOnly": True}
    )
    bench.feed((on_market(market), NOON + seconds(10)))
    bench.run_paper(NOON + minutes(1))
    bench.chain.report_payouts(question_id, [1, 0])

    bench.run_resolve(NOON + minutes(2))

    assert outcomes(bench) == [("WON", Decimal("9.65"))]


def test_resolving_again_changes_nothing(bench: Bench) -> None:
    create_wallet(bench.database)
    market, question_id = bench.open_market()
    bench.feed((on_market(market), NOON + seconds(10)))
    bench.run_paper(NOON + minutes(1))
    bench.chain.report_payouts(question_id, [1, 0])
    bench.run_resolve(NOON + minutes(2))
    before = bench.rows("SELECT * FROM ft_orders")

    report = bench.run_resolve(NOON + minutes(3))

    assert (report.resolved, report.outcomes.total()) == (0, 0)
    assert bench.rows("SELECT * FROM ft_orders") == before


def test_the_catalogues_word_alone_resolves_nothing_but_shows_in_the_state(bench: Bench) -> None:
    create_wallet(bench.database)
    market, _ = bench.open_market()
    bench.feed((on_market(market), NOON + seconds(10)))
    bench.run_paper(NOON + minutes(1))
    bench.venue.markets[market.condition_id] |= {
        "closed": True,
        "umaResolutionStatus": "resolved",
        "outcomePrices": '["1", "0"]',
    }

    report = bench.run_resolve(NOON + minutes(10))

    assert (report.resolved, report.waiting) == (0, 1)
    assert [outcome for outcome, _ in outcomes(bench)] == ["OPEN"]
    (stored,) = bench.rows("SELECT resolution_state, resolution_state_since FROM markets")
    assert stored == {"resolution_state": "PROPOSED", "resolution_state_since": NOON + minutes(10)}


def test_a_dispute_is_a_state_with_an_age(bench: Bench) -> None:
    create_wallet(bench.database)
    market, _ = bench.open_market()
    bench.feed((on_market(market), NOON + seconds(10)))
    bench.run_paper(NOON + minutes(1))
    bench.venue.markets[market.condition_id] |= {"umaResolutionStatus": "disputed"}
    bench.run_resolve(NOON + minutes(10))

    bench.run_resolve(NOON + minutes(30))

    (stored,) = bench.rows("SELECT resolution_state, resolution_state_since, refreshed_at FROM markets")
    assert stored == {
        "resolution_state": "DISPUTED",
        "resolution_state_since": NOON + minutes(10),
        "refreshed_at": NOON + minutes(30),
    }


def test_a_resolved_market_stays_resolved_and_closed_whatever_the_catalogue_shows(bench: Bench) -> None:
    store_market(bench.database)
    vector = PayoutVector(condition_id=CONDITION, numerators=(1, 0), denominator=1)
    with bench.database.transaction() as transaction:
        assert markets.record_resolutions(transaction, [vector], NOON) == {CONDITION}

    store_market(bench.database, now=NOON + minutes(5))

    (stored,) = bench.rows("SELECT resolution_state, resolved_at, is_open, accepting_orders FROM markets")
    assert stored == {"resolution_state": "RESOLVED", "resolved_at": NOON, "is_open": False, "accepting_orders": False}


def test_a_second_different_vector_is_refused(bench: Bench) -> None:
    store_market(bench.database)
    with bench.database.transaction() as transaction:
        markets.record_resolutions(
            transaction, [PayoutVector(condition_id=CONDITION, numerators=(1, 0), denominator=1)], NOON
        )

    with pytest.raises(ContradictingResolution), bench.database.transaction() as transaction:
        markets.record_resolutions(
            transaction, [PayoutVector(condition_id=CONDITION, numerators=(0, 1), denominator=1)], NOON
        )


def test_one_market_that_does_not_fit_does_not_stop_the_others(bench: Bench) -> None:
    create_wallet(bench.database)
    (first, first_question), (second, second_question) = bench.open_market(), bench.open_market()
    bench.feed((on_market(first, 1), NOON + seconds(10)), (on_market(second, 2), NOON + seconds(20)))
    bench.run_paper(NOON + minutes(1))
    for question_id in (first_question, second_question):
        bench.chain.report_payouts(question_id, [1, 0])
    with bench.database.transaction() as transaction:
        wrong = PayoutVector(condition_id=first.condition_id, numerators=(0, 1), denominator=1)
        markets.record_resolutions(transaction, [wrong], NOON)

    report = bench.run_resolve(NOON + minutes(2))

    assert [(each.part, each.error) for each in report.failures] == [(first.condition_id, "ContradictingResolution")]
    assert [outcome for outcome, _ in outcomes(bench)] == ["OPEN", "WON"]


def test_a_run_that_is_held_elsewhere_does_nothing(bench: Bench) -> None:
    with bench.database.transaction() as transaction:
        leases.acquire(transaction, "ft-resolve", "other", NOON, 600)

    assert not bench.run_resolve(NOON + minutes(1)).ran


def test_a_catalogue_that_is_away_does_not_hinder_the_resolution(bench: Bench) -> None:
    create_wallet(bench.database)
    market, question_id = bench.open_market()
    bench.venue.markets[CONDITION] = gamma_row()
    bench.feed((on_market(market, 1), NOON + seconds(10)), (a_trade(2), NOON + seconds(20)))
    bench.run_paper(NOON + minutes(1))
    bench.chain.report_payouts(question_id, [1, 0])
    bench.venue.broken_paths.add("/markets/keyset")

    report = bench.run_resolve(NOON + minutes(30))

    assert (report.resolved, report.waiting) == (1, 1)
    assert [each.error for each in report.failures] == ["RetryLater"]
