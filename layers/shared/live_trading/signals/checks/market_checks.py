"""Checks of the market: whether it is known and open, when it ends or its game starts, and what it is about."""

from __future__ import annotations

from datetime import timedelta

from live_trading.nouns.decisions import Reason
from live_trading.nouns.markets import Market, ProtocolVersion
from live_trading.orders.rounding import FINEST_TICK, is_usable_tick
from live_trading.signals.checks.compiled import Compiled
from live_trading.signals.checks.findings import Findings, finding, in_units, off
from live_trading.signals.inputs import EvaluationInputs

_SUPPORTED = (ProtocolVersion.V1, ProtocolVersion.V2)
_SUPPORTED_TEXT = f"{ProtocolVersion.V1} or {ProtocolVersion.V2}"
_TICK_TEXT = f"divides a dollar, at least {FINEST_TICK}"
_MINUTE = timedelta(minutes=1)


def market(inputs: EvaluationInputs) -> Findings:
    found, trade = inputs.market, inputs.trade
    known = found is not None and trade.token_id in found.token_ids
    yield finding("market", trade.condition_id, "known", Reason.MARKET_UNKNOWN, passed=known)
    if found is None:
        return
    yield finding(
        "market_version",
        found.version,
        _SUPPORTED_TEXT,
        Reason.MARKET_VERSION_UNSUPPORTED,
        passed=found.version in _SUPPORTED,
    )
    yield finding(
        "tick_size", found.tick_size, _TICK_TEXT, Reason.TICK_UNUSABLE, passed=is_usable_tick(found.tick_size)
    )
    yield finding(
        "market_open",
        lambda: f"open={found.is_open} accepting_orders={found.accepting_orders}",
        "both",
        Reason.MARKET_NOT_OPEN,
        passed=found.is_open and found.accepting_orders,
    )
    yield finding("neg_risk", found.neg_risk, "known", Reason.NEG_RISK_UNKNOWN, passed=found.neg_risk is not None)
    yield from _end(inputs, found)


def _end(inputs: EvaluationInputs, found: Market) -> Findings:
    """The end that a market states is no cutoff: many trade for weeks after it, and `market_open` says which.

    It is only a matter where a wallet wants some time before it.
    """
    wanted = inputs.config.min_minutes_to_end
    if wanted == 0:
        yield off("market_end", found.end_time)
        return
    if found.end_time is None:
        yield finding("market_end", None, "known", Reason.MARKET_UNKNOWN, passed=False)
        return
    left = found.end_time - inputs.now
    yield finding("market_end", found.end_time, inputs.now, Reason.MARKET_ENDED, passed=left > timedelta())
    yield finding(
        "minutes_to_end",
        lambda: in_units(left, _MINUTE),
        wanted,
        Reason.MARKET_ENDS_TOO_SOON,
        passed=left >= timedelta(minutes=wanted),
    )


def game(inputs: EvaluationInputs) -> Findings:
    if not inputs.config.trade_live_only or inputs.market is None:
        yield off("game_start")
        return
    start = inputs.market.game_start_time
    yield finding("game_start_known", start, "known", Reason.GAME_START_UNKNOWN, passed=start is not None)
    if start is not None:
        yield finding("game_start", start, inputs.now, Reason.GAME_NOT_STARTED, passed=inputs.now >= start)


def topic(inputs: EvaluationInputs, rules: Compiled) -> Findings:
    found = inputs.market
    if found is None:
        return
    if rules.categories is None:
        yield off("category", found.category)
    else:
        labels = [*found.tags, found.category] if found.category else found.tags
        wanted = rules.categories
        yield finding(
            "category",
            lambda: ", ".join(labels),
            lambda: ", ".join(wanted.texts),
            Reason.CATEGORY_NOT_ALLOWED,
            passed=bool(wanted.found_in(labels)),
        )
    shut_out = rules.keywords.found_in((found.question, inputs.trade.title, *found.tags))
    yield finding(
        "excluded_keyword",
        lambda: ", ".join(shut_out) or None,
        lambda: f"{len(rules.keywords)} keywords",
        Reason.KEYWORD_EXCLUDED,
        passed=not shut_out,
    )
