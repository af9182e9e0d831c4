"""What would have let a trade pass a check of the evaluation: the smallest change of the setting that bounds it.

Read from the check as it is kept, observed and limit, and the configuration that it was made by. A change is of this
check alone: what stands behind it in the order may refuse the trade all the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal, InvalidOperation

from live_trading.nouns.decisions import ChangeHow, Check, LeastChange, NoChange, Reason
from live_trading.signals.config import WalletConfig, is_running

_PLACES = Decimal("0.000001")
_THOUSANDTH = Decimal("0.001")
_MOST_SECONDS = 86_400
_MOST_MINUTES = 525_600
_MOST_ENTRIES = 100
_MOST_TIMES = 1_000
_MINUTE = timedelta(minutes=1)
_NOW = re.compile(r"now=(\S+)")

Change = LeastChange | NoChange


@dataclass(frozen=True, slots=True, kw_only=True)
class DecidedBy:
    """What beside the configuration it was decided by: when, and how old the caller let signals be; None if unknown."""

    at: datetime
    max_signal_age_seconds: int | None = None


def least_change(check: Check, config: WalletConfig, decided_by: DecidedBy) -> Change:
    """The change for a check that failed, under the settings' names as the API has them.

    Raises ValueError for a check that did not fail.
    """
    if check.passed is not False:
        raise ValueError(f"the check {check.name} did not fail")
    if check.observed is None and check.name not in _WITHOUT_OBSERVED:
        return NoChange.NOT_KNOWN
    try:
        return _of(check, config, decided_by)
    except (InvalidOperation, ValueError):
        # The text of a check from before may have another form.
        return NoChange.NOT_KNOWN


def _of(check: Check, config: WalletConfig, decided_by: DecidedBy) -> Change:
    bound = _BOUNDS.get(check.name)
    if bound is not None:
        setting, rounding, most = bound
        return _number(setting, Decimal(check.observed or ""), rounding, most)
    special = _SPECIAL.get(check.name)
    if special is not None:
        return special(check, config, decided_by)
    return NoChange.SEVERAL_SETTINGS if check.reason in _OF_SEVERAL else NoChange.NO_SETTING


def _number(setting: str, observed: Decimal, rounding: str, most: int | None) -> Change:
    """A bound on six places that still lets the observed value through."""
    value = observed.quantize(_PLACES, rounding=rounding).normalize() + 0
    if most is not None and abs(value) > most:
        return NoChange.OUT_OF_RANGE
    return _set(setting, f"{value:f}")


def _set(setting: str, value: object) -> LeastChange:
    return LeastChange(settings=(setting,), how=ChangeHow.SET, value=str(value))


def _age(check: Check, config: WalletConfig, decided_by: DecidedBy) -> Change:
    """The tighter of the configuration's own limit and the caller's, where not both are too tight."""
    if check.reason is Reason.WALLET_NOT_RUNNING:
        # A wallet that did not run when the trade had become too old: two settings would have had to be others.
        return NoChange.SEVERAL_SETTINGS
    # An age is kept down to a thousandth of a second, and was perhaps a little more.
    seconds = int((Decimal(check.observed or "") + _THOUSANDTH).to_integral_value(ROUND_CEILING))
    if seconds > _MOST_SECONDS:
        return NoChange.OUT_OF_RANGE
    own, callers = config.max_signal_age_seconds, decided_by.max_signal_age_seconds
    if own is not None and callers is not None and max(own, callers) < seconds:
        return NoChange.SEVERAL_SETTINGS
    is_own = own is not None and own < seconds
    return _set("config.max_signal_age_seconds" if is_own else "lt_strategy.max_signal_age_seconds", seconds)


def _price(check: Check, config: WalletConfig, _decided_by: DecidedBy) -> Change:
    paid = Decimal(check.observed or "")
    return _set("config.price_min" if paid < config.price_min else "config.price_max", check.observed)


def _minutes_to_end(check: Check, _config: WalletConfig, _decided_by: DecidedBy) -> Change:
    left = int(Decimal(check.observed or "").to_integral_value(ROUND_FLOOR))
    return _set("config.min_minutes_to_end", left) if 0 <= left <= _MOST_MINUTES else NoChange.OUT_OF_RANGE


def _market_end(_check: Check, _config: WalletConfig, _decided_by: DecidedBy) -> Change:
    """Asked only where some time before the end is wanted."""
    return _set("config.min_minutes_to_end", 0)


def _running(check: Check, config: WalletConfig, _decided_by: DecidedBy) -> Change:
    found = _NOW.search(check.observed or "")
    if found is None:
        return NoChange.NOT_KNOWN
    now = datetime.fromisoformat(found[1])
    if (check.observed or "").startswith("active=False"):
        return _set("is_active", "true") if is_running(config, now) else NoChange.SEVERAL_SETTINGS
    if config.start_date is not None and now < config.start_date:
        return _set("config.start_date", found[1])
    return _set("config.end_date", "null")


def _cooldown(check: Check, _config: WalletConfig, decided_by: DecidedBy) -> Change:
    minutes = (decided_by.at - datetime.fromisoformat(check.observed or "")) // _MINUTE
    return _set("config.positions.cooldown_minutes_after_stop", minutes if minutes >= 1 else "null")


def _entries(check: Check, _config: WalletConfig, _decided_by: DecidedBy) -> Change:
    wanted = int(check.observed or "") + 1
    return _set("config.positions.max_entries", wanted) if wanted <= _MOST_ENTRIES else NoChange.OUT_OF_RANGE


def _distance(check: Check, config: WalletConfig, _decided_by: DecidedBy) -> Change:
    """The limit is the fraction of the last entry's price, so that the price follows from both."""
    limit, wanted = Decimal(check.limit or ""), config.positions and config.positions.min_entry_distance_fraction
    if not wanted or not limit:
        return NoChange.NOT_KNOWN
    fraction = (Decimal(check.observed or "") * wanted / limit).quantize(_PLACES, rounding=ROUND_FLOOR)
    return _set("config.positions.min_entry_distance_fraction", f"{fraction.normalize():f}" if fraction else "null")


