"""Every way of leaving on a recorded order book, against numbers worked out by hand.

The recording offers 5,765,012.42 shares at 0.002 and 1,857,959.31 at 0.003; whoever holds the other outcome sells to
those who would buy it at 0.998 and 0.997. Six million shares take 5,765,012.42 x 0.998 + 234,987.58 x 0.997 dollars,
which are 5,987,765.01242, or 0.997960 a share.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from live_trading.exits.decide import decide
from live_trading.nouns.exits import ExitReason, ExitWatch, OpenShares
from live_trading.nouns.markets import BookLevel, FeeSchedule, OrderBook
from live_trading.nouns.money import Price, Shares, Usd
from live_trading.polymarket.clob.market_data import read_books
from live_trading.signals.paper import FillResult, walk_bids
from tests.recorded import recorded_json
from tests.unit.exits.exit_builders import NOON, a_position, at_once

pytestmark = [pytest.mark.exits, pytest.mark.venue_facts]

HELD = "6000000"


def the_other_side() -> OrderBook:
    """The recorded book as the holders of the other outcome see it: what is offered there is bid for here."""
    row: Any = recorded_json("clob_orderbook_sample.json")
    (book,) = read_books([row], [row["asset_id"]]).values()
    bids = tuple(BookLevel(price=Price(1 - each.price.value), shares=each.shares) for each in book.asks)
    asks = tuple(BookLevel(price=Price(1 - each.price.value), shares=each.shares) for each in book.bids)
    return replace(book, bids=bids, asks=asks)


def left_by(rules: Mapping[str, Any], *, due: str = "0", best: str | None = None) -> tuple[ExitReason, Shares] | None:
    """Why and how much of the position is sold at one look, an hour after it was bought at 0.50."""
    position: OpenShares = a_position(HELD, "3000000", due=due, ends_in=90)
    watch = ExitWatch(best=None if best is None else Price(best))
    looks = [decide(position, the_other_side(), at_once(**rules), watch, NOON + timedelta(hours=1)) for _ in range(2)]
    assert looks[0] == looks[1]
    assert looks[0].executable == Price("0.997960")
    sold = looks[0].exit
    return None if sold is None else (sold.reason, sold.shares)


@pytest.mark.parametrize(
    ("fires", "waits", "reason"),
    [
        ({"take_profit_price": Price("0.99796")}, {"take_profit_price": Price("0.997961")}, ExitReason.TAKE_PROFIT),
        ({"take_profit_fraction": Decimal("0.99592")}, {"take_profit_fraction": Decimal("0.9960")}, "take_profit"),
        ({"stop_loss_price": Price("0.99796")}, {"stop_loss_price": Price("0.997959")}, ExitReason.STOP_LOSS),
        ({"max_hold": timedelta(minutes=60)}, {"max_hold": timedelta(minutes=61)}, ExitReason.TIME_STOP),
        (
            {"leave_before_end": timedelta(minutes=30)},
            {"leave_before_end": timedelta(minutes=29)},
            ExitReason.MARKET_ENDS,
        ),
    ],
)
def test_a_rule_fires_at_its_bound_and_not_before(fires: Any, waits: Any, reason: str) -> None:
    assert left_by(fires) == (reason, Shares(HELD))
    assert left_by(waits) is None


def test_a_trailing_stop_fires_at_its_distance_from_the_best() -> None:
    # From a best of 0.999 a thousandth under it is 0.998001, eleven ten-thousandths are 0.9979011.
    assert left_by({"trailing_stop_fraction": Decimal("0.001")}, best="0.999") == (
        ExitReason.TRAILING_STOP,
        Shares(HELD),
    )
    assert left_by({"trailing_stop_fraction": Decimal("0.0011")}, best="0.999") is None


def test_the_traders_part_needs_only_the_best_bid() -> None:
    assert left_by({"follow_trader": True}, due="1000000") == (ExitReason.TRADER_SOLD, Shares(1_000_000))


def test_the_limits_lie_under_the_bid_that_the_last_share_needs() -> None:
    def limit(due: str, **rules: Any) -> Price:
        decision = decide(a_position(HELD, "3000000", due=due), the_other_side(), at_once(**rules), ExitWatch(), NOON)
        assert decision.exit is not None
        return decision.exit.limit

    # Two hundredths under 0.997 for all of them, under 0.998 for a million.
    assert limit("0", max_hold=timedelta(0)) == Price("0.97706")
    assert limit("1000000", follow_trader=True) == Price("0.97804")


def test_paper_sells_all_of_it_for_what_the_bids_pay() -> None:
    fill = walk_bids(the_other_side(), Price("0.997"), Shares(HELD), FeeSchedule(rate=Decimal(0), exponent=Decimal(1)))

    assert (fill.result, fill.shares, fill.cost) == (FillResult.FULL, Shares(HELD), Usd("5987765.01242"))
