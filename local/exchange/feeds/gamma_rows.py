"""Gamma's wire form of a market and of its event, as of a moment of the replay."""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from local.exchange.feeds.data_rows import ICON
from local.exchange.json_values import iso, moment, number, plain
from local.exchange.tape.listings import Listing, Stage
from local.exchange.tape.recorded import RawBook
from local.exchange.units import Price

TAG_IDS = {"Crypto": "21", "Bitcoin": "235", "Up or Down": "102127", "15M": "102467"}
_FIRST_OTHER_TAG_ID = 900_000
_STATUS_ORDER = (Stage.REQUESTED, Stage.PROPOSED, Stage.RESOLVED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """What a listing needs to be written at one moment: its stage, books, tick and trading so far.

    `book` and `last_price` are of the first outcome; `book` is None while nothing is quoted.
    """

    listing: Listing
    stage: Stage
    resolved_ms: int | None
    now_ms: int
    book: RawBook | None
    tick: Price
    last_price: Price | None
    volume: Decimal

    @property
    def is_closed(self) -> bool:
        return self.stage is Stage.RESOLVED

    @property
    def takes_orders(self) -> bool:
        return not self.is_closed and self.listing.opens_ms <= self.now_ms <= self.listing.closes_ms

    @property
    def liquidity(self) -> Decimal:
        """Dollars that rest in the first outcome's book on both sides."""
        if self.book is None:
            return Decimal(0)
        levels = self.book.bids + self.book.asks
        return sum((price.value * shares.value for price, shares in levels), Decimal(0))


def market_json(snapshot: Snapshot, *, with_tags: bool) -> dict[str, Any]:
    """One market with its event's head; `with_tags` adds the tags as `include_tag=true` does."""
    body = {**_market_json(snapshot), "events": [_event_head(snapshot)]}
    return body | {"tags": tags_json(snapshot.listing)} if with_tags else body


def event_json(snapshot: Snapshot) -> dict[str, Any]:
    """The event of a market, with the market in it."""
    return {
        **_event_head(snapshot),
        "markets": [_market_json(snapshot)],
        "tags": tags_json(snapshot.listing),
    }


def tags_json(listing: Listing) -> list[dict[str, Any]]:
    """The tags of a market, each with Gamma's id, label and slug."""
    return [{"id": tag_id(tag), "label": tag, "slug": tag_slug(tag)} for tag in listing.tags]


def tag_id(tag: str) -> str:
    """Gamma's id of a known tag, an id of our own for any other."""
    return TAG_IDS.get(tag) or str(_FIRST_OTHER_TAG_ID + sum(tag.encode()))


def tag_slug(tag: str) -> str:
    return tag.lower().replace(" ", "-")


def _market_json(snapshot: Snapshot) -> dict[str, Any]:
    listing = snapshot.listing
    return {
        "id": str(listing.market_id),
        "question": listing.question,
        "conditionId": listing.condition_id,
        "slug": listing.slug,
        **({} if listing.version is None else {"version": listing.version}),
        "category": listing.category,
        "description": _description(listing),
        "resolutionSource": "https://data.chain.link/streams/btc-usd",
        "image": ICON,
        "icon": ICON,
        "startDate": iso(listing.opens_ms),
        "startDateIso": moment(listing.opens_ms).date().isoformat(),
        "eventStartTime": iso(listing.start_ms),
        "endDate": iso(listing.end_ms),
        "endDateIso": moment(listing.end_ms).date().isoformat(),
        "createdAt": iso(listing.opens_ms),
        "updatedAt": iso(snapshot.now_ms),
        "outcomes": json.dumps(listing.outcomes),
        "clobTokenIds": json.dumps(listing.token_ids),
        "positionIds": list(listing.position_ids) or None,
        "negRisk": listing.neg_risk,
        "negRiskOther": False,
        **_state_fields(snapshot),
        **_resolution_fields(snapshot),
        **_trading_fields(snapshot),
        **_price_fields(snapshot),
    }


def _description(listing: Listing) -> str:
    origin = "Synthetic: made up by the exchange simulator." if listing.is_synthetic else "Recorded order books."
    return f"{listing.question}. {origin}"


def _state_fields(snapshot: Snapshot) -> dict[str, Any]:
    closed = {"closedTime": _closed_time(snapshot.resolved_ms)} if snapshot.resolved_ms is not None else {}
    return {
        "active": True,
        "closed": snapshot.is_closed,
        "archived": False,
        "acceptingOrders": snapshot.takes_orders,
        "acceptingOrdersTimestamp": iso(snapshot.listing.opens_ms),
        "enableOrderBook": True,
        "restricted": True,
        **closed,
    }


def _closed_time(resolved_ms: int) -> str:
    return f"{moment(resolved_ms):%Y-%m-%d %H:%M:%S}+00"


def _resolution_fields(snapshot: Snapshot) -> dict[str, Any]:
    listing, stage = snapshot.listing, snapshot.stage
    if listing.version == "v2":
        return {
            "questionID": listing.question_id,
            "resolutionStatus": "resolved" if stage is Stage.RESOLVED else "active",
        }
    passed = _STATUS_ORDER[: _STATUS_ORDER.index(stage) + 1] if stage in _STATUS_ORDER else ()
    status = {"umaResolutionStatus": stage.value} if passed else {}
    return {
        "questionID": listing.question_id,
        "resolvedBy": "0x65070BE91477460D8A7AeEb94ef92fe056C2f2A7",
        "umaResolutionStatuses": json.dumps([step.value for step in passed]),
        "umaBond": "500",
        "umaReward": "2",
        **status,
    }


def _trading_fields(snapshot: Snapshot) -> dict[str, Any]:
    listing, volume, liquidity = snapshot.listing, snapshot.volume, snapshot.liquidity
    return {
        "orderPriceMinTickSize": number(snapshot.tick.value),
        "orderMinSize": 5,
        "secondsDelay": 0,
        # the flag is not always there; the schedule is what counts
        **({} if listing.market_id % 4 == 0 else {"feesEnabled": True}),
        "feeType": "crypto_fees_v2",
        "feeSchedule": {
            "exponent": listing.fees.exponent,
            "rate": number(listing.fees.rate),
            "takerOnly": True,
            "rebateRate": 0.2,
        },
        "makerBaseFee": 1000,
        "takerBaseFee": 1000,
        "volume": plain(volume),
        "volumeNum": number(volume),
        "volume24hr": number(volume),
        "liquidity": plain(liquidity),
        "liquidityNum": number(liquidity),
        "rewardsMinSize": 50,
        "rewardsMaxSpread": 4.5,
    }


def _price_fields(snapshot: Snapshot) -> dict[str, Any]:
    listing, book = snapshot.listing, snapshot.book
    if snapshot.is_closed and listing.payouts is not None:
        prices = [listing.payout_per_share(index) for index in (0, 1)]
        return {"outcomePrices": json.dumps([plain(price) for price in prices])}
    bid = book.bids[0][0].value if book and book.bids else None
    ask = book.asks[0][0].value if book and book.asks else None
    middle = ((bid or Decimal(0)) + (Decimal(1) if ask is None else ask)) / 2
    fields: dict[str, Any] = {"outcomePrices": json.dumps([plain(middle), plain(1 - middle)])}
    if bid is not None:
        fields["bestBid"] = number(bid)
    if ask is not None:
        fields["bestAsk"] = number(ask)
    if bid is not None and ask is not None:
        fields["spread"] = number(ask - bid)
    if snapshot.last_price is not None:
        fields["lastTradePrice"] = number(snapshot.last_price.value)
    return fields


def _event_head(snapshot: Snapshot) -> dict[str, Any]:
    listing = snapshot.listing
    closed = {"closedTime": iso(snapshot.resolved_ms)} if snapshot.resolved_ms is not None else {}
    return {
        "id": str(listing.event_id),
        "ticker": listing.slug,
        "slug": listing.slug,
        "title": listing.question,
        "description": _description(listing),
        "category": listing.category,
        "startDate": iso(listing.opens_ms),
        "creationDate": iso(listing.opens_ms),
        "startTime": iso(listing.start_ms),
        "endDate": iso(listing.end_ms),
        "image": ICON,
        "icon": ICON,
        "active": True,
        "closed": snapshot.is_closed,
        "archived": False,
        "restricted": True,
        "liquidity": number(snapshot.liquidity),
        "volume": number(snapshot.volume),
        "enableOrderBook": True,
        "negRisk": listing.neg_risk,
        "seriesSlug": "btc-up-or-down-15m",
        "createdAt": iso(listing.opens_ms),
        "updatedAt": iso(snapshot.now_ms),
        **closed,
    }
