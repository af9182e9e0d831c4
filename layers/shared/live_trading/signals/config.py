"""The configuration of an FT wallet: every key, its unit, its range and its default; unknown keys are refused.

Fractions are 0..1, prices dollars a share, money dollars. None is off. Raw JSON numbers must arrive as Decimal, int or
text: a binary float is refused, because 0.1 would not be one tenth. Equal configurations have equal text, however their
numbers and times were written.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from live_trading.signals.config_errors import ConfigError, InvalidConfig, errors_of, misfit
from live_trading.signals.config_types import (
    Address,
    Count,
    Edge,
    Fraction,
    Minutes,
    Moment,
    Money,
    Multiple,
    PositiveFraction,
    PositiveMoney,
    PositiveMultiple,
    Seconds,
    SmallFraction,
    Switch,
    Word,
)
from live_trading.signals.exit_config import ExitConfig
from live_trading.signals.once import once
from live_trading.signals.position_config import PositionConfig

__all__ = [
    "AllocationMethod",
    "ConfigError",
    "CopyTier",
    "InvalidConfig",
    "PaperFillMethod",
    "ProbabilitySource",
    "WalletConfig",
    "config_hash",
    "is_running",
    "parse_config",
]


class AllocationMethod(StrEnum):
    FIXED = "FIXED"
    KELLY = "KELLY"
    EDGE_SCALED = "EDGE_SCALED"
    TIERED = "TIERED"
    CONVICTION = "CONVICTION"
    ML_SCALED = "ML_SCALED"
    CONFIDENCE = "CONFIDENCE"
    WHALE = "WHALE"
    COPY_FRACTION = "COPY_FRACTION"


class ProbabilitySource(StrEnum):
    """Where the probability of winning comes from; the shrunken rate leans on the population of followed traders.

    With NONE nothing is said of it: no edge is computed, and no trader's record is needed where nothing else asks for
    it.
    """

    TRADER_WIN_RATE = "trader_win_rate"
    TRADER_WIN_RATE_SHRUNK = "trader_win_rate_shrunk"
    MODEL = "model"
    NONE = "none"


class PaperFillMethod(StrEnum):
    BOOK = "book"
    FIXED_SLIPPAGE = "fixed_slippage"


class CopyTier(BaseModel):
    """From `from_usd` of source trade on, the copied fraction times `multiplier`; below the first tier it stays."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    from_usd: Money
    multiplier: PositiveMultiple


