"""Configurations whose keys cannot all be meant: each with the field to change and why.

They are asked of a configuration that is to be put in force, and not of one that is: what runs goes on as it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from live_trading.signals.config import AllocationMethod, ConfigError, WalletConfig
from live_trading.signals.words import has_word

# Methods whose bet is no multiple of bet_size.
_WITHOUT_BET_SIZE = frozenset({AllocationMethod.KELLY, AllocationMethod.COPY_FRACTION})


def contradictions(config: WalletConfig) -> Iterator[ConfigError]:
    """Every contradiction in a configuration that is valid key by key."""
    yield from _traders(config)
    yield from _topics(config)
    yield from _prices(config)
    yield from _bets(config)
    yield from _cooldown(config)


def _traders(config: WalletConfig) -> Iterator[ConfigError]:
    both = sorted(set(config.target_traders or ()) & set(config.excluded_traders))
    if both:
        yield ConfigError(
            field="excluded_traders",
            reason=f"names target_traders: {', '.join(both)}",
            allowed="none of target_traders",
        )


def _topics(config: WalletConfig) -> Iterator[ConfigError]:
    for category in config.market_categories or ():
        shut_out = [word for word in config.exclude_market_keywords if has_word(category, word)]
        if shut_out:
            yield ConfigError(
                field="exclude_market_keywords",
                reason=f"{', '.join(shut_out)} shuts out the category {category} of market_categories",
                allowed="no word of a category in market_categories",
            )


def _prices(config: WalletConfig) -> Iterator[ConfigError]:
    if config.price_max == 0:
        yield ConfigError(field="price_max", reason="no price is that low", allowed="above 0 to 1 as a fraction")
    if config.price_min == 1:
        yield ConfigError(field="price_min", reason="no price is that high", allowed="0 to below 1 as a fraction")


def _bets(config: WalletConfig) -> Iterator[ConfigError]:
    method = config.allocation_method
    if config.copy_tiers and method is not AllocationMethod.COPY_FRACTION:
        yield ConfigError(
            field="copy_tiers", reason=f"{method} does not read them", allowed="only with COPY_FRACTION; else none"
        )
    if method in _WITHOUT_BET_SIZE:
        return
    if config.bet_size > config.max_bet:
        yield _bet("bet_size", "above max_bet", f"up to {config.max_bet}")
    elif method is AllocationMethod.FIXED:
        yield from _fixed(config, config.bet_size * config.bet_allocation_weight)


def _fixed(config: WalletConfig, bet: Decimal) -> Iterator[ConfigError]:
    """A bet that is always the same is one that both bounds let through."""
    if bet > config.max_bet:
        yield _bet("bet_allocation_weight", f"makes every bet {bet:f}, above max_bet", f"up to {config.max_bet}")
    elif bet < config.min_bet:
        yield _bet("bet_size", f"makes every bet {bet:f}, below min_bet", f"at least {config.min_bet}")


def _bet(field: str, reason: str, bound: str) -> ConfigError:
    return ConfigError(field=field, reason=reason, allowed=f"bets of {bound} USD")


def _cooldown(config: WalletConfig) -> Iterator[ConfigError]:
    """A cool-down follows a stop, and so it needs one."""
    if config.positions is None or config.positions.cooldown is None:
        return
    exits = config.exits
    stops = () if exits is None else (exits.stop_loss_fraction, exits.stop_loss_price, exits.trailing_stop_fraction)
    if all(stop is None for stop in stops):
        yield ConfigError(
            field="positions.cooldown_minutes_after_stop",
            reason="exits has no stop that it could follow",
            allowed="with a stop_loss or a trailing_stop in exits; else null",
        )