def _listed(setting: str, how: ChangeHow) -> Callable[[Check, WalletConfig, DecidedBy], Change]:
    def change(check: Check, _config: WalletConfig, _decided_by: DecidedBy) -> Change:
        if not check.observed:
            return NoChange.NOT_KNOWN
        return LeastChange(settings=(setting,), how=how, value=check.observed)

    return change


def _off(setting: str, value: str) -> Callable[[Check, WalletConfig, DecidedBy], Change]:
    return lambda _check, _config, _decided_by: _set(setting, value)


# By check: the setting, how it is rounded so that the observed value still passes, and what it may be at most.
_BOUNDS: dict[str, tuple[str, str, int | None]] = {
    "resolved_count": ("config.min_trader_resolved_count", ROUND_FLOOR, None),
    "min_win_rate": ("config.min_trader_win_rate", ROUND_FLOOR, 1),
    "max_win_rate": ("config.max_trader_win_rate", ROUND_CEILING, 1),
    "model_threshold": ("config.model_threshold", ROUND_FLOOR, 1),
    "min_edge": ("config.min_edge", ROUND_FLOOR, 1),
    "max_edge": ("config.max_edge", ROUND_CEILING, 1),
    "min_conviction": ("config.min_conviction", ROUND_FLOOR, _MOST_TIMES),
    "max_conviction": ("config.max_conviction", ROUND_CEILING, _MOST_TIMES),
    "min_source_trade_usd": ("config.min_source_trade_usd", ROUND_FLOOR, None),
    "max_source_trade_usd": ("config.max_source_trade_usd", ROUND_CEILING, None),
}
_SPECIAL: dict[str, Callable[[Check, WalletConfig, DecidedBy], Change]] = {
    "signal_age_seconds": _age,
    "price": _price,
    "minutes_to_end": _minutes_to_end,
    "market_end": _market_end,
    "running": _running,
    "last_stop_at": _cooldown,
    "entries": _entries,
    "entry_distance": _distance,
    "was_left": _off("config.positions.reentry", "true"),
    "trader_hedged": _off("config.exits.skip_hedged", "false"),
    "game_start_known": _off("config.trade_live_only", "false"),
    "game_start": _off("config.trade_live_only", "false"),
    "target_trader": _listed("config.target_traders", ChangeHow.ADD),
    "excluded_trader": _listed("config.excluded_traders", ChangeHow.REMOVE),
    "category": _listed("config.market_categories", ChangeHow.ADD),
    "excluded_keyword": _listed("config.exclude_market_keywords", ChangeHow.REMOVE),
}
# What these say has failed even where nothing was observed.
_WITHOUT_OBSERVED = frozenset({"market_end", "game_start_known"})
# How much is bet follows from many settings together.
_OF_SEVERAL = frozenset(
    {
        Reason.NO_POSITIVE_STAKE, Reason.BELOW_MINIMUM_ORDER, Reason.INSUFFICIENT_CASH, Reason.TRADER_STATS_MISSING,
        Reason.MODEL_PROBABILITY_MISSING,
    }
)  # fmt: skip
