"""Configurations that are valid and can never bet, by what they say alone: each with the field and why.

Only what can be proved is told. A configuration that merely bets seldom is nobody's affair but its owner's.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_FLOOR, Decimal
from enum import StrEnum

from live_trading.signals.config import AllocationMethod, ProbabilitySource, WalletConfig
from live_trading.signals.probability import HIGHEST_COST
from live_trading.signals.sizing import CENT

_NO_MODEL = "no model is connected: without its probability every trade is refused"
# Below these edges the method's formula gives nothing.
_LEAST_EDGE = {AllocationMethod.KELLY: Decimal(0), AllocationMethod.EDGE_SCALED: Decimal("-0.2")}


class DoubtCode(StrEnum):
    """Why nothing will be bet."""

    NO_MODEL = "no_model"
    IS_OVER = "is_over"
    EDGE_OUT_OF_REACH = "edge_out_of_reach"
    NO_WHOLE_CENT = "no_whole_cent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """One reason for which no trade can pass."""

    code: DoubtCode
    field: str
    message: str


def doubts(config: WalletConfig, now: datetime) -> Iterator[Doubt]:
    """Every reason for which this configuration cannot bet from `now` on; none where it may."""
    yield from _model(config)
    yield from _dates(config, now)
    yield from _edges(config)
    yield from _cents(config)


def _model(config: WalletConfig) -> Iterator[Doubt]:
    if config.use_model:
        yield Doubt(code=DoubtCode.NO_MODEL, field="use_model", message=_NO_MODEL)
    if config.probability_source is ProbabilitySource.MODEL:
        yield Doubt(code=DoubtCode.NO_MODEL, field="probability_source", message=_NO_MODEL)
    if config.allocation_method in (AllocationMethod.ML_SCALED, AllocationMethod.WHALE):
        yield Doubt(code=DoubtCode.NO_MODEL, field="allocation_method", message=_NO_MODEL)


def _dates(config: WalletConfig, now: datetime) -> Iterator[Doubt]:
    if config.end_date is not None and config.end_date <= now:
        yield Doubt(code=DoubtCode.IS_OVER, field="end_date", message="it lies in the past: no trade is before it")


def _edges(config: WalletConfig) -> Iterator[Doubt]:
    highest = _highest_edge(config)
    if config.min_edge > highest:
        yield Doubt(
            code=DoubtCode.EDGE_OUT_OF_REACH,
            field="min_edge",
            message=f"no trade from price_min on has an edge above {highest:f}",
        )
    least = _LEAST_EDGE.get(config.allocation_method)
    if least is not None and config.max_edge is not None and config.max_edge <= least:
        yield Doubt(
            code=DoubtCode.EDGE_OUT_OF_REACH,
            field="max_edge",
            message=f"{config.allocation_method} bets only with an edge above {least:f}",
        )


def _highest_edge(config: WalletConfig) -> Decimal:
    """The edge of the cheapest share whose probability is as high as it may be, without fees."""
    cheapest = min(HIGHEST_COST, config.price_min * (1 + config.assumed_slippage_fraction))
    return _highest_probability(config) - cheapest


def _highest_probability(config: WalletConfig) -> Decimal:
    if config.probability_source is ProbabilitySource.TRADER_WIN_RATE and config.max_trader_win_rate is not None:
        return config.max_trader_win_rate
    return Decimal(1)


def _cents(config: WalletConfig) -> Iterator[Doubt]:
    """Bets are whole cents between the bounds."""
    highest = config.max_bet.quantize(CENT, rounding=ROUND_FLOOR)
    if highest < max(config.min_bet, CENT):
        yield Doubt(
            code=DoubtCode.NO_WHOLE_CENT, field="max_bet", message="no bet of whole cents lies between min_bet and it"
        )
