"""What a caller may say of a strategy: to create, change, pause, resume and end it, and to move its capital."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import Field

from live_trading.api.body import Body, Changes
from live_trading.api.fields import (
    Id,
    LockModeName,
    Name,
    PositiveUsd,
    Reasoned,
    Remark,
    SignalAge,
    SlippageFraction,
    Switch,
    TimeZone,
    named,
)
from live_trading.api.resources.risk_rules_body import PresetName, RiskRulesBody
from live_trading.nouns.locks import LockMode
from live_trading.nouns.orders import OrderType
from live_trading.nouns.risk_rules import RiskPreset

DEFAULT_SIGNAL_AGE_SECONDS = 600
# GTC is left out: nothing would end such an order if this system stopped for good.
SupportedOrderType = Annotated[OrderType, *named(OrderType.FAK, OrderType.FOK, OrderType.GTD)]


class CreateStrategy(Body):
    """Live money behind a paper wallet.

    Limits come from `risk_preset`, from `risk_rules` with every one named, or from a preset with some named anew.
    """

    name: Name
    ft_wallet_id: Id
    trading_wallet_id: Id
    initial_capital_usd: PositiveUsd
    slippage_bound_fraction: SlippageFraction
    order_type: SupportedOrderType = OrderType.FAK
    max_signal_age_seconds: SignalAge = DEFAULT_SIGNAL_AGE_SECONDS
    time_zone: TimeZone = "UTC"
    is_active: Switch = True
    risk_rules: RiskRulesBody | None = None
    risk_preset: PresetName | None = None


class UpdateStrategy(Changes):
    """What changes; a field that is not named stays. None of them may be null.

    With another `time_zone` the day, the week and the month of every limit begin where that zone's do, at once.
    """

    name: Name = Field(default="")
    slippage_bound_fraction: SlippageFraction = Decimal(0)
    max_signal_age_seconds: SignalAge = DEFAULT_SIGNAL_AGE_SECONDS
    order_type: SupportedOrderType = OrderType.FAK
    time_zone: TimeZone = "UTC"
    is_active: Switch = True
    risk_preset: PresetName = RiskPreset.CONSERVATIVE
    risk_rules: RiskRulesBody = RiskRulesBody()

    @property
    def changes_rules(self) -> bool:
        return bool(self.model_fields_set & {"risk_preset", "risk_rules"})

    @property
    def asked_preset(self) -> RiskPreset | None:
        """The preset to start from anew; None where it is not named."""
        return self.risk_preset if "risk_preset" in self.model_fields_set else None

    def changes(self) -> dict[str, object]:
        """The named fields of the strategy itself."""
        return self.model_dump(include=self.model_fields_set - {"risk_preset", "risk_rules"})


class PauseStrategy(Body):
    """Why entries stop, and what else is to happen; a body may be left out where there is nothing to say."""

    reason: Remark = ""
    mode: LockModeName = LockMode.STOP_ENTRIES


class ResumeStrategy(Body):
    """Why entries go on."""

    reason: Remark = ""


class MoveCapital(Body):
    """How many dollars go to the strategy, or come back from it, and why."""

    amount_usd: PositiveUsd
    reason: Remark = ""


class EndStrategy(Body):
    """Why the strategy is over for good."""

    reason: Reasoned
