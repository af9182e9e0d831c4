"""How much to bet: one formula a method, scaled, then the clamp to [min_bet, max_bet] and down to cents."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal

from live_trading.nouns.money import Usd
from live_trading.signals.config import AllocationMethod, WalletConfig

CENT = Decimal("0.01")
_ZERO, _HALF, _ONE, _TWO = Decimal(0), Decimal("0.5"), Decimal(1), Decimal(2)


@dataclass(frozen=True, slots=True, kw_only=True)
class SizingFacts:
    """What the formulas use; None where it is not known. `trade_usd` and `bankroll` are dollars, the rest ratios.

    `multiplier` scales what the formula gives, for how much the market moves.
    """

    bankroll: Usd
    trade_usd: Usd
    probability: Decimal | None
    cost: Decimal
    edge: Decimal | None
    conviction: Decimal | None
    win_rate: Decimal | None
    model_probability: Decimal | None
    multiplier: Decimal = _ONE


def stake(config: WalletConfig, facts: SizingFacts) -> Usd | None:
    """Dollars to bet without fees; zero is no bet, None where a value that the method needs is not known.

    A stake under min_bet is raised to it, except KELLY's, where it means that the edge is not worth a bet. No bet is
    where no whole cent lies between the bounds.
    """
    raw = _raw(config, facts)
    if raw is None:
        return None
    raw *= facts.multiplier
    if raw <= 0:
        return Usd.zero()
    if raw < config.min_bet:
        if config.allocation_method is AllocationMethod.KELLY:
            return Usd.zero()
        raw = config.min_bet
    cents = Usd.floor(min(raw, config.max_bet), CENT)
    if cents.value < config.min_bet:
        cents = Usd(config.min_bet.quantize(CENT, rounding=ROUND_CEILING))
    return cents if cents.value <= config.max_bet else Usd.zero()


def _raw(config: WalletConfig, facts: SizingFacts) -> Decimal | None:
    if config.allocation_method is AllocationMethod.KELLY:
        return _kelly(config, facts)
    if config.allocation_method is AllocationMethod.COPY_FRACTION:
        return _copy(config, facts)
    factor = _factor(config.allocation_method, facts)
    return None if factor is None else config.bet_size * config.bet_allocation_weight * factor


def _factor(method: AllocationMethod, facts: SizingFacts) -> Decimal | None:
    match method:
        case AllocationMethod.FIXED:
            return _ONE
        case AllocationMethod.EDGE_SCALED:
            return None if facts.edge is None else _ONE + 5 * facts.edge
        case AllocationMethod.TIERED:
            return None if facts.edge is None else _tier(facts.edge)
        case AllocationMethod.CONVICTION:
            return None if facts.conviction is None else _clamp(facts.conviction, _HALF, Decimal(3))
        case AllocationMethod.ML_SCALED:
            ml = facts.model_probability
            return None if ml is None else _clamp(_ONE + _TWO * (ml - _HALF), _HALF, _TWO)
        case AllocationMethod.CONFIDENCE:
            return _confidence(facts)
        case AllocationMethod.WHALE:
            return _whale(facts)
        case AllocationMethod.KELLY | AllocationMethod.COPY_FRACTION:
            raise ValueError(f"{method} is not a multiple of the bet size")


def _kelly(config: WalletConfig, facts: SizingFacts) -> Decimal | None:
    if facts.probability is None:
        return None
    if facts.cost >= 1:
        return _ZERO
    share = config.kelly_fraction * (facts.probability - facts.cost) / (1 - facts.cost)
    return facts.bankroll.value * share


def _copy(config: WalletConfig, facts: SizingFacts) -> Decimal | None:
    if config.copy_fraction is None:
        return None
    multiplier = _ONE
    for tier in config.copy_tiers:
        if facts.trade_usd.value >= tier.from_usd:
            multiplier = tier.multiplier
    return config.copy_fraction * facts.trade_usd.value * multiplier


def _tier(edge: Decimal) -> Decimal:
    if edge >= Decimal("0.15"):
        return _TWO
    if edge >= Decimal("0.10"):
        return Decimal("1.5")
    return _ONE if edge >= Decimal("0.05") else _HALF


def _confidence(facts: SizingFacts) -> Decimal | None:
    """0.5 to 2: edge weighs .4, conviction .3, win rate .3."""
    if facts.edge is None or facts.conviction is None or facts.win_rate is None:
        return None
    score = (
        Decimal("0.4") * _unit(facts.edge / Decimal("0.2"))
        + Decimal("0.3") * _conviction_score(facts.conviction)
        + Decimal("0.3") * _win_rate_score(facts.win_rate)
    )
    return _HALF + Decimal("1.5") * score


def _whale(facts: SizingFacts) -> Decimal | None:
    """0.5 to 2: model weighs .35, conviction .30, win rate .25, edge .10."""
    if facts.edge is None or facts.conviction is None or facts.win_rate is None or facts.model_probability is None:
        return None
    score = (
        Decimal("0.35") * _unit((facts.model_probability - _HALF) / _HALF)
        + Decimal("0.30") * _conviction_score(facts.conviction)
        + Decimal("0.25") * _win_rate_score(facts.win_rate)
        + Decimal("0.10") * _unit(facts.edge / Decimal("0.2"))
    )
    return _HALF + Decimal("1.5") * score


def _conviction_score(conviction: Decimal) -> Decimal:
    return _unit((conviction - _HALF) / Decimal("2.5"))


def _win_rate_score(win_rate: Decimal) -> Decimal:
    return _unit((win_rate - _HALF) / Decimal("0.3"))


def _unit(value: Decimal) -> Decimal:
    return _clamp(value, _ZERO, _ONE)


def _clamp(value: Decimal, low: Decimal, high: Decimal) -> Decimal:
    return min(max(value, low), high)
