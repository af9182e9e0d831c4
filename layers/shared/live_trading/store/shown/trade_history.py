"""Source trades as they were seen: by whom of the two sources, and when; newest first, a page at a time.

Trades are public, and who is followed is common to all owners: whoever may read sees all of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from live_trading.nouns.money import Price, Shares, Usd, notional
from live_trading.nouns.pages import PageAsked, Place
from live_trading.nouns.trades import Side
from live_trading.store.database.connection import Row, Transaction
from live_trading.store.feed.told.trade_sources import TradeSource
from live_trading.store.shown.bounded_looks import Looked, rows_to_look_at


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenTrade:
    """A trade with its number. `listed_at`: when the feed listed what the chain had told before, or None.

    `dropped_at`: when its block was replaced by one without it.
    """

    source_trade_id: int
    transaction_hash: str
    token_id: str
    trader: str
    side: Side
    price: Price
    shares: Shares
    condition_id: str
    outcome: str
    outcome_index: int | None
    title: str
    slug: str
    trade_time: datetime
    seen_at: datetime
    source: TradeSource
    block_number: int | None
    listed_at: datetime | None
    dropped_at: datetime | None

    @property
    def usd(self) -> Usd:
        """What it cost or brought."""
        return notional(self.price, self.shares)


# By whatever an index gives up in the order of time, and the rest of the filters on a bounded part of that.
_LOOKED_AT = """
WITH looked AS MATERIALIZED (
    SELECT * FROM source_trades
    WHERE
        {by} AND trade_time >= coalesce(:since::timestamptz, '-infinity')
        AND trade_time < coalesce(:until::timestamptz, 'infinity')
        AND (trade_time, source_trade_id) < (coalesce(:after_at::timestamptz, 'infinity'), :after_number::bigint)
    ORDER BY trade_time DESC, source_trade_id DESC LIMIT :looked
), horizon AS (
    SELECT trade_time AS looked_to_at, source_trade_id AS looked_to_number FROM looked
    WHERE (SELECT count(*) FROM looked) = :looked ORDER BY trade_time, source_trade_id LIMIT 1
), matched AS (
    SELECT * FROM looked
    WHERE
        (:trader::text IS NULL OR trader_address = :trader)
        AND (:condition_id::text IS NULL OR condition_id = :condition_id)
        AND (:token_id::text IS NULL OR token_id = :token_id)
        AND (:side::text IS NULL OR side = :side)
    ORDER BY trade_time DESC, source_trade_id DESC LIMIT :rows_to_read
)
SELECT matched.*, horizon.* FROM (VALUES (1)) AS always LEFT JOIN horizon ON TRUE LEFT JOIN matched ON TRUE
ORDER BY matched.trade_time DESC, matched.source_trade_id DESC
"""
_BY_TOKEN, _BY_CONDITION, _BY_TRADER = (
    "token_id = :token_id",
    "condition_id = :condition_id",
    "trader_address = :trader",
)


def page_of(
    transaction: Transaction,
    *,
    trader: str | None,
    condition_id: str | None,
    token_id: str | None,
    side: Side | None,
    since: datetime | None,
    until: datetime | None,
    page: PageAsked,
) -> Looked[SeenTrade]:
    """Trades by when they were made. One filter is an index's; for the others a bounded part of that is looked at."""
    filters = (token_id, condition_id, trader)
    ways = [
        way for way, asked in zip((_BY_TOKEN, _BY_CONDITION, _BY_TRADER), filters, strict=True) if asked is not None
    ]
    is_filtered = len(ways) > 1 or side is not None
    rows = transaction.rows(
        _LOOKED_AT.format(by=ways[0] if ways else "TRUE"),
        trader=trader,
        condition_id=condition_id,
        token_id=token_id,
        side=side,
        since=since,
        until=until,
        after_at=page.after_at,
        after_number=page.after_number,
        looked=rows_to_look_at(page, is_filtered=is_filtered),
        rows_to_read=page.rows_to_read,
    )
    found = [seen_trade(row) for row in rows if row["source_trade_id"] is not None]
    at = rows[0]["looked_to_at"] if is_filtered else None
    looked_to = None if at is None else Place(at=at, row=str(rows[0]["looked_to_number"]))
    return Looked(rows=found, looked_to=looked_to)


def find(transaction: Transaction, source_trade_id: int) -> SeenTrade | None:
    """The trade of that number."""
    row = transaction.row("SELECT * FROM source_trades WHERE source_trade_id = :number", number=source_trade_id)
    return None if row is None else seen_trade(row)


def seen_trade(row: Row) -> SeenTrade:
    """From a row that has the columns of a source trade."""
    return SeenTrade(
        source_trade_id=row["source_trade_id"],
        transaction_hash=row["transaction_hash"],
        token_id=row["token_id"],
        trader=row["trader_address"],
        side=Side(row["side"]),
        price=Price(row["price"]),
        shares=Shares(row["shares"]),
        condition_id=row["condition_id"],
        outcome=row["outcome"],
        outcome_index=row["outcome_index"],
        title=row["title"],
        slug=row["slug"],
        trade_time=row["trade_time"],
        seen_at=row["seen_at"],
        source=TradeSource(row["source"]),
        block_number=row["block_number"],
        listed_at=row["listed_at"],
        dropped_at=row["dropped_at"],
    )
