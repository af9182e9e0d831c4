"""Every trade of the tape, told by the chain's logs and by the feed, is one stored trade, whichever came first."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from live_trading.chain.reading.order_logs import OrderLogs
from live_trading.chain.reading.reader import ChainReader
from live_trading.polymarket.data.data_api import DataApi
from live_trading.polymarket.gamma.catalogue import Gamma
from live_trading.services.following.fills.chain_watch import ChainWatch
from live_trading.services.following.fills.feed_reading import FeedReader
from live_trading.services.following.fills.token_markets import TokenMarkets
from live_trading.services.following.ingest import Ingest
from live_trading.services.following.market_keeping import MarketKeeper
from live_trading.store.database.connection import Database
from live_trading.wiring.chance import SYSTEM, stepped
from local.chain import ADDRESSES
from local.chain.deployment import FILL_EMITTER
from tests.integration.exchange_fixtures import RunningExchange, running_exchange
from tests.integration.paper_bench_fixtures import SetClock
from tests.integration.polymarket_accounts import endpoints_of
from tests.integration.source_builders import follow
from tests.integration.sources.watch_fixtures import EXCHANGES, trade_of

pytestmark = pytest.mark.integration

MINUTES = 16


@pytest.fixture(scope="module")
def venue(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningExchange]:
    directory: Path = tmp_path_factory.mktemp("both")
    kinds = ["standard", "neg_risk"]
    with running_exchange(directory, markets=2, traders=60, chain_trades=True, kinds=kinds) as exchange:
        yield exchange


def test_every_trade_of_the_tape_is_stored_once_and_known_to_both(venue: RunningExchange, database: Database) -> None:
    clock = SetClock(_now(venue))
    gamma, feed = Gamma(endpoints_of(venue), SYSTEM), DataApi(endpoints_of(venue), SYSTEM)
    logs = OrderLogs(venue.chain.rpc_url, exchanges=(*EXCHANGES, FILL_EMITTER))
    watch = ChainWatch(database=database, clock=clock, logs=logs, tokens=TokenMarkets(database=database, gamma=gamma))
    markets = MarketKeeper(database=database, gamma=gamma, chain=ChainReader(venue.chain.rpc_url, ADDRESSES))
    ingest = Ingest(
        database=database,
        clock=clock,
        feed=FeedReader(feed, stepped(clock), pause=None),
        markets=markets,
        statistics=None,
        holder="test",
    )
    scripted = sorted(each["address"] for each in venue.replay()["traders"])
    start = clock.at
    follow(database, scripted, start)
    watch.poll()
    from_chain = from_feed = 0
    for step in range(MINUTES * 3):
        venue.advance(20)
        clock.at = _now(venue)
        if step % 2:
            from_chain += watch.poll().stored
        else:
            from_feed += ingest.run().stored
    venue.advance(180)
    clock.at = _now(venue)
    from_chain += watch.poll().stored
    ingest.run()

    with database.transaction() as transaction:
        rows = transaction.rows("SELECT * FROM source_trades")
        aside = transaction.rows("SELECT * FROM quarantined_rows")
    tape = [trade.key for trader in scripted for trade in feed.trades(trader, start).trades]
    assert sorted(map(repr, tape)) == sorted(repr(trade_of(row).key) for row in rows)
    assert len(rows) >= 50
    assert [row for row in rows if row["block_number"] is None] == []
    assert [row for row in rows if row["source"] == "CHAIN" and row["listed_at"] is None] == []
    assert (from_chain > 0, from_feed > 0, aside) == (True, True, [])
    for client in (gamma, feed, logs):
        client.close()


def _now(venue: RunningExchange) -> datetime:
    return datetime.fromtimestamp(venue.now_ms() / 1000, UTC)
