"""Which rule says that a position is to be left: by what it would fetch, by the time, or because its trader left."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from live_trading.nouns.exits import ExitReason, ExitRules, OpenShares
from live_trading.nouns.money import Price

VALUE_TRIGGERS = frozenset({ExitReason.STOP_LOSS, ExitReason.TRAILING_STOP, ExitReason.TAKE_PROFIT})
"""Those that look at the price, and must be seen more than once."""


def value_trigger(position: OpenShares, rules: ExitRules, price: Price, best: Price) -> ExitReason | None:
    """The first of stop-loss, trailing stop and take-profit that an executable price a share meets.

    `best` is the highest executable price since the entry, this one included.
    """
    paid = position.paid.value / position.shares.value
    stop = stop_level(rules, paid)
    if stop is not None and price.value <= stop:
        return ExitReason.STOP_LOSS
    if rules.trailing_stop_fraction is not None and price.value <= best.value * (1 - rules.trailing_stop_fraction):
        return ExitReason.TRAILING_STOP
    take = take_level(rules, paid)
    return ExitReason.TAKE_PROFIT if take is not None and price.value >= take else None


def stop_level(rules: ExitRules, paid: Decimal) -> Decimal | None:
    """At or under this executable price the stop-loss fires: the higher of its two forms; None where it is off."""
    levels = [] if rules.stop_loss_fraction is None else [paid * (1 - rules.stop_loss_fraction)]
    if rules.stop_loss_price is not None:
        levels.append(rules.stop_loss_price.value)
    return max(levels, default=None)


def take_level(rules: ExitRules, paid: Decimal) -> Decimal | None:
    """At or above this executable price the take-profit fires: the lower of its two forms; None where it is off."""
    levels = [] if rules.take_profit_fraction is None else [paid * (1 + rules.take_profit_fraction)]
    if rules.take_profit_price is not None:
        levels.append(rules.take_profit_price.value)
    return min(levels, default=None)


def time_trigger(position: OpenShares, rules: ExitRules, now: datetime) -> ExitReason | None:
    """Whether the market's end is near, or the position is old enough."""
    leave_before, ends_at = rules.leave_before_end, position.ends_at
    if leave_before is not None and ends_at is not None and now >= ends_at - leave_before:
        return ExitReason.MARKET_ENDS
    if rules.max_hold is not None and now - position.opened_at >= rules.max_hold:
        return ExitReason.TIME_STOP
    return None
