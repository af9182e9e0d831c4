"""Recorded rows that look odd and are the venue's everyday: each must be read for what it says."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from live_trading.nouns.decisions import Reason
from live_trading.nouns.markets import Market, ProtocolVersion
from live_trading.nouns.money import Usd
from live_trading.polymarket.data.feed_rows import read_feed
from live_trading.polymarket.data.trader_history import (
    PositionStatus,
    Resolution,
    positions_page,
    read_positions,
)
from live_trading.polymarket.gamma.gamma_rows import read_markets
from live_trading.polymarket.wire.json_text import parse_json
from live_trading.signals.evaluate import evaluate
from live_trading.signals.trader_record import stats_as_of
from tests.builders import NOON, a_trade, inputs
from tests.recorded import recorded_case

pytestmark = pytest.mark.venue_facts

RESOLVED = datetime(2026, 9, 1, tzinfo=UTC)


def recorded(name: str) -> Any:
    return parse_json(recorded_case(name).read_bytes())


def recorded_market(name: str) -> Market:
    answer = read_markets(recorded(name))
    assert answer.malformed == []
    (found,) = answer.markets.values()
    return found.market


def test_trades_whose_outcome_has_no_number_are_trades_of_their_token() -> None:
    page = read_feed(recorded_case("v2_trades_outcome_index_999.json").read_bytes(), "recorded")

    assert page.quarantined == []
    assert [trade.outcome_index for trade in page.trades] == [None, None]
    assert [trade.token_id[:6] for trade in page.trades] == ["100621", "105697"]


def test_a_position_that_its_trader_never_traded_counts_from_the_resolution() -> None:
    rows = recorded("v2_position_last_event_at_0.json")["data"]
    listed = {PositionStatus.REDEEMABLE: read_positions(rows, rows[0]["proxy_wallet"])}
    known = {rows[0]["condition_id"]: Resolution(at=RESOLVED, is_final=True)}

    page = positions_page(listed, known)

    (position,) = page.positions
    assert (position.closed_at, position.pnl) == (RESOLVED, Usd(101_800))
    assert stats_as_of(rows[0]["proxy_wallet"], NOON, page.positions, []).lifetime.resolved_count == 1


def test_a_market_past_its_stated_end_that_takes_orders_is_entered() -> None:
    market = recorded_market("gamma_open_past_end_date.json")
    trade = a_trade(condition_id=market.condition_id, token_id=market.token_ids[0])

    found = evaluate(inputs(trade=trade, market=market))

    assert market.end_time is not None
    assert market.end_time < NOON
    assert (market.version, market.accepting_orders, market.neg_risk) == (ProtocolVersion.V1, True, True)
    assert found.reason is Reason.ACCEPTED


def test_a_fee_schedule_without_its_flag_is_charged() -> None:
    market = recorded_market("gamma_schedule_without_fees_enabled.json")

    assert (market.fees.rate, market.fees.exponent) == (Decimal("0.07"), Decimal(1))


def test_a_market_without_a_word_on_neg_risk_is_not_entered() -> None:
    (row,) = recorded("gamma_open_past_end_date.json")
    del row["negRisk"]
    (found,) = read_markets([row]).markets.values()
    trade = a_trade(condition_id=found.market.condition_id, token_id=found.market.token_ids[0])

    assert evaluate(inputs(trade=trade, market=found.market)).reason is Reason.NEG_RISK_UNKNOWN
    assert evaluate(inputs(trade=trade, market=replace(found.market, neg_risk=True))).reason is Reason.ACCEPTED
