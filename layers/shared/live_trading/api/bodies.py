"""The bodies that the API takes, one model a request. Unknown fields are refused; what is optional says its default."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field, PlainValidator

from live_trading.api.body import Body
from live_trading.api.fields import (
    Address,
    Id,
    Name,
    PositiveShares,
    PositiveUsd,
    Reasoned,
    SecretName,
    SignalAge,
    SlippageFraction,
    Switch,
    TimeZone,
    Version,
    one_of,
    whole_of,
)
from live_trading.api.risk_bodies import PresetName, RiskRulesBody
from live_trading.nouns.orders import OrderType
from live_trading.nouns.risk_rules import RiskPreset
from live_trading.nouns.wallets import SignatureType

DEFAULT_SIGNAL_AGE_SECONDS = 600


# GTC is left out: nothing would end such an order if this system stopped for good.
SupportedOrderType = Annotated[OrderType, PlainValidator(one_of(OrderType.FAK, OrderType.FOK, OrderType.GTD))]
MarketableOrderType = Annotated[OrderType, PlainValidator(one_of(OrderType.FAK, OrderType.FOK))]
SupportedSignature = Annotated[SignatureType, PlainValidator(whole_of(SignatureType))]


class CreateFtWallet(Body):
    """A new paper wallet. `config` is checked by `signals.config`."""

    name: Name
    starting_balance_usd: PositiveUsd
    config: dict[str, Any]
    is_active: Switch = True


class UpdateFtWallet(Body):
    """The configuration that replaces the present one; `expected_version` guards against a change in between."""

    config: dict[str, Any]
    name: Name | None = None
    is_active: Switch | None = None
    expected_version: Version | None = None


class FollowTrader(Body):
    address: Address


class RegisterTradingWallet(Body):
    """An account at the venue; its key stays in the named secret."""

    name: Name
    address: Address
    signature_type: SupportedSignature
    secret_name: SecretName


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


class UpdateStrategy(Body):
    """What changes; a field that is not named stays. None of them may be null."""

    name: Name = Field(default="")
    slippage_bound_fraction: SlippageFraction = Decimal(0)
    max_signal_age_seconds: SignalAge = DEFAULT_SIGNAL_AGE_SECONDS
    order_type: SupportedOrderType = OrderType.FAK
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


class ClosePosition(Body):
    """A sale by hand. Without `shares` all that may be sold; without a bound the strategy's own."""

    shares: PositiveShares | None = None
    slippage_bound_fraction: SlippageFraction | None = None
    order_type: MarketableOrderType = OrderType.FAK


class AcceptBreak(Body):
    """Why the ledger follows the chain here: a deposit, a withdrawal, tokens sent or received."""

    reason: Reasoned


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


class RetryRedemption(Body):
    """Try it again, and why; `kind` only where another way is wanted."""

    reason: Reasoned
    kind: Annotated[RetryKind, PlainValidator(one_of(*RetryKind))] | None = None


class MarkHandled(Body):
    """It needs no more work, and why: the money is there in full, or it is given up."""

    reason: Reasoned
    outcome: Annotated[HandledAs, PlainValidator(one_of(*HandledAs))]


class ApprovalKindName(StrEnum):
    """An allowance of collateral, or an operator of every outcome token."""

    ALLOWANCE = "ALLOWANCE"
    OPERATOR = "OPERATOR"


class AskApproval(Body):
    """Approve one of the venue's contracts. An allowance has an amount, or says that it is unlimited."""

    kind: Annotated[ApprovalKindName, PlainValidator(one_of(*ApprovalKindName))]
    spender: Address
    reason: Reasoned
    amount_usd: PositiveUsd | None = None
    unlimited: Switch = False
