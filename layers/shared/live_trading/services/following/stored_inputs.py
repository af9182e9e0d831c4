"""The inputs of a decision made again of what is kept of them: the inverse of their canonical form.

The canonical form leaves out what no check looks at: the names of a market's outcomes.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from live_trading.nouns.markets import FeeSchedule, Market, ProtocolVersion
from live_trading.nouns.money import Price, Shares, Usd
from live_trading.nouns.trades import Side, SourceTrade, TraderRecord, TraderStats
from live_trading.signals.config import WalletConfig
from live_trading.signals.inputs import EvaluationInputs, PositionStanding, TraderStanding


def inputs_of(kept: Mapping[str, Any], config: WalletConfig, config_version: int) -> EvaluationInputs:
    """The inputs from their canonical members; those of the configuration are given."""
    stats, market = kept["stats"], kept["market"]
    standing, position = kept.get("standing"), kept.get("position")
    return EvaluationInputs(
        trade=_trade(kept["trade"]),
        stats=None if stats is None else _stats(stats),
        prior_mean=_number(kept["prior_mean"]),
        market=None if market is None else _market(market),
        config=config,
        config_version=config_version,
        is_active=kept["is_active"],
        bankroll=Usd(kept["bankroll_usd"]),
        now=datetime.fromisoformat(kept["now"]),
        max_signal_age_seconds=kept["max_signal_age_seconds"],
        model_probability=_number(kept["model_probability"]),
        model_name=kept["model_name"],
        stake_multiplier=Decimal(kept.get("stake_multiplier", 1)),
        standing=None if standing is None else TraderStanding(**standing),
        position=None if position is None else _position(position),
    )


def _number(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _price(text: str | None) -> Price | None:
    return None if text is None else Price(text)


def _trade(kept: Mapping[str, Any]) -> SourceTrade:
    return SourceTrade(
        transaction_hash=kept["transaction_hash"],
        token_id=kept["token_id"],
        trader=kept["trader"],
        side=Side(kept["side"]),
        price=Price(kept["price"]),
        shares=Shares(kept["shares"]),
        occurrence=kept["occurrence"],
        condition_id=kept["condition_id"],
        outcome=kept["outcome"],
        outcome_index=kept["outcome_index"],
        title=kept["title"],
        slug=kept["slug"],
        trade_time=datetime.fromisoformat(kept["trade_time"]),
    )


def _record(kept: Mapping[str, Any]) -> TraderRecord:
    average = kept["average_trade_usd"]
    return TraderRecord(
        resolved_count=kept["resolved_count"],
        won_count=kept["won_count"],
        average_trade_usd=None if average is None else Usd(average),
    )


def _stats(kept: Mapping[str, Any]) -> TraderStats:
    return TraderStats(
        trader=kept["trader"],
        as_of=datetime.fromisoformat(kept["as_of"]),
        last_30_days=_record(kept["last_30_days"]),
        lifetime=_record(kept["lifetime"]),
    )


def _market(kept: Mapping[str, Any]) -> Market:
    return Market(
        condition_id=kept["condition_id"],
        version=ProtocolVersion(kept["version"]),
        question=kept["title"],
        slug=kept["slug"],
        category=kept["category"],
        tags=tuple(kept["tags"]),
        event_id=kept["event_id"],
        outcomes=("",) * len(kept["token_ids"]),
        token_ids=tuple(kept["token_ids"]),
        is_open=kept["is_open"],
        accepting_orders=kept["accepting_orders"],
        end_time=_moment(kept["end_time"]),
        game_start_time=_moment(kept["game_start_time"]),
        tick_size=Price(kept["tick_size"]),
        minimum_order_shares=Shares(kept["minimum_order_shares"]),
        fees=FeeSchedule(rate=Decimal(kept["fee_rate"]), exponent=Decimal(kept["fee_exponent"])),
        neg_risk=kept["neg_risk"],
    )


def _position(kept: Mapping[str, Any]) -> PositionStanding:
    return PositionStanding(
        entries=kept["entries"],
        last_entry_price=_price(kept["last_entry_price"]),
        last_stop_at=_moment(kept["last_stop_at"]),
        was_left=kept["was_left"],
    )
