"""The configuration of an FT wallet: every key, its unit, its range and its default; unknown keys are refused.

Fractions are 0..1, prices dollars a share, money dollars. None is off. Raw JSON numbers must arrive as Decimal, int or
text: a binary float is refused, because 0.1 would not be one tenth.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

_PLACES = Decimal("0.000001")


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
    """Where the probability of winning comes from; the shrunken rate leans on the population of followed traders."""

    TRADER_WIN_RATE = "trader_win_rate"
    TRADER_WIN_RATE_SHRUNK = "trader_win_rate_shrunk"
    MODEL = "model"


class PaperFillMethod(StrEnum):
    BOOK = "book"
    FIXED_SLIPPAGE = "fixed_slippage"


def _no_float(raw: object) -> object:
    if isinstance(raw, bool | float):
        raise ValueError("a decimal number is expected, as text or as an exact number")  # noqa: TRY004 - pydantic's way
    return raw


def _six_places(value: Decimal) -> Decimal:
    if not value.is_finite() or value != value.quantize(_PLACES):
        raise ValueError("at most six decimal places")
    return value


def _address(value: str) -> str:
    return value.lower()


Number = Annotated[Decimal, BeforeValidator(_no_float), AfterValidator(_six_places)]
Fraction = Annotated[Number, Field(ge=0, le=1)]
Edge = Annotated[Number, Field(ge=-1, le=1)]
Money = Annotated[Number, Field(ge=0, le=Decimal(10) ** 12)]
PositiveMoney = Annotated[Number, Field(gt=0, le=Decimal(10) ** 12)]
Multiple = Annotated[Number, Field(ge=0, le=1000)]
PositiveMultiple = Annotated[Number, Field(gt=0, le=1000)]
Address = Annotated[str, Field(pattern=r"^0x[0-9a-fA-F]{40}$"), AfterValidator(_address)]
Word = Annotated[str, Field(min_length=1, max_length=80)]


class CopyTier(BaseModel):
    """From `from_usd` of source trade on, the copied fraction is multiplied by `multiplier`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    from_usd: Money
    multiplier: PositiveMultiple


class WalletConfig(BaseModel):
    """How an FT wallet chooses trades and sizes bets."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    start_date: AwareDatetime | None = None
    end_date: AwareDatetime | None = None
    max_signal_age_seconds: Annotated[int, Field(ge=1, le=86_400)] | None = None
    target_traders: Annotated[tuple[Address, ...], Field(min_length=1, max_length=1000)] | None = None
    excluded_traders: Annotated[tuple[Address, ...], Field(max_length=1000)] = ()
    min_minutes_to_end: Annotated[int, Field(ge=0, le=525_600)] = 0
    trade_live_only: bool = False
    price_min: Fraction = Decimal(0)
    price_max: Fraction = Decimal(1)
    min_trader_resolved_count: Annotated[int, Field(ge=0, le=1_000_000)] = 30
    min_trader_win_rate: Fraction | None = None
    max_trader_win_rate: Fraction | None = None
    use_model: bool = False
    model_threshold: Fraction | None = None
    probability_source: ProbabilitySource = ProbabilitySource.TRADER_WIN_RATE_SHRUNK
    assumed_slippage_fraction: Annotated[Fraction, Field(le=Decimal("0.5"))] = Decimal("0.003")
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
    kelly_fraction: Annotated[Fraction, Field(gt=0)] = Decimal("0.25")
    min_bet: Money = Decimal("0.50")
    max_bet: PositiveMoney = Decimal(10)
    copy_fraction: Annotated[Fraction, Field(gt=0)] | None = None
    copy_tiers: Annotated[tuple[CopyTier, ...], Field(max_length=20)] = ()
    paper_fill: PaperFillMethod = PaperFillMethod.BOOK

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        _ordered("price_min", self.price_min, "price_max", self.price_max)
        _ordered("min_trader_win_rate", self.min_trader_win_rate, "max_trader_win_rate", self.max_trader_win_rate)
        _ordered("min_edge", self.min_edge, "max_edge", self.max_edge)
        _ordered("min_conviction", self.min_conviction, "max_conviction", self.max_conviction)
        _ordered("min_source_trade_usd", self.min_source_trade_usd, "max_source_trade_usd", self.max_source_trade_usd)
        _ordered("min_bet", self.min_bet, "max_bet", self.max_bet)
        if self.start_date and self.end_date and self.start_date >= self.end_date:
            raise ValueError("start_date must be before end_date")
        if self.use_model and self.model_threshold is None:
            raise ValueError("model_threshold is needed where use_model is true")
        if self.allocation_method is AllocationMethod.COPY_FRACTION and self.copy_fraction is None:
            raise ValueError("copy_fraction is needed where allocation_method is COPY_FRACTION")
        bounds = [tier.from_usd for tier in self.copy_tiers]
        if bounds != sorted(set(bounds)):
            raise ValueError("copy_tiers must rise by from_usd")
        return self

    @property
    def needs_model(self) -> bool:
        """True where a check, the probability or the sizing asks for a model's probability."""
        return (
            self.use_model
            or self.probability_source is ProbabilitySource.MODEL
            or self.allocation_method in (AllocationMethod.ML_SCALED, AllocationMethod.WHALE)
        )


def _ordered(low_name: str, low: Decimal | None, high_name: str, high: Decimal | None) -> None:
    if low is not None and high is not None and low > high:
        raise ValueError(f"{low_name} must not be above {high_name}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigError:
    """One thing that is wrong: the field, why, and what it may be."""

    field: str
    reason: str
    allowed: str | None


class InvalidConfig(ValueError):
    """The configuration is refused; `errors` names every field at fault."""

    def __init__(self, errors: list[ConfigError]) -> None:
        super().__init__("; ".join(f"{error.field}: {error.reason}" for error in errors))
        self.errors = errors


def parse_config(raw: dict[str, Any]) -> WalletConfig:
    """The configuration of a mapping as JSON gives it. Raises InvalidConfig."""
    try:
        return WalletConfig.model_validate(raw)
    except ValidationError as error:
        raise InvalidConfig([_config_error(dict(each)) for each in error.errors()]) from error


def config_hash(config: WalletConfig) -> str:
    """The sha256 of the configuration's canonical text, in hex."""
    text = json.dumps(config.model_dump(mode="json"), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _config_error(each: dict[str, Any]) -> ConfigError:
    field = ".".join(str(part) for part in each["loc"]) or "config"
    context = each.get("ctx") or {}
    bounds = [f"{sign} {context[name]}" for name, sign in _BOUNDS.items() if name in context]
    allowed = ", ".join(bounds) or context.get("expected") or context.get("pattern")
    return ConfigError(field=field, reason=str(each["msg"]), allowed=None if allowed is None else str(allowed))


_BOUNDS = {"ge": ">=", "gt": ">", "le": "<=", "lt": "<", "min_length": "length >=", "max_length": "length <="}


def is_running(config: WalletConfig, now: datetime) -> bool:
    """True where `now` is inside the configured dates; both ends may be open."""
    after_start = config.start_date is None or now >= config.start_date
    before_end = config.end_date is None or now < config.end_date
    return after_start and before_end
