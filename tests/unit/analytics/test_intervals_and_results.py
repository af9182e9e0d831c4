"""Intervals, ended trades and calibration: what is said, and what is not said of too little."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from live_trading.analytics.calibration import FEWEST_FORECASTS, Forecast, calibration
from live_trading.analytics.ended_trades import TradeResult, grouped, price_bucket, results
from live_trading.analytics.intervals import FEWEST_CLUSTERS, by_cluster, wilson
from live_trading.nouns.money import Price, Usd, total_usd

pytestmark = pytest.mark.analytics

NOW = datetime(2026, 11, 27, tzinfo=UTC)


@given(count=st.integers(1, 400), data=st.data())
def test_the_interval_of_a_rate_is_that_of_scipy(count: int, data: st.DataObject) -> None:
    successes = data.draw(st.integers(0, count))
    theirs = binomtest(successes, count).proportion_ci(method="wilson")

    ours = wilson(successes, count)

    assert ours is not None
    assert float(ours.low) == pytest.approx(theirs.low, abs=2e-6)
    assert float(ours.high) == pytest.approx(theirs.high, abs=2e-6)


def test_of_nothing_there_is_no_rate() -> None:
    assert wilson(0, 0) is None


def mean(values: list[Decimal]) -> Decimal:
    return sum(values, Decimal(0)) / len(values)


def test_trades_of_one_market_count_as_one_when_an_interval_is_drawn() -> None:
    values = [(market, Decimal(market % 2)) for market in range(20) for _ in range(50)]
    alone = by_cluster(
        list(range(1000)), lambda each: each, lambda them: mean([values[n][1] for n in them]), random=Random(7)
    )
    together = by_cluster(
        list(range(1000)),
        lambda each: values[each][0],
        lambda them: mean([values[n][1] for n in them]),
        random=Random(7),
    )

    assert alone is not None
    assert together is not None
    assert together.high - together.low > 5 * (alone.high - alone.low)


def test_of_few_markets_no_interval_is_drawn() -> None:
    markets = list(range(FEWEST_CLUSTERS - 1)) * 100

    assert by_cluster(markets, lambda each: each, lambda them: Decimal(len(them)), random=Random(7)) is None


def trade(profit: str, *, market: int = 0, cost: str = "10", price: str = "0.5", hours: int = 1) -> TradeResult:
    return TradeResult(
        condition_id=f"0x{market}",
        trader="0xt",
        category=None,
        market_kind="v1",
        exit_reason="RESOLVED",
        opened_at=NOW,
        ended_at=NOW + timedelta(hours=hours),
        price=Price(price),
        cost=Usd(cost),
        fee=Usd("0.1"),
        profit=Usd(profit),
    )


@given(profits=st.lists(st.decimals(min_value="-100", max_value="100", places=6), max_size=30))
def test_the_profit_of_groups_is_the_profit_of_all(profits: list[Decimal]) -> None:
    trades = [trade(str(each), market=number % 3) for number, each in enumerate(profits)]

    by_market = grouped(trades, lambda each: each.condition_id)

    assert (
        total_usd([results(each, Random(1)).profit for each in by_market.values()]) == results(trades, Random(1)).profit
    )


def test_what_won_lost_and_did_neither() -> None:
    figures = results([trade("4", hours=3), trade("-2"), trade("0"), trade("-1", hours=9)], Random(1))

    assert (figures.trades, figures.won, figures.lost) == (4, 1, 2)
    assert figures.win_rate == Decimal("0.333333")
    assert figures.profit_factor == Decimal("1.333333")
    assert figures.expectancy == Decimal("0.25")
    assert figures.fee_share == Decimal("0.009901")
    assert (figures.median_held, figures.longest_held) == (timedelta(hours=1), timedelta(hours=9))


def test_of_no_trades_nothing_is_said() -> None:
    figures = results([], Random(1))

    assert figures.win_rate is figures.profit_factor is figures.expectancy is figures.median_held is None
    assert figures.profit == Usd.zero()


def test_without_a_loss_there_is_no_factor() -> None:
    assert results([trade("1")], Random(1)).profit_factor is None


@pytest.mark.parametrize(
    ("price", "bucket"),
    [("0", "0.0-0.1"), ("0.0999", "0.0-0.1"), ("0.1", "0.1-0.2"), ("0.5", "0.5-0.6"), ("1", "0.9-1.0")],
)
def test_a_price_lies_in_its_tenth(price: str, bucket: str) -> None:
    assert price_bucket(Price(price)) == bucket


def forecasts(said: str, price: str, came: int, count: int) -> list[Forecast]:
    return [Forecast(probability=Decimal(said), price=Price(price), came=number < came) for number in range(count)]


def test_a_probability_that_knows_more_than_the_price_has_skill() -> None:
    found = calibration([*forecasts("0.9", "0.5", 45, 50), *forecasts("0.1", "0.5", 5, 50)])

    assert found.brier == Decimal("0.09")
    assert found.price_brier == Decimal("0.25")
    assert found.skill == Decimal("0.64")
    assert [(each.low, each.count, each.said, each.came) for each in found.bins] == [
        (Decimal("0.1"), 50, Decimal("0.1"), Decimal("0.1")),
        (Decimal("0.9"), 50, Decimal("0.9"), Decimal("0.9")),
    ]


def test_of_few_forecasts_no_score_is_told() -> None:
    found = calibration(forecasts("1", "0.5", 1, FEWEST_FORECASTS - 1))

    assert found.brier is found.price_brier is found.skill is None
    assert [each.count for each in found.bins] == [FEWEST_FORECASTS - 1]
