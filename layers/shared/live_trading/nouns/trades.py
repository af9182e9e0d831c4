"""A source trade: one fill of a followed trader as the feed shows it, and the key that tells two apart."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from live_trading.nouns.money import Price, Shares, Usd, notional


class Side(StrEnum):
    BUY = "BUY"
    SELL = "SELL"


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceTradeKey:
    """What makes a fill unique: feed rows carry no fill id, and one transaction holds many fills."""

    transaction_hash: str
    token_id: str
    trader: str
    side: Side
    price: Price
    shares: Shares
    occurrence: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceTrade:
    """One fill of one trader. Addresses and hashes are lower case; `trade_time` is UTC.

    `token_id` says what was traded. `outcome` is a name for people and `outcome_index` the feed's claim, None where it
    makes none: which outcome it is, the market's own list of tokens decides.
    """

    transaction_hash: str
    token_id: str
    trader: str
    side: Side
    price: Price
    shares: Shares
    occurrence: int
    condition_id: str
    outcome: str
    outcome_index: int | None
    title: str
    slug: str
    trade_time: datetime

    @property
    def key(self) -> SourceTradeKey:
        return SourceTradeKey(
            transaction_hash=self.transaction_hash,
            token_id=self.token_id,
            trader=self.trader,
            side=self.side,
            price=self.price,
            shares=self.shares,
            occurrence=self.occurrence,
        )

    @property
    def trade_usd(self) -> Usd:
        return notional(self.price, self.shares)


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarantinedRow:
    """A row of somebody else's data that could not be read: where it came from, why, and its text.

    `trader` is the followed trader whose row it is; None where it is nobody's.
    """

    source: str
    reason: str
    raw: str
    trader: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TraderRecord:
    """Counts over one window: resolved positions, how many of them won, and the usual size of a trade."""

    resolved_count: int
    won_count: int
    average_trade_usd: Usd | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TraderStats:
    """What was known of a trader at `as_of`; never later than the trade that it judges."""

    trader: str
    as_of: datetime
    last_30_days: TraderRecord
    lifetime: TraderRecord
