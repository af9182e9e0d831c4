"""Everything that the evaluation looks at, and its canonical text: same inputs, same text, same hash."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from live_trading.nouns.markets import Market
from live_trading.nouns.money import Price, Usd
from live_trading.nouns.trades import SourceTrade, TraderRecord, TraderStats
from live_trading.signals.config import WalletConfig, config_hash


@dataclass(frozen=True, slots=True, kw_only=True)
class TraderStanding:
    """What is known of a trade's trader and token where exits are followed.

    `is_held`: something of the token is held that was bought after this trader. `has_left`: by their known fills the
    trader holds nothing of the token any more. `is_hedged`: they hold another outcome of the market too.
    """

    is_held: bool
    has_left: bool
    is_hedged: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionStanding:
    """What is held of a trade's token, and what happened in its market, where entries are limited by it.

    `entries` into the token are what it is held by now, the last at a signal price of `last_entry_price`; 0 and None
    where nothing is held. `last_stop_at` is the last stop in the market, of any outcome. `was_left`: the token was
    held, and nothing of it is held any more.
    """

    entries: int
    last_entry_price: Price | None
    last_stop_at: datetime | None
    was_left: bool


def after_entry(standing: PositionStanding, price: Price) -> PositionStanding:
    """The standing after one entry more, at this price of its signal."""
    return replace(standing, entries=standing.entries + 1, last_entry_price=price, was_left=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationInputs:
    """One source trade and what was known when it was decided. What is not known is None, never a stand-in value.

    `stats` and `prior_mean` are as of the trade's time. `max_signal_age_seconds` None means that age does not matter
    (replay). `model_probability` is 0..1 and comes with its model's name. `stake_multiplier` is what the rules of a
    strategy make of the market's volatility; 1 where nothing scales the stake. `standing` is None where the traders'
    exits are not followed, `position` where nothing limits further entries. Raises ValueError for a time without a
    zone, for a probability that is none, such as a percentage, and for a multiplier below zero.
    """

    trade: SourceTrade
    stats: TraderStats | None
    prior_mean: Decimal | None
    market: Market | None
    config: WalletConfig
    config_version: int
    is_active: bool
    bankroll: Usd
    now: datetime
    max_signal_age_seconds: int | None
    model_probability: Decimal | None
    model_name: str | None
    stake_multiplier: Decimal = Decimal(1)
    standing: TraderStanding | None = None
    position: PositionStanding | None = None

    def __post_init__(self) -> None:
        _require_zone("now", self.now)
        _require_zone("trade_time", self.trade.trade_time)
        _require_fraction("prior_mean", self.prior_mean)
        _require_fraction("model_probability", self.model_probability)
        if (self.model_probability is None) != (self.model_name is None):
            raise ValueError("a model's probability comes with the model's name")
        if not (self.stake_multiplier.is_finite() and self.stake_multiplier >= 0):
            raise ValueError(f"a stake is multiplied by a number from zero up, not by {self.stake_multiplier}")


def after_entries(inputs: EvaluationInputs, prices: Iterable[Price]) -> EvaluationInputs:
    """The inputs as they are after entries in the same token that were made since, in the order of these prices."""
    position = inputs.position
    if position is None:
        return inputs
    for price in prices:
        position = after_entry(position, price)
    return replace(inputs, position=position)


def canonical(inputs: EvaluationInputs) -> dict[str, Any]:
    """The inputs as JSON-ready text: numbers as decimal text, times as ISO 8601 UTC."""
    return shared_part(inputs) | own_part(inputs)


def shared_part(inputs: EvaluationInputs) -> dict[str, Any]:
    """What is the same for everybody who judges the trade at the same time, as in `canonical`."""
    return {
        "trade": _trade(inputs.trade, inputs.market),
        "stats": None if inputs.stats is None else _stats(inputs.stats),
        "prior_mean": _number(inputs.prior_mean),
        "market": None if inputs.market is None else _market(inputs.market),
        "model_probability": _number(inputs.model_probability),
        "model_name": inputs.model_name,
    }


def own_part(inputs: EvaluationInputs) -> dict[str, Any]:
    """What belongs to the one who judges, as in `canonical`.

    A multiplier of 1 and standings that were not asked for are left out, so that what nothing scales, nobody leaves and
    nothing limits has the text that it always had.
    """
    scaling = {} if inputs.stake_multiplier == 1 else {"stake_multiplier": _number(inputs.stake_multiplier)}
    standing = {} if inputs.standing is None else {"standing": _standing(inputs.standing)}
    position = {} if inputs.position is None else {"position": _position(inputs.position)}
    return (
        scaling
        | standing
        | position
        | {
            "config_hash": config_hash(inputs.config),
            "config_version": inputs.config_version,
            "is_active": inputs.is_active,
            "bankroll_usd": str(inputs.bankroll),
            "now": _moment(inputs.now),
            "max_signal_age_seconds": inputs.max_signal_age_seconds,
        }
    )


def inputs_hash(inputs: EvaluationInputs) -> str:
    """The sha256 of the canonical text, in hex."""
    return hash_of(canonical(inputs))


def hash_of(canonical_inputs: Mapping[str, Any]) -> str:
    """The same of inputs that are in their canonical form already."""
    text = json.dumps(canonical_inputs, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _require_zone(name: str, moment: datetime) -> None:
    if moment.utcoffset() is None:
        raise ValueError(f"{name} has no time zone")


def _require_fraction(name: str, value: Decimal | None) -> None:
    if value is not None and not (value.is_finite() and 0 <= value <= 1):
        raise ValueError(f"{name} is a fraction 0..1, not {value}")


def _number(value: Decimal | None) -> str | None:
    return None if value is None else f"{value.normalize():f}"


def _moment(value: datetime | None) -> str | None:
    return None if value is None else value.astimezone(UTC).isoformat()


def _standing(standing: TraderStanding) -> dict[str, Any]:
    return {"is_held": standing.is_held, "has_left": standing.has_left, "is_hedged": standing.is_hedged}


def _position(position: PositionStanding) -> dict[str, Any]:
    price = position.last_entry_price
    return {
        "entries": position.entries,
        "last_entry_price": None if price is None else str(price),
        "last_stop_at": _moment(position.last_stop_at),
        "was_left": position.was_left,
    }


def _trade(trade: SourceTrade, market: Market | None) -> dict[str, Any]:
    # The market's list of tokens says which outcome it is; the feed's own number may be missing.
    tokens = () if market is None else market.token_ids
    return {
        "transaction_hash": trade.transaction_hash,
        "token_id": trade.token_id,
        "trader": trade.trader,
        "side": trade.side,
        "price": str(trade.price),
        "shares": str(trade.shares),
        "occurrence": trade.occurrence,
        "condition_id": trade.condition_id,
        "outcome": trade.outcome,
        "outcome_index": tokens.index(trade.token_id) if trade.token_id in tokens else None,
        "title": trade.title,
        "slug": trade.slug,
        "trade_time": _moment(trade.trade_time),
    }


def _record(record: TraderRecord) -> dict[str, Any]:
    average = record.average_trade_usd
    return {
        "resolved_count": record.resolved_count,
        "won_count": record.won_count,
        "average_trade_usd": None if average is None else str(average),
    }


def _stats(stats: TraderStats) -> dict[str, Any]:
    return {
        "trader": stats.trader,
        "as_of": _moment(stats.as_of),
        "last_30_days": _record(stats.last_30_days),
        "lifetime": _record(stats.lifetime),
    }


def _market(market: Market) -> dict[str, Any]:
    return {
        "condition_id": market.condition_id,
        "version": market.version,
        "title": market.question,
        "slug": market.slug,
        "event_id": market.event_id,
        "category": market.category,
        "tags": list(market.tags),
        "token_ids": list(market.token_ids),
        "is_open": market.is_open,
        "accepting_orders": market.accepting_orders,
        "end_time": _moment(market.end_time),
        "game_start_time": _moment(market.game_start_time),
        "tick_size": str(market.tick_size),
        "minimum_order_shares": str(market.minimum_order_shares),
        "fee_rate": _number(market.fees.rate),
        "fee_exponent": _number(market.fees.exponent),
        "neg_risk": market.neg_risk,
    }
