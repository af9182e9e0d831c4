"""A market whose catalogue and order book state different fees is entered with the dearer ones, and the run says so."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from live_trading.nouns.money import Price, Shares
from live_trading.orders.fees import taker_fee
from tests.integration.paper_bench_fixtures import Bench, at
from tests.integration.scripted_venue import gamma_row
from tests.integration.source_builders import ALICE, CONDITION, NO, NOON, YES, a_trade, create_wallet, minutes, seconds
from tests.unit.venue.polymarket_builders import CRYPTO_FEES

pytestmark = [pytest.mark.integration, pytest.mark.money_faults]

BOOK_PATH = f"/clob-markets/{CONDITION}"
SCHEDULE = {"feesEnabled": True, "feeSchedule": {"exponent": 1, "rate": "0.07", "takerOnly": True}}
CENTS_HIGHER = Shares(20)


def book_says(bench: Bench, rate: str | None) -> None:
    fees: dict[str, Any] = {} if rate is None else {"fd": {"r": rate, "e": 1, "to": True}}
    answer = {"t": [{"t": YES}, {"t": NO}], "mos": 5, "mts": "0.01", "nr": False, "ao": True} | fees
    bench.venue.instead[BOOK_PATH] = lambda _: answer


def paid(bench: Bench) -> list[str]:
    return [str(row["fee_usd"]) for row in bench.rows("SELECT fee_usd FROM ft_orders ORDER BY decided_at")]


@pytest.fixture(autouse=True)
def signal(bench: Bench) -> None:
    create_wallet(bench.database)
    bench.venue.trades[ALICE] = [at(a_trade(), NOON + seconds(30))]


EXPECTED = str(taker_fee(CRYPTO_FEES, Price("0.5"), CENTS_HIGHER))


def test_a_fee_that_only_the_order_book_states_is_reserved_and_told(bench: Bench) -> None:
    book_says(bench, "0.07")

    report = bench.run_paper(NOON + minutes(1))

    assert paid(bench) == [EXPECTED]
    assert [(each.part, each.error) for each in report.failures] == [(f"fees of market {CONDITION}", "FeesDiffer")]
    assert "0.07" in report.failures[0].message


def test_a_fee_that_only_the_catalogue_states_is_reserved_and_told(bench: Bench) -> None:
    bench.venue.markets[CONDITION] = gamma_row(**SCHEDULE)
    book_says(bench, None)

    report = bench.run_paper(NOON + minutes(1))

    assert paid(bench) == [EXPECTED]
    assert [each.error for each in report.failures] == ["FeesDiffer"]


def test_fees_that_agree_are_nothing_to_tell_and_asked_for_once_an_hour(bench: Bench) -> None:
    bench.venue.markets[CONDITION] = gamma_row(**SCHEDULE)
    book_says(bench, "0.07")

    first = bench.run_paper(NOON + minutes(1))
    bench.feed((a_trade(2), NOON + minutes(2)))
    bench.run_paper(NOON + minutes(3))
    bench.feed((a_trade(3), NOON + minutes(62)))
    bench.run_paper(NOON + minutes(63))

    assert first.failures == []
    assert bench.venue.questions[BOOK_PATH] == 2
    assert set(paid(bench)) == {EXPECTED}


def test_an_order_book_that_is_away_is_waited_for_and_no_longer_than_other_evidence(bench: Bench) -> None:
    bench.venue.broken_paths.add(BOOK_PATH)

    away = bench.run_paper(NOON + minutes(1))
    book_says(bench, "0.07")
    bench.venue.broken_paths.clear()
    back = bench.run_paper(NOON + minutes(2))

    assert (away.waiting, away.decisions) == (1, {})
    assert back.decisions == {"accepted": 1}
    assert paid(bench) == [EXPECTED]


def test_patience_with_an_order_book_ends(bench: Bench) -> None:
    create_wallet(bench.database, name="patient", config={"max_signal_age_seconds": 100_000})
    bench.venue.broken_paths.add(BOOK_PATH)
    bench.run_paper(NOON + minutes(1))

    report = bench.run_paper(NOON + timedelta(minutes=12))

    assert report.waiting == 0


def test_a_market_that_the_order_book_does_not_have_goes_by_the_catalogue(bench: Bench) -> None:
    bench.venue.markets[CONDITION] = gamma_row(**SCHEDULE)

    report = bench.run_paper(NOON + minutes(1))

    assert (paid(bench), report.failures) == ([EXPECTED], [])
