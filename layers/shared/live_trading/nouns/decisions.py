"""A decision: the recorded verdict on one source trade for one FT wallet or LT strategy."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from live_trading.nouns.money import Usd


class Verdict(StrEnum):
    """EXIT is a trader's sale that ours follows; it is no order by itself, the position's next look sells."""

    ACCEPTED = "ACCEPTED"
    REJECTED = "REJECTED"
    EXIT = "EXIT"


class Reason(StrEnum):
    """Why a source trade was not taken; ACCEPTED where it was, TRADER_SOLD where it is an exit that is followed."""

    ACCEPTED = "accepted"
    TRADER_SOLD = "trader_sold"
    NOTHING_HELD = "nothing_held"
    NOT_AN_ENTRY = "not_an_entry"
    WALLET_NOT_RUNNING = "wallet_not_running"
    SIGNAL_TOO_OLD = "signal_too_old"
    NOT_TARGET_TRADER = "not_target_trader"
    EXCLUDED_TRADER = "excluded_trader"
    TRADER_LEFT = "trader_left"
    TRADER_HEDGED = "trader_hedged"
    COOLING_DOWN = "cooling_down"
    POSITION_WAS_LEFT = "position_was_left"
    TOO_MANY_ENTRIES = "too_many_entries"
    TOO_CLOSE_TO_LAST_ENTRY = "too_close_to_last_entry"
    MARKET_UNKNOWN = "market_unknown"
    MARKET_VERSION_UNSUPPORTED = "market_version_unsupported"
    TICK_UNUSABLE = "tick_unusable"
    MARKET_UNSUPPORTED = "market_unsupported"
    MARKET_NOT_OPEN = "market_not_open"
    NEG_RISK_UNKNOWN = "neg_risk_unknown"
    MARKET_ENDED = "market_ended"
    MARKET_ENDS_TOO_SOON = "market_ends_too_soon"
    GAME_START_UNKNOWN = "game_start_unknown"
    GAME_NOT_STARTED = "game_not_started"
    PRICE_OUT_OF_RANGE = "price_out_of_range"
    TRADER_STATS_MISSING = "trader_stats_missing"
    TOO_FEW_RESOLVED = "too_few_resolved"
    WIN_RATE_TOO_LOW = "win_rate_too_low"
    WIN_RATE_TOO_HIGH = "win_rate_too_high"
    MODEL_PROBABILITY_MISSING = "model_probability_missing"
    MODEL_PROBABILITY_TOO_LOW = "model_probability_too_low"
    EDGE_TOO_SMALL = "edge_too_small"
    EDGE_TOO_LARGE = "edge_too_large"
    CONVICTION_TOO_LOW = "conviction_too_low"
    CONVICTION_TOO_HIGH = "conviction_too_high"
    CATEGORY_NOT_ALLOWED = "category_not_allowed"
    KEYWORD_EXCLUDED = "keyword_excluded"
    SOURCE_TRADE_TOO_SMALL = "source_trade_too_small"
    SOURCE_TRADE_TOO_LARGE = "source_trade_too_large"
    NO_POSITIVE_STAKE = "no_positive_stake"
    BELOW_MINIMUM_ORDER = "below_minimum_order"
    INSUFFICIENT_CASH = "insufficient_cash"
    WALLET_OVERDRAWN = "wallet_overdrawn"
    STRATEGY_PAUSED = "strategy_paused"
    ENTRIES_LOCKED = "entries_locked"
    RISK_REJECTED = "risk_rejected"
    RISK_NO_DATA = "risk_no_data"
    RISK_TRIPPED = "risk_tripped"
    NOT_ELIGIBLE = "not_eligible"
    VENUE_NOT_READY = "venue_not_ready"
    BOOK_UNAVAILABLE = "book_unavailable"


MISSING_DATA = frozenset(
    {
        Reason.MARKET_UNKNOWN,
        Reason.NEG_RISK_UNKNOWN,
        Reason.GAME_START_UNKNOWN,
        Reason.TRADER_STATS_MISSING,
        Reason.MODEL_PROBABILITY_MISSING,
    }
)
"""Refusals by a check that had nothing to look at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One check with what it saw and the bound it saw it against, both as text for the record.

    `passed` is None where the check could not be computed or is switched off.
    """

    name: str
    observed: str | None
    limit: str | None
    passed: bool | None
    reason: Reason | None = None


class ChangeHow(StrEnum):
    """What is done to a setting: set it, or add to or remove from what it lists."""

    SET = "SET"
    ADD = "ADD"
    REMOVE = "REMOVE"


class NoChange(StrEnum):
    """Why no change of one setting can be named that would have let a trade pass a check."""

    NO_SETTING = "no_setting"
    SEVERAL_SETTINGS = "several_settings"
    NOT_KNOWN = "not_known"
    OUT_OF_RANGE = "out_of_range"


@dataclass(frozen=True, slots=True, kw_only=True)
class LeastChange:
    """The smallest change of one setting with which a trade would have passed the check that it failed.

    Any of `settings` bounds the same; of one in dollars and one as a fraction of equity `value` is in dollars.
    """

    settings: tuple[str, ...]
    how: ChangeHow
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """The verdict of the shared evaluation on one source trade.

    `reason` is the first failing check in the documented order, or ACCEPTED; `checks` holds at least that one, and all
    of them where it was accepted. `edge`, `probability`, `cost_per_share`, `win_rate` and `conviction` are plain ratios
    (fractions 0..1 and multiples), None where they could not be computed.
    """

    verdict: Verdict
    reason: Reason
    checks: tuple[Check, ...]
    stake: Usd
    probability: Decimal | None
    cost_per_share: Decimal | None
    edge: Decimal | None
    conviction: Decimal | None
    win_rate: Decimal | None