class WalletConfig(BaseModel):
    """How an FT wallet chooses trades and sizes bets."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)

    start_date: Moment | None = None
    end_date: Moment | None = None
    max_signal_age_seconds: Seconds | None = None
    target_traders: Annotated[tuple[Address, ...], Field(min_length=1, max_length=1000)] | None = None
    excluded_traders: Annotated[tuple[Address, ...], Field(max_length=1000)] = ()
    min_minutes_to_end: Minutes = 0
    trade_live_only: Switch = False
    price_min: Fraction = Decimal(0)
    price_max: Fraction = Decimal(1)
    min_trader_resolved_count: Count = 30
    min_trader_win_rate: Fraction | None = None
    max_trader_win_rate: Fraction | None = None
    use_model: Switch = False
    model_threshold: Fraction | None = None
    probability_source: ProbabilitySource = ProbabilitySource.TRADER_WIN_RATE_SHRUNK
    assumed_slippage_fraction: SmallFraction = Decimal("0.003")
    min_edge: Edge = Decimal(0)
    max_edge: Edge | None = None
    min_conviction: Multiple | None = None
    max_conviction: Multiple | None = None
    market_categories: Annotated[tuple[Word, ...], Field(min_length=1, max_length=100)] | None = None
    exclude_market_keywords: Annotated[tuple[Word, ...], Field(max_length=100)] = ()
    min_source_trade_usd: Money | None = None
    max_source_trade_usd: Money | None = None
    allocation_method: AllocationMethod = AllocationMethod.FIXED
    bet_size: PositiveMoney = Decimal("1.20")
    bet_allocation_weight: PositiveMultiple = Decimal(1)
    kelly_fraction: PositiveFraction = Decimal("0.25")
    min_bet: Money = Decimal("0.50")
    max_bet: PositiveMoney = Decimal(10)
    copy_fraction: PositiveFraction | None = None
    copy_tiers: Annotated[tuple[CopyTier, ...], Field(max_length=20)] = ()
    paper_fill: PaperFillMethod = PaperFillMethod.BOOK
    exits: ExitConfig | None = None
    positions: PositionConfig | None = None

    @model_validator(mode="before")
    @classmethod
    def _needs_no_record_unasked(cls, raw: Any) -> Any:
        """Without a probability the least record that is asked for is none, where nobody says otherwise."""
        if isinstance(raw, Mapping) and raw.get("probability_source") == ProbabilitySource.NONE:
            return {"min_trader_resolved_count": 0, **raw}
        return raw

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        for low, high in _PAIRS:
            _ordered(self, low, high)
        if self.start_date and self.start_date == self.end_date:
            raise misfit("end_date", "nothing is between start_date and end_date", "after start_date")
        if self.use_model and self.model_threshold is None:
            raise misfit("model_threshold", "needed where use_model is true", "0 to 1 as a fraction")
        if self.allocation_method is AllocationMethod.COPY_FRACTION and self.copy_fraction is None:
            raise misfit("copy_fraction", "needed where allocation_method is COPY_FRACTION", "above 0 to 1")
        if self.probability_source is ProbabilitySource.NONE:
            self._asks_for_no_probability()
        starts = [tier.from_usd for tier in self.copy_tiers]
        if starts != sorted(set(starts)):
            raise misfit("copy_tiers", "not in order", "each from_usd above the one before")
        return self

    def _asks_for_no_probability(self) -> None:
        """Raises where something that is set would be inert, or could never size a bet, without a probability."""
        if self.min_edge > 0:
            raise misfit("min_edge", "without a probability there is no edge", "0 where probability_source is none")
        if self.max_edge is not None:
            raise misfit("max_edge", "without a probability there is no edge", "null where probability_source is none")
        if self.allocation_method in _NEEDS_PROBABILITY:
            allowed = ", ".join(method for method in AllocationMethod if method not in _NEEDS_PROBABILITY)
            raise misfit("allocation_method", "sizes by a probability, and probability_source is none", allowed)

    @property
    def needs_model(self) -> bool:
        """True where a check, the probability or the sizing asks for a model's probability."""
        return (
            self.use_model
            or self.probability_source is ProbabilitySource.MODEL
            or self.allocation_method in (AllocationMethod.ML_SCALED, AllocationMethod.WHALE)
        )


_NEEDS_PROBABILITY = frozenset(
    {
        AllocationMethod.KELLY,
        AllocationMethod.EDGE_SCALED,
        AllocationMethod.TIERED,
        AllocationMethod.CONFIDENCE,
        AllocationMethod.WHALE,
    }
)
_PAIRS = (
    ("start_date", "end_date"),
    ("price_min", "price_max"),
    ("min_trader_win_rate", "max_trader_win_rate"),
    ("min_edge", "max_edge"),
    ("min_conviction", "max_conviction"),
    ("min_source_trade_usd", "max_source_trade_usd"),
    ("min_bet", "max_bet"),
)


def _ordered(config: WalletConfig, low: str, high: str) -> None:
    least, most = getattr(config, low), getattr(config, high)
    if least is not None and most is not None and least > most:
        raise misfit(low, f"above {high}", f"at most {high}, which is {most}")


def parse_config(raw: Mapping[str, Any]) -> WalletConfig:
    """The configuration of a mapping as JSON gives it. Raises InvalidConfig."""
    try:
        return WalletConfig.model_validate(raw)
    except ValidationError as error:
        raise InvalidConfig(errors_of(error)) from error


@once
def config_hash(config: WalletConfig) -> str:
    """The sha256 of the configuration's canonical text, in hex."""
    keys = config.model_dump(mode="json")
    for name in ("exits", "positions"):
        if keys[name] is None:
            # As it was before there was such a key: what was decided under it is found by its hash.
            del keys[name]
    text = json.dumps(keys, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def is_running(config: WalletConfig, now: datetime) -> bool:
    """True where `now` is inside the configured dates; both ends may be open."""
    after_start = config.start_date is None or now >= config.start_date
    before_end = config.end_date is None or now < config.end_date
    return after_start and before_end
