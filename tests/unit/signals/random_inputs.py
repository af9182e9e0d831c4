"""Inputs of every kind, drawn near the bounds: each reason comes up, and one in ten is accepted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from random import Random
from typing import Any

from live_trading.nouns.markets import FeeSchedule, Market, ProtocolVersion
from live_trading.nouns.money import Price, Shares, Usd
from live_trading.nouns.trades import Side, TraderRecord, TraderStats
from live_trading.signals.config import AllocationMethod, InvalidConfig, ProbabilitySource, WalletConfig
from live_trading.signals.inputs import EvaluationInputs, PositionStanding, TraderStanding
from tests.builders import ALICE, BOB, NOON, a_config, a_market, a_record, a_trade, inputs, stats

TITLES = (
    "Will it rain in Oslo tomorrow?",
    "Lakers \u2013 Nuggets: will LeBron\u2019s team win?",
    "Will the \u212aelvin scale be named in Par\u0131s?",
    "Ethereum above $4,000 on May 3?",
    "",
)
LABELS = ("Weather", "Rain", "Norway", "NBA", "Crypto", "Politics", "\u00c9lections", "rain-fall")
WORDS = ("rain", "eth", "Oslo", "kelvin", "paris", "NBA", "lebron's", "\u00e9lections", "will it", "C++", "weather")


def stream(number: int) -> Random:
    """The same draws whenever it is asked for by the same number."""
    return Random(number)


def random_inputs(random: Random) -> EvaluationInputs:
    """One trade for one configuration; any two draws have nothing to do with each other."""
    chance = Chance(random)
    config = random_config(random)
    probability = (
        chance.of(Decimal("0.3"), Decimal("0.6"), Decimal("0.61"), Decimal("0.9")) if chance.one_in(3) else None
    )
    return inputs(
        config=config,
        trade=a_trade(
            side=Side.SELL if chance.one_in(15) else Side.BUY,
            trader=chance.of(ALICE, ALICE, ALICE, BOB),
            price=Price(
                chance.of(
                    "0.4",
                    "0.000001",
                    "0.01",
                    "0.5",
                    "0.6",
                    "0.73",
                    "0.99",
                    "0.999",
                    "0.337",
                    chance.of("0", "1", "0.45"),
                )
            ),
            shares=Shares(chance.of("100", "0.000001", "1", "2.5", "17.123456", "250000", "3333.333333")),
            title=chance.of(*TITLES),
            trade_time=NOON
            - timedelta(microseconds=chance.of(1, 60_000_000, 999, 58_000_001, -5_000_000, 600_000_000)),
        ),
        market=None if chance.one_in(40) else _market(chance),
        stats=None if chance.one_in(15) else _stats(chance),
        prior_mean=None if chance.one_in(15) else chance.of(Decimal("0.5"), Decimal(1) / 3, Decimal(0), Decimal(1)),
        is_active=not chance.one_in(40),
        bankroll=Usd(chance.of("1000", "1000", "1000", "10", "10.01", "1", "0", "-5", "123456.789012")),
        now=NOON + timedelta(microseconds=chance.of(0, 0, 1, -1)),
        max_signal_age_seconds=chance.of(600, 600, 600, 59, None),
        model_probability=probability,
        model_name=None if probability is None else "m1",
        stake_multiplier=chance.of(Decimal(1), Decimal(1), Decimal("0.75"), Decimal(0), Decimal("1.3333333333")),
        standing=_standing(chance) if chance.one_in(4) else None,
        position=_position(chance) if chance.one_in(2) else None,
    )


def random_config(random: Random) -> WalletConfig:
    """A configuration with any of its keys set; drawn again until its keys fit together."""
    while True:
        try:
            return a_config(**_keys(Chance(random)))
        except InvalidConfig:
            continue


class Chance:
    """Draws from one stream of random numbers."""

    def __init__(self, random: Random) -> None:
        self._random = random

    def of(self, *values: Any) -> Any:
        return self._random.choice(values)

    def one_in(self, number: int) -> bool:
        return self._random.randrange(number) == 0

    def some(self, values: Sequence[str]) -> list[str]:
        return self._random.sample(values, self._random.randint(1, 4))


def _keys(chance: Chance) -> dict[str, Any]:
    optional: dict[str, Any] = {
        "start_date": chance.of("2026-09-28T12:00:00Z", "2026-01-01T00:00:00Z", "2026-01-01T01:00:00+01:00"),
        "end_date": chance.of("2026-09-28T12:00:00Z", "2027-01-01T00:00:00Z", "2027-02-01T00:00:00Z"),
        "max_signal_age_seconds": chance.of(60, 61, 5000),
        "target_traders": chance.of([ALICE], [BOB, ALICE], [BOB]),
        "excluded_traders": chance.of([], [BOB], [ALICE]),
        "min_minutes_to_end": chance.of(1, 1440, 1441),
        "trade_live_only": chance.of(True, False),
        "price_min": chance.of("0.4", "0.1", "0.401"),
        "price_max": chance.of("0.4", "0.9", "0.5"),
        "min_trader_win_rate": chance.of("0.7", "0.5", "0.701"),
        "max_trader_win_rate": chance.of("0.7", "0.9", "0.699"),
        "model": True,
        "max_edge": chance.of("0.9", "0.25", "1"),
        "min_conviction": chance.of("0.5", "2", "2.000001"),
        "max_conviction": chance.of("2", "1000", "5"),
        "market_categories": chance.some(WORDS + LABELS),
        "exclude_market_keywords": chance.some(WORDS),
        "min_source_trade_usd": chance.of("1", "40", "40.000001"),
        "max_source_trade_usd": chance.of("40", "1000", "39.999999"),
        "exits": {"follow_trader": True, "skip_hedged": chance.of(True, False)},
        "positions": _limits(chance),
        "min_bet": chance.of("0", "0.505", "5", "1"),
        "max_bet": chance.of("1", "100", "3.333333"),
        "bet_allocation_weight": chance.of("1.5", "0.05", "3"),
        "kelly_fraction": chance.of("1", "0.01"),
    }
    keys = {name: value for name, value in optional.items() if chance.one_in(10)}
    if keys.pop("model", False):
        keys |= {"use_model": True, "model_threshold": chance.of("0.6", "0.3")}
    return keys | {
        "min_trader_resolved_count": chance.of(0, 1, 30, 100),
        "min_edge": chance.of("-1", "-1", "0", "0.1", "0.25"),
        "assumed_slippage_fraction": chance.of("0.003", "0.003", "0", "0.5", "0.01"),
        "probability_source": chance.of(*[ProbabilitySource.TRADER_WIN_RATE_SHRUNK] * 6, *ProbabilitySource),
        "allocation_method": chance.of(*[AllocationMethod.FIXED] * 3, *AllocationMethod),
        "copy_fraction": chance.of("0.1", "1", "0.000001"),
        "copy_tiers": chance.of([], [{"from_usd": "40", "multiplier": "0.5"}, {"from_usd": "41", "multiplier": "2"}]),
    }


def _limits(chance: Chance) -> dict[str, Any]:
    return {
        "max_entries": chance.of(None, 2, 3),
        "min_entry_distance_fraction": chance.of(None, "0.1", "0.000001"),
        "cooldown_minutes_after_stop": chance.of(None, 30),
        "reentry": chance.of(False, True),
    }


def _market(chance: Chance) -> Market:
    return a_market(
        version=ProtocolVersion.UNKNOWN if chance.one_in(30) else chance.of(ProtocolVersion.V1, ProtocolVersion.V2),
        question=chance.of(*TITLES),
        category=chance.of(None, "", *LABELS),
        tags=tuple(chance.some(LABELS)),
        token_ids=("7", "8") if chance.one_in(30) else ("1001", "1002"),
        is_open=not chance.one_in(40),
        accepting_orders=not chance.one_in(40),
        end_time=chance.of(None, NOON, NOON + timedelta(minutes=1), NOON + timedelta(days=1), NOON - timedelta(days=1)),
        game_start_time=chance.of(None, NOON, NOON + timedelta(microseconds=1), NOON - timedelta(days=1)),
        tick_size=Price(
            chance.of("0.01", "0.01", "0.001", "0.0001", "0.1", "0.005", "0.03" if chance.one_in(5) else "0.01")
        ),
        fees=FeeSchedule(
            rate=Decimal(chance.of("0", "0.07", "0.25", "0.0315")), exponent=Decimal(chance.of("1", "2", "0", "0.5"))
        ),
        neg_risk=None if chance.one_in(30) else chance.of(True, False),
    )


def _stats(chance: Chance) -> TraderStats:
    return stats(last_30_days=_record(chance), lifetime=_record(chance))


def _record(chance: Chance) -> TraderRecord:
    resolved = chance.of(0, 1, 29, 30, 100, 101, 333)
    return a_record(
        resolved=resolved,
        won=chance.of(0, resolved, resolved * 7 // 10, resolved * 9 // 10, resolved * 8 // 10),
        average=chance.of(None, "20", "20", "0.000001", "7.777777"),
    )


def _standing(chance: Chance) -> TraderStanding:
    return TraderStanding(is_held=chance.of(True, False), has_left=chance.one_in(4), is_hedged=chance.one_in(4))


def _position(chance: Chance) -> PositionStanding:
    entries = chance.of(0, 1, 2, 3)
    return PositionStanding(
        entries=entries,
        last_entry_price=Price(chance.of("0.4", "0.44", "0.363636", "0.5")) if entries else None,
        last_stop_at=chance.of(None, NOON - timedelta(minutes=30), NOON - timedelta(minutes=29)),
        was_left=chance.one_in(3),
    )
