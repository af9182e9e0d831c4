"""Every environment variable of the system, typed and checked at start.

A function reads the part that it needs; a missing or malformed variable stops it at once with the variable's name.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
)

from live_trading.nouns.errors import StopEverything
from live_trading.services.watching.thresholds import HealthThresholds, ThresholdsSetting
from live_trading.telling.posting import is_allowed


class SettingsInvalid(StopEverything):
    """The environment does not say what the functions need; the message names each variable."""


def _without_slash(raw: object) -> object:
    return raw.rstrip("/") if isinstance(raw, str) else raw


def _none_if_empty(raw: object) -> object:
    return None if raw == "" else raw


def _listed(raw: object) -> object:
    return tuple(each.strip() for each in raw.split(",") if each.strip()) if isinstance(raw, str) else raw


Url = Annotated[str, BeforeValidator(_without_slash), Field(pattern=r"^https?://[^\s]+$")]
OptionalUrl = Annotated[Url | None, BeforeValidator(_none_if_empty)]
Address = Annotated[str, BeforeValidator(lambda raw: raw.lower()), Field(pattern=r"^0x[0-9a-f]{40}$")]
OptionalAddress = Annotated[Address | None, BeforeValidator(_none_if_empty)]


def _safe(url: str) -> str:
    """Its value is not told: an address of a webhook may be a secret itself."""
    if not is_allowed(url):
        raise ValueError("secrets go only to https, or to this machine")
    return url


def _known_zone(name: str) -> str:
    """UTC needs no list of zones."""
    try:
        if name != "UTC":
            ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise ValueError(f"{name} is no IANA time zone") from None
    return name


SafeUrl = Annotated[Url, AfterValidator(_safe)]
ChatId = Annotated[
    Annotated[str, Field(pattern=r"^(-?[0-9]{1,20}|@[A-Za-z0-9_]{4,32})$")] | None, BeforeValidator(_none_if_empty)
]
_TIME = r"([01][0-9]|2[0-3]):[0-5][0-9]"
QuietSpan = Annotated[Annotated[str, Field(pattern=rf"^{_TIME}-{_TIME}$")] | None, BeforeValidator(_none_if_empty)]
Addresses = Annotated[tuple[Address, ...], BeforeValidator(_listed)]

_SECRETS = "live-trading/wallets/"
_ALERT_SECRETS = "live-trading/alerts/"


class Settings(BaseModel):
    """Field names are the variables' names in lower case.

    The trades of followed traders are looked for at the three exchanges and at the `further_exchanges`, in blocks that
    have `signal_confirmations` on top. Polygon's nodes take no priority fee below `min_priority_fee_gwei`, whatever
    they suggest. Without `mark_orders` no order carries the marker by which another installation would see this one.
    Each user may ask one execution environment of the API `requests_a_minute_per_user` times, without limit where that
    is 0; what stops trading is not counted. With `stepped_clock` the clock at `clock_url` does not move by itself, and
    a run can be repeated exactly. With `watch_seconds` an invocation of lt-execute by its schedule stays for so long
    and passes again on news; with 0 it passes once. What is asked for by the API is answered after
    `answer_within_seconds`, and goes on.
    Health compares the node with the one at `second_rpc_url`, and judges by `health_thresholds`, a JSON object.
    Warnings that nobody has acknowledged for `alert_escalate_hours` are critical, and critical alerts are told again
    every `alert_repeat_hours`; 0 is never. In `alert_quiet_hours`, a span such as 22:00-07:00 by the clock of
    `alert_quiet_zone`, only what is critical is told. `alert_news` are told besides alerts.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    database_url: Annotated[str, Field(pattern=r"^postgresql://[^\s]+$")]
    clob_url: Url
    gamma_url: Url
    data_api_url: Url
    geoblock_url: Url
    relayer_url: Url
    rpc_url: Url
    second_rpc_url: OptionalUrl = None
    clock_url: OptionalUrl = None
    stepped_clock: bool = False
    chain_id: Annotated[int, Field(gt=0)]
    collateral_token: Address
    usdce_token: Address
    conditional_tokens: Address
    ctf_collateral_adapter: Address
    neg_risk_ctf_collateral_adapter: Address
    neg_risk_adapter: Address
    standard_exchange: Address
    neg_risk_exchange: Address
    exchange_v3: Address
    further_exchanges: Addresses = ()
    confirmations: Annotated[int, Field(ge=1, le=1000)] = 10
    wallets_at_once: Annotated[int, Field(ge=1, le=32)] = 4
    signal_confirmations: Annotated[int, Field(ge=0, le=1000)] = 0
    max_fee_per_gas_gwei: Annotated[int, Field(ge=1, le=100_000)] = 1000
    max_priority_fee_gwei: Annotated[int, Field(ge=1, le=100_000, validate_default=True)] = 50
    min_priority_fee_gwei: Annotated[int, Field(ge=0, le=100_000, validate_default=True)] = 25
    protocol_v2_router: OptionalAddress = None
    position_manager: OptionalAddress = None
    safe_multisend: OptionalAddress = None
    proxy_factory: OptionalAddress = None
    deposit_wallet_factory: OptionalAddress = None
    relay_hub: OptionalAddress = None
    watch_seconds: Annotated[int, Field(ge=0, le=600)] = 0
    answer_within_seconds: Annotated[float, Field(ge=0.1, le=25)] = 20
    outbid_after_seconds: Annotated[int, Field(ge=10, le=86_400)] = 180
    gas_coin_usd: Annotated[Decimal, Field(gt=0, le=1000)] = Decimal("0.25")
    low_gas_coin: Annotated[Decimal, Field(ge=0, le=1000)] = Decimal(1)
    mark_orders: bool = True
    requests_a_minute_per_user: Annotated[int, Field(ge=0, le=1_000_000)] = 0
    keep_decisions_days: Annotated[int, Field(ge=7)] = 90
    keep_snapshots_days: Annotated[int, Field(ge=2)] = 2
    keep_hourly_snapshots_days: Annotated[int, Field(ge=35)] = 90
    keep_checks_days: Annotated[int, Field(ge=1)] = 30
    keep_answers_days: Annotated[int, Field(ge=1)] = 30
    keep_unread_rows_days: Annotated[int, Field(ge=7)] = 180
    keep_records_days: Annotated[int, Field(ge=35)] = 90
    keep_alerts_days: Annotated[int, Field(ge=7)] = 365
    keep_audit_days: Annotated[int, Field(ge=30)] = 730
    keep_asked_jobs_days: Annotated[int, Field(ge=1)] = 30
    wallet_secret_prefix: Annotated[str, Field(pattern=r"^[A-Za-z0-9/_+=.@-]{1,200}/$")] = _SECRETS
    health_thresholds: ThresholdsSetting = HealthThresholds()
    alert_topic_arn: Annotated[str | None, BeforeValidator(_none_if_empty)] = None
    alert_secret_prefix: Annotated[str, Field(pattern=r"^[A-Za-z0-9/_+=.@-]{1,200}/$")] = _ALERT_SECRETS
    alert_telegram_chat_id: ChatId = None
    alert_telegram_api_url: SafeUrl = "https://api.telegram.org"
    alert_webhook_url: Annotated[SafeUrl | None, BeforeValidator(_none_if_empty)] = None
    alert_quiet_hours: QuietSpan = None
    alert_quiet_zone: Annotated[str, AfterValidator(_known_zone)] = "UTC"
    alert_escalate_hours: Annotated[int, Field(ge=0, le=8760)] = 24
    alert_repeat_hours: Annotated[int, Field(ge=0, le=8760)] = 6
    alert_news: Annotated[tuple[Literal["fills", "exits", "redemptions"], ...], BeforeValidator(_listed)] = ()

    @field_validator("max_priority_fee_gwei", "min_priority_fee_gwei")
    @classmethod
    def _is_within_its_cap(cls, value: int, info: ValidationInfo) -> int:
        above = {"max_priority_fee_gwei": "max_fee_per_gas_gwei", "min_priority_fee_gwei": "max_priority_fee_gwei"}
        cap_name = above[info.field_name or ""]
        cap = info.data.get(cap_name)
        if cap is not None and value > cap:
            raise ValueError(f"{value} is above {cap_name.upper()}, which is {cap}")
        return value

    @field_validator("stepped_clock")
    @classmethod
    def _has_a_clock_to_step(cls, value: bool, info: ValidationInfo) -> bool:  # noqa: FBT001 (pydantic passes it so)
        if value and info.data.get("clock_url") is None:
            raise ValueError("the system's clock cannot be stepped, a CLOCK_URL is needed")
        return value


def read_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """The settings of this process's environment. Raises SettingsInvalid."""
    source = os.environ if environment is None else environment
    try:
        return Settings.model_validate({name.lower(): value for name, value in source.items()})
    except ValidationError as error:
        wrong = "; ".join(f"{_named(each['loc'])}: {each['msg']}" for each in error.errors())
        raise SettingsInvalid(f"environment: {wrong}") from None


def _named(place: tuple[int | str, ...]) -> str:
    """The variable, and where in it, for one that holds several values."""
    variable, *inside = place
    return ".".join([str(variable).upper(), *(str(each) for each in inside)])
