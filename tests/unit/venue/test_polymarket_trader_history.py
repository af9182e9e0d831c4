"""A trader's finished positions count from the moment their result was known, losers included."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from live_trading.nouns.errors import MalformedAnswer
from live_trading.nouns.money import Usd
from live_trading.polymarket.data.trader_history import finished_positions, read_positions, read_resolutions
from live_trading.signals.trader_record import ClosedPosition
from tests.recorded import recorded_json
from tests.unit.venue.polymarket_builders import CONDITION, NO, TRADER, YES, a_moment

BOUGHT, RESOLVED = 1_790_000_000, 1_790_500_000


def row(**changes: Any) -> dict[str, Any]:
    return {
        "proxy_wallet": TRADER,
        "token_id": YES,
        "condition_id": CONDITION,
        "realized_pnl": Decimal("1.5"),
        "unrealized_pnl": Decimal("-8.75"),
        "last_event_at": BOUGHT,
    } | changes


def test_every_recorded_position_is_read() -> None:
    rows = recorded_json("data_api_positions_sample.json")
    assert isinstance(rows, list)

    found = read_positions(rows, rows[0]["proxyWallet"])

    assert len(found) == 50
    assert found[0].total_pnl == Decimal("-244684.7838")
    assert sum(row["redeemable"] for row in rows) == 40
    assert finished_positions([], found, {row.condition_id: a_moment(RESOLVED) for row in found}) == []


def test_a_closed_position_counts_from_its_last_event() -> None:
    found = finished_positions(read_positions([row()], TRADER), [], {})

    assert found == [ClosedPosition(token_id=YES, closed_at=a_moment(BOUGHT), pnl=Usd("1.5"))]


def test_a_loser_that_nobody_redeemed_counts_from_the_resolution() -> None:
    resolved = read_resolutions([{"condition_id": CONDITION, "resolved_at": "2026-09-27T09:06:40Z"}])

    found = finished_positions([], read_positions([row()], TRADER), resolved)

    assert found == [ClosedPosition(token_id=YES, closed_at=a_moment(RESOLVED), pnl=Usd("-7.25"))]


def test_a_position_whose_resolution_is_not_known_does_not_count_yet() -> None:
    unresolved = read_resolutions([{"condition_id": CONDITION, "resolved_at": None}])

    assert finished_positions([], read_positions([row()], TRADER), unresolved) == []


def test_a_position_without_any_event_of_the_trader_does_not_count() -> None:
    assert finished_positions(read_positions([row(last_event_at=None)], TRADER), [], {}) == []


def test_a_token_counts_once() -> None:
    closed = read_positions([row(), row(token_id=NO)], TRADER)
    held = read_positions([row()], TRADER)

    found = finished_positions(closed, held, {CONDITION: a_moment(RESOLVED)})

    assert [(each.token_id, each.pnl) for each in found] == [(YES, Usd("-7.25")), (NO, Usd("1.5"))]


def test_somebody_elses_position_is_refused() -> None:
    with pytest.raises(MalformedAnswer):
        read_positions([row(proxy_wallet="0x" + "99" * 20)], TRADER)


def test_a_position_that_cannot_be_read_is_refused() -> None:
    with pytest.raises(MalformedAnswer):
        read_positions([row(realized_pnl=None)], TRADER)
