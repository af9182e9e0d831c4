"""The reasons of decisions as people read them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from live_trading.nouns.decisions import NoChange, Reason

WORDS: Mapping[Reason, str] = MappingProxyType(
    {
        Reason.ACCEPTED: "The trade was copied.",
        Reason.TRADER_SOLD: "The trader sold what is held after them, and that is followed.",
        Reason.NOTHING_HELD: "The trader sold something of which nothing is held that was bought after them.",
        Reason.NOT_AN_ENTRY: "The trade is a sale, and sales are not followed.",
        Reason.WALLET_NOT_RUNNING: "The FT wallet was inactive, or outside of its dates.",
        Reason.SIGNAL_TOO_OLD: "The trade was older than signals may be.",
        Reason.NOT_TARGET_TRADER: "The trader is not among those whom the configuration follows.",
        Reason.EXCLUDED_TRADER: "The configuration excludes the trader.",
        Reason.TRADER_LEFT: "The trader had already left the position again.",
        Reason.TRADER_HEDGED: "The trader also holds another outcome of the market.",
        Reason.COOLING_DOWN: "A stop was hit in this market a short time ago.",
        Reason.POSITION_WAS_LEFT: "A position in this token was left, and none is taken again.",
        Reason.TOO_MANY_ENTRIES: "The token has been entered as often as is allowed.",
        Reason.TOO_CLOSE_TO_LAST_ENTRY: "The price is too close to that of the last entry.",
        Reason.MARKET_UNKNOWN: "The market, its outcome or its end is not known.",
        Reason.MARKET_VERSION_UNSUPPORTED: "The market runs on a version of the protocol that is not traded.",
        Reason.TICK_UNUSABLE: "The market's price step cannot be used.",
        Reason.MARKET_UNSUPPORTED: "Orders in this market cannot be made.",
        Reason.MARKET_NOT_OPEN: "The market was closed, or took no orders.",
        Reason.NEG_RISK_UNKNOWN: "It is not known which exchange the market belongs to.",
        Reason.MARKET_ENDED: "The market's stated end had passed.",
        Reason.MARKET_ENDS_TOO_SOON: "The market ends sooner than the configuration wants.",
        Reason.GAME_START_UNKNOWN: "It is not known when the game begins.",
        Reason.GAME_NOT_STARTED: "The game had not begun.",
        Reason.PRICE_OUT_OF_RANGE: "The price lies outside of the configured range.",
        Reason.TRADER_STATS_MISSING: "The trader has no record, or it lacks what the configuration asks of it.",
        Reason.TOO_FEW_RESOLVED: "Too few of the trader's positions are resolved.",
        Reason.WIN_RATE_TOO_LOW: "The trader's win rate is too low.",
        Reason.WIN_RATE_TOO_HIGH: "The trader's win rate is too high.",
        Reason.MODEL_PROBABILITY_MISSING: "The model gave no probability.",
        Reason.MODEL_PROBABILITY_TOO_LOW: "The model's probability is too low.",
        Reason.EDGE_TOO_SMALL: "The edge, probability less cost, is too small.",
        Reason.EDGE_TOO_LARGE: "The edge is larger than is believed.",
        Reason.CONVICTION_TOO_LOW: "The trade is small against what the trader usually trades.",
        Reason.CONVICTION_TOO_HIGH: "The trade is large against what the trader usually trades.",
        Reason.CATEGORY_NOT_ALLOWED: "The market is in none of the configured categories.",
        Reason.KEYWORD_EXCLUDED: "The market has a word that the configuration excludes.",
        Reason.SOURCE_TRADE_TOO_SMALL: "The trader's trade is too small.",
        Reason.SOURCE_TRADE_TOO_LARGE: "The trader's trade is too large.",
        Reason.NO_POSITIVE_STAKE: "The sizing comes to no bet.",
        Reason.BELOW_MINIMUM_ORDER: "The bet is smaller than the venue takes.",
        Reason.INSUFFICIENT_CASH: "There is not enough free cash.",
        Reason.WALLET_OVERDRAWN: "The trading wallet holds less than its strategies count on.",
        Reason.STRATEGY_PAUSED: "The strategy was paused or inactive.",
        Reason.ENTRIES_LOCKED: "A lock stopped entries.",
        Reason.RISK_REJECTED: "A risk rule refused the entry.",
        Reason.RISK_NO_DATA: "A risk rule had nothing to judge by.",
        Reason.RISK_TRIPPED: "A risk rule refused the entry and locked what follows.",
        Reason.NOT_ELIGIBLE: "The venue lets this account or place open nothing.",
        Reason.VENUE_NOT_READY: "The venue took no orders.",
        Reason.BOOK_UNAVAILABLE: "The order book could not be read.",
    }
)
"""Every reason in a sentence."""

NO_CHANGE_WORDS: Mapping[NoChange, str] = MappingProxyType(
    {
        NoChange.NO_SETTING: "no setting bounds it: it is how the trade, the market, the trader or the money was",
        NoChange.SEVERAL_SETTINGS: "it follows from several settings together",
        NoChange.NOT_KNOWN: "what was looked at is not known",
        NoChange.OUT_OF_RANGE: "the setting cannot be put so far",
    }
)
"""Why a change of one setting is not named."""
