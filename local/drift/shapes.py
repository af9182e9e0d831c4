"""The fields of each kind of answer: those that the product lives by, those that are known besides, and closed sets.

From the venue's documentation and its recorded answers, written here by hand: what the parsers themselves demand is
asked of the parsers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Kind(StrEnum):
    """What an answer is."""

    BOOK = "clob.book"
    TICK = "clob.tick-size"
    MIDPOINT = "clob.midpoint"
    CLOB_MARKET = "clob.clob-markets"
    HISTORY = "clob.prices-history"
    TIME = "clob.time"
    VERSION = "clob.version"
    REFUSAL = "refusal"
    MARKET = "gamma.markets"
    TRADE = "data.trades"
    ACTIVITY = "data.activity"
    POSITION = "data.positions"
    RESOLUTION = "data.resolutions"
    STATUS = "data.status"
    GEOBLOCK = "geoblock"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """`expected` fields are used; older recordings may lack those that are in `newer` too. `values` are closed sets."""

    expected: frozenset[str]
    known: frozenset[str] = frozenset()
    newer: frozenset[str] = frozenset()
    values: Mapping[str, frozenset[str]] = field(default_factory=dict)


def _fields(text: str) -> frozenset[str]:
    return frozenset(text.split())


_SIDES = frozenset({"BUY", "SELL"})
_ACTIVITIES = _fields(
    "TRADE SPLIT MERGE REDEEM CONVERSION REWARD MAKER_REBATE TAKER_REBATE DEPOSIT WITHDRAWAL YIELD MIGRATION TIP "
    "REFERRAL_REWARD"
)
_PEOPLE = _fields("name pseudonym bio icon title slug event_slug profile_image profile_image_optimized verified")
_TRADE = _fields(
    "proxy_wallet side token_id condition_id size price timestamp outcome outcome_index transaction_hash title slug"
)

SHAPES: Mapping[Kind, Shape] = {
    Kind.BOOK: Shape(
        expected=_fields("market asset_id timestamp hash bids asks min_order_size tick_size"),
        known=_fields("neg_risk last_trade_price"),
        newer=_fields("min_order_size tick_size"),
    ),
    Kind.TICK: Shape(expected=_fields("minimum_tick_size")),
    Kind.MIDPOINT: Shape(expected=_fields("mid")),
    Kind.CLOB_MARKET: Shape(
        expected=_fields("t mos mts"),
        known=_fields("r mbf tbf ao cbos nr itode fd v c gst aot oas rfqe ibce sd des question_id condition_id"),
    ),
    Kind.HISTORY: Shape(expected=_fields("history")),
    Kind.VERSION: Shape(expected=_fields("version"), values={"version": frozenset({"2"})}),
    Kind.GEOBLOCK: Shape(expected=_fields("blocked"), known=_fields("ip country region")),
    Kind.MARKET: Shape(
        expected=_fields(
            "conditionId question slug version outcomes active closed archived acceptingOrders enableOrderBook "
            "endDate negRisk orderPriceMinTickSize orderMinSize feesEnabled"
        ),
        newer=_fields("version archived feesEnabled"),
        known=_fields(
            "id clobTokenIds positionIds questionID umaResolutionStatus umaResolutionStatuses resolutionStatus "
            "feeSchedule feeType tags events category gameStartTime negRiskOther negRiskMarketID negRiskRequestID "
            "outcomePrices acceptingOrdersTimestamp approved automaticallyActive automaticallyResolved bestAsk "
            "bestBid clearBookOnStart clobRewards closedTime competitive createdAt customLiveness cyom deploying "
            "deployingTimestamp description endDateIso eventStartTime featured funded groupItemThreshold "
            "groupItemTitle hasReviewedDates holdingRewardsEnabled icon image lastTradePrice liquidity liquidityAmm "
            "liquidityClob liquidityNum makerBaseFee takerBaseFee manualActivation marketMakerAddress new "
            "oneDayPriceChange oneHourPriceChange oneMonthPriceChange oneWeekPriceChange oneYearPriceChange "
            "pagerDutyNotificationEnabled pendingDeployment ready requiresTranslation resolutionSource resolvedBy "
            "restricted rewardsMaxSpread rewardsMinSize rfqEnabled secondsDelay seriesColor showGmpOutcome "
            "showGmpSeries spread startDate startDateIso submitted_by umaBond umaEndDate umaReward updatedAt volume "
            "volume1mo volume1moAmm volume1moClob volume1wk volume1wkAmm volume1wkClob volume1yr volume1yrAmm "
            "volume1yrClob volume24hr volume24hrAmm volume24hrClob volumeAmm volumeClob volumeNum"
        ),
        values={
            "version": frozenset({"v1", "v2"}),
            "umaResolutionStatus": _fields("requested proposed disputed resolved settled"),
            "resolutionStatus": _fields("inactive active proposed disputed resolved"),
        },
    ),
    Kind.TRADE: Shape(expected=_TRADE, known=_PEOPLE | _fields("event_id"), values={"side": _SIDES}),
    Kind.ACTIVITY: Shape(
        expected=_fields("proxy_wallet condition_id size timestamp type usdc_size transaction_hash"),
        known=_TRADE | _PEOPLE | _fields("is_combo event_id"),
        values={"type": _ACTIVITIES, "side": _SIDES},
    ),
    Kind.POSITION: Shape(
        expected=_fields("proxy_wallet token_id condition_id realized_pnl unrealized_pnl last_event_at status"),
        newer=_fields("last_event_at status"),
        known=_PEOPLE
        | _fields(
            "current_size avg_price entry_cost_usdc entry_fees_usdc total_cost_usdc current_price current_value "
            "total_size size total_pnl percent_pnl percent_realized_pnl redeemable mergeable negative_risk archived "
            "event_id outcome outcome_index opposite_outcome opposite_token_id end_date first_entry_at "
            "initial_value total_bought"
        ),
        values={"status": _fields("OPEN REDEEMABLE REDEEMABLE_LOST MERGEABLE CLOSED")},
    ),
    Kind.RESOLUTION: Shape(
        expected=_fields("condition_id status resolved_at last_update_timestamp"),
        known=_fields(
            "question_id extended_review was_disputed new_version_q proposed_price reproposed_price price "
            "transaction_hash log_index market_type payouts resolution_source reporter was_arbitrated "
            "resolved_block event_id"
        ),
    ),
    Kind.STATUS: Shape(expected=_fields("computed_at serving"), known=_fields("age_seconds ingestion")),
}

# What the older shape of the Data API calls the same fields.
OLDER_NAMES: Mapping[str, str] = {
    "proxyWallet": "proxy_wallet",
    "asset": "token_id",
    "conditionId": "condition_id",
    "outcomeIndex": "outcome_index",
    "transactionHash": "transaction_hash",
    "eventSlug": "event_slug",
    "eventId": "event_id",
    "usdcSize": "usdc_size",
    "profileImage": "profile_image",
    "profileImageOptimized": "profile_image_optimized",
    "realizedPnl": "realized_pnl",
    "cashPnl": "unrealized_pnl",
    "avgPrice": "avg_price",
    "currentValue": "current_value",
    "initialValue": "initial_value",
    "percentPnl": "percent_pnl",
    "percentRealizedPnl": "percent_realized_pnl",
    "totalBought": "total_bought",
    "curPrice": "current_price",
    "endDate": "end_date",
    "negativeRisk": "negative_risk",
    "oppositeOutcome": "opposite_outcome",
    "oppositeAsset": "opposite_token_id",
}
OF_DATA_API = frozenset({Kind.TRADE, Kind.ACTIVITY, Kind.POSITION})
