"""How the API shows what limits a strategy: each limit with what is used of it, and what keeps it from opening."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from typing_extensions import TypedDict

from live_trading.api.shapes import DecimalText, FractionText, IdAnswer, MomentAnswer, UsdText
from live_trading.api.views.lock_views import LockView, lock_view
from live_trading.api.views.plain import moment, text
from live_trading.api.views.risk_rules_views import RiskRulesView, risk_rules_view
from live_trading.nouns.risk_rules import RiskPreset
from live_trading.nouns.wallets import StrategyStatus
from live_trading.risk.presets import RISK_PRESETS
from live_trading.risk.results import RuleName
from live_trading.risk.snapshot import RiskSnapshot
from live_trading.risk.usage.limits import GivesBack, LimitUnit, LimitUse
from live_trading.store.risk.locks import LockRow


class Hindrance(StrEnum):
    """What keeps a strategy from opening anything."""

    ENDED = "ENDED"
    SWITCHED_OFF = "SWITCHED_OFF"
    LOCK = "LOCK"
    WALLET_NOT_PROVED = "WALLET_NOT_PROVED"
    NO_CASH = "NO_CASH"
    LIMIT = "LIMIT"


class LimitView(TypedDict):
    """A limit that is on, in its unit. `observed` is what is used of `at_most`, of the largest where there are many.

    It is null where it is not known or is of an entry, and so is `has_room`: whether an entry, however small, still
    fits. `gives_back` says what makes room again, and `gives_back_at` when that is, where it is known.
    """

    rule: RuleName
    unit: LimitUnit
    at_most: DecimalText | None
    at_least: DecimalText | None
    observed: DecimalText | None
    used_fraction: FractionText | None
    has_room: bool | None
    gives_back: GivesBack | None
    gives_back_at: MomentAnswer | None


class RiskFiguresView(TypedDict):
    """What the limits are held against, as of the last change and the last marks."""

    equity_usd: UsdText
    marked_equity_usd: UsdText
    high_water_usd: UsdText
    drawdown_fraction: FractionText
    available_usd: UsdText
    exposure_usd: UsdText
    open_positions: int
    spent_today_usd: UsdText
    spent_this_week_usd: UsdText
    spent_this_month_usd: UsdText
    profit_today_usd: UsdText
    profit_this_week_usd: UsdText
    marked_profit_today_usd: UsdText
    losses_in_a_row: int


class HindranceView(TypedDict):
    """One thing that keeps the strategy from opening, and what it is in words; `lock_id` of a lock."""

    what: Hindrance
    detail: str
    lock_id: int | None


class RiskView(TypedDict):
    """A strategy's limits as things stand. `limits_off` are the rules that have no limit."""

    lt_strategy_id: IdAnswer
    status: StrategyStatus
    risk_preset: RiskPreset | None
    time_zone: str
    keeps_from_trading: list[HindranceView]
    figures: RiskFiguresView
    limits: list[LimitView]
    limits_off: list[RuleName]
    locks: list[LockView]


class PresetView(TypedDict):
    """A named set of limits to begin with; changing it changes no strategy that exists."""

    risk_preset: RiskPreset
    risk_rules: RiskRulesView


class PresetsView(TypedDict):
    """Every preset, from the most careful one on."""

    presets: list[PresetView]


# Always judged, and shown with every entry: there is nothing to switch off.
_NO_LIMITS = frozenset({RuleName.CASH})


def limit_view(use: LimitUse, ends: dict[GivesBack, datetime]) -> LimitView:
    """One limit; `ends` are when periods end."""
    return {
        "rule": use.rule,
        "unit": use.unit,
        "at_most": _plain(use.at_most),
        "at_least": _plain(use.at_least),
        "observed": _plain(use.observed),
        "used_fraction": text(use.used_fraction),
        "has_room": use.has_room,
        "gives_back": use.gives_back,
        "gives_back_at": None if use.gives_back is None else moment(ends.get(use.gives_back)),
    }


def figures_view(state: RiskSnapshot) -> RiskFiguresView:
    """What a snapshot of no entry in particular tells."""
    standing = state.standing
    return {
        "equity_usd": str(state.equity),
        "marked_equity_usd": str(standing.marked_equity),
        "high_water_usd": str(standing.high_water),
        "drawdown_fraction": str(standing.drawdown),
        "available_usd": str(state.available),
        "exposure_usd": str(state.exposure),
        "open_positions": state.open_positions,
        "spent_today_usd": str(state.spent_today),
        "spent_this_week_usd": str(state.spent_this_week),
        "spent_this_month_usd": str(state.spent_this_month),
        "profit_today_usd": str(state.profit_today),
        "profit_this_week_usd": str(state.profit_this_week),
        "marked_profit_today_usd": str(standing.marked_profit_today),
        "losses_in_a_row": standing.loss_run,
    }


def limits_off(limits: Sequence[LimitUse]) -> list[RuleName]:
    """The rules that have no limit."""
    on = {use.rule for use in limits} | _NO_LIMITS
    return [rule for rule in RuleName if rule not in on]


def hindrances_of_limits(state: RiskSnapshot, limits: Sequence[LimitUse]) -> list[HindranceView]:
    """No cash, and each limit that leaves no room for any entry."""
    found: list[HindranceView] = []
    if not state.available.is_positive:
        found.append({"what": Hindrance.NO_CASH, "detail": f"available: {state.available}", "lock_id": None})
    for use in limits:
        if use.has_room is False:
            bound = use.at_most if use.at_most is not None else use.at_least
            detail = f"{use.rule}: {_plain(use.observed)} of {_plain(bound)} {use.unit}"
            found.append({"what": Hindrance.LIMIT, "detail": detail, "lock_id": None})
    return found


def hindrances_of_locks(stops: Sequence[LockRow]) -> list[HindranceView]:
    """Each lock that stops every entry."""
    return [
        {
            "what": Hindrance.LOCK,
            "detail": f"{lock.reason}: {lock.detail}" if lock.detail else str(lock.reason.value),
            "lock_id": lock.lock_id,
        }
        for lock in stops
    ]


def locks_view(stops: Sequence[LockRow]) -> list[LockView]:
    """The locks, the oldest first."""
    return [lock_view(lock) for lock in stops]


def presets_view() -> PresetsView:
    """Every preset with all its limits."""
    return {
        "presets": [
            {"risk_preset": preset, "risk_rules": risk_rules_view(rules)} for preset, rules in RISK_PRESETS.items()
        ]
    }


def _plain(value: object) -> str | None:
    return None if value is None else f"{value:f}"
