"""A trade that only one source tells of is named once the other has had its time."""

from __future__ import annotations

from datetime import timedelta

import pytest

from live_trading.nouns.trades import Side
from live_trading.services.following.fills.trade_storing import FITS_NOTHING
from live_trading.services.watching import one_sided
from live_trading.services.watching.findings import HealthStatus
from live_trading.services.watching.one_sided import LISTED_WITHIN
from tests.integration.chain_fixtures import new_account, trade
from tests.integration.source_builders import a_trade
from tests.integration.sources.watch_fixtures import Watching, trade_of

pytestmark = pytest.mark.integration


def named(watching: Watching, *, after: timedelta) -> list[str]:
    """What the findings that are no good ones say, so long from now."""
    with watching.database.transaction() as transaction:
        found = one_sided.trades(transaction, watching.clock.at + after)
    return [each.detail for each in found if each.status is not HealthStatus.HEALTHY]


def test_a_fill_that_the_feed_does_not_list_is_named_until_it_does(watching: Watching) -> None:
    trader = new_account(watching.chain)
    watching.follow(trader)
    market = watching.market()
    watching.poll()
    settled = trade(watching.chain, trader, market, Side.BUY)
    watching.poll()

    assert named(watching, after=timedelta(0)) == []
    (told,) = named(watching, after=2 * LISTED_WITHIN)
    assert trader.address.lower() in told
    assert settled.transaction_hash in told

    watching.listed(trade_of(watching.stored()[0]))
    assert named(watching, after=2 * LISTED_WITHIN) == []


def test_a_listed_trade_of_a_block_that_holds_none_is_named(watching: Watching) -> None:
    trader = new_account(watching.chain)
    watching.follow(trader)
    watching.poll()
    watching.chain.mine(1)
    watching.poll()
    (block,) = watching.rows("SELECT max(block_time) AS newest FROM chain_blocks")
    watching.listed(a_trade(trader=trader.address.lower(), trade_time=block["newest"]))
    watching.rows("UPDATE chain_blocks SET block_time = block_time + INTERVAL '1 hour' RETURNING 1")

    (told,) = named(watching, after=2 * LISTED_WITHIN)

    assert a_trade().transaction_hash in told


def test_without_a_watch_nothing_is_missed_on_the_chain(watching: Watching) -> None:
    trader = new_account(watching.chain)
    watching.follow(trader)
    watching.listed(a_trade(trader=trader.address.lower(), trade_time=watching.clock.at))

    assert named(watching, after=2 * LISTED_WITHIN) == []


def test_a_row_that_fits_no_fill_of_its_transaction_is_not_stored_and_set_aside_in_sight(watching: Watching) -> None:
    trader = new_account(watching.chain)
    watching.follow(trader)
    market = watching.market()
    watching.poll()
    trade(watching.chain, trader, market, Side.BUY)
    watching.poll()
    (row,) = watching.stored()

    watching.listed(trade_of(row, shares=trade_of(row).shares + trade_of(row).shares))

    assert len(watching.stored()) == 1
    (aside,) = watching.rows("SELECT trader_address, reason FROM quarantined_rows")
    assert aside == {"trader_address": trader.address.lower(), "reason": FITS_NOTHING}
