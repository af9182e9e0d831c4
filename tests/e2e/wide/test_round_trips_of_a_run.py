"""What a run asks of the database does not grow with strategies, nor with trades that nobody enters."""

from __future__ import annotations

import pytest

from live_trading.nouns.money import Usd
from tests.e2e.live_fixtures import LiveDesk, sibling
from tests.statement_counting import RoundTrips, counted_round_trips

pytestmark = pytest.mark.e2e

REFUSED = "UPDATE ft_wallet_versions SET config = jsonb_set(config, '{min_trader_resolved_count}', '1000')"


def counted(desk: LiveDesk) -> RoundTrips:
    with counted_round_trips() as made:
        report = desk.execute()
    assert report.failures == []
    return made


@pytest.mark.parametrize("new_trades", [0, 3])
def test_strategies_and_refused_trades_cost_no_round_trip_of_their_own(desk: LiveDesk, new_trades: int) -> None:
    desk.change(REFUSED)
    desk.signal()
    desk.execute()
    trips: dict[int, RoundTrips] = {}
    for strategies in (1, 10, 100):
        while desk.rows("SELECT count(*) AS n FROM lt_strategies")[0]["n"] < strategies:
            sibling(desk, capital=Usd(5))
        desk.change(REFUSED)
        desk.execute()
        for _ in range(new_trades):
            desk.signal()
        trips[strategies] = counted(desk)

    assert len({len(made.trips) for made in trips.values()}) == 1, "\n\n".join(made.text() for made in trips.values())
