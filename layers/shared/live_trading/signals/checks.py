"""The checks of the evaluation, in their fixed order; each says what it saw, its bound, and whether it passed.

`passed` is None for a check that is switched off or cannot be computed because something earlier is missing.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from live_trading.nouns.decisions import Check, Reason
from live_trading.nouns.markets import Market, ProtocolVersion
from live_trading.nouns.money import Price
from live_trading.nouns.trades import Side
from live_trading.orders.rounding import FINEST_TICK, MINIMUM_MARKETABLE_USD, is_usable_tick
from live_trading.signals.config import AllocationMethod, ProbabilitySource, is_running
from live_trading.signals.derived import Derived
from live_trading.signals.inputs import EvaluationInputs
from live_trading.signals.words import has_word

_NEEDS_CONVICTION = frozenset({AllocationMethod.CONVICTION, AllocationMethod.CONFIDENCE, AllocationMethod.WHALE})
_NEEDS_WIN_RATE = frozenset({AllocationMethod.CONFIDENCE, AllocationMethod.WHALE})


def all_checks(inputs: EvaluationInputs, derived: Derived) -> Iterator[Check]:
    """Every check in the order that decides which reason is named."""
    yield _entry(inputs)
    yield _running(inputs)
    yield _age(inputs)
    yield from _traders(inputs)
    yield from _standing(inputs)
    yield from _position(inputs)
    yield from _market(inputs)
    yield from _game(inputs)
    yield _price(inputs)
    yield _stats(inputs, derived)
    yield from _record(inputs, derived)
    yield from _model(inputs)
    yield from _edge(inputs, derived)
    yield from _conviction(inputs, derived)
    yield from _topic(inputs)
    yield from _trade_size(inputs)
    yield from _stake(inputs, derived)


def _check(name: str, observed: object, limit: object, reason: Reason, *, passed: bool | None) -> Check:
    return Check(
        name=name,
        observed=_text(observed),
        limit=_text(limit),
        passed=passed,
        reason=reason if passed is False else None,
    )


def _off(name: str, observed: object = None) -> Check:
    return Check(name=name, observed=_text(observed), limit=None, passed=None)


def _text(value: object) -> str | None:
    """Plain text for the record: no exponents, times in UTC."""
    match value:
        case None:
            return None
        case Decimal():
            return f"{value:f}"
        case datetime():
            return value.astimezone(UTC).isoformat()
        case _:
            return str(value)


def _in_units(span: timedelta, unit: timedelta) -> Decimal:
    """A time span as a decimal number of units, down to a thousandth."""
    return Decimal(span * 1000 // unit) / 1000


def _at_least(name: str, observed: Decimal | None, bound: Decimal | None, reason: Reason) -> Check:
    if bound is None or observed is None:
        return _off(name, observed)
    return _check(name, observed, bound, reason, passed=observed >= bound)


def _at_most(name: str, observed: Decimal | None, bound: Decimal | None, reason: Reason) -> Check:
    if bound is None or observed is None:
        return _off(name, observed)
    return _check(name, observed, bound, reason, passed=observed <= bound)


def _entry(inputs: EvaluationInputs) -> Check:
    side = inputs.trade.side
    return _check("side", side, Side.BUY, Reason.NOT_AN_ENTRY, passed=side is Side.BUY)


def _running(inputs: EvaluationInputs) -> Check:
    config = inputs.config
    return _check(
        "running",
        f"active={inputs.is_active} now={_text(inputs.now)}",
        f"{_text(config.start_date)}..{_text(config.end_date)}",
        Reason.WALLET_NOT_RUNNING,
        passed=inputs.is_active and is_running(config, inputs.now),
    )


def _age(inputs: EvaluationInputs) -> Check:
    age = inputs.now - inputs.trade.trade_time
    seconds = _in_units(age, timedelta(seconds=1))
    if inputs.max_signal_age_seconds is None:
        return _off("signal_age_seconds", seconds)
    own = inputs.config.max_signal_age_seconds
    limit = inputs.max_signal_age_seconds if own is None else min(own, inputs.max_signal_age_seconds)
    return _check("signal_age_seconds", seconds, limit, Reason.SIGNAL_TOO_OLD, passed=age <= timedelta(seconds=limit))


def _standing(inputs: EvaluationInputs) -> Iterator[Check]:
    """Whether the trader is still in what they bought, where they are followed out of it."""
    standing, exits = inputs.standing, inputs.config.exits
    if standing is None or exits is None:
        return
    yield _check("trader_left", standing.has_left, "False", Reason.TRADER_LEFT, passed=not standing.has_left)
    hedged = standing.is_hedged
    if exits.skip_hedged:
        yield _check("trader_hedged", hedged, "False", Reason.TRADER_HEDGED, passed=not hedged)
    else:
        yield _off("trader_hedged", hedged)


def _position(inputs: EvaluationInputs) -> Iterator[Check]:
    """Whether the token and its market may be entered after what happened in them; there only where it is asked."""
    position, rules = inputs.position, inputs.config.positions
    if position is None or rules is None:
        return
    yield _cooldown(inputs.now, position.last_stop_at, rules.cooldown)
    if rules.reentry:
        yield _off("was_left", position.was_left)
    else:
        yield _check("was_left", position.was_left, "False", Reason.POSITION_WAS_LEFT, passed=not position.was_left)
    if rules.max_entries is None:
        yield _off("entries", position.entries)
    else:
        yield _check(
            "entries",
            position.entries,
            f"below {rules.max_entries}",
            Reason.TOO_MANY_ENTRIES,
            passed=position.entries < rules.max_entries,
        )
    yield _distance(inputs.trade.price, position.last_entry_price, rules.min_entry_distance_fraction)


def _cooldown(now: datetime, last_stop_at: datetime | None, cooldown: timedelta | None) -> Check:
    if cooldown is None or last_stop_at is None:
        return _off("last_stop_at", last_stop_at)
    until = last_stop_at + cooldown
    return _check("last_stop_at", last_stop_at, f"cool until {_text(until)}", Reason.COOLING_DOWN, passed=now >= until)


def _distance(price: Price, last: Price | None, wanted: Decimal | None) -> Check:
    """Compared without a division, so that a distance of exactly the fraction is one that passes."""
    if wanted is None or last is None:
        return _off("entry_distance", None if last is None else abs(price.value - last.value))
    distance = abs(price.value - last.value)
    least = last.value * wanted
    return _check("entry_distance", distance, least, Reason.TOO_CLOSE_TO_LAST_ENTRY, passed=distance >= least)


def _traders(inputs: EvaluationInputs) -> Iterator[Check]:
    config, trader = inputs.config, inputs.trade.trader
    if config.target_traders is None:
        yield _off("target_trader", trader)
    else:
        yield _check(
            "target_trader",
            trader,
            f"{len(config.target_traders)} traders",
            Reason.NOT_TARGET_TRADER,
            passed=trader in config.target_traders,
        )
    yield _check(
        "excluded_trader",
        trader,
        f"{len(config.excluded_traders)} traders",
        Reason.EXCLUDED_TRADER,
        passed=trader not in config.excluded_traders,
    )


def _market(inputs: EvaluationInputs) -> Iterator[Check]:
    market, trade = inputs.market, inputs.trade
    known = market is not None and trade.token_id in market.token_ids
    yield _check("market", trade.condition_id, "known", Reason.MARKET_UNKNOWN, passed=known)
    if market is None:
        return
    yield _check(
        "market_version",
        market.version,
        f"{ProtocolVersion.V1} or {ProtocolVersion.V2}",
        Reason.MARKET_VERSION_UNSUPPORTED,
        passed=market.version in (ProtocolVersion.V1, ProtocolVersion.V2),
    )
    yield _check(
        "tick_size",
        market.tick_size,
        f"divides a dollar, at least {FINEST_TICK}",
        Reason.TICK_UNUSABLE,
        passed=is_usable_tick(market.tick_size),
    )
    yield _check(
        "market_open",
        f"open={market.is_open} accepting_orders={market.accepting_orders}",
        "both",
        Reason.MARKET_NOT_OPEN,
        passed=market.is_open and market.accepting_orders,
    )
    yield _check("neg_risk", market.neg_risk, "known", Reason.NEG_RISK_UNKNOWN, passed=market.neg_risk is not None)
    yield from _end(inputs, market)


def _end(inputs: EvaluationInputs, market: Market) -> Iterator[Check]:
    """The end that a market states is no cutoff: many trade for weeks after it, and `market_open` says which.

    It is only a matter where a wallet wants some time before it.
    """
    wanted = inputs.config.min_minutes_to_end
    if wanted == 0:
        yield _off("market_end", market.end_time)
        return
    if market.end_time is None:
        yield _check("market_end", None, "known", Reason.MARKET_UNKNOWN, passed=False)
        return
    left = market.end_time - inputs.now
    yield _check("market_end", market.end_time, inputs.now, Reason.MARKET_ENDED, passed=left > timedelta())
    yield _check(
        "minutes_to_end",
        _in_units(left, timedelta(minutes=1)),
        wanted,
        Reason.MARKET_ENDS_TOO_SOON,
        passed=left >= timedelta(minutes=wanted),
    )


def _game(inputs: EvaluationInputs) -> Iterator[Check]:
    if not inputs.config.trade_live_only or inputs.market is None:
        yield _off("game_start")
        return
    start = inputs.market.game_start_time
    yield _check("game_start_known", start, "known", Reason.GAME_START_UNKNOWN, passed=start is not None)
    if start is not None:
        yield _check("game_start", start, inputs.now, Reason.GAME_NOT_STARTED, passed=inputs.now >= start)


def _price(inputs: EvaluationInputs) -> Check:
    config, price = inputs.config, inputs.trade.price.value
    return _check(
        "price",
        price,
        f"{config.price_min}..{config.price_max}",
        Reason.PRICE_OUT_OF_RANGE,
        passed=config.price_min <= price <= config.price_max,
    )


def _stats(inputs: EvaluationInputs, derived: Derived) -> Check:
    """Fails where the record is missing, or lacks what a check, the probability or the sizing needs of it."""
    needs = _needs_of_record(inputs)
    missing = [name for name in needs if _is_missing(name, inputs, derived)]
    return _check(
        "trader_stats",
        "present" if inputs.stats is not None else "absent",
        ", ".join(needs) or None,
        Reason.TRADER_STATS_MISSING,
        passed=not missing if needs else None,
    )


def _needs_of_record(inputs: EvaluationInputs) -> list[str]:
    config = inputs.config
    needs: list[str] = []
    if config.min_trader_resolved_count > 0:
        needs.append("resolved_count")
    wants_rate = config.min_trader_win_rate is not None or config.max_trader_win_rate is not None
    if wants_rate or config.allocation_method in _NEEDS_WIN_RATE:
        needs.append("win_rate")
    if config.probability_source is not ProbabilitySource.MODEL:
        needs.append("probability")
    wants_conviction = config.min_conviction is not None or config.max_conviction is not None
    if wants_conviction or config.allocation_method in _NEEDS_CONVICTION:
        needs.append("conviction")
    return needs


def _is_missing(name: str, inputs: EvaluationInputs, derived: Derived) -> bool:
    record = derived.record
    if record is None:
        return True
    # Too few resolved positions is the next check's own reason, and explains every ratio that they do not give.
    if record.resolved_count < inputs.config.min_trader_resolved_count:
        return False
    values = {"win_rate": derived.win_rate, "probability": derived.probability, "conviction": derived.conviction}
    return name in values and values[name] is None


def _record(inputs: EvaluationInputs, derived: Derived) -> Iterator[Check]:
    config, record = inputs.config, derived.record
    if record is None:
        yield _off("resolved_count")
    else:
        yield _check(
            "resolved_count",
            record.resolved_count,
            config.min_trader_resolved_count,
            Reason.TOO_FEW_RESOLVED,
            passed=record.resolved_count >= config.min_trader_resolved_count,
        )
    rate = derived.win_rate
    yield _at_least("min_win_rate", rate, config.min_trader_win_rate, Reason.WIN_RATE_TOO_LOW)
    yield _at_most("max_win_rate", rate, config.max_trader_win_rate, Reason.WIN_RATE_TOO_HIGH)


def _model(inputs: EvaluationInputs) -> Iterator[Check]:
    if not inputs.config.needs_model:
        yield _off("model_probability", inputs.model_probability)
        return
    yield _check(
        "model_probability",
        inputs.model_probability,
        "known",
        Reason.MODEL_PROBABILITY_MISSING,
        passed=inputs.model_probability is not None,
    )
    threshold = inputs.config.model_threshold if inputs.config.use_model else None
    yield _at_least("model_threshold", inputs.model_probability, threshold, Reason.MODEL_PROBABILITY_TOO_LOW)


def _edge(inputs: EvaluationInputs, derived: Derived) -> Iterator[Check]:
    yield _at_least("min_edge", derived.edge, inputs.config.min_edge, Reason.EDGE_TOO_SMALL)
    yield _at_most("max_edge", derived.edge, inputs.config.max_edge, Reason.EDGE_TOO_LARGE)


def _conviction(inputs: EvaluationInputs, derived: Derived) -> Iterator[Check]:
    config = inputs.config
    yield _at_least("min_conviction", derived.conviction, config.min_conviction, Reason.CONVICTION_TOO_LOW)
    yield _at_most("max_conviction", derived.conviction, config.max_conviction, Reason.CONVICTION_TOO_HIGH)


def _topic(inputs: EvaluationInputs) -> Iterator[Check]:
    market, config = inputs.market, inputs.config
    if market is None:
        return
    labels = [*market.tags, *([market.category] if market.category else [])]
    if config.market_categories is None:
        yield _off("category", market.category)
    else:
        wanted = config.market_categories
        yield _check(
            "category",
            ", ".join(labels),
            ", ".join(wanted),
            Reason.CATEGORY_NOT_ALLOWED,
            passed=any(has_word(label, word) for label in labels for word in wanted),
        )
    texts = [market.question, inputs.trade.title, *market.tags]
    found = [word for word in config.exclude_market_keywords if any(has_word(text, word) for text in texts)]
    yield _check(
        "excluded_keyword",
        ", ".join(found) or None,
        f"{len(config.exclude_market_keywords)} keywords",
        Reason.KEYWORD_EXCLUDED,
        passed=not found,
    )


def _trade_size(inputs: EvaluationInputs) -> Iterator[Check]:
    usd, config = inputs.trade.trade_usd.value, inputs.config
    yield _at_least("min_source_trade_usd", usd, config.min_source_trade_usd, Reason.SOURCE_TRADE_TOO_SMALL)
    yield _at_most("max_source_trade_usd", usd, config.max_source_trade_usd, Reason.SOURCE_TRADE_TOO_LARGE)


def _stake(inputs: EvaluationInputs, derived: Derived) -> Iterator[Check]:
    market, stake = inputs.market, derived.stake
    if market is None:
        yield _off("stake_usd")
        return
    yield _check("stake_usd", stake, "> 0", Reason.NO_POSITIVE_STAKE, passed=stake is not None and stake.is_positive)
    if stake is None or derived.shares is None or derived.fee is None:
        return
    yield _check(
        "minimum_order",
        f"{stake} USD, {derived.shares} shares",
        f"{MINIMUM_MARKETABLE_USD} USD",
        Reason.BELOW_MINIMUM_ORDER,
        passed=stake >= MINIMUM_MARKETABLE_USD,
    )
    needed = stake + derived.fee
    yield _check("cash_usd", inputs.bankroll, needed, Reason.INSUFFICIENT_CASH, passed=inputs.bankroll >= needed)
