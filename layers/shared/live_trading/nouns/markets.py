"""Markets, order books and payout vectors as the core sees them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from live_trading.nouns.errors import GiveUp
from live_trading.nouns.money import Price, Shares, Usd, notional, total_shares, total_usd


class ProtocolVersion(StrEnum):
    """Which contracts hold the outcome tokens; UNKNOWN is refused, never guessed."""

    V1 = "v1"
    V2 = "v2"
    UNKNOWN = "unknown"


# A position id of protocol v2 has these bits free; a hashed v1 token id has them so once in 2**64.
_POSITION_ID_FREE_BITS = ((1 << 64) - 1) << 40
_PADDED_LENGTH = len("0x") + 64


def is_position_id(token_id: str) -> bool:
    """Whether a decimal token id has the form of protocol v2, whose PositionManager keeps it.

    Source: the venue's Python client, which tells the two protocols apart by it.
    """
    return int(token_id) & _POSITION_ID_FREE_BITS == 0


def market_condition(condition_id: str, token_id: str) -> str:
    """A condition's id as its market is known by: 31 bytes in protocol v2, also where a surface pads it to 32.

    `token_id` is a token of the market; a v1 condition that happens to end in a zero byte keeps it.
    """
    is_padded = len(condition_id) == _PADDED_LENGTH and condition_id.endswith("00")
    return condition_id[:-2] if is_padded and is_position_id(token_id) else condition_id


class ResolutionState(StrEnum):
    OPEN = "OPEN"
    ENDED = "ENDED"
    PROPOSED = "PROPOSED"
    DISPUTED = "DISPUTED"
    RESOLVED = "RESOLVED"


@dataclass(frozen=True, slots=True, kw_only=True)
class FeeSchedule:
    """fee = rate × (price × (1 − price)) ** exponent × shares, charged to the taker only."""

    rate: Decimal
    exponent: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    """One condition. `token_ids` and `outcomes` are in outcome-index order.

    `end_time` is what the catalogue states and no cutoff: `accepting_orders` says whether the venue takes orders.
    `neg_risk` is None where the catalogue does not say: then nobody knows which exchange an order is signed for.
    """

    condition_id: str
    version: ProtocolVersion
    question: str
    slug: str
    category: str | None
    tags: tuple[str, ...]
    event_id: str | None
    outcomes: tuple[str, ...]
    token_ids: tuple[str, ...]
    is_open: bool
    accepting_orders: bool
    end_time: datetime | None
    game_start_time: datetime | None
    tick_size: Price
    minimum_order_shares: Shares
    fees: FeeSchedule
    neg_risk: bool | None

    @property
    def known_neg_risk(self) -> bool:
        """Whether it is a neg-risk market. Raises GiveUp where that is not known: no order can be made then."""
        if self.neg_risk is None:
            raise GiveUp(f"nobody says whether {self.condition_id} is a neg-risk market")
        return self.neg_risk


@dataclass(frozen=True, slots=True, kw_only=True)
class BookLevel:
    price: Price
    shares: Shares


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderBook:
    """A book of one token: `bids` highest first, `asks` lowest first, whatever order the venue sent.

    `tick_size` and `minimum_order_shares` are None where the venue sent the book without them, as in its stream: then
    the market's own count.
    """

    token_id: str
    condition_id: str
    bids: tuple[BookLevel, ...]
    asks: tuple[BookLevel, ...]
    book_hash: str
    taken_at: datetime
    tick_size: Price | None
    minimum_order_shares: Shares | None

    def tick_in(self, market: Market) -> Price:
        """The tick that orders of this book keep to: the book's own, which is newer, else the market's."""
        return market.tick_size if self.tick_size is None else self.tick_size

    @property
    def best_bid(self) -> Price | None:
        return self.bids[0].price if self.bids else None

    @property
    def best_ask(self) -> Price | None:
        return self.asks[0].price if self.asks else None

    @property
    def midpoint(self) -> Price | None:
        if self.best_bid is None or self.best_ask is None:
            return None
        return Price.nearest((self.best_bid.value + self.best_ask.value) / 2)

    def executable_price(self, shares: Shares) -> Price | None:
        """What a share would bring on average if all of them were sold into the bids now, rounded down.

        Shares beyond the bids are worth the lowest of them. None where nobody bids, or nothing is to be sold.
        """
        if not self.bids or not shares.is_positive:
            return None
        left, proceeds = shares.value, Decimal(0)
        for level in self.bids:
            sold = min(left, level.shares.value)
            proceeds += sold * level.price.value
            left -= sold
        proceeds += left * self.bids[-1].price.value
        return Price.floor(proceeds / shares.value)

    def marginal_price(self, shares: Shares) -> Price | None:
        """The bid that the last of so many shares would be sold to; the lowest where there are more than bids."""
        left = shares.value
        for level in self.bids:
            left -= level.shares.value
            if left <= 0:
                return level.price
        return self.bids[-1].price if self.bids else None

    def takes(self, shares: Shares) -> Shares:
        """How many of so many shares the bids would take."""
        return min(shares, total_shares([level.shares for level in self.bids]))

    def offered_within(self, limit: Price) -> Usd:
        """What all offers at `limit` or better cost together, without fees."""
        return total_usd([notional(level.price, level.shares) for level in self.asks if level.price <= limit])

    def wanted_within(self, limit: Price) -> Usd:
        """What all bids at `limit` or better pay together, without fees."""
        return total_usd([notional(level.price, level.shares) for level in self.bids if level.price >= limit])


@dataclass(frozen=True, slots=True, kw_only=True)
class PricePoint:
    """A price of a token's history."""

    at: datetime
    price: Price


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutVector:
    """The chain's verdict: each outcome's share pays numerator / denominator dollars."""

    condition_id: str
    numerators: tuple[int, ...]
    denominator: int

    def per_share(self, outcome_index: int) -> Decimal:
        """Dollars for one share of an outcome; an unknown index raises IndexError."""
        if outcome_index < 0:
            raise IndexError(outcome_index)
        return Decimal(self.numerators[outcome_index]) / Decimal(self.denominator)
