"""The evaluation's table: every reason code, at, under and over each bound, and the order in which they are named."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import combinations
from typing import Any

import pytest

from live_trading.nouns.decisions import Reason, Verdict
from live_trading.nouns.markets import ProtocolVersion
from live_trading.nouns.money import Price, Usd
from live_trading.nouns.trades import Side
from live_trading.signals.config_errors import InvalidConfig
from live_trading.signals.evaluate import evaluate, explained
from live_trading.signals.inputs import EvaluationInputs, PositionStanding, TraderStanding
from tests.builders import (
    ALICE,
    BOB,
    CRYPTO_FEES,
    NOON,
    a_config,
    a_market,
    a_record,
    a_trade,
    inputs,
    stats,
)

INSTANT = timedelta(microseconds=1)
MINUTE = timedelta(minutes=1)
FAIR: Mapping[str, Any] = {"min_edge": "-1"}
# Probability .70 and cost .40, so that the edge is .30 to the last digit.
EXACT_EDGE: Mapping[str, Any] = {"probability_source": "trader_win_rate", "assumed_slippage_fraction": "0"}
MODEL: Mapping[str, Any] = {"use_model": True, "model_threshold": "0.6"}


@dataclass(frozen=True, kw_only=True)
class Case:
    """Changes to the accepted trade of the builders, and the reason that they must give."""

    name: str
    reason: Reason
    keys: Mapping[str, Any] = field(default_factory=dict)
    trade: Mapping[str, Any] = field(default_factory=dict)
    market: Mapping[str, Any] | None = field(default_factory=dict)
    rest: Mapping[str, Any] = field(default_factory=dict)

    def inputs(self) -> EvaluationInputs:
        return inputs(
            config=a_config(**self.keys),
            trade=a_trade(**self.trade),
            market=None if self.market is None else a_market(**self.market),
            **self.rest,
        )


def passes(name: str, **changes: Any) -> Case:
    return Case(name=name, reason=Reason.ACCEPTED, **changes)


def fails(name: str, reason: Reason, **changes: Any) -> Case:
    return Case(name=name, reason=reason, **changes)


def aged(seconds: str) -> dict[str, datetime]:
    return {"trade_time": NOON - timedelta(seconds=float(seconds))}


def model(probability: str) -> dict[str, Any]:
    return {"model_probability": Decimal(probability), "model_name": "m1"}


def standing(*, is_held: bool = False, has_left: bool = False, is_hedged: bool = False) -> dict[str, TraderStanding]:
    return {"standing": TraderStanding(is_held=is_held, has_left=has_left, is_hedged=is_hedged)}


def position(
    entries: int = 0, *, last: str | None = None, stopped: datetime | None = None, was_left: bool = False
) -> dict[str, PositionStanding]:
    return {
        "position": PositionStanding(
            entries=entries,
            last_entry_price=None if last is None else Price(last),
            last_stop_at=stopped,
            was_left=was_left,
        )
    }


def limited(**rules: Any) -> dict[str, Any]:
    return {"positions": rules}


FOLLOWING: Mapping[str, Any] = {"exits": {"follow_trader": True}}

CASES = (
    passes("the defaults"),
    # 1
    fails("a sell", Reason.NOT_AN_ENTRY, trade={"side": Side.SELL}),
    fails(
        "a sell of what is held after its trader",
        Reason.TRADER_SOLD,
        keys=FOLLOWING,
        trade={"side": Side.SELL},
        rest=standing(is_held=True),
    ),
    fails(
        "a sell of what is not held after its trader",
        Reason.NOTHING_HELD,
        keys=FOLLOWING,
        trade={"side": Side.SELL},
        rest=standing(),
    ),
    # 2
    fails("inactive", Reason.WALLET_NOT_RUNNING, rest={"is_active": False}),
    passes("at its start", keys={"start_date": NOON}),
    fails("before its start", Reason.WALLET_NOT_RUNNING, keys={"start_date": NOON + INSTANT}),
    passes("just before its end", keys={"end_date": NOON + INSTANT}),
    fails("at its end", Reason.WALLET_NOT_RUNNING, keys={"end_date": NOON}),
    # 3
    passes("as old as allowed", trade=aged("600")),
    fails("too old", Reason.SIGNAL_TOO_OLD, trade=aged("600.000001")),
    passes("of any age in a replay", trade=aged("600000"), rest={"max_signal_age_seconds": None}),
    fails("too old for the wallet itself", Reason.SIGNAL_TOO_OLD, keys={"max_signal_age_seconds": 59}),
    passes("as old as the wallet itself allows", keys={"max_signal_age_seconds": 60}),
    fails(
        "older than the run allows whatever the wallet says",
        Reason.SIGNAL_TOO_OLD,
        keys={"max_signal_age_seconds": 3600},
        trade=aged("601"),
    ),
    # 4
    passes("a target", keys={"target_traders": [BOB, ALICE]}),
    fails("not a target", Reason.NOT_TARGET_TRADER, keys={"target_traders": [BOB]}),
    fails("excluded", Reason.EXCLUDED_TRADER, keys={"excluded_traders": [BOB, ALICE]}),
    passes("another is excluded", keys={"excluded_traders": [BOB]}),
    fails(
        "target and excluded",
        Reason.EXCLUDED_TRADER,
        keys={"target_traders": [ALICE], "excluded_traders": [ALICE]},
    ),
    passes("a trader who is still in it", keys=FOLLOWING, rest=standing()),
    passes("a trader who has both sides", keys=FOLLOWING, rest=standing(is_hedged=True)),
    fails("a trader who has left it", Reason.TRADER_LEFT, keys=FOLLOWING, rest=standing(has_left=True)),
    fails(
        "a trader who has both sides, where that is skipped",
        Reason.TRADER_HEDGED,
        keys={"exits": {"follow_trader": True, "skip_hedged": True}},
        rest=standing(is_hedged=True),
    ),
    passes("no stop to cool down from", keys=limited(cooldown_minutes_after_stop=30), rest=position()),
    passes(
        "cooled down",
        keys=limited(cooldown_minutes_after_stop=30),
        rest=position(stopped=NOON - 30 * MINUTE),
    ),
    fails(
        "not yet cooled down",
        Reason.COOLING_DOWN,
        keys=limited(cooldown_minutes_after_stop=30),
        rest=position(stopped=NOON - 30 * MINUTE + INSTANT),
    ),
    passes("a stop, and no cool-down", keys=limited(max_entries=1), rest=position(stopped=NOON, was_left=True)),
    passes("never left", keys=limited(reentry=False), rest=position(1, last="0.40")),
    fails("left before", Reason.POSITION_WAS_LEFT, keys=limited(reentry=False), rest=position(was_left=True)),
    passes("one entry fewer than allowed", keys=limited(max_entries=3), rest=position(2, last="0.40")),
    fails(
        "as many entries as allowed",
        Reason.TOO_MANY_ENTRIES,
        keys=limited(max_entries=3),
        rest=position(3, last="0.40"),
    ),
    passes("the first entry", keys=limited(min_entry_distance_fraction="0.25"), rest=position()),
    passes("as far above", keys=limited(min_entry_distance_fraction="0.25"), rest=position(1, last="0.32")),
    passes("as far below", keys=limited(min_entry_distance_fraction="0.2"), rest=position(1, last="0.50")),
    fails(
        "not as far above",
        Reason.TOO_CLOSE_TO_LAST_ENTRY,
        keys=limited(min_entry_distance_fraction="0.250001"),
        rest=position(1, last="0.32"),
    ),
    fails(
        "not as far below",
        Reason.TOO_CLOSE_TO_LAST_ENTRY,
        keys=limited(min_entry_distance_fraction="0.200001"),
        rest=position(1, last="0.50"),
    ),
    passes("what was not asked for limits nothing", rest=position(9, last="0.40", stopped=NOON, was_left=True)),
    # 5
    fails("no market", Reason.MARKET_UNKNOWN, market=None),
    fails("a token of another market", Reason.MARKET_UNKNOWN, trade={"token_id": "9"}),
    passes("protocol v2", market={"version": ProtocolVersion.V2}),
    passes("a tick of no table", market={"tick_size": Price("0.02")}),
    fails("a tick that makes no grid", Reason.TICK_UNUSABLE, market={"tick_size": Price("0.03")}),
    fails("an unknown protocol", Reason.MARKET_VERSION_UNSUPPORTED, market={"version": ProtocolVersion.UNKNOWN}),
    fails("closed", Reason.MARKET_NOT_OPEN, market={"is_open": False}),
    fails("not accepting orders", Reason.MARKET_NOT_OPEN, market={"accepting_orders": False}),
    fails("no word on neg risk", Reason.NEG_RISK_UNKNOWN, market={"neg_risk": None}),
    passes("a neg-risk market", market={"neg_risk": True}),
    passes("past its stated end and taking orders", market={"end_time": NOON - 90 * timedelta(days=1)}),
    fails(
        "ended where some time is wanted",
        Reason.MARKET_ENDED,
        keys={"min_minutes_to_end": 1},
        market={"end_time": NOON},
    ),
    passes("about to end", market={"end_time": NOON + INSTANT}),
    passes("half an hour to go", keys={"min_minutes_to_end": 30}, market={"end_time": NOON + 30 * MINUTE}),
    fails(
        "less than half an hour to go",
        Reason.MARKET_ENDS_TOO_SOON,
        keys={"min_minutes_to_end": 30},
        market={"end_time": NOON + 30 * MINUTE - INSTANT},
    ),
    passes("no known end, and none needed", market={"end_time": None}),
    fails(
        "no known end where one is needed",
        Reason.MARKET_UNKNOWN,
        keys={"min_minutes_to_end": 1},
        market={"end_time": None},
    ),
    # 6
    fails("no known start", Reason.GAME_START_UNKNOWN, keys={"trade_live_only": True}),
    fails(
        "before the start",
        Reason.GAME_NOT_STARTED,
        keys={"trade_live_only": True},
        market={"game_start_time": NOON + INSTANT},
    ),
    passes("at the start", keys={"trade_live_only": True}, market={"game_start_time": NOON}),
    passes("before the start, and live is not asked for", market={"game_start_time": NOON + MINUTE}),
    # 7
    passes("at the lowest price", keys={"price_min": "0.40"}),
    fails("under the lowest price", Reason.PRICE_OUT_OF_RANGE, keys={"price_min": "0.400001"}),
    passes("at the highest price", keys={"price_max": "0.40"}),
    fails("over the highest price", Reason.PRICE_OUT_OF_RANGE, keys={"price_max": "0.399999"}),
    # 8
    fails("no stats", Reason.TRADER_STATS_MISSING, rest={"stats": None}),
    fails("no population to lean on", Reason.TRADER_STATS_MISSING, rest={"prior_mean": None}),
    passes(
        "no population, and the raw rate asked for",
        keys={"probability_source": "trader_win_rate"},
        rest={"prior_mean": None},
    ),
    fails(
        "no usual trade to compare with",
        Reason.TRADER_STATS_MISSING,
        keys={"min_conviction": "1"},
        rest={"stats": stats(last_30_days=a_record(average=None))},
    ),
    passes("no usual trade, and none needed", rest={"stats": stats(last_30_days=a_record(average=None))}),
    fails(
        "no usual trade to size by",
        Reason.TRADER_STATS_MISSING,
        keys={"allocation_method": "CONVICTION"},
        rest={"stats": stats(last_30_days=a_record(average=None))},
    ),
    fails(
        "nothing resolved to take a rate from",
        Reason.TRADER_STATS_MISSING,
        keys={"min_trader_resolved_count": 0, "probability_source": "trader_win_rate"},
        rest={"stats": stats(last_30_days=a_record(resolved=0, won=0), lifetime=a_record(resolved=0, won=0))},
    ),
    passes(
        "no stats, and nothing needs them",
        keys={"min_trader_resolved_count": 0, "probability_source": "model"},
        rest={"stats": None, **model("0.7")},
    ),
    # 9
    passes("thirty resolved", rest={"stats": stats(last_30_days=a_record(resolved=30, won=30))}),
    fails(
        "twenty-nine resolved in both windows",
        Reason.TOO_FEW_RESOLVED,
        rest={
            "stats": stats(last_30_days=a_record(resolved=29, won=29), lifetime=a_record(resolved=29, won=29)),
        },
    ),
    passes(
        "twenty-nine resolved lately, thirty ever",
        rest={"stats": stats(last_30_days=a_record(resolved=29, won=0), lifetime=a_record(resolved=30, won=30))},
    ),
    # 10
    passes("at the lowest win rate", keys={"min_trader_win_rate": "0.7"}),
    fails("under the lowest win rate", Reason.WIN_RATE_TOO_LOW, keys={"min_trader_win_rate": "0.700001"}),
    passes("at the highest win rate", keys={"max_trader_win_rate": "0.7"}),
    fails("over the highest win rate", Reason.WIN_RATE_TOO_HIGH, keys={"max_trader_win_rate": "0.699999"}),
    # 11
    fails("no model's word where it is asked for", Reason.MODEL_PROBABILITY_MISSING, keys=MODEL),
    fails(
        "no model's word where it is the probability",
        Reason.MODEL_PROBABILITY_MISSING,
        keys={"probability_source": "model"},
    ),
    fails(
        "no model's word where it sizes the bet",
        Reason.MODEL_PROBABILITY_MISSING,
        keys={"allocation_method": "ML_SCALED"},
    ),
    passes("at the model's threshold", keys=MODEL, rest=model("0.6")),
    fails("under the model's threshold", Reason.MODEL_PROBABILITY_TOO_LOW, keys=MODEL, rest=model("0.59999999")),
    passes("a low model's word that nobody asked for", rest=model("0.1")),
    # 12
    passes("at the least edge", keys={**EXACT_EDGE, "min_edge": "0.3"}),
    fails("under the least edge", Reason.EDGE_TOO_SMALL, keys={**EXACT_EDGE, "min_edge": "0.300001"}),
    passes("at the greatest edge", keys={**EXACT_EDGE, "max_edge": "0.3"}),
    fails("over the greatest edge", Reason.EDGE_TOO_LARGE, keys={**EXACT_EDGE, "max_edge": "0.299999"}),
    passes("no edge at all is not under nothing", keys=EXACT_EDGE, trade={"price": Price("0.7")}),
    fails("a hair of negative edge", Reason.EDGE_TOO_SMALL, keys=EXACT_EDGE, trade={"price": Price("0.700001")}),
    # 13
    passes("at the least conviction", keys={"min_conviction": "2"}),
    fails("under the least conviction", Reason.CONVICTION_TOO_LOW, keys={"min_conviction": "2.000001"}),
    passes("at the greatest conviction", keys={"max_conviction": "2"}),
    fails("over the greatest conviction", Reason.CONVICTION_TOO_HIGH, keys={"max_conviction": "1.999999"}),
    # 14
    passes("the category is wanted", keys={"market_categories": ["sports", "WEATHER"]}),
    passes("a tag is wanted", keys={"market_categories": ["norway"]}),
    fails("another category is wanted", Reason.CATEGORY_NOT_ALLOWED, keys={"market_categories": ["sports"]}),
    fails("a part of a word is wanted", Reason.CATEGORY_NOT_ALLOWED, keys={"market_categories": ["weath"]}),
    fails(
        "a market without category or tags",
        Reason.CATEGORY_NOT_ALLOWED,
        keys={"market_categories": ["weather"]},
        market={"category": None, "tags": ()},
    ),
    fails("a word of the title is excluded", Reason.KEYWORD_EXCLUDED, keys={"exclude_market_keywords": ["OSLO"]}),
    fails("words of the title are excluded", Reason.KEYWORD_EXCLUDED, keys={"exclude_market_keywords": ["in oslo"]}),
    fails("a tag is excluded", Reason.KEYWORD_EXCLUDED, keys={"exclude_market_keywords": ["x", "norway"]}),
    passes("a part of a word is excluded", keys={"exclude_market_keywords": ["osl", "ain", "morrow"]}),
    fails(
        "a word of the feed's title is excluded",
        Reason.KEYWORD_EXCLUDED,
        keys={"exclude_market_keywords": ["snow"]},
        trade={"title": "Snow in Oslo?"},
    ),
    # 15
    passes("at the least source trade", keys={"min_source_trade_usd": "40"}),
    fails("under the least source trade", Reason.SOURCE_TRADE_TOO_SMALL, keys={"min_source_trade_usd": "40.000001"}),
    passes("at the greatest source trade", keys={"max_source_trade_usd": "40"}),
    fails("over the greatest source trade", Reason.SOURCE_TRADE_TOO_LARGE, keys={"max_source_trade_usd": "39.999999"}),
    # 16
    fails(
        "Kelly without an edge",
        Reason.NO_POSITIVE_STAKE,
        keys={**EXACT_EDGE, "allocation_method": "KELLY"},
        trade={"price": Price("0.7")},
    ),
    fails(
        "a scale below nothing",
        Reason.NO_POSITIVE_STAKE,
        keys={**FAIR, "allocation_method": "EDGE_SCALED"},
        trade={"price": Price("0.9")},
    ),
    fails("less than a cent", Reason.NO_POSITIVE_STAKE, keys={"bet_size": "0.009", "min_bet": "0"}),
    # 17
    passes("a dollar", keys={"bet_size": "1"}, trade={"price": Price("0.19")}),
    fails("less than a dollar", Reason.BELOW_MINIMUM_ORDER, keys={"bet_size": "0.99"}, trade={"price": Price("0.19")}),
    passes("fewer shares than a resting order needs", keys={"bet_size": "2"}),
    # 18
    passes("all the cash there is", rest={"bankroll": Usd(10)}),
    fails("a hair less cash", Reason.INSUFFICIENT_CASH, rest={"bankroll": Usd("9.999999")}),
    passes("cash for stake and fee", market={"fees": CRYPTO_FEES}, rest={"bankroll": Usd("10.41915")}),
    fails(
        "cash for the stake and not for the fee",
        Reason.INSUFFICIENT_CASH,
        market={"fees": CRYPTO_FEES},
        rest={"bankroll": Usd("10.41914")},
    ),
)

BY_SERVICES = frozenset(
    {
        Reason.MARKET_UNSUPPORTED,
        Reason.STRATEGY_PAUSED,
        Reason.ENTRIES_LOCKED,
        Reason.WALLET_OVERDRAWN,
        Reason.RISK_REJECTED,
        Reason.RISK_NO_DATA,
        Reason.RISK_TRIPPED,
        Reason.NOT_ELIGIBLE,
        Reason.VENUE_NOT_READY,
        Reason.BOOK_UNAVAILABLE,
    }
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.reason}: {case.name}")
def test_a_trade_gets_the_reason_of_the_table(case: Case) -> None:
    found = evaluate(case.inputs())

    assert found.reason == case.reason
    assert (found.verdict is Verdict.ACCEPTED) == (case.reason is Reason.ACCEPTED)
    assert found.stake.is_positive == (case.reason is Reason.ACCEPTED)


def test_the_table_has_every_reason_that_the_evaluation_can_give() -> None:
    assert {case.reason for case in CASES} == set(Reason) - BY_SERVICES


ONE_OF_EACH = tuple({case.reason: case for case in CASES if case.reason is not Reason.ACCEPTED}.values())
DOCUMENTED_ORDER = [reason for reason in Reason if reason not in BY_SERVICES and reason is not Reason.ACCEPTED]


def together(first: Case, second: Case) -> EvaluationInputs | None:
    """Both changes at once; None where they change the same thing, or where no configuration may have both."""
    if first.market is None or second.market is None:
        return None
    if Reason.NOT_AN_ENTRY in (first.reason, second.reason) and {"standing"} & (set(first.rest) | set(second.rest)):
        # A sell whose trader is followed out is judged as an exit and by nothing else.
        return None
    for name in ("keys", "trade", "market", "rest"):
        if set(getattr(first, name)) & set(getattr(second, name)):
            return None
    both = replace(
        first,
        keys={**first.keys, **second.keys},
        trade={**first.trade, **second.trade},
        market={**first.market, **second.market},
        rest={**first.rest, **second.rest},
    )
    try:
        return both.inputs()
    except InvalidConfig:
        return None


def undone(first: Case, second: Case) -> bool:
    """Whether the second change takes away what the first one fails for."""
    # A price moves the numbers that later checks look at, and fees move the edge.
    moves_stake = second.reason in {Reason.NO_POSITIVE_STAKE, Reason.BELOW_MINIMUM_ORDER} and "price" in second.trade
    moves_edge = first.reason is Reason.EDGE_TOO_LARGE and "fees" in (second.market or {})
    # A market without its end is unknown only to the wallets that need one, after it is known to be a market.
    is_late = first.reason is Reason.MARKET_UNKNOWN and bool(first.market)
    gives_model = first.reason is Reason.MODEL_PROBABILITY_MISSING and "model_probability" in second.rest
    moves_away = first.reason is Reason.TOO_CLOSE_TO_LAST_ENTRY and "price" in second.trade
    return moves_away or moves_stake or moves_edge or is_late or gives_model


PAIRS = tuple(
    (first, second, made)
    for first, second in combinations(sorted(ONE_OF_EACH, key=lambda case: DOCUMENTED_ORDER.index(case.reason)), 2)
    if (made := together(first, second)) is not None and not undone(first, second)
)


@pytest.mark.parametrize(
    ("first", "made"),
    [(first, made) for first, _, made in PAIRS],
    ids=[f"{first.reason} before {second.reason}" for first, second, _ in PAIRS],
)
def test_of_two_failures_the_earlier_check_names_the_reason(first: Case, made: EvaluationInputs) -> None:
    assert evaluate(made).reason == first.reason


def test_enough_pairs_are_compared_to_pin_the_order() -> None:
    assert len(PAIRS) > 250


def test_all_limits_of_a_position_are_recorded_in_their_order() -> None:
    rules = limited(cooldown_minutes_after_stop=30, reentry=False, max_entries=2, min_entry_distance_fraction="0.1")
    found = explained(inputs(config=a_config(**rules), **position(2, last="0.40", stopped=NOON, was_left=True)))

    assert [check.reason for check in found.checks if check.passed is False] == [
        Reason.COOLING_DOWN,
        Reason.POSITION_WAS_LEFT,
        Reason.TOO_MANY_ENTRIES,
        Reason.TOO_CLOSE_TO_LAST_ENTRY,
    ]


def test_checks_after_the_first_failure_are_recorded_too() -> None:
    found = explained(
        inputs(
            trade=a_trade(side=Side.SELL, trade_time=NOON - timedelta(hours=1)),
            config=a_config(min_edge="0.9", max_source_trade_usd="1"),
        )
    )

    assert [check.reason for check in found.checks if check.passed is False] == [
        Reason.NOT_AN_ENTRY,
        Reason.SIGNAL_TOO_OLD,
        Reason.EDGE_TOO_SMALL,
        Reason.SOURCE_TRADE_TOO_LARGE,
    ]
    assert {"price", "resolved_count", "minimum_order", "cash_usd"} <= {
        check.name for check in found.checks if check.passed
    }
