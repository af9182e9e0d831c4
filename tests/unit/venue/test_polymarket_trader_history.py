"""A trader's finished positions count from the moment their result was known, losers included."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from live_trading.nouns.money import Usd
from live_trading.polymarket.data.trader_history import (
    PositionStatus,
    Resolution,
    finished_positions,
    positions_page,
    read_positions,
    read_resolutions,
)
from live_trading.signals.trader_record import ClosedPosition, RecordUnavailable, stats_as_of
from tests.recorded import recorded_json
from tests.unit.venue.polymarket_builders import CONDITION, NO, TRADER, YES, a_moment

BOUGHT, RESOLVED = 1_790_000_000, 1_790_500_000
DAY = timedelta(days=1)
CLOSED, REDEEMABLE, LOST = PositionStatus.CLOSED, PositionStatus.REDEEMABLE, PositionStatus.REDEEMABLE_LOST
KNOWN = {CONDITION: Resolution(at=a_moment(RESOLVED), is_final=True)}
NO_TIME = [None, 0, "0", "", "1970-01-01", "1970-01-01T00:00:00Z", Decimal("0.0"), "0001-01-01T00:00:00Z"]


def row(**changes: Any) -> dict[str, Any]:
    return {
        "proxy_wallet": TRADER,
        "token_id": YES,
        "condition_id": CONDITION,
        "realized_pnl": Decimal("1.5"),
        "unrealized_pnl": Decimal("-8.75"),
        "status": "REDEEMABLE",
        "last_event_at": BOUGHT,
    } | changes


def finished(status: PositionStatus, *rows: dict[str, Any], known: Any = KNOWN) -> list[ClosedPosition]:
    return finished_positions({status: read_positions(rows, TRADER).rows}, known)


def test_every_recorded_position_is_read() -> None:
    rows = recorded_json("data_api_positions_sample.json")
    assert isinstance(rows, list)

    found = read_positions(rows, rows[0]["proxyWallet"])

    assert (len(found.rows), found.quarantined) == (50, [])
    assert found.rows[0].total_pnl == Decimal("-244684.7838")
    assert sum(row["redeemable"] for row in rows) == 40
    undated = finished_positions({PositionStatus.OPEN: found.rows}, {})
    assert len(undated) == 40
    assert all(each.closed_at is None for each in undated)


def test_a_closed_position_counts_from_its_last_event() -> None:
    assert finished(CLOSED, row()) == [ClosedPosition(token_id=YES, closed_at=a_moment(BOUGHT), pnl=Usd("1.5"))]


@pytest.mark.parametrize("status", [REDEEMABLE, LOST, PositionStatus.OPEN, PositionStatus.MERGEABLE])
def test_a_loser_that_nobody_redeemed_counts_from_the_resolution_whichever_list_it_is_in(
    status: PositionStatus,
) -> None:
    found = finished(status, row(status="OPEN"))

    assert found == [ClosedPosition(token_id=YES, closed_at=a_moment(RESOLVED), pnl=Usd("-7.25"))]


def test_a_position_of_a_live_market_has_not_ended() -> None:
    proposed = {CONDITION: Resolution(at=a_moment(RESOLVED), is_final=False)}

    assert finished(PositionStatus.OPEN, row(status="OPEN"), known=proposed) == []
    assert finished(PositionStatus.MERGEABLE, row(status="OPEN"), known={}) == []


@pytest.mark.parametrize("no_time", NO_TIME)
def test_a_resolution_without_its_moment_counts_from_its_last_change(no_time: object) -> None:
    (known,) = read_resolutions(
        [{"condition_id": CONDITION, "resolved_at": no_time, "last_update_timestamp": RESOLVED}]
    ).values()

    assert known.at == a_moment(RESOLVED)


def test_a_resolution_says_whether_it_is_the_last_word() -> None:
    def is_final(**fields: Any) -> bool:
        (known,) = read_resolutions([{"condition_id": CONDITION} | fields]).values()
        return known.is_final

    assert is_final(status="resolved", resolved_at=None)
    assert is_final(resolved_at="2026-09-27T09:06:40Z")
    assert not is_final(status="proposed", last_update_timestamp=RESOLVED)


def test_a_resolution_that_cannot_be_read_costs_only_itself() -> None:
    rows = [7, {"condition_id": "0x1"}, {"condition_id": CONDITION, "resolved_at": "2026-09-27T09:06:40Z"}]

    assert read_resolutions(rows) == KNOWN


def test_a_condition_is_known_padded_and_unpadded() -> None:
    short = "0x" + "ab" * 31
    known = read_resolutions([{"condition_id": short, "resolved_at": "2026-09-27T09:06:40Z"}])

    (found,) = finished(LOST, row(condition_id=short + "00"), known=known)

    assert found.closed_at == a_moment(RESOLVED)


@pytest.mark.parametrize("no_time", NO_TIME)
def test_a_held_position_without_any_event_of_the_trader_counts_from_the_resolution(no_time: object) -> None:
    (found,) = finished(REDEEMABLE, row(last_event_at=no_time))

    assert found.closed_at == a_moment(RESOLVED)


@pytest.mark.parametrize("no_time", NO_TIME)
def test_a_position_of_unknown_date_makes_the_record_unavailable_and_never_better(no_time: object) -> None:
    won = row(token_id=NO, unrealized_pnl=Decimal(20))
    found = [*finished(CLOSED, won), *finished(CLOSED, row(last_event_at=no_time), known={})]

    with pytest.raises(RecordUnavailable):
        stats_as_of(TRADER, a_moment(RESOLVED), found, [])


def test_an_ended_position_whose_resolution_nobody_knows_makes_the_record_unavailable() -> None:
    (found,) = finished(LOST, row(), known={})

    assert (found.closed_at, found.not_before) == (None, a_moment(BOUGHT))
    with pytest.raises(RecordUnavailable):
        stats_as_of(TRADER, a_moment(RESOLVED), [found], [])


def test_an_undated_position_does_not_touch_the_record_of_before_it_was_bought() -> None:
    (found,) = finished(LOST, row(), known={})

    stats = stats_as_of(TRADER, a_moment(BOUGHT) - DAY, [found], [])

    assert stats.lifetime.resolved_count == 0


@pytest.mark.parametrize("no_number", [None, "", "lots", Decimal("1e999999"), True])
def test_an_ended_position_of_unknown_profit_makes_the_record_unavailable(no_number: object) -> None:
    found = finished(CLOSED, row(realized_pnl=no_number))

    with pytest.raises(RecordUnavailable):
        stats_as_of(TRADER, a_moment(RESOLVED), found, [])


def test_a_number_that_is_not_used_costs_nothing() -> None:
    (found,) = finished(CLOSED, row(unrealized_pnl="?", status=7, first_entry_at="", outcome_index=999))

    assert found.pnl == Usd("1.5")


def test_a_token_counts_once_however_many_lists_it_is_in() -> None:
    listed = {
        CLOSED: read_positions([row(), row(token_id=NO)], TRADER).rows,
        REDEEMABLE: read_positions([row()], TRADER).rows,
        LOST: read_positions([row()], TRADER).rows,
        PositionStatus.OPEN: read_positions([row()], TRADER).rows,
    }

    found = finished_positions(listed, KNOWN)

    assert [(each.token_id, each.pnl) for each in found] == [(YES, Usd("-7.25")), (NO, Usd("1.5"))]


def test_unredeemed_losers_are_in_the_record_whatever_the_resolution_leaves_out() -> None:
    won = [row(token_id=str(number), realized_pnl=Decimal(5), last_event_at=BOUGHT) for number in range(100, 140)]
    lost = [row(token_id=str(number), realized_pnl=Decimal(0)) for number in range(200, 260)]
    known = read_resolutions([{"condition_id": CONDITION, "resolved_at": None, "last_update_timestamp": RESOLVED}])

    found = [*finished(CLOSED, *won), *finished(LOST, *lost, known=known)]

    record = stats_as_of(TRADER, a_moment(RESOLVED) + DAY, found, []).lifetime
    assert (record.resolved_count, record.won_count) == (100, 40)


@pytest.mark.money_faults
def test_somebody_elses_position_is_set_aside_and_leaves_the_record_unavailable() -> None:
    listed = {CLOSED: read_positions([row(proxy_wallet="0x" + "99" * 20), row()], TRADER)}

    page = positions_page(listed, KNOWN)

    assert (len(listed[CLOSED].rows), len(page.quarantined)) == (1, 1)
    with pytest.raises(RecordUnavailable):
        stats_as_of(TRADER, a_moment(RESOLVED), page.positions, [])


def test_a_row_that_cannot_be_read_is_set_aside_and_the_record_is_unavailable() -> None:
    listed = {CLOSED: read_positions([row(), row(token_id="?")], TRADER), LOST: read_positions([], TRADER)}

    page = positions_page(listed, KNOWN)

    (aside,) = page.quarantined
    assert (aside.source, aside.trader) == ("data_api.positions", TRADER)
    assert "token_id" in aside.reason
    with pytest.raises(RecordUnavailable):
        stats_as_of(TRADER, a_moment(RESOLVED), page.positions, [])
