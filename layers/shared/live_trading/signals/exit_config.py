"""How an FT wallet, and the strategy behind it, leaves positions: every key, its unit and its range. None is off."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Self

from pydantic import BaseModel, ConfigDict, model_validator

from live_trading.nouns.exits import ExitRules, ThinBookPolicy
from live_trading.nouns.money import Price as SharePrice
from live_trading.signals.config_errors import misfit
from live_trading.signals.config_types import (
    Fraction,
    Looks,
    Minutes,
    PositiveFraction,
    PositiveMultiple,
    Price,
    Seconds,
    Switch,
)


class ExitConfig(BaseModel):
    """Fractions are of the average price paid; `nouns.exits.ExitRules` says what each means."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)

    stop_loss_fraction: PositiveFraction | None = None
    stop_loss_price: Price | None = None
    take_profit_fraction: PositiveMultiple | None = None
    take_profit_price: Price | None = None
    bracket_take_profit: Switch = False
    trailing_stop_fraction: PositiveFraction | None = None
    max_hold_minutes: Minutes | None = None
    minutes_before_end: Minutes | None = None
    follow_trader: Switch = False
    skip_hedged: Switch = False
    unknown_reduction_fraction: PositiveFraction = Decimal(1)
    trigger_observations: Looks = 2
    trigger_seconds: Seconds | None = None
    max_spread_fraction: PositiveFraction | None = None
    thin_book: ThinBookPolicy = ThinBookPolicy.WAIT
    limit_fraction: Fraction = Decimal("0.02")
    limit_step_fraction: Fraction = Decimal("0.02")
    floor_fraction: Fraction = Decimal("0.2")

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        stop, take = self.stop_loss_price, self.take_profit_price
        if stop is not None and take is not None and stop >= take:
            raise misfit("stop_loss_price", "not below take_profit_price", f"below {take}")
        if self.limit_fraction > self.floor_fraction:
            raise misfit("limit_fraction", "above floor_fraction", f"at most {self.floor_fraction}")
        if self.bracket_take_profit and self.take_profit_fraction is None and take is None:
            raise misfit(
                "bracket_take_profit", "no take-profit is set", "with take_profit_fraction or take_profit_price"
            )
        if not self._leaves:
            raise misfit("exits", "no rule is set", "a stop, a take-profit, a time, or follow_trader; or null")
        return self

    @property
    def _leaves(self) -> bool:
        rules = (
            self.stop_loss_fraction,
            self.stop_loss_price,
            self.take_profit_fraction,
            self.take_profit_price,
            self.trailing_stop_fraction,
            self.max_hold_minutes,
            self.minutes_before_end,
        )
        return self.follow_trader or any(rule is not None for rule in rules)

    def rules(self) -> ExitRules:
        """The same as the core has them."""
        return ExitRules(
            stop_loss_fraction=self.stop_loss_fraction,
            stop_loss_price=_price(self.stop_loss_price),
            take_profit_fraction=self.take_profit_fraction,
            take_profit_price=_price(self.take_profit_price),
            bracket_take_profit=self.bracket_take_profit,
            trailing_stop_fraction=self.trailing_stop_fraction,
            max_hold=_span(minutes=self.max_hold_minutes),
            leave_before_end=_span(minutes=self.minutes_before_end),
            follow_trader=self.follow_trader,
            unknown_reduction_fraction=self.unknown_reduction_fraction,
            trigger_observations=self.trigger_observations,
            trigger_after=_span(seconds=self.trigger_seconds),
            max_spread_fraction=self.max_spread_fraction,
            thin_book=self.thin_book,
            limit_fraction=self.limit_fraction,
            limit_step_fraction=self.limit_step_fraction,
            floor_fraction=self.floor_fraction,
        )


def _price(value: Decimal | None) -> SharePrice | None:
    return None if value is None else SharePrice(value)


def _span(*, minutes: int | None = None, seconds: int | None = None) -> timedelta | None:
    if minutes is None and seconds is None:
        return None
    return timedelta(minutes=minutes or 0, seconds=seconds or 0)
