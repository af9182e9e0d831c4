"""The bodies that the API takes, one model a request. Unknown fields are refused; what is optional says its default."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, PlainValidator

from live_trading.nouns.money import Usd
from live_trading.nouns.orders import OrderType
from live_trading.nouns.wallets import RiskRules, SignatureType
from live_trading.services.api_fields import (
    Address,
    Fraction,
    Id,
    Name,
    PositionCount,
    PositiveShares,
    PositiveUsd,
    Reasoned,
    Remark,
    SecretName,
    SignalAge,
    SlippageFraction,
    Switch,
    TimeZone,
    Version,
    one_of,
    whole_of,
)

DEFAULT_SIGNAL_AGE_SECONDS = 600


class RiskPreset(StrEnum):
    """Named sets of limits; what they hold is in `services.risk_presets`."""

    CONSERVATIVE = "conservative"
    MODERATE = "moderate"
    AGGRESSIVE = "aggressive"


# GTC is left out: nothing would end such an order if this system stopped for good.
SupportedOrderType = Annotated[OrderType, PlainValidator(one_of(OrderType.FAK, OrderType.FOK, OrderType.GTD))]
MarketableOrderType = Annotated[OrderType, PlainValidator(one_of(OrderType.FAK, OrderType.FOK))]
SupportedSignature = Annotated[SignatureType, PlainValidator(whole_of(SignatureType))]
PresetName = Annotated[RiskPreset, PlainValidator(one_of(*RiskPreset))]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class CreateFtWallet(_Body):
    """A new paper wallet. `config` is checked by `signals.config`."""

    name: Name
    starting_balance_usd: PositiveUsd
    config: dict[str, Any]
    is_active: Switch = True


class UpdateFtWallet(_Body):
    """The configuration that replaces the present one; `expected_version` guards against a change in between."""

    config: dict[str, Any]
    name: Name | None = None
    is_active: Switch | None = None
    expected_version: Version | None = None


class FollowTrader(_Body):
    address: Address


class RegisterTradingWallet(_Body):
    """An account at the venue; its key stays in the named secret."""

    name: Name
    address: Address
    signature_type: SupportedSignature
    secret_name: SecretName


class RiskRulesBody(_Body):
    """Every rule by name; null turns it off, and none may be left out."""

    daily_budget_usd: PositiveUsd | None
    weekly_budget_usd: PositiveUsd | None
    monthly_budget_usd: PositiveUsd | None
    daily_budget_fraction: Fraction | None
    weekly_budget_fraction: Fraction | None
    monthly_budget_fraction: Fraction | None
    max_position_usd: PositiveUsd | None
    max_position_fraction: Fraction | None
    max_total_exposure_usd: PositiveUsd | None
    max_total_exposure_fraction: Fraction | None
    max_concurrent_positions: PositionCount | None

    def rules(self) -> RiskRules:
        return RiskRules(
            daily_budget_usd=_usd(self.daily_budget_usd),
            weekly_budget_usd=_usd(self.weekly_budget_usd),
            monthly_budget_usd=_usd(self.monthly_budget_usd),
            daily_budget_fraction=self.daily_budget_fraction,
            weekly_budget_fraction=self.weekly_budget_fraction,
            monthly_budget_fraction=self.monthly_budget_fraction,
            max_position_usd=_usd(self.max_position_usd),
            max_position_fraction=self.max_position_fraction,
            max_total_exposure_usd=_usd(self.max_total_exposure_usd),
            max_total_exposure_fraction=self.max_total_exposure_fraction,
            max_concurrent_positions=self.max_concurrent_positions,
        )


class RiskRulesPatch(_Body):
    """The rules that change; a rule that is not named stays, null turns it off."""

    daily_budget_usd: PositiveUsd | None = None
    weekly_budget_usd: PositiveUsd | None = None
    monthly_budget_usd: PositiveUsd | None = None
    daily_budget_fraction: Fraction | None = None
    weekly_budget_fraction: Fraction | None = None
    monthly_budget_fraction: Fraction | None = None
    max_position_usd: PositiveUsd | None = None
    max_position_fraction: Fraction | None = None
    max_total_exposure_usd: PositiveUsd | None = None
    max_total_exposure_fraction: Fraction | None = None
    max_concurrent_positions: PositionCount | None = None

    def changes(self) -> dict[str, Decimal | int | None]:
        """The named rules only."""
        return self.model_dump(include=self.model_fields_set)


class CreateStrategy(_Body):
    """Live money behind a paper wallet. Limits come from `risk_rules` or from `risk_preset`, never from neither."""

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


class UpdateStrategy(_Body):
    """What changes; a field that is not named stays. None of them may be null."""

    name: Name = Field(default="")
    slippage_bound_fraction: SlippageFraction = Decimal(0)
    max_signal_age_seconds: SignalAge = DEFAULT_SIGNAL_AGE_SECONDS
    order_type: SupportedOrderType = OrderType.FAK
    is_active: Switch = True
    risk_rules: RiskRulesPatch = RiskRulesPatch()

    def changes(self) -> dict[str, object]:
        """The named fields of the strategy itself."""
        return self.model_dump(include=self.model_fields_set - {"risk_rules"})


class ClosePosition(_Body):
    """A sale by hand. Without `shares` all that may be sold; without a bound the strategy's own."""

    shares: PositiveShares | None = None
    slippage_bound_fraction: SlippageFraction | None = None
    order_type: MarketableOrderType = OrderType.FAK


class AcceptBreak(_Body):
    """Why the ledger follows the chain here: a deposit, a withdrawal, tokens sent or received."""

    reason: Reasoned


class PauseStrategy(_Body):
    """Why entries stop; a body may be left out where there is nothing to say."""

    reason: Remark = ""


class HandledAs(StrEnum):
    """What an operator says has become of a redemption."""

    PAID = "PAID"
    WRITTEN_OFF = "WRITTEN_OFF"


class RetryKind(StrEnum):
    """Kinds that a retry may name; the direct ones go past the collateral adapters and pay USDC.e."""

    STANDARD = "STANDARD"
    NEG_RISK = "NEG_RISK"
    DIRECT = "DIRECT"
    DIRECT_NEG_RISK = "DIRECT_NEG_RISK"


class RetryRedemption(_Body):
    """Try it again, and why; `kind` only where another way is wanted."""

    reason: Reasoned
    kind: Annotated[RetryKind, PlainValidator(one_of(*RetryKind))] | None = None


class MarkHandled(_Body):
    """It needs no more work, and why: the money is there in full, or it is given up."""

    reason: Reasoned
    outcome: Annotated[HandledAs, PlainValidator(one_of(*HandledAs))]


class ApprovalKindName(StrEnum):
    """An allowance of collateral, or an operator of every outcome token."""

    ALLOWANCE = "ALLOWANCE"
    OPERATOR = "OPERATOR"


class AskApproval(_Body):
    """Approve one of the venue's contracts. An allowance has an amount, or says that it is unlimited."""

    kind: Annotated[ApprovalKindName, PlainValidator(one_of(*ApprovalKindName))]
    spender: Address
    reason: Reasoned
    amount_usd: PositiveUsd | None = None
    unlimited: Switch = False


def _usd(value: Decimal | None) -> Usd | None:
    return None if value is None else Usd(value)
