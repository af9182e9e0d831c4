"""Times that no calendar converts are refused, or find nothing, and break nothing."""

from __future__ import annotations

import pytest

from live_trading.store.database.connection import Database
from tests.integration.api_fixtures import Api
from tests.integration.explaining.decided_world import known_world, own_wallet

pytestmark = pytest.mark.integration

ENDS = (
    "since=0001-01-01T00:00:00%2B14:00", "until=0001-01-01T00:00:00%2B14:00", "until=0001-01-05T00:00:00Z",
    "since=9999-12-31T23:59:59-14:00", "until=9999-12-31T23:59:59-14:00", "until=9999-12-31T23:59:59Z",
)  # fmt: skip


@pytest.mark.parametrize("span", ENDS)
def test_a_time_at_the_end_of_all_times_is_no_defect(api: Api, database: Database, span: str) -> None:
    known_world(database)
    wallet = own_wallet(database)

    for path in (
        f"/api/decisions?ft_wallet_id={wallet}&{span}",
        f"/api/decisions/summary?ft_wallet_id={wallet}&{span}",
        f"/api/source-trades?{span}",
        f"/api/ft/wallets/{wallet}/orders?{span}",
        f"/api/ft/wallets/{wallet}/results?{span}",
    ):
        assert api.call("GET", path).status in (200, 422), path
