"""The official client reads markets, trades and positions of the simulator, unmodified."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from polymarket import PublicClient
from polymarket._internal.environment import PRODUCTION_CONFIG, create_environment
from polymarket.models.data import RedeemActivity, TradeActivity
from polymarket.models.gamma.market import MarketResolutionStatus, ProtocolVersion, UmaResolutionStatus

from tests.integration.exchange_fixtures import RunningExchange, running_exchange

pytestmark = pytest.mark.integration

EXTRA = {"slug": "new-protocol", "question": "A market of the position manager", "version": "v2"}


@pytest.fixture(scope="module")
def exchange(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningExchange]:
    """Both markets over and the first of them resolved."""
    directory: Path = tmp_path_factory.mktemp("exchange")
    with running_exchange(directory, markets=2, extra_markets=[EXTRA]) as exchange:
        _, second = exchange.replay()["markets"]
        exchange.advance_to(second["end_ms"] - 60_000)
        yield exchange


@pytest.fixture(scope="module")
def client(exchange: RunningExchange) -> Iterator[PublicClient]:
    config = dataclasses.replace(
        PRODUCTION_CONFIG,
        gamma_url=exchange.gamma_url,
        data_url=exchange.data_url,
        clob_url=exchange.clob_url,
    )
    with PublicClient(environment=create_environment(name="local", config=config)) as client:
        yield client


def test_an_open_market_is_listed_with_its_tokens_and_fees(exchange: RunningExchange, client: PublicClient) -> None:
    recorded = exchange.replay()["markets"][1]

    (market,) = client.list_markets(condition_ids=[recorded["condition_id"]]).iter_items()

    assert market.version is ProtocolVersion.V1
    assert [market.outcomes.yes.token_id, market.outcomes.no.token_id] == recorded["token_ids"]
    assert market.trading.fee_schedule is not None
    assert market.trading.fee_schedule.rate == Decimal("0.07")
    assert market.trading.minimum_order_size == 5
    assert market.state.accepting_orders
    assert market.prices.best_bid is not None or market.prices.best_ask is not None


def test_a_resolved_market_is_found_only_among_the_closed(exchange: RunningExchange, client: PublicClient) -> None:
    recorded = exchange.replay()["markets"][0]

    is_open = list(client.list_markets(condition_ids=recorded["condition_id"]).iter_items())
    (market,) = client.list_markets(condition_ids=recorded["condition_id"], closed=True).iter_items()

    assert is_open == []
    assert market.resolution.uma_resolution_status is UmaResolutionStatus.RESOLVED
    assert [market.outcomes.yes.price, market.outcomes.no.price] == recorded["payouts"]
    assert market.state.closed_time is not None


def test_a_market_of_the_second_protocol_has_positions_instead_of_tokens(client: PublicClient) -> None:
    (market,) = client.list_markets(version="v2").iter_items()

    assert market.version is ProtocolVersion.V2
    assert market.outcomes.yes.token_id is None
    assert market.outcomes.yes.position_id is not None
    assert market.resolution.resolution_status is MarketResolutionStatus.ACTIVE


def test_pages_of_markets_follow_one_another_without_a_gap(client: PublicClient) -> None:
    whole = [market.id for market in client.list_markets(closed=True, page_size=100).iter_items()]
    in_steps = [market.id for market in client.list_markets(closed=True, page_size=70).iter_items()]

    assert len(whole) == len(set(whole)) > 300
    assert in_steps == whole


def test_events_hold_their_markets(exchange: RunningExchange, client: PublicClient) -> None:
    slug = exchange.replay()["markets"][1]["slug"]

    (event,) = client.list_events(slug=slug).iter_items()

    assert [market.slug for market in event.markets] == [slug]
    assert {tag.slug for tag in event.tags} >= {"crypto"}


def test_a_market_is_found_by_slug(exchange: RunningExchange, client: PublicClient) -> None:
    recorded = exchange.replay()["markets"][0]

    market = client.get_market(slug=recorded["slug"])

    assert market.condition_id == recorded["condition_id"]


def test_makers_fills_appear_only_when_they_are_asked_for(exchange: RunningExchange, client: PublicClient) -> None:
    for trader in exchange.replay()["traders"]:
        everything = list(client.list_trades(user=trader["address"], taker_only=False, page_size=200).iter_items())
        as_taker = list(client.list_trades(user=trader["address"], page_size=200).iter_items())

        assert len(as_taker) < len(everything)
        assert {trade.name for trade in everything} == {trader["label"]}


def test_activity_shows_trades_and_redemptions(exchange: RunningExchange, client: PublicClient) -> None:
    trader = exchange.replay()["traders"][0]["address"]

    activity = list(client.list_activity(user=trader, page_size=100).iter_items())

    assert {type(event) for event in activity} == {TradeActivity, RedeemActivity}
    redeemed = client.list_activity(user=trader, activity_types=["REDEEM"], page_size=100).iter_items()
    assert {type(event) for event in redeemed} == {RedeemActivity}


def test_closed_and_held_positions_are_the_whole_past(exchange: RunningExchange, client: PublicClient) -> None:
    counts = []
    for trader in exchange.replay()["traders"]:
        closed = list(client.list_positions(user=trader["address"], status="CLOSED", page_size=50).iter_items())
        lost = list(client.list_positions(user=trader["address"], status="REDEEMABLE_LOST").iter_items())

        assert all(position.current_size == 0 for position in closed)
        assert all(position.total_pnl < 0 and position.redeemable for position in lost)
        counts.append(len(closed) + len(lost))
    assert min(counts) < 30 < max(counts)


def test_value_is_that_of_the_positions_held(exchange: RunningExchange, client: PublicClient) -> None:
    for trader in exchange.replay()["traders"]:
        held = client.list_positions(user=trader["address"], filter_amount=0, page_size=1000).iter_items()

        value = client.get_portfolio_value(user=trader["address"])

        assert abs(value.value - sum((position.current_value for position in held), Decimal(0))) < Decimal("0.001")


def test_resolutions_say_what_was_paid(exchange: RunningExchange, client: PublicClient) -> None:
    first, second = exchange.replay()["markets"]

    resolved, waiting = client.get_resolutions(condition_ids=[first["condition_id"], second["condition_id"]])

    assert resolved.payouts == tuple(Decimal(payout) for payout in first["payouts"])
    assert (resolved.status, waiting.status) == ("resolved", "posed")
    assert waiting.payouts is None
